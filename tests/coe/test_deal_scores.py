"""Deals are scored as they stood: won, lost or later, with reasons, and never as a certainty."""

from datetime import datetime, timedelta
from importlib import import_module
from typing import Any

import numpy as np
import pytest
from django.utils import timezone

from agile_sales.night_calendar import new_night
from coe import operations
from coe.models import TrainedModel, TrainedModelFile
from coe.queries import account_features
from coe.queries.deal_features import StageTimes, deal_features
from coe.scoring.deals import drawn_moment, quarter_end, slips_after
from pipeline.models import CustomColumn, CustomValues, ExternalScore, Opportunity, OpportunityHistory, OpportunityScore
from pipeline.operations import move_stage
from tenancy.models import DomainEvent, Organization, Outbox
from tenancy.scoping import organization_scope
from tests.cast import Cast
from tests.coe.deals import an_open_deal, learnable
from tests.coe.records import NOW, Records, at

pytestmark = pytest.mark.django_db
TRAINING = import_module("coe.operations.train_deal_models")  # the package has a function of that name


@pytest.fixture(autouse=True)
def _clock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timezone, "now", lambda: NOW)


@pytest.fixture
def acme(cast: Cast) -> Any:
    """The records of Acme, inside its scope."""
    with organization_scope(cast.acme):
        yield Records(cast.acme)


def score(organization: Organization, when: Any = NOW, *, learn: bool = True) -> operations.DealScoringOutcome:
    """Learn and score as a night does."""
    run = new_night(organization=organization, requested_by=None, as_of=when, now=when)
    if learn:
        operations.train_deal_models(organization=organization, as_of=when, trained_at=when)
    return operations.score_opportunities(organization=organization, run=run, as_of=when, scored_at=when)


def scores(organization: Organization) -> dict[str, OpportunityScore]:
    found = OpportunityScore.objects.for_organization(organization).select_related("opportunity")
    return {one.opportunity.name: one for one in found}


def features(records: Records, deal: Opportunity, days: float) -> dict[str, Any]:
    """What is known of a deal so many days ago, by column."""
    found = deal_features(
        organization=records.organization,
        ids=[deal.pk],
        at=at(days),
        stages=StageTimes(organization=records.organization, as_of=at(days)),
    )
    return {name: column.value(0) for name, column in found.table.columns.items()}


def test_a_closed_deal_is_seen_as_it_stood(acme: Records) -> None:
    deal = acme.deal(acme.account(), stage="Won", days=60, closed=5, amount_minor=900_000)
    acme.moved(deal, "", "Qualify", days=60)
    acme.moved(deal, "Qualify", "Proposal", days=30)
    acme.moved(deal, "Proposal", "Won", days=5)
    OpportunityHistory.objects.create(
        organization=acme.organization,
        opportunity=deal,
        field="amount",
        old_amount_minor=500_000,
        new_amount_minor=900_000,
        occurred_at=at(5),
        recorded_at=at(5),
    )

    before = features(acme, deal, 20)

    assert (before["stage"], before["amount"]) == ("Proposal", 500_000)
    assert before["days_in_stage"] == pytest.approx(10)
    assert features(acme, deal, 40)["stage"] == "Qualify"


def test_what_became_known_later_does_not_count(acme: Records) -> None:
    deal = an_open_deal(acme, "Late news", days=50)
    acme.moved(deal, "Qualify", "Proposal", days=40, recorded=3)
    CustomColumn.objects.create(
        organization=acme.organization, record="opportunity", key="budget", name="Budget", kind="flag"
    )
    CustomValues.objects.create(
        organization=acme.organization, opportunity=deal, values={"budget": True}, known_at=at(3)
    )
    acme.activity(deal.account, days=30, is_two_way=True, known=at(3))

    then, now = features(acme, deal, 10), features(acme, deal, 1)

    assert (then["stage"], then["custom.Budget"], then["people_90d"]) == ("Qualify", None, 0)
    assert (now["stage"], now["custom.Budget"], now["meetings_90d"]) == ("Proposal", "yes", 1)


