"""A token sees a field that has a right of its own only with the scope of that right."""

from decimal import Decimal
from typing import Any

import pytest

from pipeline.models import Activity
from tenancy.access import FIELD_RIGHTS, FIELD_SCOPES
from tenancy.scoping import organization_scope
from tests.cast import Cast
from tests.integrations.api_caller import Caller, a_token
from tests.pipeline import records

NOT_IN_THE_API = {"invitation", "importrow"}
FIELDS = [
    (record, field) for record, fields in FIELD_RIGHTS.items() for field in fields if record not in NOT_IN_THE_API
]


def shown(cast: Cast, record: str, field: str, *, scopes: list[str]) -> Any:
    """Return what the API shows of the field, in a list and in the record itself."""
    with organization_scope(cast.acme):
        account = records.an_account(cast.acme)
        records.a_contact(cast.acme, account, email="sanne@velora.example", phone="+31 30 1")
        Activity.objects.create(
            organization=cast.acme, account=account, kind="note", body="Private.", occurred_at=records.NOON
        )
        records.an_inquiry(cast.acme, text="Private.")
        records.an_answer(cast.acme, account, comment="Private.")
        records.an_order(cast.acme, account, lines=[records.a_line(quantity=Decimal(1), cost_minor=70)])
    path, read = {
        "contact": ("contacts", lambda one: one[field]),
        "activity": ("activities", lambda one: one[field]),
        "inquiry": ("inquiries", lambda one: one[field]),
        "orderline": ("orders", lambda one: one["lines"][0]["cost"]),
        "satisfactionresponse": ("satisfaction-responses", lambda one: one[field]),
        "member": ("members", lambda one: one[field]),
    }[record]
    caller = Caller(a_token(cast.acme, scopes=[f"{path}:read", *scopes]))
    listed = caller.read(f"/api/v1/{path}")["results"][0]
    one = caller.read(f"/api/v1/{path}/{listed['id']}")
    assert read(listed) == read(one)
    return read(one)


@pytest.mark.parametrize(("record", "field"), FIELDS)
def test_with_the_scope_it_is_shown(cast: Cast, record: str, field: str) -> None:
    scope = FIELD_SCOPES[FIELD_RIGHTS[record][field]]

    assert shown(cast, record, field, scopes=[scope]) is not None


@pytest.mark.parametrize(("record", "field"), FIELDS)
def test_without_it_there_is_nothing(cast: Cast, record: str, field: str) -> None:
    """ASVS V8.2.3: field-level access holds in the API."""
    others = set(FIELD_SCOPES.values()) - {FIELD_SCOPES[FIELD_RIGHTS[record][field]]}

    assert shown(cast, record, field, scopes=sorted(others)) is None


def test_the_stranger_sees_no_record_with_all_the_scopes(cast: Cast) -> None:
    with organization_scope(cast.acme):
        records.a_contact(cast.acme, records.an_account(cast.acme), email="sanne@velora.example")

    assert Caller(a_token(cast.globex)).read("/api/v1/contacts")["results"] == []


def test_a_scope_of_fields_alone_opens_nothing(cast: Cast) -> None:
    caller = Caller(a_token(cast.acme, scopes=sorted(set(FIELD_SCOPES.values()))))

    for path in ("contacts", "activities", "orders", "accounts"):
        caller.refused(f"/api/v1/{path}", 403)
