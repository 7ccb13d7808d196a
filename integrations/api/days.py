"""Days that a body states: those that somebody can mean."""

from datetime import date

from django.utils import timezone

from integrations.api.parameters import Unreadable
from tenancy.likely_days import FIRST_DAY, UnlikelyDay, likely_day


def likely(day: date, years_ahead: int) -> None:
    """Refuse a day that nobody can mean.

    :raises Unreadable: with the days that can be.
    """
    try:
        likely_day(day, today=timezone.localdate(), years_ahead=years_ahead)
    except UnlikelyDay as error:
        raise Unreadable(str(error)) from None


def with_bounds(description: str, years_ahead: int) -> str:
    """Return what the document says of a field, with the days that it takes."""
    years = f"{years_ahead} years" if years_ahead > 1 else "one year"
    return f"{description} From {FIRST_DAY.isoformat()} to the end of the year {years} from now."
