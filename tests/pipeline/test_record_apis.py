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
from uuid_utils.compat import uuid7

from pipeline.models import Activity, Contact, CrmRecord, Order, Product, SatisfactionResponse
from pipeline.operations import log_activity
from tenancy.scoping import organization_scope
from tests.cast import Cast
from tests.integrations.api_caller import Caller, a_token, openapi
from tests.pipeline.records import MORNING, NOON, a_contact, a_deal, a_line, a_product, an_account, an_order

MORNING_TEXT, NOON_TEXT = "2026-03-02T08:00:00Z", "2026-03-02T12:00:00Z"


@pytest.fixture
def acme(cast: Cast) -> Caller:
    return Caller(a_token(cast.acme))


def an_activity(cast: Cast, **fields: Any) -> Activity:
    account = fields.pop("account", None) or an_account(cast.acme)
    fields = {"kind": "call", "occurred_at": NOON, "member": cast.rui, **fields}
    return log_activity(organization=cast.acme, logged_at=NOON, account=account, **fields)


def an_answer(cast: Cast, **fields: Any) -> SatisfactionResponse:
    fields = {"account": fields.pop("account", None) or an_account(cast.acme), "score": 9, **fields}
    made: SatisfactionResponse = SatisfactionResponse.objects.create(
        **{
            "organization": cast.acme,
            "responded_at": NOON,
            "created_at": NOON,
            "updated_at": NOON,
            "recorded_at": NOON,
            **fields,
        }
    )
    return made


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
        lambda cast: an_activity(cast, account=None, contact=a_contact(cast.acme), member=None),
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
            "amount": {"amount_minor": 0, "currency": "EUR"},
            "lines": [],
        },
    ),
    Resource(
        "/api/v1/satisfaction-responses",
        SatisfactionResponse,
        an_answer,
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
        an_activity(cast, account=account, contact=contact, opportunity=deal)
        an_answer(cast, account=account, contact=contact)
        an_order(cast.acme, account)
        for record in (account, contact, deal):
            type(record).objects.update(deleted_at=timezone.now())

    (activity,) = acme.read("/api/v1/activities")["results"]
    (answer,) = acme.read("/api/v1/satisfaction-responses")["results"]
    (order,) = acme.read("/api/v1/orders")["results"]

    assert [activity[name] for name in ("account", "contact", "opportunity")] == [None, None, None]
    assert (answer["account"], answer["contact"], order["account"]) == (None, None, None)


@pytest.fixture
def world(cast: Cast) -> dict[str, Any]:
    """Two of everything, the second of each plain; the ids by name."""
    with organization_scope(cast.acme):
        velora, kelp = an_account(cast.acme), an_account(cast.acme, name="Kelp Marine")
        deal = a_deal(cast.acme, velora)
        sanne = a_contact(cast.acme, velora, owner=cast.rui, role="decides", is_decision_maker=True, opted_out=True)
        a_contact(cast.acme, kelp, name="Tom Berg")
        an_activity(
            cast,
            account=velora,
            contact=sanne,
            opportunity=deal,
            kind="meeting",
            direction="in",
            is_two_way=True,
            subject="first",
        )
        an_activity(cast, account=kelp, member=cast.mia, occurred_at=MORNING, subject="second")
        a_product(cast.acme, name="Hub drive", code="H2", family="Drives")
        a_product(cast.acme, name="Screw", code="S1", is_active=False)
        an_order(cast.acme, velora, number="A-1", owner=cast.rui, status="shipped", promised_date="2026-03-10")
        an_order(cast.acme, kelp, number="B-1", currency="USD", order_date="2026-03-01")
        an_answer(cast, account=velora, contact=sanne, survey="Q1")
        an_answer(cast, account=kelp, score=3, responded_at=MORNING)
    return {"velora": velora.pk, "sanne": sanne.pk, "deal": deal.pk, "rui": cast.rui.pk}


FIRST_ONLY = [
    ("contacts", {"account": "velora"}),
    ("contacts", {"owner": "rui"}),
    ("contacts", {"role": "decides,approves"}),
    ("contacts", {"is_decision_maker": "true"}),
    ("contacts", {"opted_out": "true"}),
    ("contacts", {"name": "SANNE"}),
    ("activities", {"kind": "meeting,email"}),
    ("activities", {"direction": "in"}),
    ("activities", {"is_two_way": "true"}),
    ("activities", {"account": "velora"}),
    ("activities", {"contact": "sanne"}),
    ("activities", {"opportunity": "deal"}),
    ("activities", {"member": "rui"}),
    ("activities", {"occurred_from": "2026-03-02T10:00:00Z"}),
    ("products", {"code": "H2"}),
    ("products", {"family": "Drives"}),
    ("products", {"is_active": "true"}),
    ("products", {"name": "hub"}),
    ("orders", {"status": "shipped,delivered"}),
    ("orders", {"account": "velora"}),
    ("orders", {"owner": "rui"}),
    ("orders", {"currency": "EUR"}),
    ("orders", {"order_date_to": "2026-02-28"}),
    ("orders", {"promised_date_from": "2026-03-10"}),
    ("orders", {"promised_date_to": "2026-03-10"}),
    ("orders", {"number": "a-"}),
    ("satisfaction-responses", {"account": "velora"}),
    ("satisfaction-responses", {"contact": "sanne"}),
    ("satisfaction-responses", {"survey": "Q1"}),
    ("satisfaction-responses", {"min_score": "9"}),
    ("satisfaction-responses", {"responded_from": "2026-03-02T10:00:00Z"}),
]
SECOND_ONLY = [
    ("contacts", {"is_decision_maker": "false"}),
    ("activities", {"occurred_to": "2026-03-02T10:00:00Z"}),
    ("orders", {"order_date_from": "2026-02-28"}),
    ("satisfaction-responses", {"max_score": "3"}),
    ("satisfaction-responses", {"responded_to": "2026-03-02T10:00:00Z"}),
]


@pytest.mark.parametrize(
    ("plural", "query", "place"),
    [(*one, 0) for one in FIRST_ONLY] + [(*one, 1) for one in SECOND_ONLY],
    ids=lambda one: "&".join(one) if isinstance(one, dict) else str(one),
)
def test_a_filter_narrows_the_list(
    world: dict[str, Any], acme: Caller, plural: str, query: dict[str, str], place: int
) -> None:
    both = acme.read(f"/api/v1/{plural}")["results"]
    asked = {name: world.get(value, value) for name, value in query.items()}

    assert acme.read(f"/api/v1/{plural}", **asked)["results"] == [both[place]]
    if any(value in world for value in query.values()):
        stranger_to_it = {name: uuid7() if value in world else value for name, value in query.items()}
        assert acme.read(f"/api/v1/{plural}", **stranger_to_it)["results"] == []


BAD = [
    ("contacts", {"role": "boss"}, "role"),
    ("contacts", {"is_decision_maker": "yes"}, "is_decision_maker"),
    ("contacts", {"account": "velora"}, "account"),
    ("contacts", {"name": "x" * 501}, "name"),
    ("contacts", {"name": "\x00"}, "name"),
    ("contacts", {"email": "sanne@velora.example"}, "email"),
    ("activities", {"occurred_from": "2026-03-02"}, "occurred_from"),
    ("activities", {"kind": ""}, "kind"),
    ("activities", {"cursor": "x"}, "cursor"),
    ("products", {"is_active": "1"}, "is_active"),
    ("products", {"sort": "code"}, "sort"),
    ("orders", {"order_date_from": "2026-13-01"}, "order_date_from"),
    ("orders", {"lines__product": "x"}, "lines__product"),
    ("orders", {"external_id": "x"}, "external_id"),
    ("satisfaction-responses", {"min_score": "11"}, "min_score"),
    ("satisfaction-responses", {"limit": "0"}, "limit"),
]


@pytest.mark.parametrize(("plural", "query", "name"), BAD)
def test_what_is_not_offered_is_refused_by_name(
    cast: Cast, acme: Caller, plural: str, query: dict[str, str], name: str
) -> None:
    problem = acme.refused(f"/api/v1/{plural}", 400, query)

    assert [error["name"] for error in problem["errors"]] == [name]


@each
@pytest.mark.parametrize("key", ["x", "0192f0c1", "%00", "0192f0c1-7b2a-7c3e-9a53-0b6f5d1e2a10/lines"])
def test_an_id_that_is_none_names_nothing(cast: Cast, acme: Caller, resource: Resource, key: str) -> None:
    acme.refused(f"{resource.address}/{key}", 404)
