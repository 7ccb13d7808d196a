"""POST, PATCH and DELETE of /api/v1/opportunities: a deal opens, moves, is won or lost, and its history says so."""

import json
from typing import Any

import pytest

from pipeline.models import Opportunity, OpportunityHistory
from tenancy.models import DomainEvent
from tenancy.scoping import organization_scope
from tests.cast import Cast
from tests.integrations.api_caller import Caller, a_token, the_problem
from tests.pipeline.records import a_deal, a_product, a_stage, an_account

ADDRESS = "/api/v1/opportunities"


@pytest.fixture
def acme(cast: Cast) -> Caller:
    return Caller(a_token(cast.acme))


@pytest.fixture
def deal(cast: Cast) -> Opportunity:
    with organization_scope(cast.acme):
        return a_deal(cast.acme, an_account(cast.acme), cast.rui)


def one(deal: Opportunity) -> str:
    return f"{ADDRESS}/{deal.pk}"


def stage_id(cast: Cast, name: str) -> str:
    with organization_scope(cast.acme):
        return str(a_stage(cast.acme, name).pk)


def told(answer: Any) -> Any:
    assert answer.status_code < 300, answer.content
    return json.loads(answer.content)


def test_what_is_sent_is_what_is_kept_and_shown(cast: Cast, acme: Caller) -> None:
    with organization_scope(cast.acme):
        account, product, stage = an_account(cast.acme), a_product(cast.acme), a_stage(cast.acme, "Proposal")
    sent = {
        "name": "2027 drive framework",
        "account_id": str(account.pk),
        "owner_id": str(cast.mia.pk),
        "product_id": str(product.pk),
        "stage_id": str(stage.pk),
        "amount": {"amount_minor": 38_000_000, "currency": "EUR"},
        "probability_bp": 4_200,
        "close_date": "2026-12-18",
        "next_step": "Service levels with Sanne",
        "next_step_date": "2026-11-26",
        "source": "erp",
        "external_id": "D-7",
    }

    made = told(acme.post(ADDRESS, sent))

    assert made == acme.read(f"{ADDRESS}/{made['id']}")
    flat = {**made, **{f"{name}_id": made[name]["id"] for name in ("account", "owner", "product", "stage")}}
    assert {name: flat[name] for name in sent} == sent
    assert (made["outcome"], made["pipeline"]["name"]) == ("open", "Sales")
    with organization_scope(cast.acme):
        fields = set(OpportunityHistory.objects.values_list("field", flat=True))
        assert fields == {"stage", "amount", "close_date", "owner", "account"}


def test_without_a_stage_it_begins_where_the_default_pipeline_does(cast: Cast, acme: Caller) -> None:
    assert the_problem(acme.post(ADDRESS, {"name": "Pump"}), 422)["errors"][0]["name"] == "stage_id"
    first = stage_id(cast, "Qualify")

    made = told(acme.post(ADDRESS, {"name": "Pump"}))

    assert made["stage"]["id"] == first
    assert (made["probability_bp"], made["amount"], made["account"]) == (1_000, None, None)


@pytest.mark.parametrize("stage", ["Won", "Lost"])
def test_no_deal_begins_at_its_end(cast: Cast, acme: Caller, stage: str) -> None:
    problem = the_problem(acme.post(ADDRESS, {"name": "Pump", "stage_id": stage_id(cast, stage)}), 422)

    assert problem["code"] == "unable_to_move_stage"
    assert problem["errors"][0]["name"] == "stage_id"


def test_a_stage_moves_the_deal_and_its_history_says_so(cast: Cast, acme: Caller, deal: Opportunity) -> None:
    sent = {"stage_id": stage_id(cast, "Proposal"), "name": "2028 drive framework"}

    moved = told(acme.patch(one(deal), sent, 1))

    assert (moved["stage"]["name"], moved["name"], moved["version"]) == ("Proposal", "2028 drive framework", 3)
    with organization_scope(cast.acme):
        last = OpportunityHistory.objects.filter(field="stage").order_by("occurred_at").last()
        assert last is not None
        assert (last.old, last.new) == ("Qualify", "Proposal")
        types = set(DomainEvent.objects.filter(subject_id=deal.pk).values_list("type", flat=True))
        assert {"opportunity.updated", "opportunity.stage_moved"} <= types


def test_the_stage_that_it_is_in_moves_nothing(cast: Cast, acme: Caller, deal: Opportunity) -> None:
    assert told(acme.patch(one(deal), {"stage_id": stage_id(cast, "Qualify")}, 1))["version"] == 1


