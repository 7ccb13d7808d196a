"""The pages of the model's forecast: what they say, who sees them, and what the address may ask."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from coe.operations import forecast_periods
from pipeline.models import ForecastSubmission, PeriodForecast, Quota
from tenancy.models import Unit
from tenancy.periods import PeriodKind, period_of
from tenancy.scoping import organization_scope
from tests.coe.forecast_deals import a_night, a_past
from tests.coe.records import Records


@pytest.fixture
def forecast(cast):
    """What a night of now said, in Acme."""
    now = timezone.now()
    with organization_scope(cast.acme):
        records = Records(cast.acme)
        a_past(records, [cast.rui, cast.mia], quarters=10, now_is=now)
        forecast_periods(organization=cast.acme, run=a_night(records, "forecast", now), as_of=now)
        yield PeriodForecast.objects.filter(kind="quarter", unit=None, reconstructed=False).earliest("period_start")


def page(client, cast, name="coe:forecast-model", organization=None, **asked):
    return client.get(reverse(name, kwargs={"organization": (organization or cast.acme).slug}), asked)


class TestTheModelsPage:
    def test_it_shows_the_four_forecasts_and_the_interval(self, cast, forecast, client_for):
        answer = page(client_for(cast.lena), cast)
        assert answer.status_code == 200
        told = answer.context["told"]
        assert told.figures["p50"] == forecast.p50_minor
        assert told.figures["closed"] == forecast.closed_minor
        assert answer.context["people"].said is None
        assert "80% interval" in answer.content.decode()
        months = answer.context["months"]
        assert sum(one["closed"] for one in months) == pytest.approx(forecast.closed_minor, abs=2)

    def test_a_goal_gets_its_chance_and_the_pipeline_that_it_needs(self, cast, forecast, client_for):
        likely = (forecast.p50_minor + forecast.p90_minor) // 200
        answer = page(client_for(cast.lena), cast, goal=str(likely))
        goal = answer.context["goal"]
        assert 10 <= goal["percent"] <= 50
        assert goal["needed"] == pytest.approx(
            (likely * 100 - forecast.closed_minor - forecast.new_minor) / forecast.conversion, rel=0.02
        )
        for nonsense in ("many", "-5", "nan", "9" * 20):
            answer = page(client_for(cast.lena), cast, goal=nonsense)
            assert answer.status_code == 200
            assert answer.context["goal"] is None
            assert "written in digits" in answer.content.decode()

    def test_what_people_promised_and_were_asked_for_stands_beside_it(self, cast, forecast, client_for):
        now = timezone.now()
        quarter = period_of(cast.acme, PeriodKind.QUARTER, forecast.as_of_date)
        root = Unit.objects.get(code="acme")
        Quota.objects.create(
            organization=cast.acme, unit=root, year_start=quarter.start, currency="EUR",
            amount_minor=12_000_00, months=[1_000_00] * 12, phasing="even", set_at=now,
        )  # fmt: skip
        ForecastSubmission.objects.create(
            organization=cast.acme, period_kind="quarter", period_start=quarter.start, period_end=quarter.end,
            unit=root, submitted_by=cast.lena, submitted_at=now, currency="EUR", commit_minor=777_00,
            best_case_minor=900_00, by_deals_commit_minor=777_00,
            by_deals_best_case_minor=900_00, sums={}, deals=0, fingerprint="0",
        )  # fmt: skip
        answer = page(client_for(cast.lena), cast)
        assert answer.context["people"].said.commit_minor == 777_00
        assert answer.context["goal"]["target"] == 3_000_00
        assert "€777" in answer.content.decode()

    def test_it_says_what_it_rests_on_and_what_it_leaves_out(self, cast, forecast, client_for):
        words = " ".join(page(client_for(cast.lena), cast).context["assumptions"])
        assert "open deals, each with the chance of its stage" in words
        assert "learnt from" in words
        assert "the season" in words

    def test_a_unit_and_a_month_have_their_own(self, cast, forecast, client_for):
        mobility = Unit.objects.get(code="mobility")
        answer = page(client_for(cast.lena), cast, unit=str(mobility.pk))
        assert answer.context["told"].row.unit_id == mobility.pk
        month = period_of(cast.acme, PeriodKind.MONTH, forecast.as_of_date)
        answer = page(client_for(cast.lena), cast, period=month.code)
        assert answer.context["told"].row.kind == "month"

    def test_who_reaches_a_squad_begins_with_it_and_cannot_ask_for_the_whole(self, cast, forecast, client_for):
        mobility, marine = (Unit.objects.get(code=code) for code in ("mobility", "marine"))
        client = client_for(cast.rui)
        answer = page(client, cast)
        assert answer.context["unit_id"] == mobility.pk
        assert [one["id"] for one in answer.context["units"]] == [mobility.pk]
        assert page(client, cast, unit=str(marine.pk)).context["told"] is None
        assert page(client_for(cast.eva), cast).status_code == 403

    def test_the_stranger_sees_nothing_of_it(self, cast, forecast, client_for):
        assert page(client_for(cast.sam), cast).status_code == 404
        own = page(client_for(cast.sam), cast, organization=cast.globex)
        assert own.context["told"] is None
        mobility = Unit.objects.get(code="mobility")
        assert page(client_for(cast.sam), cast, organization=cast.globex, unit=str(mobility.pk)).context["told"] is None

    @pytest.mark.parametrize("asked", [{"period": "year-2026-01-01"}, {"period": "x"}, {"unit": "x"}])
    def test_what_does_not_exist_is_refused_in_words(self, cast, client_for, asked):
        assert page(client_for(cast.lena), cast, **asked).status_code == 400


class TestWhoWasRight:
    def test_past_quarters_are_held_against_what_came(self, cast, forecast, client_for):
        answer = page(client_for(cast.lena), cast, "coe:forecast-accuracy", at="third")
        record = answer.context["record"]
        told = [one for one in record.quarters if one.said is not None]
        assert len(told) >= 4
        assert all(one.said.reconstructed for one in told)
        assert record.kinds["model"].periods == len(told)
        assert record.kinds["model"].reading is not None
        assert record.best in ("model", "weighted")
        assert "human" not in record.kinds
        assert answer.context["words"].startswith("The 80% interval held")

    def test_what_people_had_promised_by_then_counts_and_not_what_they_said_later(self, cast, forecast, client_for):
        quarter = period_of(cast.acme, PeriodKind.QUARTER, forecast.period_start - timedelta(days=1))
        root = Unit.objects.get(code="acme")
        for days, amount in ((10, 500_00), (80, 900_00)):
            moment = timezone.now().replace(hour=12) - (timezone.now().date() - quarter.start) + timedelta(days=days)
            ForecastSubmission.objects.create(
                organization=cast.acme, period_kind="quarter", period_start=quarter.start, period_end=quarter.end,
                unit=root, submitted_by=cast.lena, submitted_at=moment, currency="EUR", commit_minor=amount,
                best_case_minor=amount, by_deals_commit_minor=amount, by_deals_best_case_minor=amount, sums={}, deals=0,
                fingerprint="0",
            )  # fmt: skip
        record = page(client_for(cast.lena), cast, "coe:forecast-accuracy", at="third").context["record"]
        assert record.quarters[-1].human == 500_00
        assert record.kinds["human"].periods == 1
        assert record.best is None  # people have spoken too seldom to be judged

    def test_without_a_forecast_it_says_so(self, cast, client_for):
        answer = page(client_for(cast.lena), cast, "coe:forecast-accuracy")
        assert "Nothing to judge yet" in answer.content.decode()
        assert page(client_for(cast.lena), cast, "coe:forecast-accuracy", at="noon").status_code == 400

    def test_the_stranger_sees_nothing_of_it(self, cast, forecast, client_for):
        assert page(client_for(cast.sam), cast, "coe:forecast-accuracy").status_code == 404
        own = page(client_for(cast.sam), cast, "coe:forecast-accuracy", organization=cast.globex)
        assert own.context["record"].inside.periods == 0


class TestTheStripOfTheBoard:
    def strip(self, client, cast, organization=None):
        return client.get(reverse("pipeline:board-forecast", args=[(organization or cast.acme).slug]))

    def test_it_says_what_the_quarter_is_likely_to_bring_and_what_is_missing(self, cast, forecast, client_for):
        quarter = period_of(cast.acme, PeriodKind.QUARTER, forecast.as_of_date)
        Quota.objects.create(
            organization=cast.acme, unit=Unit.objects.get(code="acme"), year_start=quarter.start, currency="EUR",
            amount_minor=12 * 10**9, months=[10**9] * 12, phasing="even", set_at=timezone.now(),
        )  # fmt: skip
        answer = self.strip(client_for(cast.lena), cast)
        assert answer.context["told"].figures["p50"] == forecast.p50_minor
        assert answer.context["gap"] == 3 * 10**9 - forecast.p50_minor
        words = answer.content.decode()
        assert "under goal" in words
        assert "4 of 5 quarters" in words
        assert "<svg" in words

    def test_who_reaches_a_squad_sees_that_of_the_squad(self, cast, forecast, client_for):
        assert self.strip(client_for(cast.rui), cast).context["told"].row.unit.code == "mobility"
        assert self.strip(client_for(cast.eva), cast).status_code == 403

    def test_before_a_night_and_for_the_stranger_there_is_none(self, cast, client_for):
        assert self.strip(client_for(cast.lena), cast).content == b""
        assert self.strip(client_for(cast.sam), cast).status_code == 404
        assert self.strip(client_for(cast.sam), cast, cast.globex).content == b""

    def test_the_board_fetches_it_for_who_may_see_it(self, cast, client_for):
        board, address = (reverse(f"pipeline:{name}", args=[cast.acme.slug]) for name in ("board", "board-forecast"))
        assert f'hx-get="{address}"' in client_for(cast.lena).get(board).content.decode()
        assert address not in client_for(cast.eva).get(board).content.decode()
