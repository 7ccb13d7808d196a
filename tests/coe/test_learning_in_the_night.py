"""The night learns who buys, before it scores: weekly, or when there is something new; and says what it did."""

from datetime import timedelta

import pytest

from coe.models import ModelStatus, Purpose, RuleCard, TrainedModel, TrainedModelFile
from coe.operations import learn_accounts, learn_in_the_night, revise_rule_card
from coe.queries import champion
from coe.queries.readiness import FEWEST
from coe.scoring.selection import FEWEST_TO_CORRECT
from pipeline.models import Order
from tenancy.models import Outbox
from tenancy.scoping import organization_scope
from tests.coe.records import NOW, Records, at

BUYS = Purpose.ACCOUNT_PURCHASE


def give_history(cast, *, accounts=24, months=20, amount_minor=100_000):
    """Give Acme customers of whom every second buys each month and the others every ten months."""
    records = Records(cast.acme)
    orders = []
    for place in range(accounts):
        account = records.account(days=900, segment="key" if place % 2 else "small", region="North")
        days = range(5 + place, 30 * months, 30) if place % 2 else range(7 + 37 * place % 300, 30 * months, 300)
        orders += [
            Order(
                organization=cast.acme,
                account=account,
                number=f"N-{place}-{ago}",
                source="manual",
                external_id=f"N-{place}-{ago}",
                order_date=at(ago).date(),
                amount_minor=amount_minor,
                amount_exact=amount_minor / 100,
                currency="EUR",
                recorded_at=at(ago),
                created_at=at(ago),
                updated_at=at(ago),
            )
            for ago in days
        ]
    Order.objects.bulk_create(orders)


def live_version(cast):
    model = champion(organization=cast.acme, purpose=BUYS).model
    return model and model.version


def learn(cast, *, days=0.0):
    when = NOW + timedelta(days=days)
    return learn_in_the_night(organization=cast.acme, as_of=when, now=when)


@pytest.fixture
def history(cast, acme_scope):
    give_history(cast)


def test_it_learns_who_buys_and_scores_by_it_at_once(cast, history):
    outcome = learn(cast)

    assert outcome.because == "There was no model yet."
    assert outcome.promoted
    model = TrainedModel.objects.get(purpose=BUYS)
    assert (model.status, model.state) == (ModelStatus.CHAMPION, "learned")
    assert model.trained_until == NOW
    assert model.window_end < (NOW - timedelta(days=model.horizon_days)).date(), "outcomes that are settled"
    assert model.metrics["auc"]["value"] > 0.75
    assert {one["name"] for one in model.metrics["by"]["segment"]} == {"key", "small"}
    assert "owner" not in model.columns
    assert champion(organization=cast.acme, purpose=BUYS).scorer is not None
    with organization_scope(cast.globex):
        assert not TrainedModel.objects.exists()
        assert champion(organization=cast.globex, purpose=BUYS).model is None


def test_it_learns_again_after_a_week_or_when_the_card_or_the_outcomes_changed(cast, history):
    learn(cast)

    assert learn(cast, days=1).why_not == "Version 1 is 1 days old."
    records = Records(cast.acme)
    account = records.account()
    for number in range(40):
        records.order(account, days=100 + 3 * number, number=f"M-{number}")
    assert learn(cast, days=1).why_not, "a model is no weather-cock"
    assert "purchases have come since" in learn(cast, days=3).because
    assert learn(cast, days=4).why_not
    assert learn(cast, days=10).because == "A week has passed."
    revise_rule_card(organization=cast.acme, points={"fit_a": 1}, revised_by=cast.ana, active_from=NOW)
    assert learn(cast, days=10).because == "The rule card was revised."
    assert TrainedModel.objects.answering(BUYS).first().card_points == {"fit_a": 1.0}
    assert RuleCard.objects.count() == 1


@pytest.mark.usefixtures("acme_scope")
def test_a_handful_of_outcomes_is_not_learnt_from_and_said(cast):
    records = Records(cast.acme)
    for _ in range(9):
        records.order(records.account(), days=200)

    assert learn(cast).why_not == "Not enough outcomes yet (9 of 10)."
    assert not TrainedModel.objects.exists()
    assert FEWEST == FEWEST_TO_CORRECT


def test_a_score_of_the_past_does_not_know_what_was_learnt_later(cast, history):
    learn(cast)

    assert champion(organization=cast.acme, purpose=BUYS, as_of=NOW - timedelta(days=1)).model is None
    assert champion(organization=cast.acme, purpose=BUYS, as_of=NOW).model is not None


def test_a_large_organisation_learns_beside_the_night(cast, history, monkeypatch):
    monkeypatch.setattr("coe.operations.train_accounts.IN_THE_NIGHT", 5)

    assert learn(cast).queued
    (work,) = Outbox.objects.filter(task="coe.tasks.learn_accounts")
    assert not TrainedModel.objects.exists()
    learn_accounts(organization=cast.acme, as_of=NOW, trained_at=NOW, because=work.kwargs["because"])
    assert TrainedModel.objects.get(purpose=BUYS).status == ModelStatus.CHAMPION


def test_whatever_goes_wrong_in_learning_the_night_goes_on_and_says_it(cast, history, monkeypatch):
    learn(cast)

    def fail(**_):
        raise MemoryError("no room")

    monkeypatch.setattr("coe.operations.train_accounts.rows_of_both", fail)
    outcome = learn(cast, days=8)

    assert outcome.error == "MemoryError: no room"
    assert live_version(cast) == 1


def test_a_damaged_file_does_not_stop_the_next_training(cast, history):
    learn(cast)
    TrainedModelFile.objects.update(data=b"nonsense")
    assert champion(organization=cast.acme, purpose=BUYS).note.endswith("The rule card is used instead.")

    mended = learn(cast, days=1)  # not only when the week is over
    assert mended.because == "The file of the version that counts can't be used."
    assert mended.promoted
    assert live_version(cast) == 2
    assert learn(cast, days=2).why_not