def test_a_closed_deal_without_a_history_tells_nothing_of_its_end(acme: Records) -> None:
    deal = acme.deal(acme.account(), stage="Won", days=60, closed=5, close_date=at(5).date())

    then = features(acme, deal, 20)

    assert (then["stage"], then["amount"], then["days_to_close_date"]) == (None, None, None)


def test_deals_are_learnt_from_and_a_column_that_knows_the_outcome_is_left_out_by_name(acme: Records) -> None:
    learnable(acme)
    good, bad = an_open_deal(acme, "Good", budget=True), an_open_deal(acme, "Bad", budget=False)

    outcome = score(acme.organization)

    model = TrainedModel.objects.get(purpose="opportunity_win")
    assert (outcome.state, model.state, model.status) == ("learned", "learned", "champion")
    assert (model.rows, model.split) == (160, "time")
    assert ["Delivered on" in one["why"] for one in model.left_out if one["code"] == "filled_after"] == [True]
    assert 0.7 < model.metrics["auc"]["value"] < 0.9
    said = scores(acme.organization)
    assert said["Good"].score > 60 > 40 > said["Bad"].score
    low, high = said["Good"].low, said["Good"].high
    assert low is not None
    assert high is not None
    assert low < said["Good"].probability < high
    # The typical deal has a budget, so that it is a reason only where there is none.
    assert next(reason["fact"]["text"] for reason in said["Bad"].reasons).startswith("Budget ok?: no")
    assert {said["Good"].rank, said["Bad"].rank} == {1, 2}
    assert (good.pk, bad.pk) == (said["Good"].opportunity_id, said["Bad"].opportunity_id)


def test_many_deals_are_learnt_from_beside_the_night(acme: Records, monkeypatch: pytest.MonkeyPatch) -> None:
    learnable(acme, 24)
    monkeypatch.setattr(TRAINING, "IN_THE_NIGHT", 20)

    done = operations.learn_from_deals_in_the_night(organization=acme.organization, as_of=NOW, now=NOW)

    assert done.queued
    (work,) = Outbox.objects.filter(task="coe.tasks.learn_deals")
    as_of = datetime.fromisoformat(work.kwargs["as_of"])
    for _ in range(2):
        operations.train_deal_models(organization=acme.organization, as_of=as_of, trained_at=NOW)
    assert TrainedModel.objects.get(purpose="opportunity_win").rows == 24


def test_a_night_that_can_learn_nothing_goes_on_and_says_why(acme: Records, monkeypatch: pytest.MonkeyPatch) -> None:
    learnable(acme, 24)
    an_open_deal(acme, "Still scored")

    def broken(**_: Any) -> None:
        raise MemoryError("no room")

    monkeypatch.setattr(TRAINING, "deal_examples", broken)
    done = operations.learn_from_deals_in_the_night(organization=acme.organization, as_of=NOW, now=NOW)

    assert done.error == "MemoryError: no room"
    assert score(acme.organization, learn=False).scored == 1


def test_a_week_later_it_is_learnt_again_and_not_before(acme: Records) -> None:
    learnable(acme, 24)
    score(acme.organization)
    score(acme.organization, NOW + timedelta(days=3))
    assert TrainedModel.objects.filter(purpose="opportunity_win").count() == 1

    score(acme.organization, NOW + timedelta(days=8))

    assert TrainedModel.objects.filter(purpose="opportunity_win").count() == 2


@pytest.mark.parametrize("ended", ["Won", "Lost", None])
def test_without_both_outcomes_every_open_deal_still_has_a_score(acme: Records, ended: str | None) -> None:
    for number in range(12 if ended else 0):
        deal = acme.deal(acme.account(), stage=ended or "", days=60 + number, closed=20 + number)
        acme.moved(deal, "", "Qualify", days=60 + number)
    an_open_deal(acme, "Only one")

    outcome = score(acme.organization)

    assert outcome.scored == 1
    assert 1 <= scores(acme.organization)["Only one"].score <= 99


