"""The list of orders, and one order."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from django.db.models import Count, Q, Sum

from pipeline.models import Order, OrderLine
from pipeline.queries.badges import score_badge
from pipeline.querysets import OrderLineQuerySet, OrderQuerySet
from tenancy.access import Action
from tenancy.keyset import Page, Sort, page_of
from tenancy.models import Member, Organization
from tenancy.money import to_minor

PAGE_SIZE = 50
SORTS = (
    Sort("date", "order_date", descending=True),
    Sort("number", "number_key"),
    Sort("value", "amount_minor", descending=True),
    Sort("promised", "promised_date", nullable=True),
)


@dataclass(frozen=True)
class OrderFilter:
    """What the list is narrowed to; empty means everything."""

    number: str = ""
    status: str = ""
    account_id: UUID | None = None
    late: bool = False


@dataclass(frozen=True)
class OrderTotals:
    """What the list adds up to: exact amounts, rounded once for each currency; what was cancelled is no revenue."""

    count: int
    cancelled: int
    amounts: Mapping[str, int]


def orders(
    *,
    organization: Organization,
    member: Member,
    today: date,
    narrowed: OrderFilter | None = None,
    action: Action = Action.VIEW_ORDERS,
) -> OrderQuerySet:
    """Return the orders that the member may use for `action`: of list, detail, totals and export alike."""
    found: OrderQuerySet = Order.objects.for_organization(organization)
    found = found.alive().visible_to(member, action, as_of=today)
    if narrowed is None:
        return found
    if narrowed.number:
        found = found.numbered_like(narrowed.number)
    if narrowed.status:
        found = found.filter(status=narrowed.status)
    if narrowed.account_id:
        found = found.filter(account=narrowed.account_id)
    if narrowed.late:
        found = found.undelivered().filter(promised_date__lt=today)
    return found


def orders_page(
    *, organization: Organization, member: Member, today: date, narrowed: OrderFilter, sort: Sort, cursor: str = ""
) -> Page[Order]:
    """Return a page of the list with accounts fetched.

    :raises tenancy.keyset.InvalidCursor: when the cursor was not made for this list and order.
    """
    found = orders(organization=organization, member=member, today=today, narrowed=narrowed)
    rows = found.annotate(score_badge=score_badge()).select_related("account")
    return page_of(rows, sort=sort, size=PAGE_SIZE, scope="orders", cursor=cursor)


def order_totals(*, found: OrderQuerySet) -> OrderTotals:
    """Return what these orders add up to, by currency."""
    kept, gone = ~Q(status="cancelled"), Q(status="cancelled")
    groups = list(
        found.values("currency")
        .annotate(all=Count("id"), gone=Count("id", gone), exact=Sum("amount_exact", filter=kept))
        .order_by("currency")
    )
    return OrderTotals(
        count=sum(group["all"] for group in groups),
        cancelled=sum(group["gone"] for group in groups),
        amounts={
            group["currency"]: to_minor(group["exact"], group["currency"])
            for group in groups
            if group["exact"] is not None
        },
    )


def order_lines(*, organization: Organization, order: Order) -> list[OrderLine]:
    """Return the lines of an order in its own order."""
    lines: OrderLineQuerySet = OrderLine.objects.for_organization(organization)
    return list(lines.alive().filter(order=order).select_related("product").in_order())
