"""Orders: the list, one with its lines, the form."""

from datetime import date
from decimal import Decimal

from django.db import connection
from django.test.utils import CaptureQueriesContext

from pipeline.models import Order
from tenancy.scoping import organization_scope
from tests.cast import Cast
from tests.pipeline.pages import ClientFor, as_typed, text_of, url
from tests.pipeline.records import a_line, a_product, an_account, an_order

BUDGET = 12


def test_the_total_is_exact_and_rounded_once_per_currency(cast: Cast, client_for: ClientFor) -> None:
    with organization_scope(cast.acme):
        account = an_account(cast.acme, cast.rui)
        for number in range(3):
            third = a_line(unit_price_e4=3_333, quantity=Decimal(1), discount_bp=333)
            an_order(cast.acme, account, number=f"A{number}", lines=[third])
        an_order(cast.acme, account, number="Y", currency="JPY", lines=[a_line(discount_bp=0, quantity=Decimal(1))])
        an_order(cast.acme, account, number="X", status="cancelled")

    client = client_for(cast.cora)
    with CaptureQueriesContext(connection) as queries:
        response = client.get(url("orders"))

    totals = response.context["totals"]
    # Three times 0.3222 are 0.97; rounded one by one they would be 0.96.
    assert totals.amounts == {"EUR": 97, "JPY": 200}
    assert (totals.count, totals.cancelled) == (5, 1)
    assert len(queries) <= BUDGET


def test_late_orders_can_be_picked_out(cast: Cast, client_for: ClientFor) -> None:
    with organization_scope(cast.acme):
        an_order(cast.acme, number="Late", promised_date=date(2026, 1, 1))
        an_order(cast.acme, number="Done", promised_date=date(2026, 1, 1), status="delivered")
        an_order(cast.acme, number="Ahead", promised_date=date(2099, 1, 1))

    response = client_for(cast.rui).get(url("orders", late="on"))

    assert [order.number for order in response.context["page"].rows] == ["Late"]


def test_an_order_shows_its_lines(cast: Cast, client_for: ClientFor) -> None:
    with organization_scope(cast.acme):
        order = an_order(cast.acme, an_account(cast.acme, cast.rui))

    page = text_of(client_for(cast.eva).get(url("order", order.pk)))

    for words in ("HD-20418", "Velora E-Bikes", "€199.99", "2.5", "5%", "€1,899.91", "€474.98"):
        assert words in page, words
    assert client_for(cast.sam).get(url("order", order.pk)).status_code == 404


def test_an_order_is_added_and_changed_with_its_lines(cast: Cast, client_for: ClientFor) -> None:
    with organization_scope(cast.acme):
        account = an_account(cast.acme, cast.rui)
        product = a_product(cast.acme)
    client = client_for(cast.rui)
    address = url("order-new", account=str(account.pk))
    form = client.get(address).context["form"]
    lines = {
        "line-TOTAL_FORMS": "3",
        "line-INITIAL_FORMS": "0",
        "line-0-product": str(product.pk),
        "line-0-quantity": "2",
        "line-0-unit_price": "99.95",
        "line-1-product_name": "Cable",
        "line-1-quantity": "1.5",
        "line-1-unit_price": "4",
        "line-1-discount": "10",
    }

    half = client.post(address, as_typed(form, number="SO-1") | lines | {"line-2-quantity": "1"})
    assert half.status_code == 422
    assert "Choose a product, or write what was ordered" in text_of(half)
    assert client.post(address, as_typed(form, number="SO-1") | lines).status_code == 302

    with organization_scope(cast.acme):
        order = Order.objects.get()
        assert [line.product_name for line in order.lines.order_by("position")] == ["D4 drive", "Cable"]
    assert order.amount_minor == 19_990 + 540

    form = client.get(url("order-edit", order.pk)).context["form"]
    fewer = {**lines, "line-1-product_name": "", "line-1-quantity": "", "line-1-unit_price": "", "line-1-discount": ""}
    assert client.post(url("order-edit", order.pk), as_typed(form, status="shipped") | fewer).status_code == 302
    with organization_scope(cast.acme):
        order.refresh_from_db()
    assert (order.status, order.amount_minor, order.version) == ("shipped", 19_990, 2)
