"""Looking after a model in use: what was said against what came, drift, and whom it is too sure about."""

from datetime import timedelta

import pytest

from agile_sales.night_calendar import new_night
from coe.models import ModelQuality, TrainedModel
from coe.operations import learn_accounts
from coe.operations.watch_model import ALWAYS_DRIFT, watch_model
from coe.queries.model_quality import quality_panels, to_check
from coe.scoring.features import words_of
from pipeline.models import Account, AccountScoreHistory
from tenancy.scoping import organization_scope
from tests.coe.records import NOW, Records
from tests.coe.test_learning_in_the_night import give_history

THEN = NOW - timedelta(days=120)


@pytest.fixture
def model(cast, acme_scope):
    give_history(cast, accounts=60)
    return learn_accounts(organization=cast.acme, as_of=NOW, trained_at=NOW).model


def look(cast, *, days=1.0):
    when = NOW + timedelta(days=days)
    return watch_model(organization=cast.acme, as_of=when, measured_at=when)


def say(cast, scores):
    """Have a night of long ago publish these scores by segment."""
    run = new_night(organization=cast.acme, requested_by=None, as_of=THEN, now=THEN)
    AccountScoreHistory.objects.bulk_create(
        AccountScoreHistory(
            organization=cast.acme,
            account=account,
            run=run,
            score=scores[account.segment],
            rank=1,
            band="steady",
            model_version="rule-card-shipped",
            as_of=THEN,
        )
        for account in Account.objects.all()
    )


def test_what_was_said_is_held_against_what_came(cast, model):
    say(cast, {"key": 97, "small": 95})

    found = look(cast)

    assert (found.rows, found.positives) == (60, 39)
    assert found.said_by == "rule-card-shipped"
    assert found.said_at < NOW - timedelta(days=90)
    held = {one["name"]: (one["said"], one["came"], one["held"]) for one in found.by["segment"]}
    assert held["key"] == (pytest.approx(0.97), 1.0, "holds")
    assert held["small"] == (pytest.approx(0.95), 0.3, "too_sure")
    assert found.figures["observed_over_expected"]["high"] < 1
    assert "Too sure about the segment small: it said 95%, 30% came." in found.alarms
    assert ("segment", "small") in to_check(organization=cast.acme)
    assert ("segment", "key") not in to_check(organization=cast.acme)
    with organization_scope(cast.globex):
        assert not ModelQuality.objects.exists()
        assert to_check(organization=cast.globex) == set()


def test_while_no_score_is_that_old_the_training_speaks(cast, model):
    found = look(cast)

    assert found.note.startswith("No score is old enough")
    assert (found.figures, found.rows) == ({}, 0)
    assert quality_panels(organization=cast.acme, model=model) == model.metrics["by"]
    doubtful = {one["name"] for one in model.metrics["by"]["segment"] if one["held"] == "too_sure"}
    assert to_check(organization=cast.acme) == {("segment", name) for name in doubtful}


def test_it_looks_once_a_week(cast, model):
    assert look(cast) is not None

    assert look(cast, days=5) is None
    assert look(cast, days=9) is not None


def test_inputs_that_look_otherwise_are_named(cast, model):
    quiet = look(cast)
    records = Records(cast.acme)
    for _ in range(120):
        records.account(days=1, segment="medium", region="Overseas", employees=9)
    loud = look(cast, days=9)

    moved = [name for name, psi in loud.drift.items() if psi > 0.25 > quiet.drift[name] and name not in ALWAYS_DRIFT]
    assert moved, (loud.drift, quiet.drift)
    assert loud.is_drifting
    assert any("otherwise than" in words and words_of(name) in words for name in moved for words in loud.alarms)


def test_what_grows_older_by_itself_is_no_drift(cast, model):
    records = Records(cast.acme)
    for account in Account.objects.all():
        records.answer(account, 9, days=1)
    learn_accounts(organization=cast.acme, as_of=NOW, trained_at=NOW)

    found = look(cast, days=200)  # the survey is half a year old, and nobody else has changed

    assert not ALWAYS_DRIFT & set(found.drift)
    assert "nps_days" not in found.drift
    assert not any("days" in words and "recommend" in words for words in found.alarms)


def test_an_alarm_of_what_came_takes_two_periods_a_month_apart(cast, model):
    say(cast, {"key": 97, "small": 95})
    first, second, later = look(cast), look(cast, days=9), look(cast, days=31)

    assert all(one.figures["observed_over_expected"]["high"] < 1 for one in (first, second, later))
    assert not any("a month apart" in words for one in (first, second) for words in one.alarms)
    assert later.alarms[0].startswith("Twice, a month apart, fewer bought than was said")
    assert later.is_drifting


@pytest.mark.usefixtures("acme_scope")
def test_without_a_model_there_is_nothing_to_look_at(cast):
    assert look(cast) is None
    assert not TrainedModel.objects.exists()
