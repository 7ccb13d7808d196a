"""Orders: the list with its export, one order with its lines, the forms."""

from functools import partial
from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from integrations.exports.log import filters_of, record_export
from integrations.exports.spreadsheet import csv_response
from integrations.exports.walk import walk
from pipeline import operations, queries
from pipeline.forms.filters import OrderFilterForm
from pipeline.forms.orders import LineFormSet, OrderForm, OrderLines, line_values, order_values
from pipeline.models import Account, ListName, Order
from pipeline.queries.badges import score_badge
from pipeline.queries.orders import SORTS
from pipeline.querysets import OrderQuerySet
from pipeline.views.bulk import bulk_bar
from pipeline.views.contacts import account_of_address
from pipeline.views.listing import from_the_beginning, read_cursor, read_filters, read_sort, render_list
from pipeline.views.record_pages import (
    More,
    RecordKind,
    add_record,
    delete_record,
    deleted_of_address,
    edit_record,
    editable,
    restore_record,
)
from pipeline.views.removing import address
from pipeline.views.saved_views import views_bar
from tenancy.access import Action, member_can
from tenancy.http import MemberRequest
from tenancy.keyset import InvalidCursor
from tenancy.money import from_minor
from tenancy.working_time import local_day


@member_can(Action.VIEW_ORDERS)
@require_safe
def orders(request: MemberRequest) -> HttpResponse:
    """Show the list of orders with what they add up to."""
    views = views_bar(request, ListName.ORDERS)
    if views.leads_to:
        return redirect(views.leads_to)
    now = timezone.now()
    today = local_day(request.organization, now)
    filters = OrderFilterForm(request.GET)
    read_filters(filters)
    narrowed = filters.narrowed()
    sort = read_sort(request, SORTS)
    scope: dict[str, Any] = {"organization": request.organization, "member": request.member, "today": today}
    try:
        page = queries.orders_page(**scope, narrowed=narrowed, sort=sort, cursor=read_cursor(request))
    except InvalidCursor:
        return from_the_beginning(request)
    totals = queries.order_totals(found=queries.orders(**scope, narrowed=narrowed))
    context = {
        "views": views,
        "filters": filters,
        "in_force": filters.in_force(),
        "page": page,
        "totals": totals,
        "bulk": bulk_bar(request, "order", total=totals.count, filters=filters),
        "sort": sort.parameter,
        "now": now,
        "today": today,
        "deleted": deleted_of_address(request, ORDERS),
    }
    return render_list(request, "pipeline/orders.html", context)


@member_can(Action.EXPORT_ORDERS)
@require_safe
def orders_export(request: MemberRequest) -> HttpResponseBase:
    """Send the list of orders, as it is narrowed, as CSV."""
    now = timezone.now()
    today = local_day(request.organization, now)
    organization, member = request.organization, request.member
    filters = OrderFilterForm(request.GET)
    read_filters(filters)
    narrowed = filters.narrowed()

    def rows() -> OrderQuerySet:
        found = queries.orders(
            organization=organization, member=member, today=today, narrowed=narrowed, action=Action.EXPORT_ORDERS
        )
        return found.select_related("account")

    record_export(
        organization=organization,
        member=member,
        what="orders",
        exported_at=now,
        rows=rows().count(),
        filters=filters_of(request.GET),
    )
    header = (
        *("id", "number", "account", "account id", "state", "ordered on", "promised for", "shipped on"),
        # The exact amounts add up to the total of the page; the rounded ones may be some cents off.
        *("amount", "currency", "exact amount", "source", "external id"),
    )
    chunks = walk(rows, organization=organization, member=member, sort=SORTS[1], task="export orders")
    return csv_response("orders.csv", header, ([_cells(order) for order in chunk] for chunk in chunks))


