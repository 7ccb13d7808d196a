"""Contacts and products: lists, forms, deletion."""

from django.db import connection
from django.test.utils import CaptureQueriesContext

from pipeline.models import Contact, Product
from pipeline.operations import log_activity
from tenancy.scoping import organization_scope
from tests.cast import Cast
from tests.pipeline.pages import ClientFor, as_typed, text_of, url
from tests.pipeline.records import NOON, a_contact, a_product, an_account

BUDGET = 12


def test_contacts_show_when_somebody_last_spoke_with_them(cast: Cast, client_for: ClientFor) -> None:
    with organization_scope(cast.acme):
        account = an_account(cast.acme, cast.rui)
        sanne = a_contact(cast.acme, account, role="decides")
        a_contact(cast.acme, account, name="Joost van Dam", role="uses")
        log_activity(
            organization=cast.acme, member=cast.rui, kind="call", occurred_at=NOON, logged_at=NOON, contact=sanne
        )
    client = client_for(cast.cora)

    with CaptureQueriesContext(connection) as queries:
        response = client.get(url("contacts"))

    assert [(one.name, one.last_touch) for one in response.context["page"].rows] == [
        ("Joost van Dam", None),
        ("Sanne de Wit", NOON),
    ]
    assert len(queries) <= BUDGET
    assert [one.name for one in client.get(url("contacts", role="decides")).context["page"].rows] == ["Sanne de Wit"]
    assert "No contact fits" in text_of(client.get(url("contacts", name="zz")))
    assert "Velora E-Bikes" in text_of(client.get(url("contact", sanne.pk)))


def test_a_contact_is_added_changed_deleted_and_brought_back(cast: Cast, client_for: ClientFor) -> None:
    with organization_scope(cast.acme):
        account = an_account(cast.acme, cast.rui)
    client = client_for(cast.rui)
    address = url("contact-new", account=str(account.pk))

    wrong = client.post(address, as_typed(client.get(address).context["form"], name="Sanne", email="not an address"))
    assert wrong.status_code == 422
    client.post(address, as_typed(client.get(address).context["form"], name="Sanne", is_decision_maker="on"))
    with organization_scope(cast.acme):
        contact = Contact.objects.get()
    assert (contact.account_id, contact.is_decision_maker, contact.owner_id) == (account.pk, True, cast.rui.pk)

    form = client.get(url("contact-edit", contact.pk)).context["form"]
    data = as_typed(form, phone="+31 20 123")
    del data["is_decision_maker"]
    client.post(url("contact-edit", contact.pk), data)
    with organization_scope(cast.acme):
        contact.refresh_from_db()
    assert (contact.phone, contact.is_decision_maker, contact.version) == ("+31 20 123", False, 2)

    assert "was deleted" in text_of(client.post(url("contact-delete", contact.pk), {"version": "2"}, follow=True))
    client.post(url("contact-restore", contact.pk))
    assert client.get(url("contact", contact.pk)).status_code == 200
    assert client_for(cast.mia).get(url("contact-edit", contact.pk)).status_code == 403
    assert client_for(cast.sam).get(url("contact", contact.pk)).status_code == 404


def test_products_are_for_all_to_see_and_for_leaders_to_change(cast: Cast, client_for: ClientFor) -> None:
    with organization_scope(cast.acme):
        product = a_product(cast.acme, family="Drives")
        a_product(cast.acme, name="Old drive", code="D1", is_active=False, list_price_minor=None)

    assert "€1,200" in text_of(client_for(cast.abe).get(url("products", family="Drives")))
    assert len(client_for(cast.abe).get(url("products", state="retired")).context["page"].rows) == 1
    assert client_for(cast.rui).get(url("product-edit", product.pk)).status_code == 403

    client = client_for(cast.lena)
    form = client.get(url("product-edit", product.pk)).context["form"]
    client.post(url("product-edit", product.pk), as_typed(form, list_price="999", currency="jpy"))
    with organization_scope(cast.acme):
        product.refresh_from_db()
    assert (product.list_price_minor, product.currency) == (999, "JPY")

    form = client.get(url("product-new")).context["form"]
    unknown = client.post(url("product-new"), as_typed(form, name="X", list_price="1", currency="ABC"))
    assert "is no currency" in text_of(unknown)
    client.post(url("product-new"), as_typed(form, name="New drive", list_price="10", currency="EUR"))
    with organization_scope(cast.acme):
        assert Product.objects.get(name="New drive").list_price_minor == 1_000

    assert "was deleted" in text_of(client.post(url("product-delete", product.pk), {"version": "2"}, follow=True))
    assert client.post(url("product-restore", product.pk)).status_code == 302
