"""Saved views: the bar above a list, and what people do with a view."""

from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import BadRequest, PermissionDenied
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from pipeline import operations
from pipeline.models import ListName, SavedView
from pipeline.operations import UnableToKeepView
from pipeline.queries import saved_views as queries
from pipeline.views.removing import address
from tenancy.access import Action, denial, member_can, reach_of
from tenancy.http import MemberRequest

NO_VIEW = "none"
"""Stands in an address that wants the list as it comes, although the person begins with a view."""

NOT_PART_OF_A_VIEW = ("after", "before", "page", "view", "deleted")
LISTS = {
    ListName.ACCOUNTS: Action.VIEW_ACCOUNTS,
    ListName.CONTACTS: Action.VIEW_ACCOUNTS,
    ListName.OPPORTUNITIES: Action.VIEW_OPPORTUNITIES,
    ListName.ORDERS: Action.VIEW_ORDERS,
    ListName.PRIORITIES: Action.VIEW_PRIORITIES,
}


@dataclass(frozen=True)
class ViewsBar:
    """The views of a list as its page shows them."""

    list_name: str
    query: str  # what the address narrows and sorts by, as a view would keep it
    plain_url: str  # the list without filters
    views: list[SavedView] = field(default_factory=list)
    current: SavedView | None = None
    leads_to: str = ""  # where somebody who begins with a view is sent
    may_change: bool = False  # the current view
    may_share: bool = False

    @property
    def shown(self) -> list[SavedView]:
        """The views at the top: those that the person pinned, and the current one."""
        return [view for view in self.views if view.is_pinned or view == self.current]  # type: ignore[attr-defined]

    @property
    def is_changed(self) -> bool:
        """Whether the address says something else than the view that it began with."""
        return self.current is not None and self.current.query != self.query


def view_query(data: QueryDict) -> str:
    """Return what an address narrows and sorts by, in an order of its own, so that two can be compared."""
    kept = [
        (name, value)
        for name in sorted(data)
        if name not in NOT_PART_OF_A_VIEW
        for value in data.getlist(name)
        if value or name == "outcome"  # "open, won and lost" is a choice
    ]
    return urlencode(kept)


def view_url(request: MemberRequest, view: SavedView) -> str:
    """Return the address of the list, seen so."""
    query = f"{view.query}&view={view.pk}" if view.query else f"view={view.pk}"
    return f"{address(request, view.list_name)}?{query}"


def views_bar(request: MemberRequest, list_name: ListName) -> ViewsBar:
    """Return the views of a list; where the address says nothing, also the one that the member begins with."""
    views = queries.saved_views_of(organization=request.organization, member=request.member, list_name=list_name)
    for view in views:
        view.url = view_url(request, view)  # type: ignore[attr-defined]
    default = next((view for view in views if view.is_default), None)  # type: ignore[attr-defined]
    asked = request.GET.get("view", "")
    current = next((view for view in views if str(view.pk) == asked), None)
    plain = address(request, list_name)
    return ViewsBar(
        list_name=list_name,
        query=view_query(request.GET),
        plain_url=f"{plain}?view={NO_VIEW}" if default else plain,
        views=views,
        current=current,
        leads_to=default.url if default and not request.GET else "",  # type: ignore[attr-defined]
        may_change=current is not None and _may_change(request, current),
        may_share=reach_of(request.member, Action.SHARE_VIEWS) is not None,
    )


def _may_change(request: MemberRequest, view: SavedView) -> bool:
    own = view.member_id == request.member.pk
    return own or (view.is_shared and reach_of(request.member, Action.MANAGE_VIEWS) is not None)


@member_can(Action.VIEW_HOME)
@require_POST
def view_new(request: MemberRequest) -> HttpResponse:
    """Keep what a list shows under a name."""
    list_name = request.POST.get("list", "")
    if list_name not in LISTS:
        raise BadRequest(_("There is no such list."))
    _refuse_unless(request, LISTS[ListName(list_name)])
    is_shared = "is_shared" in request.POST
    if is_shared:
        _refuse_unless(request, Action.SHARE_VIEWS)
    query = view_query(QueryDict(request.POST.get("query", "")))
    try:
        view = operations.save_view(
            organization=request.organization,
            member=request.member,
            list_name=list_name,
            name=request.POST.get("name", ""),
            query=query,
            is_shared=is_shared,
            saved_at=timezone.now(),
        )
    except UnableToKeepView as error:
        messages.warning(request, str(error))
        return redirect(f"{address(request, list_name)}?{query}")
    messages.success(request, _("View “%s” saved.") % view.name)
    return redirect(view_url(request, view))


def _refuse_unless(request: MemberRequest, action: Action) -> None:
    if reach_of(request.member, action) is None:
        raise PermissionDenied(denial(action))


@member_can(Action.VIEW_HOME)
@require_POST
def view_change(request: MemberRequest, view_id: UUID) -> HttpResponse:
    """Do with a view what its menu offers: change it, delete it, keep it at the top, begin with it."""
    found = queries.saved_views(organization=request.organization, member=request.member)
    view = get_object_or_404(found.select_related("member"), pk=view_id)
    wanted = request.POST.get("do", "")
    if wanted in CHOICES:
        operations.choose_view(organization=request.organization, member=request.member, view=view, **CHOICES[wanted])
        return redirect(view_url(request, view))
    if wanted not in ("save", "rename", "share", "unshare", "delete"):
        raise BadRequest(_("A view can't do that."))
    if not _may_change(request, view):
        raise PermissionDenied(_("This view is %s's. Ask them, or save one of your own.") % view.member.name)
    if wanted == "share":
        _refuse_unless(request, Action.SHARE_VIEWS)
    if wanted == "delete":
        operations.delete_view(organization=request.organization, view=view)
        messages.success(request, _("View “%s” deleted. The records stay.") % view.name)
        return redirect(f"{address(request, view.list_name)}?view={NO_VIEW}")
    try:
        operations.change_view(
            organization=request.organization, view=view, changed_at=timezone.now(), **_changes(request, wanted)
        )
    except UnableToKeepView as error:
        messages.warning(request, str(error))
        view.refresh_from_db()
    else:
        messages.success(request, _("View “%s” saved.") % view.name)
    return redirect(view_url(request, view))


CHOICES: dict[str, dict[str, Any]] = {
    "pin": {"is_pinned": True},
    "unpin": {"is_pinned": False},
    "begin": {"is_default": True},
    "end": {"is_default": False},
}


def _changes(request: HttpRequest, wanted: str) -> dict[str, Any]:
    if wanted == "rename":
        return {"name": request.POST.get("name", "")}
    if wanted == "save":
        return {"query": view_query(QueryDict(request.POST.get("query", "")))}
    return {"is_shared": wanted == "share"}
