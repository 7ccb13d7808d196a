"""Whether territories and segments are treated alike: shares of the week, and levels that are put right."""

import math

import pytest
from django.utils import timezone

from agile_sales import nightly
from agile_sales.night_calendar import new_night
from coe.models import Purpose, TrainedModel
from coe.queries import to_check
from coe.queries.fairness import latest_shares
from coe.queries.score_changes import look
from coe.scoring.fairness import Treated, corrections, shares
from pipeline.models import Account, AccountScore
from tenancy.scoping import organization_scope
from tests.coe.records import NOW
from tests.coe.test_learning_in_the_night import give_history
from tests.pipeline.pages import text_of


def test_a_share_of_the_week_is_held_against_the_share_of_potential():
    found = {one.name: one for one in shares([
        ("North", 100, 60, 500.0), ("South", 100, 10, 450.0), ("East", 10, 1, 30.0), ("West", 5, 40, 20.0),
    ])}  # fmt: skip

    assert found["North"].treated is Treated.FAIR
    assert found["South"].treated is Treated.LITTLE
    assert found["South"].ratio == pytest.approx(10 / (111 * 0.45))
    assert found["East"].treated is Treated.THIN, "one more or less says nothing"
    assert found["West"].treated is Treated.MUCH
    assert sum(one.slot_share for one in found.values()) == pytest.approx(1)
    assert shares([]) == []
    assert shares([("Nobody", 3, 0, 0.0)])[0].treated is Treated.THIN


def test_a_territory_is_put_right_by_its_own_outcomes_drawn_to_none():
    panel = [
        {"name": "North", "held": "too_sure", "positives": 10, "expected": 30.0},
        {"name": "South", "held": "holds", "positives": 30, "expected": 33.0},
    ]

    assert corrections({"by": {"territory": panel}}) == {"North": pytest.approx(math.log(20 / 40))}
    assert corrections({}) == {}


def night(cast):
    with organization_scope(cast.acme):
        run = new_night(organization=cast.acme, requested_by=None, as_of=NOW, now=NOW)
    nightly.run_night(organization=cast.acme, run_id=run.pk)
    with organization_scope(cast.acme):
        return dict(AccountScore.objects.values_list("account__name", "probability"))


def test_the_night_counts_the_shares_and_the_model_page_shows_them(cast, client_for, monkeypatch):
    monkeypatch.setattr(timezone, "now", lambda: NOW)
    with organization_scope(cast.acme):
        give_history(cast, accounts=24)
    before = night(cast)
    with organization_scope(cast.acme):
        found = latest_shares(organization=cast.acme, title="territory")
        assert [one.name for one in found] == ["North"]
        assert found[0].accounts == 24
        assert found[0].potential_share == 1
        version = TrainedModel.objects.get(purpose=Purpose.ACCOUNT_PURCHASE)
        wrong = {"name": "North", "held": "too_sure", "positives": 10, "expected": 30.0, "rows": 90}
        panel = {**version.metrics["by"]["territory"][0], **wrong}
        version.metrics["by"]["territory"] = [panel]
        version.save(update_fields=["metrics"])
        assert ("territory", "North") not in to_check(organization=cast.acme), "it is put right"
    with organization_scope(cast.globex):
        assert latest_shares(organization=cast.globex, title="territory") == []

    after = night(cast)
    with organization_scope(cast.acme):
        again = look(organization=cast.acme)
        assert again is not None
        for account in Account.objects.all():
            block = again.block(account.pk)
            assert block is not None
            scored = again.probability(block)
            assert scored == pytest.approx(after[account.name]), "who scores it again finds the same"

    odds = {name: chance / (1 - chance) for name, chance in before.items() if 0.02 < chance < 0.98}
    assert odds
    for name, said in odds.items():
        assert after[name] / (1 - after[name]) == pytest.approx(said / 2, rel=0.01), "half the odds"
    page = text_of(client_for(cast.ana).get("/acme/models/account_purchase/?by=territory"))
    assert "Hours and potential, by territory" in page
    assert "North × 0.5" in page
    assert "Too sure about North" not in page, "it is put right"
    assert "Hours and potential" not in text_of(client_for(cast.sam).get("/globex/models/account_purchase/"))
