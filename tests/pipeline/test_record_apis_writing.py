"""Contacts, activities, products, orders, answers and inquiries are made, changed and deleted over the API."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from pipeline.api.activities import BODY as ACTIVITY
from pipeline.api.contacts import BODY as CONTACT
from pipeline.api.inquiries import BODY as INQUIRY
from pipeline.api.order_body import BODY as ORDER
from pipeline.api.products import BODY as PRODUCT
from pipeline.api.satisfaction_responses import BODY as ANSWER
from pipeline.models import CrmRecord
from tenancy.models import AuditEntry, DomainEvent
from tenancy.scoping import organization_scope
from tests.cast import Cast
from tests.integrations.api_caller import Caller, a_token, the_problem
from tests.pipeline.records import a_contact, a_deal, a_product, an_account

ABSENT = "0192f0c1-7b2a-7c3e-9a53-0b6f5d1e2a10"


@pytest.fixture
def acme(cast: Cast) -> Caller:
    return Caller(a_token(cast.acme))


def records_of(organization: Any, person: Any) -> dict[str, str]:
    """Return an id for each field that refers to another record."""
    with organization_scope(organization):
        account = an_account(organization)
        made: dict[str, CrmRecord] = {
            "account_id": account,
            "contact_id": a_contact(organization, account),
            "opportunity_id": a_deal(organization, account),
            "product_id": a_product(organization),
        }
    people = dict.fromkeys(("owner_id", "member_id"), str(person.pk))
    return {name: str(record.pk) for name, record in made.items()} | people


@pytest.fixture
def ids(cast: Cast) -> dict[str, str]:
    return records_of(cast.acme, cast.rui)


@dataclass
class Kind:
    """What can be written of one kind of record: the least, everything else, and the events that tell it."""

    plural: str
    body: Any
    least: Callable[[dict[str, str]], dict[str, Any]]
    rest: dict[str, Any]
    created: str
    updated: str = ""

    @property
    def address(self) -> str:
        return f"/api/v1/{self.plural}"

    def full(self, ids: dict[str, str]) -> dict[str, Any]:
        """Return a body with every field."""
        return {**self.least(ids), **{name: ids.get(name, value) for name, value in self.rest.items()}}


SOURCE = {"source": "erp", "external_id": "K-1"}
KINDS = [
    Kind(
        "contacts",
        CONTACT,
        lambda ids: {"name": "Sanne de Wit"},
        {
            **SOURCE,
            "account_id": "",
            "owner_id": "",
            "email": "sanne@velora.example",
            "phone": "+31 30 555 0101",
            "title": "Head of purchasing",
            "role": "decides",
            "is_decision_maker": True,
            "opted_out": True,
        },
        "contact.created",
        "contact.updated",
    ),
    Kind(
        "activities",
        ACTIVITY,
        lambda ids: {"kind": "meeting", "occurred_at": "2026-02-20T10:00:00Z", "account_id": ids["account_id"]},
        {
            **SOURCE,
            "contact_id": "",
            "opportunity_id": "",
            "member_id": "",
            "direction": "out",
            "subject": "Service levels",
            "body": "Four hours\non weekdays.",
            "is_two_way": True,
        },
        "activity.logged",
        "activity.updated",
    ),
    Kind(
        "products",
        PRODUCT,
        lambda ids: {"name": "Hub drive H2"},
        {
            **SOURCE,
            "code": "H2-250",
            "family": "Drives",
            "list_price": {"amount_minor": 48_900, "currency": "EUR"},
            "is_active": False,
        },
        "product.created",
        "product.updated",
    ),
    Kind(
        "orders",
        ORDER,
        lambda ids: {"number": "HD-1", "order_date": "2026-02-20", "currency": "EUR"},
        {
            **SOURCE,
            "account_id": "",
            "owner_id": "",
            "status": "shipped",
            "promised_date": "2026-03-01",
            "shipped_date": "2026-02-28",
            "lines": [{"product_name": "Screw", "quantity": 2.5, "unit_price_e4": 10_000}],
        },
        "order.placed",
        "order.updated",
    ),
    Kind(
        "satisfaction-responses",
        ANSWER,
        lambda ids: {"account_id": ids["account_id"], "score": 9, "responded_at": "2026-02-20T10:00:00Z"},
        {**SOURCE, "contact_id": "", "comment": "The engineer\nknew our line.", "survey": "2026-Q1"},
        "survey.answered",
    ),
    Kind(
        "inquiries",
        INQUIRY,
        lambda ids: {"subject": "Hub drives"},
        {
            **SOURCE,
            "text": "What would\n400 cost?",
            "channel": "chat",
            "state": "open",
            "account_id": "",
            "contact_id": "",
            "owner_id": "",
            "received_at": "2026-02-20T10:00:00Z",
        },
        "inquiry.received",
        "inquiry.updated",
    ),
]
each = pytest.mark.parametrize("kind", KINDS, ids=lambda one: one.plural)
each_that_changes = pytest.mark.parametrize("kind", [one for one in KINDS if one.updated], ids=lambda one: one.plural)


def loads(answer: Any) -> Any:
    return json.loads(answer.content)


def made(acme: Caller, kind: Kind, body: dict[str, Any]) -> Any:
    answer = acme.post(kind.address, body)
    assert answer.status_code == 201, answer.content
    return loads(answer)


def others(acme: Caller, kind: Kind, ids: dict[str, str]) -> list[Any]:
    """Return the records beside those that bodies refer to."""
    return [row for row in acme.read(kind.address)["results"] if row["id"] not in ids.values()]


def events_of(cast: Cast, record_id: str) -> list[str]:
    with organization_scope(cast.acme):
        found = DomainEvent.objects.filter(subject_id=record_id).order_by("recorded_at", "id")
        return list(found.values_list("type", flat=True))


def as_stated(shown: Any, name: str) -> Any:
    """Return what an answer says of a field of the body."""
    if name.endswith("_id") and name != "external_id":
        other = shown[name.removesuffix("_id")]
        return other and other["id"]
    return shown[name]


@each
def test_every_field_of_a_new_record_is_kept(cast: Cast, acme: Caller, kind: Kind, ids: dict[str, str]) -> None:
    full = kind.full(ids)
    assert set(full) == set(kind.body.by_name)

    answer = acme.post(kind.address, full)

    shown = loads(answer)
    assert answer.status_code == 201, shown
    assert loads(acme.get(answer["Location"])) == shown
    for name in full.keys() - {"lines"}:
        assert as_stated(shown, name) == full[name], name
    assert kind.created in events_of(cast, shown["id"])
    with organization_scope(cast.acme):
        entry = AuditEntry.objects.filter(row_id=shown["id"], action="insert").get()
        event = DomainEvent.objects.get(subject_id=shown["id"], type=kind.created)
    assert entry.task.startswith("api token ")
    assert event.actor_id is None


@each
def test_the_least_is_enough(acme: Caller, kind: Kind, ids: dict[str, str]) -> None:
    shown = made(acme, kind, kind.least(ids))

    assert (shown["source"], shown["version"]) == ("manual", 1)
    assert set(kind.body.required) <= set(kind.least(ids))


@each_that_changes
def test_what_can_be_unknown_can_be_emptied_and_the_rest_can_not(
    cast: Cast, acme: Caller, kind: Kind, ids: dict[str, str]
) -> None:
    shown = made(acme, kind, kind.full(ids))
    path = f"{kind.address}/{shown['id']}"
    keeps_its_account = {"account_id", "contact_id", "opportunity_id"} if kind.plural == "activities" else set()
    for name, one in kind.body.by_name.items():
        if one.on_create_only or name in keeps_its_account:
            continue
        answer = acme.patch(path, {name: None})
        if one.null:
            assert answer.status_code == 200, answer.content
            assert as_stated(loads(answer), name) is None, name
        else:
            assert the_problem(answer, 422)["errors"][0]["name"] == name
    assert kind.updated in events_of(cast, shown["id"])


@each_that_changes
def test_a_change_names_its_version_and_a_deletion_ends_it(
    cast: Cast, acme: Caller, kind: Kind, ids: dict[str, str]
) -> None:
    shown = made(acme, kind, kind.least(ids))
    path = f"{kind.address}/{shown['id']}"
    first = next(iter(kind.rest.keys() - SOURCE.keys() - {"lines", "state"} - ids.keys()))

    the_problem(acme.patch(path, {first: kind.rest[first]}, None), 428)
    the_problem(acme.patch(path, {first: kind.rest[first]}, 2), 412)
    changed = acme.patch(path, {first: kind.rest[first]}, 1)
    same = acme.patch(path, {first: kind.rest[first]}, 2)
    the_problem(acme.delete(path, 1), 412)
    gone = acme.delete(path, 2)

    assert (loads(changed)["version"], loads(same)["version"], gone.status_code) == (2, 2, 204)
    assert loads(changed)[first] == kind.rest[first]
    acme.refused(path, 404)
    assert others(acme, kind, ids) == []
    assert events_of(cast, shown["id"])[-1].endswith(".deleted")


GARBAGE = [7.5, "\x00", {"a": 1}, [[1]], "x" * 30_001, {"$ne": None}, "' OR 1=1 --\n", -(2**70)]


@each
def test_nothing_but_the_kind_of_value_that_a_field_takes_is_taken(
    cast: Cast, acme: Caller, kind: Kind, ids: dict[str, str]
) -> None:
    """ASVS V2.2.1: each field is held against what it may be."""
    texts = {"comment", "text", "body", "name", "external_id", "subject", "phone", "title", "survey", "number"}
    texts |= {"family", "code"}
    for name in kind.body.by_name:
        for value in GARBAGE:
            if name in texts and value == "' OR 1=1 --\n":
                continue  # a text like any other
            problem = the_problem(acme.post(kind.address, {**kind.least(ids), **SOURCE, name: value}), 422)
            assert all(fault["name"].split(".")[0] == name for fault in problem["errors"]), (name, value, problem)
    assert others(acme, kind, ids) == []


@each
def test_a_field_that_is_not_on_the_list_is_refused(acme: Caller, kind: Kind, ids: dict[str, str]) -> None:
    """ASVS V15.3.3: no field can be set that the body does not offer."""
    for name in ("organization_id", "deleted_at", "version", "id", "account", "owner", "recorded_at", "amount_minor"):
        problem = the_problem(acme.post(kind.address, {**kind.least(ids), name: ABSENT}), 422)
        assert [fault["name"] for fault in problem["errors"]] == [name]


@each
def test_ids_of_a_stranger_mean_as_little_as_ids_of_nobody(
    cast: Cast, acme: Caller, kind: Kind, ids: dict[str, str]
) -> None:
    """ASVS V8.4.1: no field reaches into another organisation, and none tells what is there."""
    foreign = records_of(cast.globex, cast.sam)
    for name in (name for name, one in kind.body.by_name.items() if one.refers_to):
        answers = [
            the_problem(acme.post(kind.address, {**kind.full(ids), name: value}), 422)
            for value in (foreign[name], ABSENT)
        ]
        assert answers[0] == answers[1]
        assert [fault["name"] for fault in answers[0]["errors"]] == [name]
    assert acme.read(kind.address, source="erp")["results"] == []


@each
def test_the_other_organisation_can_neither_change_nor_delete_it(
    cast: Cast, acme: Caller, kind: Kind, ids: dict[str, str]
) -> None:
    """ASVS V8.2.2: another organisation's record is not there."""
    shown = made(acme, kind, kind.least(ids))
    stranger, path = Caller(a_token(cast.globex)), f"{kind.address}/{shown['id']}"

    if kind.updated:
        the_problem(stranger.patch(path, {}), 404)
        the_problem(stranger.delete(path), 404)
    else:
        the_problem(acme.patch(path, {}), 405)
        the_problem(acme.delete(path), 405)
    assert acme.read(path) == shown


