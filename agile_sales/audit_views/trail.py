"""The audit trail: the list, its export, and the anchors that prove it."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from agile_sales.audit_views.forms import AuditFilterForm
from agile_sales.audit_views.rows import EXPORT_HEADER, Reader, ShownRow, export_cells
from integrations.exports.spreadsheet import csv_response
from pipeline import queries
from pipeline.queries.badges import score_badge
from pipeline.views.listing import from_the_beginning, read_cursor, read_filters, render_list
from tenancy.access import Action, member_can
from tenancy.audit.anchors import anchors
from tenancy.audit.reading import AuditFilter, trail_chunks, trail_page
from tenancy.events import record_event
from tenancy.http import MemberRequest
from tenancy.keyset import InvalidCursor
from tenancy.models import AuditEntry, AuditSeal, Member
from tenancy.onlookers import gives_files
from tenancy.scoping import organization_scope
from tenancy.working_time import local_day

MOST_PEOPLE = 500


def _filters(request: MemberRequest) -> AuditFilterForm:
    people = Member.objects.for_organization(request.organization).by_name().values_list("pk", "name")[:MOST_PEOPLE]
    filters = AuditFilterForm(request.GET, people=[(str(pk), name) for pk, name in people])
    read_filters(filters)
    return filters


def _with_scores(request: MemberRequest, rows: list[ShownRow]) -> list[ShownRow]:
    """Return the rows with the accounts that they are about, as far as the member sees their scores."""
    ids = {row.account_id for row in rows if row.account_id}
    if not ids:
        return rows
    today = local_day(request.organization, timezone.now())
    accounts = queries.accounts(organization=request.organization, member=request.member, today=today)
    found = {one.pk: one for one in accounts.filter(pk__in=ids).annotate(score_badge=score_badge("pk"))}
    return [replace(row, account=found.get(row.account_id)) if row.account_id else row for row in rows]


@member_can(Action.VIEW_AUDIT)
@require_safe
def audit(request: MemberRequest) -> HttpResponse:
    """Show what happened, the newest first."""
    filters = _filters(request)
    try:
        page = trail_page(organization=request.organization, narrowed=filters.narrowed(), cursor=read_cursor(request))
    except InvalidCursor:
        return from_the_beginning(request)
    reader = Reader(organization=request.organization, member=request.member, rows=page.rows)
    seals = AuditSeal.objects.for_organization(request.organization)
    context = {
        "filters": filters,
        "in_force": filters.in_force(),
        "page": page,
        "rows": _with_scores(request, reader.shown(page.rows)),
        "last_seal": seals.order_by("-number").first(),
        "retention_days": request.organization.setting("audit_retention_days"),
        "now": timezone.now(),
    }
    return render_list(request, "agile_sales/audit.html", context)


@member_can(Action.VIEW_AUDIT)
@require_safe
def audit_entry(request: MemberRequest, entry_id: UUID) -> HttpResponse:
    """Show one changed row with all its fields."""
    entries = AuditEntry.objects.for_organization(request.organization)
    one = get_object_or_404(entries, pk=entry_id)
    rows = Reader(organization=request.organization, member=request.member, rows=[one]).shown([one])
    (row,) = _with_scores(request, rows)
    return render(request, "agile_sales/audit_entry.html", {"row": row, "entry": one})


@member_can(Action.VIEW_AUDIT)
@gives_files
@require_safe
def audit_export(request: MemberRequest) -> HttpResponseBase:
    """Send the trail, as it is narrowed, as CSV; that somebody took it is itself in the trail."""
    organization, member = request.organization, request.member
    filters = _filters(request)
    narrowed = filters.narrowed()
    record_event(
        organization=organization,
        type="export.made",
        subject=member,
        payload={"what": "audit", "filters": {name: shown for name, _, shown in filters.in_force()}},
        actor=member,
    )
    return csv_response("audit.csv", EXPORT_HEADER, _chunks(organization, member, narrowed))


def _chunks(organization: Any, member: Member, narrowed: AuditFilter) -> Iterator[list[tuple[object, ...]]]:
    def scope() -> Any:
        return organization_scope(organization, actor=member, task="export audit")

    for chunk in trail_chunks(organization=organization, narrowed=narrowed, scope=scope):
        with scope():
            reader = Reader(organization=organization, member=member, rows=chunk)
            lines = [export_cells(reader, row) for row in chunk]
        yield lines


@member_can(Action.VIEW_AUDIT)
@require_safe
def audit_anchors(request: MemberRequest) -> HttpResponse:
    """Show the daily anchors, to be kept outside."""
    made = list(anchors(organization=request.organization)[:90])
    command = f"manage.py verify_audit --organization {request.organization.slug} --anchor …"
    context = {"anchors": made, "command": command, "now": timezone.now()}
    return render(request, "agile_sales/audit_anchors.html", context)