def _cells(order: Order) -> tuple[object, ...]:
    return (
        *(order.pk, order.number, order.account.name if order.account else "", order.account_id, order.status),
        *(order.order_date, order.promised_date, order.shipped_date),
        *(from_minor(order.amount_minor, order.currency), order.currency, f"{order.amount_exact:f}"),
        *(order.source, order.external_id),
    )


@member_can(Action.VIEW_ORDERS)
@require_safe
def order(request: MemberRequest, order_id: UUID) -> HttpResponse:
    """Show an order with its lines."""
    now = timezone.now()
    one: Order = get_object_or_404(_found(request), pk=order_id)
    context = {
        "order": one,
        "lines": queries.order_lines(organization=request.organization, order=one),
        "now": now,
        "today": local_day(request.organization, now),
    }
    return render(request, "pipeline/order.html", context)


def _found(request: MemberRequest) -> OrderQuerySet:
    today = local_day(request.organization, timezone.now())
    found = queries.orders(organization=request.organization, member=request.member, today=today)
    found = found.with_editable(request.member, Action.EDIT_ORDERS, as_of=today)
    return found.annotate(score_badge=score_badge()).select_related("account", "owner")


def _form(request: MemberRequest, one: Order, **data: Any) -> OrderForm:
    return _form_at(request, one.account, **data)


def _form_at(request: MemberRequest, account: Account | None, **data: Any) -> OrderForm:
    today = local_day(request.organization, timezone.now())
    found = queries.accounts(organization=request.organization, member=request.member, today=today)
    return OrderForm(organization=request.organization, accounts=found, current_account=account, **data)


ORDERS = RecordKind(
    name="order",
    model=Order,
    list_page="orders",
    list_name=gettext_lazy("Orders"),
    action=Action.EDIT_ORDERS,
    found=_found,
    make_form=_form,
    values=order_values,
    update=operations.update_order,
    title=gettext_lazy("Edit order %s"),
    added=gettext_lazy("Order %s was added."),
)


def _with_lines(request: MemberRequest, initial: list[dict[str, object]]) -> More:
    """Return the lines of an order as what its form has beside its fields."""
    products = queries.product_choices(organization=request.organization)
    data = request.POST if request.method == "POST" else None
    lines: OrderLines = LineFormSet(data=data, initial=initial, prefix="line", form_kwargs={"products": products})
    return More(
        stated=lambda: {"lines": lines.lines()},
        is_valid=lines.is_valid,
        template="pipeline/order_form.html",
        extra={"lines": lines},
    )


@member_can(Action.EDIT_ORDERS)
def order_new(request: MemberRequest) -> HttpResponse:
    """Add an order."""
    now = timezone.now()
    account = account_of_address(request)
    return add_record(
        request,
        ORDERS,
        title=_("New order"),
        save_word=_("Add order"),
        create=partial(operations.create_order, created_at=now, owner=request.member),
        initial={
            "currency": request.organization.currency,
            "order_date": local_day(request.organization, now),
            "account": account.name if account else "",
        },
        back_url=address(request, "account", account.pk) if account else "",
        make_form=partial(_form_at, request, account),
        more=_with_lines(request, []),
    )


@member_can(Action.EDIT_ORDERS)
def order_edit(request: MemberRequest, order_id: UUID) -> HttpResponse:
    """Change an order and its lines."""
    one = editable(request, ORDERS, order_id)
    stored = queries.order_lines(organization=request.organization, order=one)
    return edit_record(request, ORDERS, one, more=_with_lines(request, [line_values(line) for line in stored]))


@member_can(Action.EDIT_ORDERS)
@require_POST
def order_delete(request: MemberRequest, order_id: UUID) -> HttpResponse:
    """Delete an order; the list offers to take it back."""
    return delete_record(request, ORDERS, order_id)


@member_can(Action.EDIT_ORDERS)
@require_POST
def order_restore(request: MemberRequest, order_id: UUID) -> HttpResponse:
    """Take a deletion back."""
    return restore_record(request, ORDERS, order_id)