def test_a_deal_is_won_and_opened_again(cast: Cast, acme: Caller, deal: Opportunity) -> None:
    won = told(acme.patch(one(deal), {"stage_id": stage_id(cast, "Won")}, 1))
    again = told(acme.patch(one(deal), {"stage_id": stage_id(cast, "Negotiate")}, 2))

    assert (won["outcome"], won["closed_at"] is not None) == ("won", True)
    assert (again["outcome"], again["closed_at"]) == ("open", None)


def test_a_loss_needs_its_reason(cast: Cast, acme: Caller, deal: Opportunity) -> None:
    """ASVS V2.3.3: the other half of a change that is refused is not kept either."""
    lost = stage_id(cast, "Lost")

    problem = the_problem(acme.patch(one(deal), {"name": "Never kept", "stage_id": lost}, 1), 422)
    assert "why the deal was lost" in problem["detail"]
    with organization_scope(cast.acme):
        assert Opportunity.objects.get().name == deal.name
        assert not DomainEvent.objects.filter(type="opportunity.updated").exists()

    done = told(acme.patch(one(deal), {"stage_id": lost, "lost_reason": "Price"}, 1))
    assert (done["outcome"], done["lost_reason"]) == ("lost", "Price")


@pytest.mark.parametrize("stage", [None, "Proposal", "Won"])
def test_a_reason_goes_with_a_loss_only(cast: Cast, acme: Caller, deal: Opportunity, stage: str | None) -> None:
    sent = {"lost_reason": "Price"} | ({"stage_id": stage_id(cast, stage)} if stage else {})

    assert the_problem(acme.patch(one(deal), sent), 422)["code"] == "unable_to_move_stage"


def test_a_stage_of_another_pipeline_or_out_of_use_is_none(cast: Cast, acme: Caller, deal: Opportunity) -> None:
    with organization_scope(cast.acme):
        from pipeline.models import Pipeline, Stage

        other = Pipeline.objects.create(organization=cast.acme, name="Service")
        elsewhere = Stage.objects.create(organization=cast.acme, pipeline=other, name="Call", position=1)
        Stage.objects.filter(name="Discover").update(retired_at=deal.opened_at)

    problem = the_problem(acme.patch(one(deal), {"stage_id": str(elsewhere.pk)}), 422)
    assert "belongs to another pipeline" in problem["detail"]
    retired = the_problem(acme.patch(one(deal), {"stage_id": stage_id(cast, "Discover")}), 422)
    assert retired["errors"][0]["detail"] == "There is no stage in use with this stage_id in your organisation."


@pytest.mark.parametrize("name", ["account_id", "product_id", "owner_id", "stage_id"])
def test_what_belongs_to_a_stranger_can_be_named_by_nobody_else(cast: Cast, acme: Caller, name: str) -> None:
    """ASVS V8.4.1: ids of Globex mean nothing in Acme."""
    stage_id(cast, "Qualify")
    with organization_scope(cast.globex):
        theirs = {
            "account_id": an_account(cast.globex).pk,
            "product_id": a_product(cast.globex).pk,
            "owner_id": cast.sam.pk,
            "stage_id": a_stage(cast.globex).pk,
        }

    problem = the_problem(acme.post(ADDRESS, {"name": "Pump", name: str(theirs[name])}), 422)

    assert [fault["name"] for fault in problem["errors"]] == [name]
    with organization_scope(cast.acme):
        assert not Opportunity.objects.exists()


def test_a_change_of_amount_and_day_is_kept_in_the_history(cast: Cast, acme: Caller, deal: Opportunity) -> None:
    sent = {"amount": {"amount_minor": 5, "currency": "USD"}, "close_date": "2027-01-31", "owner_id": None}

    changed = told(acme.patch(one(deal), sent, 1))

    assert (changed["amount"], changed["close_date"], changed["owner"]) == (sent["amount"], "2027-01-31", None)
    with organization_scope(cast.acme):
        types = set(DomainEvent.objects.filter(subject_id=deal.pk).values_list("type", flat=True))
        assert {"opportunity.amount_changed", "opportunity.pushed", "opportunity.owner_changed"} <= types


def test_a_deleted_deal_is_gone(cast: Cast, acme: Caller, deal: Opportunity) -> None:
    assert acme.delete(one(deal), 1).status_code == 204
    acme.refused(one(deal), 404)
    assert acme.read(ADDRESS)["results"] == []


def test_a_stranger_changes_nothing(cast: Cast, deal: Opportunity) -> None:
    stranger = Caller(a_token(cast.globex))

    the_problem(stranger.patch(one(deal), {"name": "Mine"}), 404)
    the_problem(stranger.delete(one(deal)), 404)
    with organization_scope(cast.acme):
        assert Opportunity.objects.alive().get().name == deal.name