def test_the_deal_card_says_why_before_anything_is_learnt(acme: Records) -> None:
    deal = an_open_deal(acme, "Stale", days=100)
    Opportunity.objects.filter(pk=deal.pk).update(close_date=at(30).date())
    fresh = an_open_deal(acme, "Fresh")

    score(acme.organization)

    said = scores(acme.organization)
    assert said["Stale"].score < said["Fresh"].score
    assert [reason["fact"]["text"] for reason in said["Stale"].reasons] == ["The close date has passed"]
    assert said["Stale"].state == "rules"
    assert fresh.pk == said["Fresh"].opportunity_id


def test_a_deal_that_is_opened_again_does_not_jump(acme: Records) -> None:
    learnable(acme)
    deal = an_open_deal(acme, "Again", budget=True)
    score(acme.organization)
    before = scores(acme.organization)["Again"].score
    for stage, hours in (("Lost", 30), ("Qualify", 40)):
        move_stage(
            organization=acme.organization,
            opportunity=Opportunity.objects.get(pk=deal.pk),
            stage=acme.stage(stage),
            version=Opportunity.objects.get(pk=deal.pk).version,
            actor=None,
            moved_at=NOW + timedelta(hours=hours),
            lost_reason="price" if stage == "Lost" else "",
        )
        score(acme.organization, NOW + timedelta(hours=hours + 2), learn=False)

    after = scores(acme.organization)["Again"]

    assert abs(after.score - before) <= 2
    assert after.previous_score == before


def test_a_score_that_changes_much_is_told(acme: Records) -> None:
    learnable(acme)
    deal = an_open_deal(acme, "Turns", budget=False)
    score(acme.organization)
    CustomValues.objects.create(
        organization=acme.organization, opportunity=deal, values={"budget": True}, known_at=NOW + timedelta(hours=1)
    )

    outcome = score(acme.organization, NOW + timedelta(days=1), learn=False)

    assert outcome.told == 1
    event = DomainEvent.objects.get(type="opportunity.score_changed")
    assert event.subject_id == deal.pk
    assert event.payload["score"] - event.payload["previous_score"] >= 10


def test_a_damaged_model_is_said_and_replaced(acme: Records) -> None:
    learnable(acme)
    an_open_deal(acme, "Still scored")
    score(acme.organization)
    model = TrainedModel.objects.get(purpose="opportunity_win")
    TrainedModelFile.objects.filter(model=model).update(data=b"nonsense")

    outcome = score(acme.organization, NOW + timedelta(days=1), learn=False)

    assert "can't be used" in outcome.note
    assert scores(acme.organization)["Still scored"].model_version == "deal-card-shipped"
    mended = score(acme.organization, NOW + timedelta(days=1))  # not only when the week is over
    newest = TrainedModel.objects.filter(purpose="opportunity_win").latest("version")
    assert (mended.note, newest.version) == ("", 2)
    assert newest.trained_because == "The file of the version that counts can't be used."
    assert {one["name"] for one in newest.left_out}.isdisjoint(one["column"] for one in newest.left_out)


def test_a_score_of_the_past_does_not_know_what_was_learnt_later(acme: Records) -> None:
    learnable(acme)
    an_open_deal(acme, "Back then", days=40)
    score(acme.organization)

    assert score(acme.organization, at(20), learn=False).model_version == "deal-card-shipped"
    operations.train_deal_models(organization=acme.organization, as_of=at(20), trained_at=NOW, whatever=True)
    assert score(acme.organization, at(20), learn=False).model_version == "model-2-learned"


