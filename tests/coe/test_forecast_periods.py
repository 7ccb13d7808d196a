"""What the night says of quarters and months: kept once, of the whole and each unit, and only from what was known."""

from datetime import timedelta

import pytest
from django.db import ProgrammingError, connection, transaction

from coe.operations import forecast_periods
from pipeline.models import Opportunity, OpportunityScore, PeriodForecast
from pipeline.queries.period_forecasts import forecasts_for, newest_forecasts
from tenancy.models import Unit
from tenancy.scoping import organization_scope
from tests.coe.forecast_deals import a_night, a_past
from tests.coe.records import NOW, Records, at

TODAY = NOW.date()


@pytest.fixture
def records(cast):
    with organization_scope(cast.acme):
        yield Records(cast.acme)


def forecast(records, run=None, as_of=NOW):
    return forecast_periods(
        organization=records.organization, run=run or a_night(records, as_of.isoformat(), as_of), as_of=as_of
    )


def kept(organization, **values):
    return PeriodForecast.objects.for_organization(organization).filter(**values)


class TestTheNight:
    def test_it_says_this_and_the_next_quarter_and_month_of_the_whole_and_of_each_unit(self, cast, records):
        a_past(records, [cast.rui, cast.mia])
        done = forecast(records)

        said = kept(cast.acme, reconstructed=False)
        assert done.told
        assert set(said.filter(unit=None).values_list("kind", "period_start", "period_end")) == {
            ("quarter", day("2026-10-01"), day("2027-01-01")),
            ("quarter", day("2027-01-01"), day("2027-04-01")),
            ("month", day("2026-11-01"), day("2026-12-01")),
            ("month", day("2026-12-01"), day("2027-01-01")),
        }
        assert set(said.values_list("unit__code", flat=True)) == {None, "north", "mobility", "marine"}
        whole = said.get(unit=None, kind="quarter", period_start="2026-10-01")
        assert whole.closed_minor <= whole.p10_minor < whole.p50_minor < whole.p90_minor
        assert whole.mean_minor == pytest.approx(whole.closed_minor + whole.open_minor + whole.new_minor, rel=0.06)
        assert whole.new_is_known
        assert whole.quantiles == sorted(whole.quantiles)
        assert whole.chance_of(whole.p50_minor) == pytest.approx(0.5, abs=0.02)
        assert (whole.chance_of(0), whole.chance_of(10**15)) == (1.0, 0.01)
        assert whole.fan[-1][0] < "2027-01-01"

    def test_units_add_up_to_the_whole(self, cast, records):
        a_past(records, [cast.rui, cast.mia])
        forecast(records)
        of = {
            one.unit.code if one.unit else "": one
            for one in kept(cast.acme, reconstructed=False, kind="quarter", period_start="2026-10-01")
        }
        for name in ("closed_minor", "deals", "due_minor"):
            whole, parts = getattr(of[""], name), [getattr(of[code], name) for code in ("mobility", "marine")]
            assert sum(parts) == pytest.approx(whole, abs=2)
        assert of["north"].p50_minor == of["mobility"].p50_minor  # the squad is all of the tribe

    def test_past_quarters_are_said_once_from_what_was_known(self, cast, records):
        a_past(records, [cast.rui])
        forecast(records)
        then = kept(cast.acme, reconstructed=True)
        assert then.exclude(unit=None).count() == 0
        assert then.filter(period_start="2026-07-01").count() == 4
        assert then.filter(period_start="2026-10-01").count() == 8  # weeks, up to last one
        before = then.count()
        forecast(records, as_of=NOW + timedelta(days=1))
        assert then.count() == before

    def test_what_is_written_later_does_not_change_what_would_have_been_said(self, cast, records):
        a_past(records, [cast.rui])
        with transaction.atomic():
            forecast(records)
            first = list(
                kept(cast.acme, reconstructed=True, period_start="2026-07-01").values_list("p10_minor", "p90_minor")
            )
            transaction.set_rollback(True)
        Opportunity.objects.for_organization(cast.acme).filter(outcome="open").update(amount_minor=10**13)
        forecast(records)
        again = list(
            kept(cast.acme, reconstructed=True, period_start="2026-07-01").values_list("p10_minor", "p90_minor")
        )
        assert again == first

    def test_the_same_run_twice_changes_nothing(self, cast, records):
        a_past(records, [cast.rui])
        run = a_night(records)
        assert forecast(records, run).written > 0
        before = set(kept(cast.acme).values_list("pk", "p50_minor"))
        assert forecast(records, run).written == 0
        assert set(kept(cast.acme).values_list("pk", "p50_minor")) == before

    def test_nobody_can_rewrite_or_remove_what_was_said(self, cast, records):
        a_past(records, [cast.rui])
        forecast(records)
        for sql in ("UPDATE pipeline_periodforecast SET p50_minor = 1", "DELETE FROM pipeline_periodforecast"):
            with pytest.raises(ProgrammingError, match="permission denied"), transaction.atomic():
                connection.cursor().execute(sql)

    def test_a_young_organisation_is_told_what_is_closed_and_that_more_is_not_known(self, cast, records):
        records.deal(records.account(), days=10, close_date=at(-20).date())
        records.deal(records.account(), stage="Won", days=30, closed=5, close_date=at(5).date())
        done = forecast(records)
        whole = kept(cast.acme, unit=None, kind="quarter").earliest("period_start")
        assert not done.told
        assert (whole.p50_minor, whole.quantiles, whole.is_told) == (None, [], False)
        assert (whole.closed_minor, whole.weighted_minor) == (1_000_000, 1_100_000)
        assert whole.chance_of(5_000_000) is None

    def test_deals_that_cannot_be_counted_are_named(self, cast, records):
        a_past(records, [cast.rui])
        for _ in range(2):
            records.deal(records.account(), days=10, amount_minor=7_00, currency="USD")
        records.deal(records.account(), days=10, amount_minor=None, currency="")
        forecast(records)
        whole = kept(cast.acme, unit=None, kind="quarter", reconstructed=False).earliest("period_start")
        assert whole.left_out == [{"reason": "no_rate", "currency": "USD", "deals": 2, "amount_minor": 14_00}]
        assert whole.assumed_deals == 1

    def test_a_model_that_tells_deals_apart_is_used_and_one_that_does_not_is_not(self, cast, records):
        deals = a_past(records, [cast.rui])
        (open_deal, *_) = (one for one in deals if one.outcome == "open")
        for state, scored in (("no_reliable_signal", 0), ("learned", 1)):
            run = a_night(records, state)
            OpportunityScore.objects.for_organization(cast.acme).delete()
            OpportunityScore.objects.create(
                organization=cast.acme, opportunity=open_deal, run=run, score=90, probability=0.9, rank=1, state=state,
                model_version="model-1", as_of=NOW, scored_at=NOW,
            )  # fmt: skip
            assert forecast(records, run).scored == scored


