"""Changing many records of a list at once, from the bar below it."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import BadRequest
from django.http import HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from pipeline import operations, queries
from pipeline.forms.bulk import BULK, BulkForm, BulkKind, locked, records_meant
from pipeline.models import BulkChange, BulkState, UndoStep
from pipeline.operations.bulk import AT_ONCE, change_many, queue_bulk_change, stated_edit
from pipeline.views.removing import address
from pipeline.views.saved_views import view_query
from pipeline.views.undo import say_done, undo_url
from tenancy.access import Action, member_can
from tenancy.http import MemberRequest
from tenancy.working_time import local_day
from ui.formats import format_number


@dataclass(frozen=True)
class BulkBar:
    """The bar that appears when rows are ticked."""

    url: str
    query: str
    total: int
    is_capped: bool
    form: BulkForm
    actions: tuple[str, ...]


def bulk_bar(
    request: MemberRequest, record_type: str, *, total: int, is_capped: bool = False, filters: Any
) -> BulkBar | None:
    """Return the bar of a list, with the choices that its filters have already; None for who may change nothing."""
    kind = BULK[record_type]
    if kind.edit.value not in request.rights:
        return None
    offered = {name: list(filters.fields[name].choices)[1:] for name in ("owner", "stage") if name in filters.fields}
    return BulkBar(
        url=address(request, f"{kind.list_page}-bulk"),
        query=view_query(request.GET),
        total=total,
        is_capped=is_capped,
        form=BulkForm(
            kind=kind,
            owners=offered["owner"] if "owner" in offered else _owners(request, kind),
            stages=offered.get("stage", ()),
        ).shown(),
        actions=kind.actions,
    )


@member_can(Action.EDIT_ACCOUNTS)
@require_POST
def accounts_bulk(request: MemberRequest) -> HttpResponse:
    """Change the accounts that were ticked, or all that match."""
    return _change(request, BULK["account"])


@member_can(Action.EDIT_OPPORTUNITIES)
@require_POST
def opportunities_bulk(request: MemberRequest) -> HttpResponse:
    """Change the deals that were ticked, or all that match."""
    return _change(request, BULK["opportunity"])


@member_can(Action.EDIT_ACCOUNTS)
@require_POST
def contacts_bulk(request: MemberRequest) -> HttpResponse:
    """Change the contacts that were ticked, or all that match."""
    return _change(request, BULK["contact"])


@member_can(Action.EDIT_ORDERS)
@require_POST
def orders_bulk(request: MemberRequest) -> HttpResponse:
    """Change the orders that were ticked, or all that match."""
    return _change(request, BULK["order"])


@member_can(Action.EDIT_PRODUCTS)
@require_POST
def products_bulk(request: MemberRequest) -> HttpResponse:
    """Change the products that were ticked, or all that match."""
    return _change(request, BULK["product"])


def _owners(request: MemberRequest, kind: BulkKind) -> list[tuple[str, str]]:
    return queries.owner_choices(organization=request.organization) if "owner" in kind.actions else []


def _change(request: MemberRequest, kind: BulkKind) -> HttpResponse:
    query = view_query(QueryDict(request.POST.get("filter", "")))
    back = f"{address(request, kind.list_page)}{f'?{query}' if query else ''}"
    form = BulkForm(
        request.POST,
        kind=kind,
        owners=_owners(request, kind),
        stages=_stages(request) if "stage" in kind.actions else (),
    )
    if not form.is_valid():
        messages.warning(request, " ".join(str(error) for errors in form.errors.values() for error in errors))
        return redirect(back)
    everything = "everything" in request.POST
    ids = None if everything else _ids(request)
    if ids is not None and not ids:
        messages.warning(request, _("Tick the rows to change first."))
        return redirect(back)
    now = timezone.now()
    try:
        found = records_meant(
            organization=request.organization,
            member=request.member,
            today=local_day(request.organization, now),
            kind=kind,
            query=query,
            ids=ids,
        )
    except ValueError as error:
        raise BadRequest(str(error)) from error
    if everything and (total := found.count()) > AT_ONCE:
        return _queue(request, kind, query=query, change=form.change(), total=total, back=back)
    outcome = change_many(
        organization=request.organization,
        member=request.member,
        records=list(locked(found)),
        edit=stated_edit(request.organization, form.change()),
        changed_at=now,
    )
    for _gone in range(max(0, len(ids or ()) - outcome.seen)):
        outcome.refuse(str(_("no longer there")))
    say_done(request, changed_words(outcome.changed, outcome.same), outcome.noted, page=back)
    if outcome.refused:
        messages.warning(request, refused_words(outcome.refused))
    return redirect(back)


def _ids(request: MemberRequest) -> set[UUID]:
    try:
        ids = {UUID(text) for text in request.POST.getlist("id")}
    except ValueError as error:
        raise BadRequest(_("A row of this form names no record.")) from error
    if len(ids) > AT_ONCE:
        raise BadRequest(_("So many rows can't be ticked one by one. Choose all that match instead."))
    return ids


def _stages(request: MemberRequest) -> list[tuple[str, str]]:
    return [(str(stage.pk), stage.name) for stage in queries.stages_in_use(organization=request.organization)]


def _queue(
    request: MemberRequest, kind: BulkKind, *, query: str, change: dict[str, str], total: int, back: str
) -> HttpResponse:
    now = timezone.now()
    words = _("A change of %s records") % format_number(total)
    step = operations.keep_undo_step(
        organization=request.organization,
        member=request.member,
        changes=[],
        words=words,
        page=back,
        made_at=now,
        is_growing=True,
    )
    bulk = queue_bulk_change(
        organization=request.organization,
        member=request.member,
        record_type=kind.record_type,
        query=query,
        change=change,
        words=words,
        page=back,
        total=total,
        asked_at=now,
        step=step,
    )
    return redirect(address(request, "bulk", bulk.pk))


@member_can(Action.VIEW_HOME)
@require_safe
def bulk(request: MemberRequest, bulk_id: UUID) -> HttpResponse:
    """Show how far a change of many records is, and at its end what it did."""
    found = BulkChange.objects.for_organization(request.organization).filter(member=request.member)
    one: BulkChange = get_object_or_404(found.select_related("step"), pk=bulk_id)
    now = timezone.now()
    step: UndoStep | None = None if one.is_undo else one.step
    can_undo = step is not None and step.undone_at is None and step.expires_at > now and one.changed > 0
    context = {
        "bulk": one,
        "is_done": one.state == BulkState.DONE,
        "summary": changed_words(one.changed, one.same),
        "refused": refused_words(one.refused) if one.refused else "",
        "undo_url": undo_url(request, step.pk) if step is not None and can_undo else "",
        "now": now,
    }
    in_part = request.htmx and not request.htmx.boosted
    return render(request, "pipeline/bulk.html#progress" if in_part else "pipeline/bulk.html", context)


def changed_words(changed: int, same: int) -> str:
    """Return how many records were changed, and how many were so already."""
    words = ngettext("%(count)s changed.", "%(count)s changed.", changed) % {"count": format_number(changed)}
    if same:
        words += " " + ngettext("%(count)s was so already.", "%(count)s were so already.", same) % {
            "count": format_number(same)
        }
    return words


def refused_words(refused: dict[str, Any]) -> str:
    """Return what stayed as it was, by reason, with the first names."""
    parts = []
    for why, reason in sorted(refused.items()):
        names = ", ".join(reason["names"])
        if reason["count"] > len(reason["names"]) and names:
            names = _("%s and others") % names
        parts.append(f"{format_number(reason['count'])} {_(why).rstrip('.')}{f' ({names})' if names else ''}")
    return _("Left as they were: %s.") % "; ".join(parts)