@each
def test_writing_needs_its_own_scope(cast: Cast, kind: Kind, ids: dict[str, str]) -> None:
    """ASVS V8.2.1: who reads does not write, and who writes is shown no more than id and version."""
    reader = Caller(a_token(cast.acme, [f"{kind.plural}:read"]))
    writer = Caller(a_token(cast.acme, [f"{kind.plural}:write"]))

    problem = the_problem(reader.post(kind.address, kind.least(ids)), 403)
    shown = made(writer, kind, kind.least(ids))

    assert f"{kind.plural}:write" in problem["detail"]
    assert shown.keys() == {"id", "version"}
    writer.refused(f"{kind.address}/{shown['id']}", 403)
    if kind.updated:
        the_problem(reader.patch(f"{kind.address}/{shown['id']}", {}), 403)
        the_problem(reader.delete(f"{kind.address}/{shown['id']}"), 403)


@each
def test_a_record_that_the_source_knows_is_made_once(cast: Cast, acme: Caller, kind: Kind, ids: dict[str, str]) -> None:
    body = {**kind.least(ids), **SOURCE}
    first = acme.post(kind.address, body, Idempotency_Key="k1")

    assert acme.post(kind.address, body, Idempotency_Key="k1").content == first.content
    assert the_problem(acme.post(kind.address, body), 409)["code"] == "already_exists"
    assert the_problem(acme.post(kind.address, {**kind.least(ids), "source": "erp"}), 422)["errors"][0]["name"] == (
        "external_id"
    )
    assert len(others(acme, kind, ids)) == 1


@each_that_changes
def test_another_record_can_be_shown_whole(acme: Caller, kind: Kind, ids: dict[str, str]) -> None:
    if "account_id" not in kind.body.by_name:
        return
    shown = made(acme, kind, {**kind.least(ids), "account_id": ids["account_id"]})

    whole = acme.get(f"{kind.address}/{shown['id']}", {"expand": "account", "fields": "id,account"})

    assert loads(whole)["account"] == acme.read(f"/api/v1/accounts/{ids['account_id']}")
