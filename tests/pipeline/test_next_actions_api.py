"""Next actions and values of accounts in the API: what they show, to whom, and what can be said to a next action."""

from typing import Any

import pytest

from pipeline.models import NextAction
from tenancy.models import DomainEvent
from tenancy.scoping import organization_scope
from tests.architecture.world import a_scored_account
from tests.cast import Cast
from tests.integrations.api_caller import Caller, a_token, the_problem

ACTIONS, VALUES = "/api/v1/next-actions", "/api/v1/account-values"


@pytest.fixture
def acme(cast: Cast) -> Caller:
    return Caller(a_token(cast.acme))


@pytest.fixture
def account(cast: Cast) -> Any:
    """An account of Rui's with a next action."""
    with organization_scope(cast.acme):
        account = a_scored_account(cast.acme, cast.rui)
        contact = {"type": "contact", "id": str(account.pk), "label": "Kim"}
        NextAction.objects.filter(account=account).update(
            actions=[{"kind": "call", "hours": 0.5, "record": contact, "days": 43}]
        )
        return account


def test_the_list_says_what_to_do_why_and_what_it_brings(cast: Cast, acme: Caller, account: Any) -> None:
    (row,) = acme.read(ACTIONS, owner=str(cast.rui.pk))["results"]

    assert row["account"] == {"id": str(account.pk), "name": account.name}
    assert (row["place"], row["is_planned"], row["hours"]) == ("ranked", True, 0.5)
    assert row["value_per_hour"] == {"amount_minor": 160_00, "currency": "EUR"}
    assert row["why"] == "An hour here brings €160; what stayed outside brings €40 at most."
    (action,) = row["actions"]
    assert (action["sentence"], action["reason"]) == ("Call Kim", "In touch 43 days ago")
    assert action["records"][0]["label"] == "Kim"
    assert acme.read(f"{ACTIONS}/{account.pk}") == row
    assert acme.read(ACTIONS, place="below_cut")["results"] == []


def test_a_next_action_is_put_off_and_taken_back(cast: Cast, acme: Caller, account: Any) -> None:
    path = f"{ACTIONS}/{account.pk}"
    with organization_scope(cast.acme):
        until = NextAction.objects.get(account=account).as_of.date().replace(day=1).isoformat()
    assert the_problem(acme.patch(path, {"choice": "deferred", "until": until}), 422)["errors"]

    accepted = acme.patch(path, {"choice": "accepted"})
    assert (accepted.status_code, accepted.json()["choice"]) == (200, "accepted")
    assert acme.patch(path, {"choice": None}).json()["choice"] is None
    with organization_scope(cast.acme):
        told = DomainEvent.objects.filter(type__startswith="next_action.").order_by("recorded_at")
        assert [event.type for event in told] == ["next_action.accepted", "next_action.reopened"]


@pytest.mark.parametrize("choice", ["praised", 7])
def test_what_cannot_be_said_is_refused(acme: Caller, account: Any, choice: object) -> None:
    the_problem(acme.patch(f"{ACTIONS}/{account.pk}", {"choice": choice}), 422)


def test_to_say_something_takes_the_scope_that_changes_accounts(cast: Cast, account: Any) -> None:
    reader = Caller(a_token(cast.acme, scopes=["scores:read"]))

    assert reader.read(f"{ACTIONS}/{account.pk}")["choice"] is None
    the_problem(reader.patch(f"{ACTIONS}/{account.pk}", {"choice": "accepted"}), 403)


def test_a_value_says_what_it_is_made_of(acme: Caller, account: Any) -> None:
    value = acme.read(f"{VALUES}/{account.pk}")

    assert value["share_of_wallet"] == 0.25
    assert value["headroom"] == {"amount_minor": 6_000_00, "currency": "EUR"}
    assert (value["lifetime_value"]["amount_minor"], value["repeat_rate"]) == (1_500_00, None)
    assert value["whitespace"][0]["yearly"] == {"amount_minor": 900_00, "currency": "EUR"}
    assert [row["account"]["id"] for row in acme.read(VALUES)["results"]] == [str(account.pk)]


@pytest.mark.parametrize("address", [ACTIONS, VALUES])
def test_the_stranger_sees_nothing_of_it(cast: Cast, account: Any, address: str) -> None:
    stranger = Caller(a_token(cast.globex))

    assert stranger.read(address)["results"] == []
    stranger.refused(f"{address}/{account.pk}", 404)
    if address == ACTIONS:
        the_problem(stranger.patch(f"{address}/{account.pk}", {"choice": "accepted"}), 404)