def test_a_damaged_model_of_closing_later_is_said(acme: Records) -> None:
    learnable(acme)
    an_open_deal(acme, "Still scored")
    score(acme.organization)
    slip = TrainedModel.objects.get(purpose="opportunity_win")
    slip._state.adding, slip.pk, slip.purpose = True, None, "opportunity_slip"
    slip.save()
    TrainedModelFile.objects.create(organization=acme.organization, model=slip, checksum="0" * 64, data=b"nonsense")

    outcome = score(acme.organization, NOW + timedelta(days=1), learn=False)

    assert "closing later" in outcome.note
    assert scores(acme.organization)["Still scored"].slip_probability is None


def test_deals_that_are_late_teach_which_ones_will_be(acme: Records) -> None:
    chance = np.random.default_rng(5)
    deals = learnable(acme, 120)
    rows = []
    for deal in deals:
        late = bool(chance.random() < 0.5)
        assert deal.closed_at is not None
        planned = deal.closed_at.date() + timedelta(days=-120 if late else 100)
        rows.append(
            OpportunityHistory(
                organization=acme.organization,
                opportunity=deal,
                field="close_date",
                new=planned.isoformat(),
                occurred_at=deal.opened_at,
                recorded_at=deal.opened_at,
            )
        )
    OpportunityHistory.objects.bulk_create(rows)
    an_open_deal(acme, "Which quarter")

    score(acme.organization)

    model = TrainedModel.objects.get(purpose="opportunity_slip")
    assert model.rows > 60
    said = scores(acme.organization)["Which quarter"]
    assert said.in_time is not None
    assert sum(said.in_time) == 100


def test_a_moment_is_drawn_before_the_end_and_always_the_same(acme: Records) -> None:
    deal = acme.deal(acme.account(), stage="Won", days=60, closed=5)

    assert deal.closed_at is not None
    drawn = {drawn_moment(deal.pk, deal.opened_at, deal.closed_at) for _ in range(3)}

    assert len(drawn) == 1
    assert deal.opened_at <= drawn.pop() <= at(6)
    assert quarter_end(NOW.date()).isoformat() == "2026-12-31"
    assert slips_after(at(200).date(), NOW.date()) == quarter_end(NOW.date())
    assert slips_after(None, NOW.date()) is None


def test_accounts_have_what_files_and_other_systems_say_of_them_as_it_was_known(acme: Records) -> None:
    account = acme.account("Known")
    acme.account("Other")
    CustomColumn.objects.create(
        organization=acme.organization, record="account", key="fleet", name="Fleet", kind="number"
    )
    for days, fleet in ((50, 4), (5, 9)):
        CustomValues.objects.create(
            organization=acme.organization, account=account, values={"fleet": fleet}, known_at=at(days)
        )
    ExternalScore.objects.create(
        organization=acme.organization,
        account=account,
        model_name="web-intent",
        score=70,
        scored_at=at(20),
        recorded_at=at(2),
    )

    def known(days: float) -> tuple[Any, Any]:
        (block,) = account_features(organization=acme.organization, as_of=at(days))
        row = block.uuids().index(account.pk)
        columns = block.table.columns
        return columns["custom.Fleet"].value(row), columns["custom.Score by web-intent"].value(row)

    assert [known(days) for days in (30, 10, 1)] == [(4, None), (4, None), (9, 70)]


def test_a_stranger_has_nothing_of_it(cast: Cast) -> None:
    with organization_scope(cast.acme):
        acme = Records(cast.acme)
        learnable(acme, 24)
        an_open_deal(acme, "Ours")
        score(cast.acme)
    with organization_scope(cast.globex):
        outcome = score(cast.globex)
        assert outcome.scored == 0
        assert not OpportunityScore.objects.exists()
        assert not TrainedModel.objects.exists()


def test_what_is_dated_at_the_closing_is_not_known_before_it(acme: Records) -> None:
    deal = acme.deal(acme.account(), stage="Lost", days=9, closed=9, amount_minor=0)
    acme.moved(deal, "", "Qualify", days=9)
    acme.moved(deal, "Qualify", "Lost", days=9)

    then = features(acme, deal, 9)

    assert (then["stage"], then["amount"]) == (None, None)
