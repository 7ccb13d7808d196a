"""The night on Maven's CRM export, as of its last day."""

import json
from datetime import date
from io import StringIO

import pytest
from django.core.management import call_command
from django.db import connection

from coe.views.forecast_figures import width_words
from pipeline import rules
from pipeline.models import (
    Activity,
    Contact,
    Opportunity,
    Order,
    PeriodForecast,
    Product,
    SatisfactionResponse,
    UsageSignal,
)
from pipeline.queries.priorities import priorities
from tenancy.scoping import organization_scope
from tests.integrations.test_real_files import import_maven

pytestmark = [pytest.mark.real_data, pytest.mark.django_db]


@pytest.fixture(autouse=True)
def _patience(db):
    """Give the session the limits that commands and workers have; those of pages are for pages."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL statement_timeout = '600s'")


MODELS = {
    "opportunity": Opportunity,
    "order": Order,
    "product": Product,
    "contact": Contact,
    "activity": Activity,
    "satisfaction_response": SatisfactionResponse,
    "usage_signal": UsageSignal,
}


def run_night(slug, as_of):
    out = StringIO()
    call_command("run_night", organization=slug, as_of=as_of, as_json=True, stdout=out)
    return json.loads(out.getvalue())


def test_maven_is_ranked_as_of_its_last_day_and_each_reason_has_its_records(cast):
    import_maven(cast.acme)

    said = run_night("acme", "2017-12-31")

    assert said["status"] == "done"
    assert said["data_up_to"].startswith("2017-12-3")
    with organization_scope(cast.acme):
        scores = list(priorities(organization=cast.acme, member=cast.lena, today=date(2026, 1, 1)).order_by("rank"))
        assert [score.rank for score in scores] == list(range(1, 86))
        values = [score.per_hour_minor or 0 for score in scores]
        assert values == sorted(values, reverse=True)
        assert {score.band for score in scores} == {"act", "week", "steady"}
        assert len({score.score for score in scores}) > 5
        for score in scores:
            assert score.reasons
            for reason in score.reasons:
                assert reason["records"], reason["code"]
                for record in reason["records"]:
                    found = MODELS[record["type"]].objects.for_organization(cast.acme).get(pk=record["id"])
                    assert str(found) == record["label"]
                    assert getattr(found, "account_id", score.account_id) == score.account_id
                assert rules.reason_sentence(reason, date(2017, 12, 31)) != reason["code"]
        the_forecast_says_how_wide_it_is_and_that_old_deals_are_hardly_won()


def the_forecast_says_how_wide_it_is_and_that_old_deals_are_hardly_won():
    """None of Maven's open deals has an amount, and many are older than any that was ever closed."""
    said = PeriodForecast.objects.get(kind="quarter", unit=None, period_start="2018-01-01", reconstructed=False)
    assert (said.deals, said.assumed_deals, said.scored_deals) == (2089, 2089, 0)
    assert (said.periods, said.new_is_known) == (2, False)  # only two quarters are known from their beginning on
    assert 20 < 100 * (said.p90_minor - said.p10_minor) / said.p50_minor < 200
    assert "of the likely figure" in width_words(said)
    (stages,) = PeriodForecast.objects.exclude(stages=[]).values_list("stages", flat=True)
    engaging = next(one for one in stages if one["name"].startswith("Engaging"))
    chances = [chance for _days, chance in engaging["curve"]]
    assert chances[0] > 0.4
    assert chances[-1] == 0.01


def test_a_day_in_october_sees_open_deals_that_were_won_since(cast):
    import_maven(cast.acme)

    run_night("acme", "2017-10-01")

    with organization_scope(cast.acme):
        named = {
            record["id"]
            for score in priorities(organization=cast.acme, member=cast.lena, today=date(2026, 1, 1))
            for reason in score.reasons
            if reason["code"].startswith("open_deal")
            for record in reason["records"]
        }
        since = Opportunity.objects.for_organization(cast.acme).filter(pk__in=named, closed_at__gt="2017-10-02T00:00Z")
        assert named
        assert since.exists()
        assert (
            not Opportunity.objects.for_organization(cast.acme)
            .filter(pk__in=named, closed_at__lt="2017-10-01T00:00Z")
            .exists()
        )
