"""Changing many contacts, orders or products at once: what each list offers, rights row by row, and one way back."""

from typing import Any

import pytest

from pipeline.models import Account, Contact, Order, Product
from tenancy.scoping import organization_scope
from tests.cast import Cast
from tests.pipeline.pages import ClientFor, text_of, url
from tests.pipeline.records import a_contact, a_product, an_account, an_order
from tests.pipeline.test_bulk_changes import change
from tests.pipeline.test_undo import undo_address


@pytest.fixture
def two(cast: Cast) -> list[Account]:
    """An account of Rui and one of Mia."""
    with organization_scope(cast.acme):
        return [an_account(cast.acme, cast.rui), an_account(cast.acme, cast.mia, name="Brightway")]


def test_contacts_get_another_owner_row_by_row_and_come_back(
    cast: Cast, two: list[Account], client_for: ClientFor
) -> None:
    with organization_scope(cast.acme):
        contacts = [a_contact(cast.acme, two[0], name="Sanne"), a_contact(cast.acme, two[1], name="Tess")]
    rui = client_for(cast.rui)
    page = change(rui, contacts, "contacts-bulk", do="owner", owner=str(cast.rui.pk), filter="name=s")

    assert "1 changed." in text_of(page)
    assert "Left as they were: 1 not yours" in text_of(page)
    assert page.redirect_chain[-1][0] == f"{url('contacts')}?name=s"
    with organization_scope(cast.acme):
        assert [Contact.objects.get(pk=one.pk).owner_id for one in contacts] == [cast.rui.pk, None]

    rui.post(undo_address(page))
    with organization_scope(cast.acme):
        assert Contact.objects.get(pk=contacts[0].pk).owner_id is None


def test_orders_get_another_owner_and_keep_their_lines_and_amount(
    cast: Cast, two: list[Account], client_for: ClientFor
) -> None:
    with organization_scope(cast.acme):
        order = an_order(cast.acme, two[0], number="HD-1")
        before = (order.amount_minor, order.amount_exact, order.lines.count())
    lena = client_for(cast.lena)
    page = change(lena, [order], "orders-bulk", do="owner", owner=str(cast.mia.pk))

    assert "1 changed." in text_of(page)
    with organization_scope(cast.acme):
        now = Order.objects.get(pk=order.pk)
        assert now.owner_id == cast.mia.pk
        assert (now.amount_minor, now.amount_exact, now.lines.count()) == before

    lena.post(undo_address(page))
    with organization_scope(cast.acme):
        assert Order.objects.get(pk=order.pk).owner_id == order.owner_id


def test_products_are_retired_and_come_back(cast: Cast, client_for: ClientFor) -> None:
    with organization_scope(cast.acme):
        products = [a_product(cast.acme, name=f"Drive {number}") for number in range(3)]
    ada = client_for(cast.ada)
    page = change(ada, products[:2], "products-bulk", do="is_active", is_active="retired")

    def sold() -> list[bool]:
        with organization_scope(cast.acme):
            return list(Product.objects.order_by("name").values_list("is_active", flat=True))

    assert "2 changed." in text_of(page)
    assert sold() == [False, False, True]
    ada.post(undo_address(page))
    assert sold() == [True] * 3


@pytest.mark.parametrize("kind", ["contact", "order", "product"])
def test_all_that_match_are_deleted_and_brought_back(
    cast: Cast, two: list[Account], client_for: ClientFor, kind: str
) -> None:
    make: Any = {
        "contact": lambda name: a_contact(cast.acme, two[0], name=name),
        "order": lambda name: an_order(cast.acme, two[0], number=name),
        "product": lambda name: a_product(cast.acme, name=name),
    }[kind]
    with organization_scope(cast.acme):
        for name in ("K-1", "K-2", "Z-3"):
            make(name)
    model: Any = {"contact": Contact, "order": Order, "product": Product}[kind]
    ada = client_for(cast.ada)
    key = "number" if kind == "order" else "name"
    page = change(ada, [], f"{kind}s-bulk", do="delete", everything="on", filter=f"{key}=k-")

    def left() -> int:
        with organization_scope(cast.acme):
            return int(model.objects.alive().count())

    assert "2 changed." in text_of(page)
    assert left() == 1
    ada.post(undo_address(page))
    assert left() == 3


@pytest.mark.parametrize(("page", "wrong"), [("contacts", "segment"), ("orders", "stage"), ("products", "owner")])
def test_a_list_takes_its_own_changes_only(
    cast: Cast, two: list[Account], client_for: ClientFor, page: str, wrong: str
) -> None:
    assert "Choose what to change." in text_of(change(client_for(cast.ada), two, f"{page}-bulk", do=wrong))


@pytest.mark.parametrize("page", ["contacts", "orders", "products"])
def test_the_stranger_changes_nothing_there_either(
    cast: Cast, two: list[Account], client_for: ClientFor, page: str
) -> None:
    with organization_scope(cast.acme):
        kept: Any = {
            "contacts": lambda: a_contact(cast.acme, two[0]),
            "orders": lambda: an_order(cast.acme, two[0]),
            "products": lambda: a_product(cast.acme),
        }[page]()
    data = {"id": [str(kept.pk)], "do": "delete", "filter": ""}
    sam = client_for(cast.sam)

    assert sam.post(url(f"{page}-bulk"), data).status_code == 404
    assert client_for(cast.abe).post(url(f"{page}-bulk"), data).status_code == 403
    assert sam.post(url(f"{page}-bulk", organization="globex"), data).status_code in (302, 403)
    with organization_scope(cast.acme):
        assert type(kept).objects.get(pk=kept.pk).deleted_at is None
