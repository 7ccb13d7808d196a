"""/api/v1/decisions: asking for one, reading it, and deciding it once."""

from typing import Any

import pytest

from pipeline.models import Decision
from tenancy.models import DomainEvent
from tenancy.scoping import organization_scope
from tests.cast import Cast
from tests.integrations.api_caller import Caller, a_token
from tests.pipeline.records import a_deal, an_account

ADDRESS = "/api/v1/decisions"
SCOPES = ["decisions:read", "decisions:write"]


@pytest.fixture
def asked(cast: Cast) -> dict[str, Any]:
    """What a system asks Sil about a deal of Rui's."""
    with organization_scope(cast.acme):
        deal = a_deal(cast.acme, an_account(cast.acme, owner=cast.rui), cast.rui)
    return {
        "type": "price_exception",
        "opportunity_id": str(deal.pk),
        "question": "Three per cent more?",
        "options": "Yes\nNo",
        "is_reversible": False,
        "decider_id": str(cast.sil.pk),
        "due_on": "2040-01-15",
    }


def test_it_is_asked_for_listed_and_decided_once(cast: Cast, asked: dict[str, Any]) -> None:
    acme = Caller(a_token(cast.acme, SCOPES))

    made = acme.post(ADDRESS, asked)
    found = acme.read(ADDRESS, is_open="true")["results"]
    where = f"{ADDRESS}/{made.json()['id']}"
    neither = acme.patch(where, {"outcome": "Perhaps", "reason": "Who knows"}, 1)
    decided = acme.patch(where, {"outcome": "No", "reason": "Margin"}, 1)
    again = acme.patch(where, {"outcome": "Yes", "reason": "After all"}, 2)

    assert (made.status_code, [one["id"] for one in found]) == (201, [made.json()["id"]])
    assert (found[0]["options"], found[0]["decider"]["name"], found[0]["outcome"]) == (
        ["Yes", "No"],
        "Sil Marten",
        None,
    )
    assert neither.json()["errors"][0]["name"] == "outcome"
    assert (decided.status_code, decided.json()["outcome"], decided.json()["decided_by"]) == (200, "No", None)
    assert again.status_code == 422
    assert "ask for another decision" in again.content.decode()
    assert acme.read(ADDRESS, is_open="true")["results"] == []
    with organization_scope(cast.acme):
        told = DomainEvent.objects.filter(type__startswith="decision.").order_by("id")
        assert [one.type for one in told] == ["decision.asked", "decision.made"]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"due_on": "2026-01-01"}, "due_on"),
        ({"options": "Only one"}, "options"),
        ({"opportunity_id": None}, "opportunity_id"),
        ({"outcome": "Yes"}, "outcome"),
    ],
)
def test_what_cannot_be_is_refused_with_its_field(
    cast: Cast, asked: dict[str, Any], change: dict[str, Any], field: str
) -> None:
    answer = Caller(a_token(cast.acme, SCOPES)).post(ADDRESS, asked | change)

    assert answer.status_code == 422
    assert answer.json()["errors"][0]["name"] == field
    with organization_scope(cast.acme):
        assert not Decision.objects.exists()


def test_a_stranger_reads_and_asks_nothing_here(cast: Cast, asked: dict[str, Any]) -> None:
    acme, stranger = Caller(a_token(cast.acme, SCOPES)), Caller(a_token(cast.globex, SCOPES))
    made = acme.post(ADDRESS, asked).json()

    assert stranger.read(ADDRESS)["results"] == []
    stranger.refused(f"{ADDRESS}/{made['id']}", 404)
    assert stranger.post(ADDRESS, asked).status_code == 422