class TestWhoSeesIt:
    def test_only_the_own_organisation(self, cast, records):
        a_past(records, [cast.rui])
        forecast(records)
        found = newest_forecasts(organization=cast.acme, member=cast.lena, today=TODAY)
        assert found[None].p50_minor is not None
        assert len(found) == 3
        with organization_scope(cast.globex):
            assert newest_forecasts(organization=cast.globex, member=cast.sam, today=TODAY) == {}
            assert not PeriodForecast.objects.exists()

    def test_who_reaches_a_squad_sees_its_forecast_and_not_the_whole(self, cast, records, monkeypatch):
        from tenancy import access

        a_past(records, [cast.rui, cast.mia])
        forecast(records)
        monkeypatch.setitem(access.ALLOWED[access.Action.VIEW_FORECAST], access.Role.COACH, access.Reach.OWN)
        mobility = Unit.objects.get(code="mobility")
        seen = forecasts_for(organization=cast.acme, member=cast.rui, today=TODAY)
        assert set(seen.values_list("unit", flat=True)) == {mobility.pk}
        for nobody in (cast.cora, cast.eva):  # who sees own deals only, and who sees no forecast
            assert not forecasts_for(organization=cast.acme, member=nobody, today=TODAY).exists()


def day(text):
    from datetime import date

    return date.fromisoformat(text)
