"""Which days can be meant at all: one rule for forms, the API and imports. Others are slips of the finger."""

from datetime import date

FIRST_DAY = date(1900, 1, 1)
HAPPENED = 1
"""Years ahead for what is agreed at most a little before it is so: a customer from next spring on."""
PLANNED = 20
"""Years ahead for what people plan."""


class UnlikelyDay(ValueError):
    """A day that nobody can mean; the message says which can be, to be put behind the name of the field."""


def last_day(today: date, years_ahead: int) -> date:
    """Return the last day that can be meant."""
    return date(today.year + years_ahead, 12, 31)


def likely_day(day: date, *, today: date, years_ahead: int = PLANNED) -> date:
    """Return the day, which lies between 1900 and the end of the year that is `years_ahead` from now.

    :raises UnlikelyDay: for any other.
    """
    last = last_day(today, years_ahead)
    if not FIRST_DAY <= day <= last:
        raise UnlikelyDay(f"takes a day from {FIRST_DAY.isoformat()} to {last.isoformat()}: look at the year")
    return day
