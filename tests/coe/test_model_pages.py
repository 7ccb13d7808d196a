"""Whether a model can be trusted and where not, how it was tried, the way back: for those whose method it is."""

import re
from datetime import timedelta
from importlib import import_module

import pytest
from django.urls import reverse
from django.utils import timezone

from agile_sales import nightly
from agile_sales.night_calendar import new_night
from coe.models import ModelQuality, TrainedModel
from tenancy.models import DomainEvent, Outbox
from tenancy.scoping import organization_scope
from tests.coe.models import METRICS, a_figure, a_model, three_versions
from tests.coe.records import NOW
from tests.nightly.conftest import give_customers
from tests.pipeline.pages import text_of


def address(page, *args, organization="acme", **query):
    found = reverse(f"coe:{page}", args=[organization, *args])
    return f"{found}?{'&'.join(f'{key}={value}' for key, value in query.items())}" if query else found


@pytest.fixture
def versions(cast):
    with organization_scope(cast.acme):
        return three_versions(cast.acme)


def test_it_says_what_is_live_how_good_it_is_and_where_not_to_trust_it(cast, versions, client_for):
    page = text_of(client_for(cast.ana).get(address("model", "account_purchase")))

    for words in (
        "v2, live since",
        "Too sure about key: less came than was said.",
        "0.78 to 0.83, 95%",
        "3.4×",
        "2.3%",
        "In 10 of 10 groups the share that came is what was said, within chance.",
        "said 46 percent, came 31 percent",
        "−15 pt",
        "Too sure",
        "Thin data",
        "v3 against",
        "−0.0040 (−0.0099 to +0.0019)",
        "Roll back to v1",
        "Let v3 count",
    ):
        assert words in page, words


def test_what_came_in_use_and_drift_take_the_place_of_the_trials(cast, versions, client_for):
    with organization_scope(cast.acme):
        for weeks, worst in ((2, 0.12), (1, 0.27)):
            ModelQuality.objects.create(
                organization=cast.acme,
                model=versions[1],
                as_of=NOW - timedelta(weeks=weeks),
                measured_at=NOW,
                said_at=NOW - timedelta(days=90 + 7 * weeks),
                rows=812,
                positives=90,
                figures={**METRICS, "auc": a_figure(0.66, 0.61, 0.7)},
                by=METRICS["by"],
                drift={"days_since_purchase": worst, "nps": 0.02},
                alarms=["Days since a purchase: looks otherwise than when the model was trained (drift 0.27)."],
            )

    page = text_of(client_for(cast.ana).get(address("model", "account_purchase")))

    assert "0.61 to 0.70, 95%" in page
    assert "looks otherwise than when the model was trained (drift 0.27)." in page
    assert "812 scores of" in page
    assert ">0.27<" in page


def test_a_segment_is_drawn_beside_all_and_the_panel_turns_to_territories(cast, versions, client_for):
    client = client_for(cast.ana)

    of_key = text_of(client.get(address("model", "account_purchase", by="segment", segment="key")))
    territories = text_of(client.get(address("model", "account_purchase", by="territory")))

    assert 'class="ln c3"' in of_key
    assert "North" in territories
    assert "Too cautious" in territories


def test_the_backtest_has_figures_with_intervals_what_was_tried_and_what_was_left_out(cast, versions, client_for):
    page = text_of(client_for(cast.abe).get(address("model-trials", "account_purchase")))

    for words in (
        "Tried by time",
        "Lift in the first tenth",
        "2.90 to 3.80, 95%",
        "Log-loss of the base rate",
        "Card correction 30",
        "+0.0612 to +0.0848",
        "Gradient boosting needs 400 outcomes.",
        "won_at is filled only when the outcome is known.",
        "By territory",
        "Better than the base rate in 3 of 3 folds, beyond chance in 2.",
        "1 Jan 2025 to 28 Mar 2025",
        "3.40×",
        "+0.0650",
        "+0.0100 to +0.0800",
    ):
        assert words in page, words


def test_without_a_model_the_page_says_that_the_rule_card_scores(cast, client_for):
    client = client_for(cast.lena)

    assert "The rule card makes these scores." in text_of(client.get(address("model", "account_purchase")))
    assert "Nothing tried yet" in text_of(client.get(address("model-trials", "account_purchase")))
    assert "no night has learnt from outcomes yet" in text_of(client.get(address("models")))


