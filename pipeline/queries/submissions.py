"""What people have submitted for a period, and whether it still says what they would say."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from django.db.models import QuerySet

from pipeline.models import ForecastSubmission
from pipeline.queries.forecast_sums import DealSums
from tenancy.models import Organization
from tenancy.periods import Period

STALE_AFTER = timedelta(days=7)
Submissions = QuerySet[ForecastSubmission, ForecastSubmission]
Subject = tuple[str, UUID]
"""“unit” or “member”, and which."""


class Stale(StrEnum):
    """Why a submission wants to be made again; the value is its code."""

    FRESH = ""
    OLD = "old"
    CHANGED = "changed"


def newest_submissions(
    *, organization: Organization, period: Period, as_of: datetime | None = None
) -> Mapping[Subject, ForecastSubmission]:
    """Return the submission that counts, or counted at a moment, of each unit and person for a period."""
    found = ForecastSubmission.objects.for_organization(organization).of_period(period)
    if as_of is not None:
        found = found.filter(submitted_at__lte=as_of)
    return {subject_of(one): one for one in found.newest().select_related("submitted_by")}


def subject_of(submission: ForecastSubmission) -> Subject:
    """Return whose number it is."""
    if submission.unit_id is not None:
        return ("unit", submission.unit_id)
    assert submission.member_id is not None
    return ("member", submission.member_id)


def why_stale(submission: ForecastSubmission, *, sums: DealSums, now: datetime, is_over: bool) -> Stale:
    """Return why a submission no longer says how things stand; for a period that is over nothing is asked any more."""
    if is_over:
        return Stale.FRESH
    if submission.fingerprint != str(sums.fingerprint):
        return Stale.CHANGED
    return Stale.OLD if now - submission.submitted_at > STALE_AFTER else Stale.FRESH


def submissions_about(*, organization: Organization, period: Period) -> Submissions:
    """Return all that was submitted for days of a period, the newest first: under whatever calendar it was made."""
    found = ForecastSubmission.objects.for_organization(organization)
    found = found.filter(period_start__lt=period.end, period_end__gt=period.start)
    about: Submissions = found.select_related("unit", "member", "submitted_by").order_by("-submitted_at", "-id")
    return about
