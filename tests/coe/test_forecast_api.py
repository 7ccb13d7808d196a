"""/api/v1/forecast: what nights said, as of any day, to who may read it."""

from datetime import timedelta

import pytest

from coe.operations import forecast_periods
from pipeline.models import PeriodForecast
from tenancy.scoping import organization_scope
from tests.coe.forecast_deals import a_night, a_past
from tests.coe.records import NOW, Records
from tests.integrations.api_caller import Caller, a_token, the_problem

ADDRESS = "/api/v1/forecast"


@pytest.fixture
def said(cast):
    """Forecasts of two nights, three days apart."""
    with organization_scope(cast.acme):
        records = Records(cast.acme)
        a_past(records, [cast.rui, cast.mia])
        for days in (3, 0):
            moment = NOW - timedelta(days=days)
            forecast_periods(organization=cast.acme, run=a_night(records, str(days), moment), as_of=moment)
        return list(PeriodForecast.objects.filter(kind="quarter", unit=None, period_start="2026-10-01"))


def told(caller, **asked):
    answer = caller.get(ADDRESS, asked)
    assert answer.status_code == 200, answer.content
    return answer.json()["results"]


def test_it_gives_the_interval_of_a_period_as_it_stood_on_a_day(cast, said):
    acme = Caller(a_token(cast.acme))
    asked = {"period": "quarter", "in_period": "2026-11-23", "whole": "true"}
    last, before = (max((one for one in said if one.as_of_date <= day), key=lambda one: one.as_of)
                    for day in (NOW.date(), NOW.date() - timedelta(days=1)))  # fmt: skip

    (now,) = told(acme, **asked, as_of="2026-11-23")
    (then,) = told(acme, **asked, as_of="2026-11-22")

    assert now["p50"] == {"amount_minor": last.p50_minor, "currency": "EUR"}
    assert (now["p10"]["amount_minor"], now["p90"]["amount_minor"]) == (last.p10_minor, last.p90_minor)
    assert (now["as_of_date"], then["as_of_date"]) == ("2026-11-23", before.as_of_date.isoformat())
    assert then["id"] == str(before.pk)
    assert len(now["quantiles"]) == 99
    assert now["fan"][0]["p10"] <= now["fan"][0]["p90"]
    assert acme.get(f"{ADDRESS}/{now['id']}").json() == now


def test_units_and_months_have_their_own_and_every_night_is_kept(cast, said):
    acme = Caller(a_token(cast.acme))
    of_units = told(acme, as_of="2026-11-23", whole="false", in_period="2026-11-23")
    assert {(one["period"], one["unit"]["name"]) for one in of_units} == {
        (period, unit) for period in ("quarter", "month") for unit in ("North", "Mobility", "Marine")
    }
    assert len(told(acme, whole="true", period_start="2026-11-01", reconstructed="false")) == 2


def test_who_may_not_read_it_gets_none(cast, said):
    assert told(Caller(a_token(cast.globex))) == []
    assert Caller(a_token(cast.globex)).get(f"{ADDRESS}/{said[0].pk}").status_code == 404
    assert the_problem(Caller(a_token(cast.acme, ["accounts:read"])).get(ADDRESS), 403)
    assert Caller(a_token(cast.acme)).get(ADDRESS, {"as_of": "yesterday"}).status_code == 400
