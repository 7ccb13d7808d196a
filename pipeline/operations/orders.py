"""Changes of orders and their lines."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any, TypedDict, Unpack

from django.db import transaction
from django.db.models import QuerySet

from pipeline.models import Account, Order, OrderLine, Product
from pipeline.models.order import exact_total
from pipeline.models.record import MANUAL
from pipeline.operations.changes import check_references, payload_of, write_changes
from pipeline.operations.noting import note_created, note_lines
from pipeline.querysets import OrderLineQuerySet
from tenancy.events import record_event
from tenancy.models import Member, Organization
from tenancy.money import to_minor


class OrderFields(TypedDict, total=False):
    """What can be said of an order, beside its lines."""

    account: Account | None
    owner: Member | None
    number: str
    status: str
    order_date: date
    promised_date: date | None
    shipped_date: date | None
    currency: str


@dataclass(frozen=True)
class NewLine:
    """A line as it should be. Lines are known by their place; a cost that nobody states stays as it is known."""

    product: Product | None
    product_name: str
    quantity: Decimal
    unit_price_e4: int
    discount_bp: int = 0
    cost_minor: int | None = None


@transaction.atomic
def create_order(
    *,
    organization: Organization,
    actor: Member | None,
    created_at: datetime,
    lines: Sequence[NewLine],
    source: str = MANUAL,
    external_id: str = "",
    **fields: Unpack[OrderFields],
) -> Order:
    """Add an order with its lines; its amount is their exact sum, rounded once.

    Another system may know it by `source` and `external_id`.

    :raises django.db.IntegrityError: when there is one with that source and external id.
    """
    exact = exact_total((line.quantity, line.unit_price_e4, line.discount_bp) for line in lines)
    order: Order = Order.objects.create(
        organization=organization,
        source=source,
        external_id=external_id,
        created_at=created_at,
        updated_at=created_at,
        recorded_at=created_at,
        amount_exact=exact,
        amount_minor=to_minor(exact, fields["currency"]),
        **fields,
    )
    write_lines(organization, order, lines, created_at)
    check_references()
    note_created(order)
    record_event(
        organization=organization,
        type="order.placed",
        subject=order,
        payload={
            "account": str(order.account_id or ""),
            "number": order.number,
            "amount_minor": order.amount_minor,
            "currency": order.currency,
        },
        actor=actor,
        occurred_at=created_at,
    )
    return order


@transaction.atomic
def update_order(
    *,
    organization: Organization,
    order: Order,
    version: int,
    actor: Member | None,
    updated_at: datetime,
    lines: Sequence[NewLine] | None = None,
    **fields: Unpack[OrderFields],
) -> Order:
    """Change an order and its lines, which stay where none are given; saying what it says already changes nothing.

    :raises StaleVersion: when somebody else changed it since `version` was read.
    """
    stored = list(_lines_of(order).select_related("product"))
    lines = [_as_it_is(line) for line in stored] if lines is None else _with_known_costs(stored, lines)
    exact = exact_total((line.quantity, line.unit_price_e4, line.discount_bp) for line in lines)
    amounts = {"amount_exact": exact, "amount_minor": to_minor(exact, fields.get("currency", order.currency))}
    lines_differ = _lines_differ(stored, lines)
    differences = write_changes(
        organization=organization,
        record=order,
        version=version,
        fields={**fields, **amounts},
        at=updated_at,
        touch=lines_differ,
    )
    if lines_differ:
        note_lines(order, [_said_of(line) for line in stored], [_said_of(line) for line in lines])
        write_lines(organization, order, lines, updated_at)
        check_references()
    if differences or lines_differ:
        record_event(
            organization=organization,
            type="order.updated",
            subject=order,
            payload={**payload_of(differences), "lines_changed": lines_differ},
            actor=actor,
            occurred_at=updated_at,
        )
    return order


def _as_it_is(line: OrderLine) -> NewLine:
    return NewLine(
        product=line.product,
        product_name=line.product_name,
        quantity=line.quantity,
        unit_price_e4=line.unit_price_e4,
        discount_bp=line.discount_bp,
        cost_minor=line.cost_minor,
    )


def _lines_of(order: Order) -> QuerySet[OrderLine]:
    lines: OrderLineQuerySet = OrderLine.objects.for_organization(order.organization_id)
    return lines.alive().filter(order=order).in_order()


def _with_known_costs(stored: Sequence[OrderLine], lines: Sequence[NewLine]) -> list[NewLine]:
    """Return the lines with the cost that the stored line of the same goods has, where none is stated."""
    known = [(line.product_id, line.product_name, line.cost_minor) for line in stored]
    costed = []
    for place, line in enumerate(lines):
        goods = (line.product.pk if line.product else None, line.product_name)
        same = place < len(known) and known[place][:2] == goods and line.cost_minor is None
        costed.append(replace(line, cost_minor=known[place][2]) if same else line)
    return costed


def _said_of(line: OrderLine | NewLine) -> dict[str, Any]:
    """Return a line as JSON that `lines_from` reads."""
    return {
        "product": str(line.product.pk) if line.product else None,
        "product_name": line.product_name,
        "quantity": f"{line.quantity.normalize():f}",
        "unit_price_e4": line.unit_price_e4,
        "discount_bp": line.discount_bp,
        "cost_minor": line.cost_minor,
    }


def said_lines(order: Order) -> list[dict[str, Any]]:
    """Return the lines that an order has now, as JSON that `lines_from` reads."""
    return [_said_of(line) for line in _lines_of(order).select_related("product")]


def lines_from(organization: Organization, said: Sequence[Mapping[str, Any]]) -> list[NewLine]:
    """Return lines that were kept as JSON; goods that are gone keep their name."""
    ids = {line["product"] for line in said if line["product"]}
    products = {str(one.pk): one for one in Product.objects.for_organization(organization).filter(pk__in=ids)}
    return [
        NewLine(**{**line, "product": products.get(line["product"] or ""), "quantity": Decimal(line["quantity"])})
        for line in said
    ]


def _lines_differ(stored: Sequence[OrderLine], lines: Sequence[NewLine]) -> bool:
    have = [
        (line.product_id, line.product_name, line.quantity, line.unit_price_e4, line.discount_bp, line.cost_minor)
        for line in stored
    ]
    return have != [
        (
            line.product.pk if line.product else None,
            line.product_name,
            line.quantity,
            line.unit_price_e4,
            line.discount_bp,
            line.cost_minor,
        )
        for line in lines
    ]


def write_lines(organization: Organization, order: Order, lines: Sequence[NewLine], at: datetime) -> None:
    """Make the stored lines those given, by position; a line that is left over is marked deleted."""
    stored = list(_lines_of(order))
    for position, line in enumerate(lines, start=1):
        row = stored[position - 1] if position <= len(stored) else OrderLine(organization=organization, order=order)
        is_new = position > len(stored)
        row.position, row.product, row.product_name = position, line.product, line.product_name
        row.quantity, row.unit_price_e4, row.discount_bp = line.quantity, line.unit_price_e4, line.discount_bp
        row.cost_minor, row.updated_at = line.cost_minor, at
        if is_new:
            row.created_at = row.recorded_at = at
            row.save(force_insert=True)
        else:
            row.version += 1
            row.save(
                update_fields=[
                    *("position", "product", "product_name", "quantity", "unit_price_e4", "discount_bp"),
                    *("cost_minor", "updated_at", "version"),
                ]
            )
    for row in stored[len(lines) :]:
        row.deleted_at = row.updated_at = at
        row.save(update_fields=["deleted_at", "updated_at"])
