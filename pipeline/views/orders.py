"""Orders: the list with its export, one order with its lines, the forms."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from integrations.exports.spreadsheet import csv_response
from integrations.exports.walk import walk
from pipeline import operations, queries
from pipeline.forms.filters import OrderFilterForm
from pipeline.forms.orders import LineFormSet, OrderForm, OrderLines, line_values, order_values
from pipeline.forms.record import RecordForm
from pipeline.models import Account, Order
from pipeline.queries.orders import SORTS
from pipeline.querysets import OrderQuerySet
from pipeline.views.contacts import account_of_address
from pipeline.views.editing import FormPage, answer_form
from pipeline.views.listing import (
    from_the_beginning,
    read_cursor,
    read_filters,
    read_sort,
    refuse_unless_editable,
    render_list,
)
from pipeline.views.removing import address, bring_back, just_deleted, remove
from tenancy.access import Action, member_can
from tenancy.http import MemberRequest
from tenancy.keyset import InvalidCursor
from tenancy.money import from_minor
from tenancy.working_time import local_day


@member_can(Action.VIEW_ORDERS)
@require_safe
def orders(request: MemberRequest) -> HttpResponse:
    """Show the list of orders with what they add up to."""
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
    context = {
        "filters": filters,
        "in_force": filters.in_force(),
        "page": page,
        "totals": queries.order_totals(found=queries.orders(**scope, narrowed=narrowed)),
        "sort": sort.parameter,
        "now": now,
        "today": today,
        "deleted": just_deleted(request, _deleted(request)),
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

    operations.record_export(organization=organization, member=member, what="orders", exported_at=now)
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
    one = _visible(request, order_id)
    context = {
        "order": one,
        "lines": queries.order_lines(organization=request.organization, order=one),
        "now": now,
        "today": local_day(request.organization, now),
    }
    return render(request, "pipeline/order.html", context)


@member_can(Action.EDIT_ORDERS)
def order_new(request: MemberRequest) -> HttpResponse:
    """Add an order."""
    now = timezone.now()
    account = account_of_address(request)
    lines = _lines(request, [])

    def save(form: RecordForm) -> str:
        new = operations.create_order(
            organization=request.organization,
            actor=request.member,
            created_at=now,
            owner=request.member,
            lines=lines.lines(),
            **form.stated(),
        )
        messages.success(request, _("Order %s was added.") % new.number)
        return address(request, "order", new.pk)

    page = FormPage(
        title=_("New order"),
        save_word=_("Add order"),
        list_name=_("Orders"),
        list_url=address(request, "orders"),
        back_url=address(request, "account", account.pk) if account else address(request, "orders"),
        template="pipeline/order_form.html",
        extra={"lines": lines},
    )
    initial = {
        "currency": request.organization.currency,
        "order_date": local_day(request.organization, now),
        "account": account.name if account else "",
    }
    return answer_form(
        request,
        page=page,
        make_form=lambda **data: _form(request, account, **data),
        initial=initial,
        values=order_values,
        save=save,
        also_valid=lines.is_valid,
    )


@member_can(Action.EDIT_ORDERS)
def order_edit(request: MemberRequest, order_id: UUID) -> HttpResponse:
    """Change an order and its lines."""
    now = timezone.now()
    one = _visible(request, order_id)
    refuse_unless_editable(one)
    here = address(request, "order", one.pk)
    stored = queries.order_lines(organization=request.organization, order=one)
    lines = _lines(request, [line_values(line) for line in stored])

    def save(form: RecordForm) -> str:
        operations.update_order(
            organization=request.organization,
            order=one,
            version=form.cleaned_data["version"] or 0,
            actor=request.member,
            updated_at=now,
            lines=lines.lines(),
            **form.stated(),
        )
        messages.success(request, _("Saved."))
        return here

    page = FormPage(
        title=_("Edit order %s") % one.number,
        save_word=_("Save"),
        list_name=_("Orders"),
        list_url=address(request, "orders"),
        back_url=here,
        template="pipeline/order_form.html",
        extra={"lines": lines, "delete_url": address(request, "order-delete", one.pk), "record": one},
    )
    return answer_form(
        request,
        page=page,
        make_form=lambda **data: _form(request, one.account, **data),
        initial={**order_values(one), "version": one.version},
        values=order_values,
        save=save,
        also_valid=lines.is_valid,
    )


def _lines(request: MemberRequest, initial: list[dict[str, object]]) -> OrderLines:
    products = queries.product_choices(organization=request.organization)
    data = request.POST if request.method == "POST" else None
    return LineFormSet(data=data, initial=initial, prefix="line", form_kwargs={"products": products})


def _form(request: MemberRequest, account: Account | None, **data: Any) -> OrderForm:
    today = local_day(request.organization, timezone.now())
    found = queries.accounts(organization=request.organization, member=request.member, today=today)
    return OrderForm(organization=request.organization, accounts=found, current_account=account, **data)


def _visible(request: MemberRequest, order_id: UUID) -> Order:
    today = local_day(request.organization, timezone.now())
    found = queries.orders(organization=request.organization, member=request.member, today=today)
    found = found.with_editable(request.member, Action.EDIT_ORDERS, as_of=today)
    one: Order = get_object_or_404(found.select_related("account", "owner"), pk=order_id)
    return one


@member_can(Action.EDIT_ORDERS)
@require_POST
def order_delete(request: MemberRequest, order_id: UUID) -> HttpResponse:
    """Delete an order; the list offers to take it back."""
    one = _visible(request, order_id)
    refuse_unless_editable(one)
    here = address(request, "order", one.pk)
    return remove(request, record=one, list_url=address(request, "orders"), page_url=here)


@member_can(Action.EDIT_ORDERS)
@require_POST
def order_restore(request: MemberRequest, order_id: UUID) -> HttpResponse:
    """Take a deletion back."""
    one = get_object_or_404(_restorable(request), pk=order_id)
    here = address(request, "order", one.pk)
    return bring_back(request, record=one, list_url=address(request, "orders"), page_url=here)


def _deleted(request: MemberRequest) -> OrderQuerySet:
    return _restorable(request).deleted()


def _restorable(request: MemberRequest) -> OrderQuerySet:
    today = local_day(request.organization, timezone.now())
    found: OrderQuerySet = Order.objects.for_organization(request.organization)
    return found.visible_to(request.member, Action.EDIT_ORDERS, as_of=today)