def test_no_reliable_signal_is_said(cast, client_for):
    said = "No reliable signal: nothing beats the base rate of 63%."
    with organization_scope(cast.acme):
        a_model(cast.acme, state="no_reliable_signal", sentence=said, metrics={}, candidates=[])

    for page in ("models", "model"):
        args = ["account_purchase"] if page == "model" else []
        assert "No reliable signal" in text_of(client_for(cast.ana).get(address(page, *args)))


def test_one_rolls_back_and_the_versions_tell_it(cast, versions, client_for, monkeypatch):
    monkeypatch.setattr(import_module("coe.operations.promote_model"), "scorer_of", lambda **_: (object(), ""))

    answer = client_for(cast.ana).post(address("model-revert", "account_purchase"))

    assert answer.status_code == 302
    page = text_of(client_for(cast.ana).get(address("model", "account_purchase")))
    assert "v1, live since" in page
    with organization_scope(cast.acme):
        assert DomainEvent.objects.get(type="model.reverted").actor_id == cast.ana.pk


def test_a_version_whose_file_is_missing_is_not_gone_back_to(cast, versions, client_for):
    answer = client_for(cast.ana).post(address("model-revert", "account_purchase"), follow=True)

    assert "No usable version was live before version 2." in text_of(answer)
    with organization_scope(cast.acme):
        assert TrainedModel.objects.get(status="champion").version == 2


def test_a_version_that_was_held_back_counts_when_a_person_says_so(cast, versions, client_for, monkeypatch):
    monkeypatch.setattr(import_module("coe.operations.promote_model"), "scorer_of", lambda **_: (object(), ""))

    client_for(cast.lena).post(address("model-promote", "account_purchase"), {"version": "3"})

    with organization_scope(cast.acme):
        assert TrainedModel.objects.get(status="champion").version == 3


def test_learning_anew_is_queued(cast, client_for):
    client_for(cast.ana).post(address("model-learn"))

    with organization_scope(cast.acme):
        assert Outbox.objects.filter(task="coe.tasks.learn_accounts").count() == 1


def test_who_may_look_and_who_may_roll_back(cast, versions, client_for):
    for page in ("model", "model-trials"):
        assert client_for(cast.rui).get(address(page, "account_purchase")).status_code == 403
        assert client_for(cast.abe).get(address(page, "account_purchase")).status_code == 200
    for page in ("model-revert", "model-promote"):
        assert client_for(cast.abe).post(address(page, "account_purchase"), {"version": "3"}).status_code == 403
    assert "Roll back" not in text_of(client_for(cast.abe).get(address("model", "account_purchase")))


def test_the_stranger_sees_nothing_of_it(cast, versions, client_for):
    client = client_for(cast.sam)

    for page in ("model", "model-trials"):
        assert client.get(address(page, "account_purchase")).status_code == 404
        own = text_of(client.get(address(page, "account_purchase", organization="globex")))
        assert "live since" not in own
    assert client.get(address("model", "account_purchase", organization="globex", version="2")).status_code == 404
    client.post(address("model-promote", "account_purchase", organization="globex"), {"version": "3"})
    with organization_scope(cast.acme):
        assert TrainedModel.objects.get(status="champion").version == 2


@pytest.mark.parametrize("query", [{"version": "99"}, {"version": "x"}, {"version": "²"}])
def test_a_version_that_is_none_is_not_found(cast, versions, client_for, query):
    assert client_for(cast.ana).get(address("model", "account_purchase", **query)).status_code == 404
    assert client_for(cast.ana).get(address("model", "who_wins")).status_code == 404


def test_scores_of_a_segment_that_it_is_too_sure_about_say_check(cast, client_for, monkeypatch):
    monkeypatch.setattr(timezone, "now", lambda: NOW)
    customers = give_customers(cast)
    with organization_scope(cast.acme):
        run = new_night(organization=cast.acme, requested_by=None, as_of=NOW, now=NOW)
        a_model(cast.acme, state="rules")  # too sure about key accounts
    nightly.run_night(organization=cast.acme, run_id=run.pk)

    page = text_of(client_for(cast.rui).get(reverse("pipeline:accounts", args=["acme"])))

    assert re.search(r"Explain score of Eager Engines: \d+ check", page)
    assert not re.search(r"Explain score of Gone Gears: \d+ check", page)
    assert customers.eager.segment == "key"
