"""Organisations of which little can be learnt: the night goes on, and says what it used and why."""

from datetime import timedelta

import pytest
from django.utils import timezone

from agile_sales import nightly
from agile_sales.night_calendar import new_night
from coe.models import ScoringRun, TrainedModel, TrainedModelFile
from pipeline.models import AccountScore, Order
from tenancy.models import RunStep
from tenancy.scoping import organization_scope
from tests.coe.records import NOW, Records, at


@pytest.fixture(autouse=True)
def _quick(monkeypatch):
    monkeypatch.setattr(timezone, "now", lambda: NOW)
    monkeypatch.setattr("coe.queries.training.MOST_MONTHS", 5)


def orders(records, account, days, **values):
    for ago in days:
        records.order(account, days=ago, **values)


def everybody_buys(records):
    for _ in range(6):
        orders(records, records.account(days=900), range(5, 400, 30))


def nobody_buys_any_more(records):
    for _ in range(6):
        orders(records, records.account(days=900), (700, 720, 740))


def only_credits(records):
    for _ in range(6):
        orders(records, records.account(days=900), range(5, 400, 60), amount_minor=-50_000)
    orders(records, records.account(days=900), range(600, 720, 10))


def all_alike(records):
    for _ in range(8):
        account = records.account(
            days=900, segment="small", region="North", industry="Pumps", country="DE", employees=7
        )
        orders(records, account, range(10, 400, 70))


def merged_in_the_middle(records):
    for place in range(6):
        kept, gone = records.account(days=900), records.account(days=900)
        orders(records, kept, range(5, 200, 20))
        orders(records, gone, range(200, 420, 20 + place))
        Order.objects.filter(account=gone).update(account=kept)
        gone.deleted_at = at(150)
        gone.save(update_fields=["deleted_at"])


def absurd_values(records):
    for place in range(8):
        account = records.account(
            days=900, employees=2_000_000_000 * (place % 2), annual_revenue_minor=9 * 10**18, currency="EUR"
        )
        orders(records, account, range(5, 400, 40), amount_minor=4 * 10**15)


@pytest.mark.parametrize(
    "make", [everybody_buys, nobody_buys_any_more, only_credits, all_alike, merged_in_the_middle, absurd_values]
)
def test_the_night_goes_on_and_says_what_it_used(cast, make):
    with organization_scope(cast.acme):
        make(Records(cast.acme))

    run, learnt, log, probabilities = night(cast)

    assert run.status == "done"
    assert "error" not in learnt.detail
    assert learnt.detail["sentence"] == "Rules; not enough outcomes yet (0 of 10)."
    assert log.state == "rules"
    assert len(probabilities) == log.scored > 5
    assert all(0 < one < 1 for one in probabilities)


def test_a_damaged_model_is_learnt_anew_and_the_night_says_why(cast):
    with organization_scope(cast.acme):
        records = Records(cast.acme)
        for place in range(16):
            orders(records, records.account(days=900), range(5 + place, 400, 30 if place % 2 else 170))
    _, learnt, _, _ = night(cast)
    with organization_scope(cast.acme):
        TrainedModelFile.objects.update(data=b"agile-sales-model 1\nrubbish")
        TrainedModel.objects.update(state="learned")  # one with a file that is needed

    _, again, log, probabilities = night(cast)

    assert learnt.detail["version"] == 1
    assert again.detail["because"] == "The file of the version that counts can't be used."
    assert again.detail["decision"].startswith("Version 1 can't be used: its file is damaged")
    assert (again.detail["version"], log.model_version) == (2, "model-2-rules_corrected")
    assert len(probabilities) == 16


def night(cast):
    with organization_scope(cast.acme):
        run = new_night(organization=cast.acme, requested_by=None, as_of=NOW, now=NOW + timedelta(seconds=1))
    run = nightly.run_night(organization=cast.acme, run_id=run.pk)
    with organization_scope(cast.acme):
        return (
            run,
            RunStep.objects.get(run=run, name="learn"),
            ScoringRun.objects.get(run=run),
            list(AccountScore.objects.values_list("probability", flat=True)),
        )
