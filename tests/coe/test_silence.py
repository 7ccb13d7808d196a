"""Who falls silent: what that means, what is learnt of it in the night, and what it puts at stake."""

from datetime import timedelta

import numpy as np
import pytest
from django.utils import timezone

from agile_sales.night_calendar import new_night
from coe import operations
from coe.models import ModelStatus, Purpose, TrainedModel, TrainedModelFile
from coe.queries.silence import fallen_silent
from coe.scoring.silence import longest_gap
from pipeline.models import AccountValue, Order
from tenancy.scoping import organization_scope
from tests.coe.records import NOW, Records, at

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _clock(monkeypatch):
    monkeypatch.setattr(timezone, "now", lambda: NOW)


def orders_of(organization, plan):
    """Give accounts their orders, so many days ago each."""
    Order.objects.bulk_create(
        Order(organization=organization, account=account, number=f"N-{account.pk}-{ago}", source="manual",
              external_id=f"N-{account.pk}-{ago}", order_date=at(ago).date(), amount_minor=500_000, amount_exact=5000,
              currency="EUR", recorded_at=at(ago), created_at=at(ago), updated_at=at(ago))
        for account, days in plan for ago in days
    )  # fmt: skip


def names(found, accounts):
    ids, silent = found
    by_id = {account.pk.bytes: account.name for account in accounts}
    return {by_id[raw.ljust(16, b"\0")]: bool(one) for raw, one in zip(ids.tolist(), silent.tolist(), strict=True)}


def test_who_has_not_bought_for_longer_than_its_own_gaps_is_silent(cast):
    with organization_scope(cast.acme):
        records = Records(cast.acme)
        monthly, gone, slow, twice, long_gone, credit = (
            records.account(name, days=1200)
            for name in ("Monthly", "Gone", "Slow", "Twice", "Long gone", "Only sends back")
        )
        orders_of(cast.acme, [
            (monthly, range(5, 500, 30)),
            (gone, range(120, 500, 30)),
            (slow, range(130, 900, 150)),
            (twice, (150, 200)),
            (long_gone, range(600, 900, 30)),
            (credit, range(120, 500, 30)),
        ])  # fmt: skip
        records.order(credit, days=20, amount_minor=-5_000)
        accounts = (monthly, gone, slow, twice, long_gone, credit)

        found = fallen_silent(organization=cast.acme, start=at(100), end=at(10))

        assert names(found, accounts) == {"Monthly": False, "Gone": True, "Slow": False, "Only sends back": True}
        booked_late = records.order(gone, days=40, known=at(5))
        assert names(fallen_silent(organization=cast.acme, start=at(100), end=at(10)), accounts)["Gone"] is False
        booked_late.delete()
        records.order(gone, days=40, known=at(1))  # after the week of late bookings
        assert names(fallen_silent(organization=cast.acme, start=at(100), end=at(10)), accounts)["Gone"] is True
    with organization_scope(cast.globex):
        assert not len(fallen_silent(organization=cast.globex, start=at(100), end=at(10))[0])


def test_a_few_gaps_do_not_say_what_the_longest_is():
    few, many = longest_gap(np.array([2, 9]), np.array([30.0, 30.0]), np.array([33.0, 41.0]))

    assert few == pytest.approx(30 * np.log(10))
    assert many == 41


@pytest.fixture
def leavers(cast):
    """Forty customers who buy each month; of them those in the south leave, one after the other."""
    with organization_scope(cast.acme):
        records = Records(cast.acme)
        plan = []
        for place in range(40):
            south = place % 2 == 1
            account = records.account(f"Customer {place}", days=1200, region="South" if south else "North")
            last = 60 + 13 * place if south else 3 + place % 20
            plan.append((account, range(last, 1000, 30)))
        orders_of(cast.acme, plan)
        return [account for account, _ in plan]


def night(organization, when=NOW):
    """Learn, score and value as a night does."""
    with organization_scope(organization):
        run = new_night(organization=organization, requested_by=None, as_of=when, now=NOW)
        learnt = operations.learn_in_the_night(organization=organization, as_of=when, now=when, run=run)
        operations.score_accounts(organization=organization, run=run, as_of=when, scored_at=when)
        return learnt, operations.value_accounts(organization=organization, run=run, as_of=when)


def test_the_night_learns_who_falls_silent_and_puts_their_money_at_stake(cast, leavers, client_for):
    learnt, _ = night(cast.acme)

    assert learnt.silence.state in ("rules_corrected", "learned")
    assert "of them silent" in learnt.silence.sentence
    assert learnt.as_json()["silence"]["version"] == 1
    with organization_scope(cast.acme):
        model = TrainedModel.objects.get(purpose=Purpose.ACCOUNT_SILENCE)
        assert (model.status, model.trained_until) == (ModelStatus.CHAMPION, NOW)
        assert model.metrics["auc"]["value"] > 0.8
        assert "owner" not in model.columns
        values = {one.account.name: one for one in AccountValue.objects.select_related("account")}
    loyal, leaving = values["Customer 0"], values["Customer 1"]
    assert leaving.silence_chance > 0.5 > 0.2 > loyal.silence_chance
    assert loyal.silence_low <= loyal.silence_chance <= loyal.silence_high
    assert leaving.silence_model == model.name
    assert leaving.protect_minor == pytest.approx(leaving.silence_chance * leaving.spend_minor * 0.3, rel=0.01)
    assert values["Customer 39"].silence_chance is None, "who has not bought for a year has nothing to lose"
    with organization_scope(cast.globex):
        assert not AccountValue.objects.exists()

    page = client_for(cast.rui).get(f"/acme/accounts/{leaving.account_id}/")
    why = client_for(cast.ana).get(f"/acme/priorities/{leaving.account_id}/")
    for answer in (page, why):
        assert "it will have fallen silent in 90 days" in answer.text
        assert f"{round(100 * leaving.silence_chance)}%" in answer.text
    assert client_for(cast.sam).get(f"/acme/accounts/{leaving.account_id}/").status_code == 404

    with organization_scope(cast.acme):
        TrainedModelFile.objects.filter(model__purpose=Purpose.ACCOUNT_SILENCE).update(data=b"nonsense")
        run = new_night(organization=cast.acme, requested_by=None, as_of=NOW + timedelta(hours=1), now=NOW)
        operations.score_accounts(organization=cast.acme, run=run, as_of=NOW, scored_at=NOW)
        outcome = operations.value_accounts(organization=cast.acme, run=run, as_of=NOW)
        value = AccountValue.objects.get(account__name="Customer 1")
    said = " ".join(outcome.notes)
    assert "Who falls silent: Version 1 can't be used" in said
    assert "The rhythm of purchases is used instead." in said
    assert (value.silence_chance, value.silence_model) == (None, "")
    assert value.active_chance is not None
    assert value.protect_minor > 0


def test_where_nobody_was_ever_silent_the_night_says_so_little_and_goes_on(cast):
    with organization_scope(cast.acme):
        records = Records(cast.acme)
        orders_of(cast.acme, [(records.account(days=1200), range(5, 400, 30)) for _ in range(10)])

    learnt, outcome = night(cast.acme)

    assert not learnt.silence_error
    assert learnt.silence.sentence == "Rules; not enough outcomes yet (0 of 10)."
    assert outcome.valued >= 10
