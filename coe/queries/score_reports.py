"""Doubts about scores."""

from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Count, Q, QuerySet

from coe.models import ScoreReport
from tenancy.keyset import Page, Sort, page_of
from tenancy.models import Organization

PAGE_SIZE = 50
BY_MOMENT = Sort("reported", "reported_at", descending=True)


def score_reports(*, organization: Organization) -> QuerySet[ScoreReport]:
    """Return all that was said of scores, with the account and the people."""
    found: QuerySet[ScoreReport] = ScoreReport.objects.for_organization(organization)
    return found.select_related("account", "reported_by", "answered_by")


def score_reports_page(*, organization: Organization, only_open: bool, cursor: str = "") -> Page[ScoreReport]:
    """Return a page of them, the newest first.

    :raises tenancy.keyset.InvalidCursor: when the cursor was not made for this list.
    """
    found = score_reports(organization=organization)
    if only_open:
        found = found.filter(answered_at=None)
    return page_of(found, sort=BY_MOMENT, size=PAGE_SIZE, scope="score reports", cursor=cursor)


def reports_of_account(*, organization: Organization, account_id: UUID, most: int = 3) -> list[ScoreReport]:
    """Return the last doubts about an account's score."""
    found = score_reports(organization=organization).filter(account_id=account_id)
    return list(found.order_by("-reported_at", "-id")[:most])


def report_counts(*, organization: Organization, since: datetime) -> tuple[int, int, int]:
    """Return how many doubts came and were answered since then, and how many wait in all."""
    found = ScoreReport.objects.for_organization(organization).aggregate(
        came=Count("id", Q(reported_at__gte=since)),
        answered=Count("id", Q(reported_at__gte=since, answered_at__isnull=False)),
        waiting=Count("id", Q(answered_at=None)),
    )
    return found["came"], found["answered"], found["waiting"]


def month_before(now: datetime) -> datetime:
    """Return the moment from which the pages count use."""
    return now - timedelta(days=28)
