"""What every list page does: read its filter, order and place from the address, and answer whole or in part."""

from collections.abc import Sequence
from typing import Any

from django.core.exceptions import BadRequest, PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.cache import patch_vary_headers
from django.utils.translation import gettext as _

from pipeline.forms.filters import FilterForm
from tenancy.http import MemberRequest
from tenancy.keyset import Sort, chosen_sort


def read_filters(form: FilterForm) -> None:
    """Check the filters of an address; those of a saved view that name what is gone are left out and named.

    :raises BadRequest: when one has a value that the list does not know.
    """
    if not form.is_valid() and form.data.get("view"):
        form.leave_out(list(form.errors))
    if not form.is_valid():
        raise BadRequest(_("This address narrows the list in a way that does not exist: %s") % ", ".join(form.errors))


def read_sort(request: HttpRequest, allowed: Sequence[Sort]) -> Sort:
    """Return the order that the address asks for.

    :raises BadRequest: when it is not among those that are served from an index.
    """
    try:
        return chosen_sort(allowed, request.GET.get("sort", ""))
    except KeyError as error:
        if request.GET.get("view"):
            return allowed[0]
        raise BadRequest(_("This list can't be sorted by that.")) from error


def read_cursor(request: HttpRequest) -> str:
    """Return the place in the list, empty for its beginning."""
    return request.GET.get("after") or request.GET.get("before") or ""


def from_the_beginning(request: HttpRequest) -> HttpResponse:
    """Send a browser with a damaged or outdated place to the first page of the same list."""
    query = request.GET.copy()
    for name in ("after", "before"):
        query.pop(name, None)
    return redirect(f"{request.path}?{query.urlencode()}")


def render_list(request: MemberRequest, template: str, context: dict[str, Any]) -> HttpResponse:
    """Return the page, or only its list when a filter asks for that."""
    htmx = request.htmx
    in_part = htmx and not htmx.boosted and not htmx.history_restore_request
    response = render(request, f"{template}#list" if in_part else template, {**context, "in_part": in_part})
    patch_vary_headers(response, ["HX-Request"])
    return response


def refuse_unless_editable(record: Any) -> None:
    """Refuse a change of a record that the member may see and not change.

    :raises PermissionDenied: in words that say who can.
    """
    if not record.is_editable:
        owner = getattr(record, "owner", None)
        name = owner.name if owner else ""
        if name:
            raise PermissionDenied(_("This belongs to %s. Ask them, or their squad lead.") % name)
        raise PermissionDenied(_("This has no owner yet. Ask a sales leader to change or assign it."))
