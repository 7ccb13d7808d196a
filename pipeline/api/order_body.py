"""What the body of an order may say, and what that is for the operations."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any
from uuid import UUID

from integrations.api import bodies
from integrations.api.bodies import LARGEST_AMOUNT, Body, Money, Values
from integrations.api.errors import FieldProblem, InvalidBody
from pipeline.api import references
from pipeline.api.records import OURS, as_columns
from pipeline.models import Order, OrderStatus, Product
from pipeline.models.order import exact_total
from pipeline.operations import NewLine
from tenancy.likely_days import HAPPENED
from tenancy.money import known_currency, to_minor

MOST_LINES = 200
LARGEST_QUANTITY, LARGEST_PRICE_E4 = 10**7, 10**12
"""With 200 lines of these an exact sum still fits the 28 digits that it is kept with."""

LINE = Body(
    "OrderLine",
    [
        bodies.reference("product_id", "product", references.products, "The product; else `product_name` says what."),
        bodies.text("product_name", 300, "What the order calls the article; the product's name, where nobody says."),
        bodies.decimal("quantity", 0, LARGEST_QUANTITY, 4, "How many; more than 0.", example=5, required=True),
        bodies.whole(
            "unit_price_e4",
            0,
            LARGEST_PRICE_E4,
            "The price of one in 1/10,000 of the order's currency: 4890000 is 489.00.",
            example=4_890_000,
            required=True,
        ),
        bodies.whole("discount_bp", 0, 10_000, "In hundredths of a percent: 500 is 5 %.", example=500, null=False),
        bodies.money("cost", "What the whole line costs you, in the order's currency."),
    ],
    read_only=("position", "product"),
)
BODY = Body(
    "Order",
    [
        *bodies.from_source(),
        bodies.text("number", 100, "The number that people know it by.", example="HD-20418", required=True),
        bodies.day(
            "order_date",
            "The day on which it was ordered.",
            years_ahead=HAPPENED,
            example="2026-10-01",
            required=True,
        ),
        bodies.matching(
            "currency",
            "[A-Z]{3}",
            "a currency in use (ISO 4217), such as EUR",
            "The currency of its lines.",
            example="EUR",
            required=True,
        ),
        bodies.reference("account_id", "account", references.accounts, "The account that bought."),
        bodies.reference("owner_id", "active member", references.members, "The person who owns it."),
        bodies.code("status", OrderStatus.values, "Where it stands.", example="open", null=False),
        bodies.day("promised_date", "The day that was promised.", example="2026-10-12"),
        bodies.day("shipped_date", "The day on which it left.", years_ahead=HAPPENED),
        bodies.objects(
            "lines",
            LINE,
            MOST_LINES,
            "Its lines in their order.",
            example=[{"product_name": "Hub drive H2", "quantity": 5, "unit_price_e4": 4_890_000, "discount_bp": 500}],
        ),
    ],
    read_only=("amount", *(name for name in OURS if name != "currency")),
)


def columns_of(organization_id: UUID, values: Values, current: Order | None = None) -> Mapping[str, Any]:
    """Return what a body states as the operations take it, the lines with their products.

    :raises InvalidBody: naming what is wrong, with its place in the lines.
    """
    columns = dict(as_columns(values))
    if not known_currency(columns.get("currency", "EUR")):
        raise InvalidBody([FieldProblem("currency", "currency takes a currency in use (ISO 4217), such as EUR.")])
    currency = columns.get("currency") or (current.currency if current is not None else "")
    if "lines" in columns:
        columns["lines"] = _lines(organization_id, values["lines"], currency)
    return columns


def _lines(organization_id: UUID, stated: list[Values], currency: str) -> list[NewLine]:
    ids = {line["product_id"] for line in stated if line.get("product_id")}
    products = {one.pk: one for one in references.products(organization_id).filter(pk__in=ids)} if ids else {}
    problems: list[FieldProblem] = []
    lines = [_line(place, line, products, currency, problems) for place, line in enumerate(stated)]
    exact = exact_total((line.quantity, line.unit_price_e4, line.discount_bp) for line in lines)
    if not problems and to_minor(exact, currency) > LARGEST_AMOUNT:
        problems.append(FieldProblem("lines", "lines are worth more than an amount can say."))
    if problems:
        raise InvalidBody(problems)
    return lines


def _line(
    place: int, stated: Values, products: Mapping[UUID, Product], currency: str, problems: list[FieldProblem]
) -> NewLine:
    def refuse(name: str, words: str) -> None:
        problems.append(FieldProblem(f"lines.{place}.{name}", words))

    product = products.get(stated["product_id"]) if stated.get("product_id") else None
    if stated.get("product_id") and product is None:
        refuse("product_id", "There is no product with this product_id in your organisation.")
    elif product is None and not stated.get("product_name"):
        refuse("product_name", "Say what was ordered: product_name, or product_id.")
    quantity: Decimal = stated["quantity"]
    if not quantity:
        refuse("quantity", "quantity is more than 0.")
    cost: Money | None = stated.get("cost")
    if cost is not None and cost.currency != currency:
        refuse("cost", f"cost is in the currency of the order, {currency}.")
    return NewLine(
        product=product,
        product_name=stated.get("product_name") or (product.name if product else ""),
        quantity=quantity,
        unit_price_e4=stated["unit_price_e4"],
        discount_bp=stated.get("discount_bp", 0),
        cost_minor=cost.amount_minor if cost is not None else None,
    )
