"""Days that a body states: those that somebody can mean."""

from datetime import date, datetime
from typing import Any

from django.utils import timezone

from integrations.api.parameters import Unreadable, read_day, read_moment
from tenancy.likely_days import FIRST_DAY, PLANNED, UnlikelyDay, likely_day


def likely_day_of(given: Any, years_ahead: int) -> date:
    """Return a calendar day that a body states.

    :raises Unreadable: for what is none, and with the days that can be meant for any other.
    """
    day = read_day(given if type(given) is str else "")
    _likely(day, years_ahead)
    return day


def likely_moment_of(given: Any) -> datetime:
    """Return a moment that a body states.

    :raises Unreadable: for what is none, and with the days that can be meant for one on any other.
    """
    try:
        moment = read_moment(given if type(given) is str else "")
    except Unreadable:
        raise Unreadable("takes a moment with its offset, such as 2026-11-23T06:00:00Z") from None
    _likely(moment.date(), PLANNED)
    return moment


def _likely(day: date, years_ahead: int) -> None:
    try:
        likely_day(day, today=timezone.localdate(), years_ahead=years_ahead)
    except UnlikelyDay as error:
        raise Unreadable(str(error)) from None


def with_bounds(description: str, years_ahead: int) -> str:
    """Return what the document says of a field, with the days that it takes."""
    years = f"{years_ahead} years" if years_ahead > 1 else "one year"
    return f"{description} From {FIRST_DAY.isoformat()} to the end of the year {years} from now."
