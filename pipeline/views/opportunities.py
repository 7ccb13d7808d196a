"""The list of deals, and its export."""

from typing import Any

from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_GET, require_safe

from integrations.exports.log import filters_of, record_export
from integrations.exports.spreadsheet import csv_response
from integrations.exports.walk import walk
from pipeline import queries
from pipeline.forms.filters import OpportunityFilterForm
from pipeline.models import ListName, Opportunity
from pipeline.queries.opportunities import SORTS
from pipeline.querysets import OpportunityQuerySet
from pipeline.views.bulk import bulk_bar
from pipeline.views.listing import from_the_beginning, read_cursor, read_filters, read_sort, render_list
from pipeline.views.opportunity import DEALS
from pipeline.views.record_pages import deleted_of_address
from pipeline.views.saved_views import views_bar
from tenancy.access import Action, member_can
from tenancy.http import MemberRequest
from tenancy.keyset import InvalidCursor
from tenancy.money import from_minor
from tenancy.working_time import local_day


def _filters(request: MemberRequest) -> OpportunityFilterForm:
    """Return the checked filter of the address; without any the list shows what is open."""
    data = request.GET.copy()
    if "outcome" not in data:
        data["outcome"] = "open"
    filters = OpportunityFilterForm(data)
    choices = queries.deal_choices(organization=request.organization)
    filters.offer(stage=choices.values, owner=choices.owners)
    read_filters(filters)
    return filters


@member_can(Action.VIEW_OPPORTUNITIES)
@require_GET
@require_safe
def opportunities(request: MemberRequest) -> HttpResponse:
    """Show the list of deals."""
    views = views_bar(request, ListName.OPPORTUNITIES)
    if views.leads_to:
        return redirect(views.leads_to)
    now = timezone.now()
    today = local_day(request.organization, now)
    filters = _filters(request)
    narrowed = filters.narrowed()
    sort = read_sort(request, SORTS)
    scope: dict[str, Any] = {"organization": request.organization, "member": request.member, "today": today}
    try:
        page = queries.opportunities_page(**scope, narrowed=narrowed, sort=sort, cursor=read_cursor(request))
    except InvalidCursor:
        return from_the_beginning(request)
    totals = queries.opportunity_totals(found=queries.opportunities(**scope, narrowed=narrowed), today=today)
    context = {
        "views": views,
        "filters": filters,
        "in_force": [one for one in filters.in_force() if one[0] != "outcome" or request.GET.get("outcome")],
        "outcome": narrowed.outcome,
        "page": page,
        "totals": totals,
        "bulk": bulk_bar(request, "opportunity", total=totals.count, filters=filters),
        "sort": sort.parameter,
        "now": now,
        "today": today,
        "deleted": deleted_of_address(request, DEALS),
    }
    return render_list(request, "pipeline/opportunities.html", context)


@member_can(Action.EXPORT_OPPORTUNITIES)
@require_GET
@require_safe
def opportunities_export(request: MemberRequest) -> HttpResponseBase:
    """Send the list of deals, as it is narrowed, as CSV."""
    now = timezone.now()
    today = local_day(request.organization, now)
    organization, member = request.organization, request.member
    narrowed = _filters(request).narrowed()

    def rows() -> OpportunityQuerySet:
        found = queries.opportunities(
            organization=organization,
            member=member,
            today=today,
            narrowed=narrowed,
            action=Action.EXPORT_OPPORTUNITIES,
        )
        return found.select_related("account", "stage", "owner", "product")

    record_export(
        organization=organization,
        member=member,
        what="opportunities",
        exported_at=now,
        rows=rows().count(),
        filters=filters_of(request.GET),
    )
    header = (
        *("id", "name", "account", "account id", "stage", "state", "amount", "currency", "close date", "owner"),
        *("product", "chance", "next step", "next step date", "opened at", "closed at", "lost reason"),
        *("forecast", "forecast pinned", "source", "external id"),
    )
    chunks = walk(rows, organization=organization, member=member, sort=SORTS[1], task="export opportunities")
    return csv_response("deals.csv", header, ([_cells(deal) for deal in chunk] for chunk in chunks))


def _cells(deal: Opportunity) -> tuple[object, ...]:
    amount = deal.amount_minor
    return (
        *(deal.pk, deal.name, deal.account.name if deal.account else "", deal.account_id, deal.stage.name),
        *(deal.outcome, None if amount is None else from_minor(amount, deal.currency), deal.currency),
        *(deal.close_date, deal.owner.name if deal.owner else "", deal.product.name if deal.product else ""),
        *(f"{deal.chance_bp / 100:g}", deal.next_step, deal.next_step_date, deal.opened_at, deal.closed_at),
        *(deal.lost_reason, deal.forecast_category.value, deal.is_category_pinned, deal.source, deal.external_id),
    )
