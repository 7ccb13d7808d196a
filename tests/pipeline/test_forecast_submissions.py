"""Submitting a forecast: a promise with how the deals stood, from sellers up to the company, never changed."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.db import DatabaseError, transaction

from pipeline.models import ForecastSubmission, Opportunity, SubmittedDeal
from pipeline.operations import ReasonMissing, UnableToSubmit, UnfitPromise, submit_forecast, update_opportunity
from pipeline.queries.submissions import newest_submissions, submissions_about
from tenancy.models import DomainEvent
from tenancy.periods import PeriodKind, period_of
from tenancy.scoping import organization_scope
from tests.cast import Cast
from tests.pipeline.forecast_records import NOW, a_due_deal, close, euros, grid_of, quarter, submit, unit

pytestmark = pytest.mark.usefixtures("acme_scope")


@pytest.fixture
def deals(cast: Cast) -> list[Opportunity]:
    """Rui: 10 won, 70 committed, 30 best case, 5 in the pipeline. Mia: 40 committed."""
    return [
        close(a_due_deal(cast.acme, cast.rui, "Negotiate", 10)),
        a_due_deal(cast.acme, cast.rui, "Negotiate", 70),
        a_due_deal(cast.acme, cast.rui, "Proposal", 30, pinned_category="best_case"),
        a_due_deal(cast.acme, cast.rui, "Qualify", 5),
        a_due_deal(cast.acme, cast.mia, "Negotiate", 40),
    ]


def test_it_keeps_the_numbers_with_how_the_deals_stood(cast: Cast, deals: list[Opportunity]) -> None:
    made = submit(cast.rui, 80, 110, by=cast.rui, note="As we spoke")

    assert (made.is_override, made.by_deals_commit_minor, made.by_deals_best_case_minor) == (False, 8_000, 11_000)
    assert made.sums == {"commit": 7_000, "best_case": 3_000, "pipeline": 500, "omitted": 0, "won": 1_000, "lost": 0}
    kept = SubmittedDeal.objects.filter(submission=made).order_by("-amount_minor")
    assert [(one.deal_id, one.category, one.is_pinned, one.amount_minor) for one in kept] == [
        (deals[1].pk, "commit", False, 7_000),
        (deals[2].pk, "best_case", True, 3_000),
        (deals[0].pk, "won", False, 1_000),
        (deals[3].pk, "pipeline", False, 500),
    ]
    event = DomainEvent.objects.get(type="forecast.submitted")
    assert (event.actor_id, event.payload["commit_minor"], event.payload["is_override"]) == (cast.rui.pk, 8_000, False)


def test_another_number_needs_a_reason_and_changes_no_deal(cast: Cast, deals: list[Opportunity]) -> None:
    before = list(Opportunity.objects.order_by("pk").values())

    with pytest.raises(ReasonMissing, match="adds up to €80 committed and €110"):
        submit(cast.rui, 60, 110)
    made = submit(cast.rui, 60, 110, by=cast.sil, reason="The lawyer is ill")

    assert (made.is_override, made.reason, made.submitted_by) == (True, "The lawyer is ill", cast.sil)
    assert list(Opportunity.objects.order_by("pk").values()) == before


def test_what_sellers_say_rolls_up_and_each_level_may_say_its_own(cast: Cast, deals: list[Opportunity]) -> None:
    submit(cast.rui, 60, 90, reason="Cautious")
    squad = unit("mobility")

    assert submit(squad, 60, 90).is_override is False  # nobody of the squad but Rui has deals
    submit(squad, 50, 90, reason="More cautious")
    company = unit("acme")
    # 50 of Mobility by its own word, 40 of Marine by its deals.
    assert submit(company, 90, 130).is_override is False

    row = grid_of(cast.acme).find(f"unit:{company.pk}")
    assert row is not None
    assert row.said is not None
    assert (row.said.commit_minor, row.adds_up.commit_minor) == (9_000, 9_000)
    assert euros(grid_of(cast.acme), row.key) == {"won": 10, "commit": 110, "best_case": 30, "pipeline": 5}


def test_a_newer_one_supersedes_and_none_can_be_changed_or_deleted(cast: Cast, deals: list[Opportunity]) -> None:
    first = submit(cast.rui, 80, 110)
    later = submit(cast.rui, 70, 110, reason="One slipped", submitted_at=NOW + timedelta(hours=1))

    newest = newest_submissions(organization=cast.acme, period=quarter(cast.acme))
    assert newest["member", cast.rui.pk] == later
    for attempt in (
        lambda: ForecastSubmission.objects.filter(pk=first.pk).update(commit_minor=1),
        lambda: ForecastSubmission.objects.filter(pk=first.pk)._raw_delete("default"),
        lambda: SubmittedDeal.objects.filter(submission=first).update(amount_minor=1),
    ):
        with pytest.raises(DatabaseError, match="permission denied"), transaction.atomic():
            attempt()


def test_it_is_stale_when_its_deals_changed_or_after_a_week(cast: Cast, deals: list[Opportunity]) -> None:
    submit(cast.rui, 80, 110)
    key = f"member:{cast.rui.pk}"

    def stale(**asked: Any) -> str:
        row = grid_of(cast.acme, **asked).find(key)
        assert row is not None
        return str(row.stale)

    assert stale() == ""
    assert stale(now=NOW + timedelta(days=7, seconds=1)) == "old"
    fresh = Opportunity.objects.get(pk=deals[3].pk)
    change: dict[str, Any] = {"organization": cast.acme, "opportunity": fresh, "actor": None, "updated_at": NOW}
    update_opportunity(**change, version=fresh.version, next_step="Call")
    assert stale() == ""  # nothing that the forecast is made of
    update_opportunity(**change, version=fresh.version, pinned_category="commit")
    assert stale() == "changed"


def test_a_period_that_is_over_takes_none_and_keeps_those_it_has(cast: Cast, deals: list[Opportunity]) -> None:
    made = submit(cast.rui, 80, 110)
    # On the last evening in Berlin it is open; an hour later it is not, though London still has the old year.
    submit(cast.rui, 80, 110, submitted_at=NOW.replace(month=12, day=31, hour=22, minute=59))

    with pytest.raises(UnableToSubmit, match="Q4 2026 ended on 31 Dec 2026"):
        submit(cast.rui, 80, 110, submitted_at=NOW.replace(month=12, day=31, hour=23, minute=1))
    assert newest_submissions(organization=cast.acme, period=quarter(cast.acme), as_of=NOW) == {
        ("member", cast.rui.pk): made
    }


def test_another_fiscal_year_destroys_nothing(cast: Cast, deals: list[Opportunity]) -> None:
    made = submit(cast.rui, 80, 110)
    cast.acme.fiscal_year_start_month = 2
    cast.acme.save(update_fields=["fiscal_year_start_month"])

    now_called = quarter(cast.acme)

    assert (now_called.start, now_called.name) == (date(2026, 11, 1), "Q4, Nov 2026 – Jan 2027")
    assert newest_submissions(organization=cast.acme, period=now_called) == {}
    assert list(submissions_about(organization=cast.acme, period=now_called)) == [made]
    assert made.period_words == "Oct – Dec 2026"


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"commit": 120, "best_case": 110}, "can't be less"),
        ({"commit": -1, "best_case": 110}, "lies between nothing"),
        ({"commit": 10**15, "best_case": 10**15}, "lies between nothing"),
        ({"commit": 80, "best_case": 110, "currency": "CHF"}, "no rate for CHF"),
    ],
)
def test_numbers_that_can_t_be_meant_are_refused(
    said: dict[str, Any], words: str, cast: Cast, deals: list[Opportunity]
) -> None:
    with pytest.raises(UnfitPromise, match=words):
        submit(cast.rui, **said, reason="So")
    assert not ForecastSubmission.objects.exists()


def test_months_have_forecasts_of_their_own(cast: Cast, deals: list[Opportunity]) -> None:
    november = period_of(cast.acme, PeriodKind.MONTH, NOW.date())

    made = submit(cast.rui, 10, 10, period=november)  # what was won; the rest is due in December

    assert (made.period_words, made.deals) == ("Nov 2026", 1)
    assert newest_submissions(organization=cast.acme, period=quarter(cast.acme)) == {}
    with pytest.raises(UnableToSubmit, match="more than a year"):
        submit(cast.rui, 0, 0, period=period_of(cast.acme, PeriodKind.MONTH, date(2028, 1, 1)))


def test_what_people_promised_can_be_asked_as_of_a_moment(cast: Cast, deals: list[Opportunity]) -> None:
    company = ("unit", unit("acme").pk)
    first = submit(unit("acme"), 120, 150)
    later = submit(unit("acme"), 100, 150, reason="Cautious", submitted_at=NOW + timedelta(days=3))

    def counted(at: timedelta) -> ForecastSubmission | None:
        found = newest_submissions(organization=cast.acme, period=quarter(cast.acme), as_of=NOW + at)
        return found.get(company)

    assert counted(timedelta(seconds=-1)) is None
    assert counted(timedelta(days=1)) == first
    assert counted(timedelta(days=9)) == later


def test_a_stranger_has_none_of_it(cast: Cast, deals: list[Opportunity]) -> None:
    submit(cast.rui, 80, 110)

    with organization_scope(cast.globex):
        grid = grid_of(cast.globex, cast.sam)
        assert [row.name for row in grid.rows()] == []
        assert newest_submissions(organization=cast.globex, period=quarter(cast.globex)) == {}
        with pytest.raises(UnableToSubmit, match="no place in the forecast"):
            submit_for_globex(cast)


def submit_for_globex(cast: Cast) -> None:
    submit_forecast(
        organization=cast.globex,
        period=quarter(cast.globex),
        subject=cast.rui,
        commit_minor=0,
        best_case_minor=0,
        currency="USD",
        submitted_by=cast.sam,
        submitted_at=NOW,
    )
