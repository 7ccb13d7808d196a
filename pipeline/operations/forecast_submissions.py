"""Submitting a forecast: a promise for a period, kept with how the deals stood. It never changes a deal."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any

from django.utils.translation import gettext as _

from pipeline.models import ForecastSubmission, SubmissionPeriod, SubmittedDeal
from pipeline.queries.forecast_grid import Asked, Promise, Row, forecast_grid
from pipeline.queries.forecast_people import forecast_tree
from pipeline.queries.forecast_sums import COLUMNS, period_deals
from pipeline.querysets import OpportunityQuerySet
from tenancy.bulk import insert_rows
from tenancy.conversion import Converter, converter_into
from tenancy.events import record_event
from tenancy.models import Member, Organization, Unit
from tenancy.periods import Period
from tenancy.scoping import all_or_nothing
from tenancy.working_time import local_day
from ui.formats import format_day, format_money

FURTHEST = timedelta(days=366)
LARGEST = 2**53 - 1  # the largest whole number that every JSON program holds exactly
DEAL_COLUMNS = (
    *("submission", "deal_id", "name", "owner_name", "category", "is_pinned", "amount_minor", "currency", "close_date"),
)


class UnableToSubmit(ValueError):
    """The forecast is refused; the message says why and what to do instead."""


class UnfitPromise(UnableToSubmit):
    """The numbers can't be meant."""


class ReasonMissing(UnableToSubmit):
    """The number is another one than the deals, or the people below, add up to, and nobody said why."""


@all_or_nothing()
def submit_forecast(
    *,
    organization: Organization,
    period: Period,
    subject: Unit | Member,
    commit_minor: int,
    best_case_minor: int,
    currency: str,
    submitted_by: Member | None,
    submitted_at: datetime,
    note: str = "",
    reason: str = "",
) -> ForecastSubmission:
    """Keep what somebody promises for a unit or a person, and return it; it supersedes the one before.

    Both numbers are cumulative: what is won is in them.

    :raises UnableToSubmit: when the period is over or too far away, or the subject has no place in the forecast.
    :raises UnfitPromise: for numbers that can't be meant, or a currency without a rate.
    :raises ReasonMissing: when a number differs from what the deals, or the people below, add up to.
    """
    today = local_day(organization, submitted_at)
    _refuse_period(period, today)
    converter = converter_into(currency, organization=organization, today=today)
    _refuse_numbers(organization, converter, commit_minor, best_case_minor)
    asked = Asked(organization, None, period, today, submitted_at, converter)
    row = forecast_grid(asked).find(key_of(subject))
    if row is None:
        raise UnableToSubmit(_("%s has no place in the forecast any more.") % subject.name)
    said = (commit_minor, best_case_minor)
    adds_up = (row.adds_up.commit_minor, row.adds_up.best_case_minor)
    if said != adds_up and not reason.strip():
        raise ReasonMissing(difference_words(row.adds_up, currency))
    submission: ForecastSubmission = ForecastSubmission.objects.create(
        organization=organization,
        period_kind=SubmissionPeriod(period.kind.value),
        period_start=period.start,
        period_end=period.end,
        unit=subject if isinstance(subject, Unit) else None,
        member=subject if isinstance(subject, Member) else None,
        submitted_by=submitted_by,
        submitted_at=submitted_at,
        currency=currency,
        commit_minor=commit_minor,
        best_case_minor=best_case_minor,
        by_deals_commit_minor=adds_up[0],
        by_deals_best_case_minor=adds_up[1],
        quota_minor=row.quota,
        sums={one: row.sums.worth((one,), currency=currency).amount_minor for one in COLUMNS},
        not_counted=dict(row.sums.worth(COLUMNS, currency=currency).left_out),
        deals=row.sums.deals,
        fingerprint=str(row.sums.fingerprint),
        note=note.strip(),
        reason=reason.strip() if said != adds_up else "",
    )
    deals = _deals_of(asked, row)
    insert_rows(organization=organization, model=SubmittedDeal, columns=DEAL_COLUMNS, rows=_kept(submission, deals))
    _tell(submission, row)
    return submission


def key_of(subject: Unit | Member) -> str:
    """Return how the grid calls the row of a unit or person."""
    return f"{'unit' if isinstance(subject, Unit) else 'member'}:{subject.pk}"


def difference_words(adds_up: Promise, currency: str) -> str:
    """Return what to say to somebody whose numbers are others, and who gave no reason."""
    return _("Say why: it adds up to %(commit)s committed and %(best)s in the best case.") % {
        "commit": format_money(adds_up.commit_minor, currency),
        "best": format_money(adds_up.best_case_minor, currency),
    }


def _refuse_period(period: Period, today: date) -> None:
    if period.end <= today:
        raise UnableToSubmit(
            _("%(period)s ended on %(day)s. What was submitted for it stays as it is; choose a period that is open.")
            % {"period": period.name, "day": format_day(period.last_day, today=today)}
        )
    if period.start > today + FURTHEST:
        raise UnableToSubmit(_("%s begins in more than a year. Choose a nearer period.") % period.name)


def _refuse_numbers(organization: Organization, converter: Converter, commit_minor: int, best_case_minor: int) -> None:
    if converter.factor(organization.currency) is None:
        words = _("There is no rate for %s, so the deals can't be counted in it. Submit in another currency.")
        raise UnfitPromise(words % converter.currency)
    if not (0 <= commit_minor <= LARGEST and 0 <= best_case_minor <= LARGEST):
        raise UnfitPromise(
            _("A forecast lies between nothing and %s.") % format_money(LARGEST, converter.currency, short=True)
        )
    if best_case_minor < commit_minor:
        raise UnfitPromise(_("The best case holds what is committed, so it can't be less."))


def _deals_of(asked: Asked, row: Row) -> OpportunityQuerySet:
    tree = forecast_tree(organization=asked.organization, today=asked.today)
    is_company = isinstance(row.subject, Unit) and row.subject.pk == tree.root
    owners = None if is_company else [one.subject.pk for one in row.walk() if one.is_person and one.subject]
    return period_deals(
        organization=asked.organization, period=asked.period, member=None, today=asked.today, owners=owners
    )


def _kept(submission: ForecastSubmission, deals: OpportunityQuerySet) -> Iterator[tuple[Any, ...]]:
    shown = deals.order_by("pk").values_list(
        *("pk", "name", "owner__name", "column", "outcome", "pinned_category", "amount_minor", "currency", "close_date")
    )
    for pk, name, owner, column, outcome, pinned, amount, currency, close_date in shown.iterator(chunk_size=5_000):
        is_pinned = outcome == "open" and bool(pinned)
        yield submission.pk, pk, name, owner or "", column, is_pinned, amount, currency, close_date


def _tell(submission: ForecastSubmission, row: Row) -> None:
    record_event(
        organization=submission.organization,
        type="forecast.submitted",
        subject=submission,
        payload={
            "unit": str(submission.unit_id or ""),
            "member": str(submission.member_id or ""),
            "period": submission.period_kind,
            "from": submission.period_start.isoformat(),
            "to": submission.period_end.isoformat(),
            "commit_minor": submission.commit_minor,
            "best_case_minor": submission.best_case_minor,
            "currency": submission.currency,
            "is_override": submission.is_override,
            "supersedes": str(row.submission.pk) if row.submission else "",
        },
        actor=submission.submitted_by,
        occurred_at=submission.submitted_at,
    )
