"""Each filter of the lists of customer records narrows them to what it says; what is not offered is refused."""

from typing import Any

import pytest
from uuid_utils.compat import uuid7

from pipeline.models import Activity
from tenancy.scoping import organization_scope
from tests.cast import Cast
from tests.integrations.api_caller import Caller, a_token
from tests.pipeline.records import (
    MORNING,
    a_contact,
    a_deal,
    a_product,
    an_account,
    an_activity,
    an_answer,
    an_inquiry,
    an_order,
)


@pytest.fixture
def acme(cast: Cast) -> Caller:
    return Caller(a_token(cast.acme))


@pytest.fixture
def world(cast: Cast) -> dict[str, Any]:
    """Two of everything, the second of each plain; the ids by name."""
    with organization_scope(cast.acme):
        velora, kelp = an_account(cast.acme), an_account(cast.acme, name="Kelp Marine")
        deal = a_deal(cast.acme, velora)
        sanne = a_contact(cast.acme, velora, owner=cast.rui, role="decides", is_decision_maker=True, opted_out=True)
        a_contact(cast.acme, kelp, name="Tom Berg")
        an_activity(
            cast.acme,
            velora,
            member=cast.rui,
            contact=sanne,
            opportunity=deal,
            kind="meeting",
            direction="in",
            is_two_way=True,
            subject="first",
        )
        an_activity(cast.acme, kelp, member=cast.mia, occurred_at=MORNING, subject="second")
        a_product(cast.acme, name="Hub drive", code="H2", family="Drives")
        a_product(cast.acme, name="Screw", code="S1", is_active=False)
        an_order(cast.acme, velora, number="A-1", owner=cast.rui, status="shipped", promised_date="2026-03-10")
        an_order(cast.acme, kelp, number="B-1", currency="USD", order_date="2026-03-01")
        an_inquiry(cast.acme, velora, contact=sanne, owner=cast.rui)
        an_inquiry(cast.acme, kelp, channel="phone", received_at=MORNING)
        Activity.objects.filter(kind="inquiry").delete()  # their marks on the timeline have a test of their own
        an_answer(cast.acme, velora, contact=sanne, survey="Q1")
        an_answer(cast.acme, kelp, score=3, responded_at=MORNING)
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
    ("inquiries", {"state": "open"}),
    ("inquiries", {"channel": "web,email"}),
    ("inquiries", {"account": "velora"}),
    ("inquiries", {"contact": "sanne"}),
    ("inquiries", {"owner": "rui"}),
    ("inquiries", {"received_from": "2026-03-02T10:00:00Z"}),
]
SECOND_ONLY = [
    ("inquiries", {"received_to": "2026-03-02T10:00:00Z"}),
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
    ("inquiries", {"state": "waiting"}, "state"),
    ("inquiries", {"text": "What"}, "text"),
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
