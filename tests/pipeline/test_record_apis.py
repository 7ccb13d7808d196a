"""Contacts, activities, products, orders and answers in the API: what each shows, to whom, narrowed to what."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from pipeline.models import Activity, Contact, CrmRecord, Inquiry, Order, Product, SatisfactionResponse
from tenancy.scoping import organization_scope
from tests.cast import Cast
from tests.integrations.api_caller import Caller, a_token, openapi
from tests.pipeline.records import (
    MORNING,
    a_contact,
    a_deal,
    a_line,
    a_product,
    an_account,
    an_activity,
    an_answer,
    an_inquiry,
    an_order,
)

MORNING_TEXT, NOON_TEXT = "2026-03-02T08:00:00Z", "2026-03-02T12:00:00Z"


@pytest.fixture
def acme(cast: Cast) -> Caller:
    return Caller(a_token(cast.acme))


@dataclass
class Resource:
    """One resource: how to make a record of it, what the barest and a full one look like."""

    address: str
    model: type[CrmRecord]
    make: Callable[[Cast], CrmRecord]
    barest: dict[str, Any] = field(default_factory=dict)


RESOURCES = [
    Resource(
        "/api/v1/contacts",
        Contact,
        lambda cast: a_contact(cast.acme),
        {
            "created_at": MORNING_TEXT,
            "updated_at": MORNING_TEXT,
            "name": "Sanne de Wit",
            "account": None,
            "owner": None,
            "email": None,
            "phone": None,
            "title": None,
            "role": None,
            "is_decision_maker": False,
            "opted_out": False,
        },
    ),
    Resource(
        "/api/v1/activities",
        Activity,
        lambda cast: an_activity(cast.acme, an_account(cast.acme)),
        {
            "created_at": NOON_TEXT,
            "updated_at": NOON_TEXT,
            "kind": "call",
            "direction": None,
            "subject": None,
            "body": None,
            "opportunity": None,
            "member": None,
            "occurred_at": NOON_TEXT,
            "is_two_way": False,
        },
    ),
    Resource(
        "/api/v1/products",
        Product,
        lambda cast: a_product(cast.acme, code="", list_price_minor=None, currency=""),
        {
            "created_at": MORNING_TEXT,
            "updated_at": MORNING_TEXT,
            "code": None,
            "name": "D4 drive",
            "family": None,
            "list_price": None,
            "is_active": True,
        },
    ),
    Resource(
        "/api/v1/orders",
        Order,
        lambda cast: an_order(cast.acme, lines=[]),
        {
            "created_at": MORNING_TEXT,
            "updated_at": MORNING_TEXT,
            "number": "HD-20418",
            "account": None,
            "owner": None,
            "status": "open",
            "order_date": "2026-02-20",
            "promised_date": None,
            "shipped_date": None,
            "currency": "EUR",
            "amount": {"amount_minor": 0, "currency": "EUR"},
            "lines": [],
        },
    ),
    Resource(
        "/api/v1/inquiries",
        Inquiry,
        lambda cast: an_inquiry(cast.acme, text="", channel="other"),
        {
            "created_at": NOON_TEXT,
            "updated_at": NOON_TEXT,
            "subject": "Hub drives for cargo bikes",
            "text": None,
            "channel": "other",
            "state": "new",
            "account": None,
            "contact": None,
            "owner": None,
            "received_at": NOON_TEXT,
            "answered_at": None,
        },
    ),
    Resource(
        "/api/v1/satisfaction-responses",
        SatisfactionResponse,
        lambda cast: an_answer(cast.acme, an_account(cast.acme)),
        {
            "created_at": NOON_TEXT,
            "updated_at": NOON_TEXT,
            "contact": None,
            "score": 9,
            "comment": None,
            "survey": None,
            "responded_at": NOON_TEXT,
        },
    ),
]
each = pytest.mark.parametrize("resource", RESOURCES, ids=lambda one: one.address.rsplit("/", 1)[-1])


def made_in_acme(cast: Cast, resource: Resource) -> CrmRecord:
    with organization_scope(cast.acme):
        return resource.make(cast)


@each
def test_the_barest_record_says_null_for_what_is_not_known(cast: Cast, acme: Caller, resource: Resource) -> None:
    record = made_in_acme(cast, resource)

    shown = acme.read(f"{resource.address}/{record.pk}")

    expected = {
        "id": str(record.pk),
        "source": "manual",
        "external_id": str(record.pk),
        "version": 1,
        **resource.barest,
    }
    assert {name: value for name, value in shown.items() if name in expected} == expected
    assert set(shown) - set(expected) <= {"account", "contact"}
    assert acme.read(resource.address)["results"] == [shown]


@each
def test_a_stranger_sees_nothing_of_it(cast: Cast, acme: Caller, resource: Resource) -> None:
    record = made_in_acme(cast, resource)
    stranger = Caller(a_token(cast.globex))

    assert stranger.read(resource.address)["results"] == []
    missing = stranger.refused(f"{resource.address}/0192f0c1-7b2a-7c3e-9a53-0b6f5d1e2a10", 404)
    assert stranger.refused(f"{resource.address}/{record.pk}", 404) == missing
    assert acme.read(f"{resource.address}/{record.pk}")["id"] == str(record.pk)


@each
def test_a_deleted_record_is_gone(cast: Cast, acme: Caller, resource: Resource) -> None:
    record = made_in_acme(cast, resource)
    with organization_scope(cast.acme):
        resource.model.objects.update(deleted_at=timezone.now())

    assert acme.read(resource.address)["results"] == []
    acme.refused(f"{resource.address}/{record.pk}", 404)


@each
def test_it_is_found_by_the_id_of_its_source_and_by_when_it_changed(
    cast: Cast, acme: Caller, resource: Resource
) -> None:
    record = made_in_acme(cast, resource)
    made_in_acme(cast, resource)
    with organization_scope(cast.acme):
        resource.model.objects.filter(pk=record.pk).update(
            source="import:erp", external_id="K-1", updated_at=MORNING + timedelta(days=3)
        )

    for query in (
        {"source": "import:erp", "external_id": "K-1"},
        {"updated_after": "2026-03-04T00:00:00Z"},
        {"sort": "-updated_at", "limit": "1"},
    ):
        assert [row["id"] for row in acme.read(resource.address, **query)["results"]] == [str(record.pk)], query
    assert len(acme.read(resource.address, updated_before="2026-03-04T00:00:00Z")["results"]) == 1


@each
def test_every_order_pages_through_every_row_once(cast: Cast, acme: Caller, resource: Resource) -> None:
    made = {str(made_in_acme(cast, resource).pk) for _ in range(5)}

    for sort in sorts_of(resource.address):
        pages = list(acme.pages(resource.address, sort=sort, limit=2))
        assert [len(page) for page in pages] == [2, 2, 1], sort
        assert {row["id"] for page in pages for row in page} == made, sort


def sorts_of(address: str) -> list[str]:
    told = openapi()["paths"][address]["get"]["parameters"]
    return [str(way) for one in told if one["name"] == "sort" for way in one["schema"]["enum"]]


def test_a_full_contact(cast: Cast, acme: Caller) -> None:
    with organization_scope(cast.acme):
        account = an_account(cast.acme)
        contact = a_contact(
            cast.acme,
            account,
            owner=cast.rui,
            email="sanne@velora.example",
            phone="+31 30 555 0101",
            title="Head of purchasing",
            role="decides",
            is_decision_maker=True,
            opted_out=True,
        )

    shown = acme.read(f"/api/v1/contacts/{contact.pk}")

    assert shown["account"] == {"id": str(account.pk), "name": "Velora E-Bikes"}
    assert shown["owner"] == {"id": str(cast.rui.pk), "name": "Rui Prado"}
    assert [shown[name] for name in ("email", "phone", "title", "role")] == [
        "sanne@velora.example",
        "+31 30 555 0101",
        "Head of purchasing",
        "decides",
    ]
    assert (shown["is_decision_maker"], shown["opted_out"]) == (True, True)


def test_a_full_order_has_its_lines_in_their_order(cast: Cast, acme: Caller) -> None:
    with organization_scope(cast.acme):
        product = a_product(cast.acme)
        order = an_order(
            cast.acme,
            lines=[
                a_line(product=product, cost_minor=31_000),
                a_line(product_name="Controller", quantity=Decimal("2.5"), discount_bp=0),
            ],
        )
        other = an_order(cast.acme, number="HD-20419")

    shown = acme.read("/api/v1/orders", number="hd-20418")["results"][0]

    # 1,899.905 and 499.975: together 2,399.88; rounded line by line it would be a cent more.
    assert shown["amount"] == {"amount_minor": 239_988, "currency": "EUR"}
    assert [{name: value for name, value in line.items() if name != "id"} for line in shown["lines"]] == [
        {
            "position": 1,
            "product": {"id": str(product.pk), "name": "D4 drive"},
            "product_name": "D4 drive",
            "quantity": "10",
            "unit_price_e4": 1_999_900,
            "discount_bp": 500,
            "cost": {"amount_minor": 31_000, "currency": "EUR"},
        },
        {
            "position": 2,
            "product": None,
            "product_name": "Controller",
            "quantity": "2.5",
            "unit_price_e4": 1_999_900,
            "discount_bp": 0,
            "cost": None,
        },
    ]
    assert acme.read(f"/api/v1/orders/{order.pk}") == shown
    assert len(acme.read(f"/api/v1/orders/{other.pk}")["lines"]) == 2


def test_the_lines_of_a_page_of_orders_take_one_query(cast: Cast, acme: Caller) -> None:
    with organization_scope(cast.acme):
        for number in range(12):
            an_order(cast.acme, number=f"HD-{number}")
    acme.read("/api/v1/orders")  # notes the use of the token

    def asked(limit: int) -> int:
        with CaptureQueriesContext(connection) as queries:
            assert len(acme.read("/api/v1/orders", limit=limit)["results"]) == limit
        return len(queries)

    assert asked(12) == asked(1) == asked(2)


def test_neighbours_that_were_deleted_are_no_longer_named(cast: Cast, acme: Caller) -> None:
    with organization_scope(cast.acme):
        account = an_account(cast.acme)
        contact = a_contact(cast.acme, account)
        deal = a_deal(cast.acme, account)
        an_activity(cast.acme, account, contact=contact, opportunity=deal)
        an_answer(cast.acme, account, contact=contact)
        an_order(cast.acme, account)
        for record in (account, contact, deal):
            type(record).objects.update(deleted_at=timezone.now())

    (activity,) = acme.read("/api/v1/activities")["results"]
    (answer,) = acme.read("/api/v1/satisfaction-responses")["results"]
    (order,) = acme.read("/api/v1/orders")["results"]

    assert [activity[name] for name in ("account", "contact", "opportunity")] == [None, None, None]
    assert (answer["account"], answer["contact"], order["account"]) == (None, None, None)


@each
@pytest.mark.parametrize("key", ["x", "0192f0c1", "%00", "0192f0c1-7b2a-7c3e-9a53-0b6f5d1e2a10/lines"])
def test_an_id_that_is_none_names_nothing(cast: Cast, acme: Caller, resource: Resource, key: str) -> None:
    acme.refused(f"{resource.address}/{key}", 404)
