"""How a year falls on its months: learnt from whole past years, and from nothing that was not known."""

from datetime import UTC, date, datetime

import pytest

from coe.operations import learn_season
from pipeline.models import Opportunity, Season
from tenancy.scoping import organization_scope
from tests.cast import Cast
from tests.pipeline.forecast_records import NOW, close
from tests.pipeline.records import a_deal

pytestmark = pytest.mark.usefixtures("acme_scope")


def won_on(cast: Cast, day: date, euros: int = 100) -> Opportunity:
    """A deal that was won on a day and known from then on."""
    at = datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
    return close(a_deal(cast.acme, opened_at=at, amount_minor=euros * 100, close_date=day), at=at)


def test_it_learns_from_whole_years_half_and_half_with_even_months(cast: Cast) -> None:
    won_on(cast, date(2024, 8, 1))  # a year in which the records only begin
    won_on(cast, date(2025, 12, 5))
    won_on(cast, date(2026, 3, 1))  # a year that goes on

    done = learn_season(organization=cast.acme, as_of=NOW)

    assert (done.years, done.is_new) == (1, True)
    shares = Season.objects.get().shares
    assert sum(shares) == 1_000_000
    # All of 2025 fell on December; no month is taken for more than three even ones, and an even year is added.
    assert shares[11] > 2 * shares[0]
    assert len(set(shares[:11])) <= 2
    assert learn_season(organization=cast.acme, as_of=NOW).is_new is False


def test_it_follows_the_fiscal_year_and_says_calendar_months(cast: Cast) -> None:
    cast.acme.fiscal_year_start_month = 4
    won_on(cast, date(2025, 4, 1))
    won_on(cast, date(2026, 3, 31), euros=300)

    assert learn_season(organization=cast.acme, as_of=NOW).years == 1

    shares = Season.objects.get().shares
    assert shares[2] > shares[0]  # March


def test_what_became_known_later_is_not_learnt_from(cast: Cast) -> None:
    won_on(cast, date(2025, 1, 5))
    later = won_on(cast, date(2025, 12, 5), euros=900)
    Opportunity.objects.filter(pk=later.pk).update(recorded_at=datetime(2026, 12, 1, tzinfo=UTC))

    learn_season(organization=cast.acme, as_of=NOW)

    shares = Season.objects.get().shares
    assert shares[0] > shares[11]


def test_without_a_whole_year_it_says_nothing_and_a_stranger_has_no_season(cast: Cast) -> None:
    won_on(cast, date(2025, 1, 5))
    assert learn_season(organization=cast.acme, as_of=NOW).years == 1

    with organization_scope(cast.globex):
        assert learn_season(organization=cast.globex, as_of=NOW).years == 0
        assert not Season.objects.exists()
