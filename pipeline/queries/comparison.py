"""Which two moments are compared, and over which deals: the choices of the page and of the API."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from django.utils.translation import gettext as _

from pipeline.queries.movements import Window
from pipeline.queries.pipeline_changes import Moment, end_of_day, last_stand_up
from pipeline.queries.snapshots import first_recorded_day
from tenancy.models import Organization
from tenancy.working_time import fiscal_quarter, local_day


class Since(StrEnum):
    """From when on changes are told."""

    YESTERDAY = "yesterday"
    STAND_UP = "stand_up"
    WEEK = "week"
    DATES = "dates"


class Due(StrEnum):
    """Which deals are looked at, by the day on which they are to close."""

    QUARTER = "quarter"
    NEXT_QUARTER = "next_quarter"
    ALL = "all"


class UnableToCompare(ValueError):
    """The two days can't be compared; the message says why."""


@dataclass(frozen=True)
class Comparison:
    """Two moments. `is_short` where the first one was not recorded, and the first record there is stands in."""

    since: Moment
    until: Moment
    is_short: bool = False


def compared(
    *, organization: Organization, now: datetime, since: Since, first: date | None = None, last: date | None = None
) -> Comparison | None:
    """Return what is compared, None as long as nothing was recorded.

    With `Since.DATES` it is how things stood at the end of `first` and of `last`; a last day that is not over is now.

    :raises UnableToCompare: for days in the wrong order, or when nothing was recorded by the last one.
    """
    today = local_day(organization, now)
    until = Moment(now)
    opening: Moment | None
    if since == Since.STAND_UP:
        opening = last_stand_up(organization=organization, now=now)
    else:
        day = {Since.YESTERDAY: today - timedelta(days=1), Since.WEEK: today - timedelta(days=7)}.get(since, first)
        if day is None:
            raise UnableToCompare(_("Say the day to begin with."))
        if day >= min(last or today, today):
            raise UnableToCompare(_("The first day has to lie before the last one, and before today."))
        opening = end_of_day(organization=organization, day=day)
    earliest = None
    if opening is None:
        earliest = first_recorded_day(organization=organization)
        if earliest is None:
            return None
        opening = end_of_day(organization=organization, day=earliest)
        assert opening is not None
    if since == Since.DATES and last is not None and last < today:
        closing = end_of_day(organization=organization, day=last)
        if closing is None or closing.at <= opening.at:
            raise UnableToCompare(_("Between these days nothing was recorded."))
        until = closing
    return Comparison(opening, until, is_short=earliest is not None)


def window_of(*, organization: Organization, due: Due, today: date) -> Window:
    """Return the days on which the deals close that are looked at."""
    if due == Due.ALL:
        return Window()
    first, beyond = fiscal_quarter(organization, today)
    if due == Due.NEXT_QUARTER:
        first, beyond = fiscal_quarter(organization, beyond)
    return Window(first, beyond)
