"""Did following the list pay: what came of what was acted on, left alone, set by hand and picked to learn."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from coe.queries.closed_loop import closed_loop
from coe.scoring.closed_loop import difference, rate
from pipeline.models import AccountScoreHistory, PlannedAction
from tenancy.models import Run
from tenancy.scoping import organization_scope
from tests.coe.records import NOW, Records, at
from tests.pipeline.pages import text_of


def test_like_is_compared_with_like() -> None:
    # Good accounts were acted on, poor ones weren't; acting changed nothing in either.
    acted = {4: (90, 45), 0: (10, 1)}
    ignored = {4: (10, 5), 0: (90, 9)}

    found = difference(acted, ignored)

    assert rate(acted).value == 0.46
    assert rate(ignored).value == 0.14
    assert found.value == pytest.approx(0.0, abs=1e-9)
    assert found.low < -0.05
    assert not found.is_clear


def test_a_difference_in_each_stratum_is_found_with_its_interval() -> None:
    found = difference({0: (500, 150), 1: (500, 250)}, {0: (500, 100), 1: (500, 200)})

    assert found.value == pytest.approx(0.1)
    assert found.is_clear
    assert found.low == pytest.approx(0.06, abs=0.01)


def test_few_cases_are_no_estimate_but_a_reason() -> None:
    assert difference({0: (19, 9)}, {0: (400, 20)}).value is None
    assert "19 comparable accounts" in difference({0: (19, 9)}, {0: (400, 20)}).why
    assert difference({0: (50, 10)}, {1: (50, 10)}).value is None
    assert rate({}).value is None


@pytest.fixture
def planned(cast, monkeypatch):
    """Three accounts that a plan named a hundred days ago; two of them bought since."""
    monkeypatch.setattr(timezone, "now", lambda: NOW)
    with organization_scope(cast.acme):
        records = Records(cast.acme)
        for place, acted, bought in [("ranked", True, 60), ("ranked", False, None), ("explored", False, 95)]:
            account = records.account()
            plan(cast.acme, account, place)
            if acted:
                records.activity(account, days=97, kind="call", member=cast.rui, direction="out")
            if bought:
                records.order(account, days=bought)
        plan(cast.acme, account, "ranked", days=40)  # a second time counts for nothing


def plan(organization, account, place, days=100):
    night = Run.objects.create(
        organization=organization,
        kind=Run.Kind.NIGHT,
        key=f"{place}{days}{account.pk}",
        scheduled_for=at(days).date(),
        created_at=at(days),
    )
    PlannedAction.objects.create(
        organization=organization,
        account=account,
        run=night,
        place=place,
        own_rank=1,
        hours=1,
        value_minor=1,
        per_hour_minor=1,
        currency="EUR",
        as_of=at(days),
    )
    AccountScoreHistory.objects.create(
        organization=organization,
        account=account,
        run=night,
        score=41,
        rank=1,
        band="act",
        model_version="rule-card-shipped",
        as_of=at(days + 1),
    )


def test_each_account_counts_once_by_what_was_done_within_a_week(cast, planned):
    with organization_scope(cast.acme):
        after_30, after_60, after_90 = closed_loop(organization=cast.acme, now=NOW)

    def came(loop):
        return {group: (one.cases, one.came) for group, one in loop.rates.items()}

    assert came(after_30) == {"acted": (1, 0), "ignored": (1, 0), "overridden": (0, 0), "explored": (1, 1)}
    assert came(after_60)["acted"] == (1, 1)
    assert came(after_90)["acted"] == (1, 1)


def test_what_has_not_had_its_days_is_not_counted(cast, planned):
    with organization_scope(cast.acme):
        loops = closed_loop(organization=cast.acme, now=NOW - timedelta(days=50))

    assert [loop.cases for loop in loops] == [3, 0, 0]


def test_the_page_says_figures_intervals_and_that_it_is_no_experiment(cast, planned, client_for):
    address = reverse("coe:model-pays", args=["acme"])

    page = text_of(client_for(cast.ana).get(address))

    assert "1 of 1; 21% to 100%, 95%" in page
    assert "shown from 20 and 5 on" in page
    assert "No experiment" in page
    assert client_for(cast.rui).get(address).status_code == 403
    assert client_for(cast.sam).get(address).status_code == 404
    own = text_of(client_for(cast.sam).get(reverse("coe:model-pays", args=["globex"])))
    assert "Nothing to tell yet" in own
