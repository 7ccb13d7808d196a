"""Quotas: what a unit or a person is to win in a year, laid on its months when it was set."""

from datetime import date
from typing import Any

import pytest

from pipeline.models import Quota
from pipeline.operations import StaleQuota, UnableToSetQuota, change_quota, create_quota, delete_quota, record_season
from pipeline.queries.quotas import quotas_of
from tenancy.models import DomainEvent, Member, Unit
from tenancy.periods import PeriodKind, period_of
from tenancy.rates import set_rates
from tenancy.scoping import organization_scope
from tests.cast import Cast
from tests.pipeline.forecast_records import NOW, TODAY, grid_of, quarter, unit

pytestmark = pytest.mark.usefixtures("acme_scope")
YEAR = date(2026, 1, 1)


def a_quota(subject: Unit | Member, amount: int = 1_200, **fields: Any) -> Quota:
    """Set a quota; the amount in euros."""
    said: dict[str, Any] = {"year_start": YEAR, "currency": "EUR", "actor": None, "at": NOW, **fields}
    return create_quota(organization=subject.organization, subject=subject, amount_minor=amount * 100, **said)


def of_quarter(cast: Cast) -> dict[str, int | None]:
    """Return the quota of each row of the fourth quarter in whole euros."""
    rows = grid_of(cast.acme, cast.lena).every_row()
    return {row.name: None if row.quota is None else row.quota // 100 for row in rows}


def test_a_year_is_laid_evenly_until_somebody_knows_better(cast: Cast) -> None:
    quota = a_quota(cast.rui, 1_000)

    assert (quota.phasing, sum(quota.months), max(quota.months) - min(quota.months)) == ("even", 100_000, 1)


def test_a_year_is_laid_as_past_years_fell_by_its_own_first_month(cast: Cast) -> None:
    december = [0] * 11 + [1_000_000]
    record_season(organization=cast.acme, shares=december, years=3, learned_at=NOW)

    april = a_quota(cast.rui, year_start=date(2026, 4, 1))

    assert (april.phasing, april.months) == ("season", [0] * 8 + [120_000] + [0] * 3)
    assert record_season(organization=cast.acme, shares=december, years=3, learned_at=NOW) is False
    record_season(organization=cast.acme, shares=[1_000_000] + [0] * 11, years=4, learned_at=NOW)
    april.refresh_from_db()
    assert april.months[8] == 120_000  # a target does not move by night


def test_months_can_be_said_and_have_to_add_up(cast: Cast) -> None:
    by_hand = a_quota(cast.rui, 12, months=[100] * 12)

    assert by_hand.phasing == "by_hand"
    for months in ([100] * 11 + [99], [100] * 11, [-100, 300] + [100] * 10):
        with pytest.raises(UnableToSetQuota, match="add up to the year"):
            a_quota(cast.mia, 12, months=months)


def test_the_grid_has_the_months_of_its_period_and_adds_up_what_is_below(cast: Cast) -> None:
    a_quota(cast.rui, 1_200)
    a_quota(cast.sil, 600)
    assert of_quarter(cast) | {"Rui Prado": 300, "Sil Marten": 150, "Mobility": 450, "North": 450} == of_quarter(cast)

    a_quota(unit("mobility"), 2_400)

    found = of_quarter(cast)
    assert (found["Mobility"], found["North"], found["Marine"], found["Acme Drives"]) == (600, 600, None, 600)
    month = period_of(cast.acme, PeriodKind.MONTH, TODAY)
    assert quotas_of(organization=cast.acme, period=month)["member", cast.rui.pk] == {"EUR": 10_000}


def test_a_quota_in_another_currency_counts_by_its_rate(cast: Cast) -> None:
    a_quota(cast.rui, 1_200, currency="USD")
    assert of_quarter(cast)["Rui Prado"] is None

    set_rates(organization=cast.acme, rates={"USD": "0.5"}, on=date(2026, 1, 1))

    assert of_quarter(cast)["Rui Prado"] == 150


def test_one_for_the_same_months_is_refused_and_a_change_names_its_version(cast: Cast) -> None:
    quota = a_quota(cast.rui)
    with pytest.raises(UnableToSetQuota, match="a quota for Jan – Dec 2026 already"):
        a_quota(cast.rui, year_start=date(2026, 7, 1))
    a_quota(cast.rui, year_start=date(2027, 1, 1))

    said: dict[str, Any] = {"organization": cast.acme, "quota": quota, "actor": cast.lena, "at": NOW}
    changed = change_quota(**said, version=1, amount_minor=240_000)
    assert (changed.amount_minor, changed.months[0], changed.version) == (240_000, 20_000, 2)
    with pytest.raises(StaleQuota):
        change_quota(**said, version=1, amount_minor=1)
    delete_quota(**said, version=2)

    assert list(Quota.objects.values_list("year_start", flat=True)) == [date(2027, 1, 1)]
    types = DomainEvent.objects.filter(type__startswith="quota.").order_by("id").values_list("type", flat=True)
    assert list(types) == ["quota.set", "quota.set", "quota.set", "quota.deleted"]


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"year_start": date(2026, 1, 2)}, "first day of a month"),
        ({"currency": "XXX"}, "no currency"),
        ({"amount": -1}, "not less than nothing"),
        ({"amount": 10**15}, "no more than can be counted"),
    ],
)
def test_what_can_t_be_meant_is_refused(said: dict[str, Any], words: str, cast: Cast) -> None:
    with pytest.raises(UnableToSetQuota, match=words):
        a_quota(cast.rui, **said)


def test_a_stranger_has_none_of_them(cast: Cast) -> None:
    a_quota(cast.rui)

    with organization_scope(cast.globex):
        assert quotas_of(organization=cast.globex, period=quarter(cast.globex)) == {}
        assert not Quota.objects.exists()
