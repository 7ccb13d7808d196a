"""Cells to dates and moments, in whatever order the export writes them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from enum import StrEnum
from functools import lru_cache

from integrations.imports.values import ValueProblem


class DateOrder(StrEnum):
    DAY_FIRST = "day_first"
    MONTH_FIRST = "month_first"


@dataclass(frozen=True)
class DateReading:
    """The readings of one cell. Exactly one of ``certain`` and the pair ``day_first``/``month_first`` is given.

    ``order`` is the order a cell proves (13/02 can only be day first); moments keep their own zone when they have one.
    """

    certain: datetime | None = None
    has_time: bool = False
    order: DateOrder | None = None
    day_first: datetime | None = None
    month_first: datetime | None = None


_TIME = (
    r"(?:[T ,]+(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second>\d{2})(?:[.,]\d{1,9})?)?\s*(?P<half>[AaPp]\.?[Mm]\.?)?"
    r"\s*(?P<zone>Z|UTC|GMT|[+-]\d{2}:?\d{2})?(?:\s+Uhr)?)?"
)
_YEAR_FIRST = re.compile(r"(?P<year>\d{4})[-/.](?P<month>\d{1,2})[-/.](?P<day>\d{1,2})" + _TIME)
_COMPACT = re.compile(r"(?P<year>(?:19|20)\d{2})(?P<month>\d{2})(?P<day>\d{2})" + _TIME)
_YEAR_LAST = re.compile(r"(?P<a>\d{1,2})(?P<sep>[-/.]|\. )(?P<b>\d{1,2})(?:[-/.]|\. )(?P<year>\d{4}|\d{2})" + _TIME)
_MONTH_NAME = r"(?P<name>[^\W\d_]{3,10})\.?"
_DAY_NAME = re.compile(
    r"(?P<day>\d{1,2})(?:st|nd|rd|th)?\.?[ -]" + _MONTH_NAME + r",?[ -](?P<year>\d{4}|\d{2})" + _TIME
)
_NAME_DAY = re.compile(_MONTH_NAME + r"[ -](?P<day>\d{1,2})(?:st|nd|rd|th)?,?[ -](?P<year>\d{4})" + _TIME)
_SERIAL = re.compile(r"(?P<days>[1-9]\d{4})(?:[.,](?P<part>\d{1,12}))?")
_MILLISECONDS = re.compile(r"\d{13}")

_MONTHS = {
    name: number
    for number, names in enumerate(
        (
            "jan january januar jänner janvier janv enero ene gennaio gen januari",
            "feb february februar février févr fév febrero febbraio februari",
            "mar march märz mär mrz mars marzo maart mrt",
            "apr april avril avr abril abr aprile",
            "may mai mayo maggio mag mei",
            "jun june juni juin junio giugno giu",
            "jul july juli juillet juil julio luglio lug",
            "aug august août aoû agosto ago augustus",
            "sep sept september septembre septiembre settembre set",
            "oct october oktober okt octobre octubre ottobre ott",
            "nov november novembre noviembre",
            "dec december dezember dez décembre déc diciembre dic dicembre",
        ),
        start=1,
    )
    for name in names.split()
}

# Day 25,569 of a spreadsheet is 1 January 1970. Between these two a bare number in a date column is such a day.
_SERIAL_EPOCH = datetime(1899, 12, 30)
SERIAL_FROM, SERIAL_TO = 14_610, 73_051  # 1940 to 2100

NOT_A_DATE = "is not a date"


@lru_cache(maxsize=65_536)
def read_date(text: str) -> DateReading:
    """The readings a cell has as a date.

    :raises ValueProblem: when it has none (30.02.2026 has none).
    """
    for pattern in (_YEAR_FIRST, _COMPACT, _DAY_NAME, _NAME_DAY):
        match = pattern.fullmatch(text)
        if match is None:
            continue
        parts = match.groupdict()
        month = int(parts["month"]) if "month" in parts else _MONTHS.get(parts["name"].casefold(), 0)
        found = _build(parts, _full_year(parts["year"]), month, int(parts["day"]))
        if found is None:
            raise ValueProblem("not_a_date", NOT_A_DATE)
        return DateReading(certain=found, has_time=parts["hour"] is not None)
    match = _YEAR_LAST.fullmatch(text)
    if match is not None:
        return _read_year_last(match.groupdict())
    return _read_bare_number(text)


def _read_year_last(parts: dict[str, str]) -> DateReading:
    year, first, second = _full_year(parts["year"]), int(parts["a"]), int(parts["b"])
    day_first = _build(parts, year, second, first)
    # 07.10.2026 is written with points only where the day comes first.
    month_first = _build(parts, year, first, second) if parts["sep"] in "/-" else None
    has_time = parts["hour"] is not None
    if day_first is None and month_first is None:
        raise ValueProblem("not_a_date", NOT_A_DATE)
    if day_first is not None and month_first is not None:
        if day_first == month_first:
            return DateReading(certain=day_first, has_time=has_time)
        return DateReading(has_time=has_time, day_first=day_first, month_first=month_first)
    order = DateOrder.DAY_FIRST if day_first is not None else DateOrder.MONTH_FIRST
    return DateReading(certain=day_first or month_first, has_time=has_time, order=order)


def _read_bare_number(text: str) -> DateReading:
    match = _SERIAL.fullmatch(text)
    if match is not None and SERIAL_FROM <= int(match["days"]) < SERIAL_TO:
        part = float(f"0.{match['part'] or 0}")
        moment = _SERIAL_EPOCH + timedelta(days=int(match["days"]), seconds=round(part * 86_400))
        return DateReading(certain=moment, has_time=match["part"] is not None)
    if _MILLISECONDS.fullmatch(text):
        return DateReading(certain=datetime.fromtimestamp(int(text) / 1000, tz=UTC), has_time=True)
    raise ValueProblem("not_a_date", NOT_A_DATE)


def _full_year(text: str) -> int:
    year = int(text)
    if len(text) > 2:
        return year
    return 2000 + year if year < 70 else 1900 + year


def _build(parts: dict[str, str], year: int, month: int, day: int) -> datetime | None:
    if not 1900 <= year <= 2199:
        return None
    try:
        hour, minute, second = int(parts["hour"] or 0), int(parts["minute"] or 0), int(parts["second"] or 0)
        half = (parts["half"] or "").replace(".", "").lower()
        if half and not 1 <= hour <= 12:
            return None
        if half:
            hour = hour % 12 + (12 if half == "pm" else 0)
        moment = datetime(year, month, day, hour, minute, second)
    except ValueError:
        return None
    zone = parts["zone"]
    if not zone:
        return moment
    if zone in ("Z", "UTC", "GMT"):
        return moment.replace(tzinfo=UTC)
    return datetime.fromisoformat(f"{moment.isoformat()}{zone[:3]}:{zone[-2:]}")


def moment_of(reading: DateReading, order: DateOrder | None, *, strict: bool = False) -> datetime:
    """The one moment a cell means once its column's order is known, with a zone only if the cell had one.

    ``strict`` refuses what contradicts the order a person chose; without it a cell with one reading is taken.

    :raises ValueProblem: ambiguous_date, not_a_date.
    """
    if reading.certain is not None:
        if strict and order is not None and reading.order is not None and reading.order is not order:
            raise ValueProblem("not_a_date", f"is not a date with the {_ORDER_WORDS[order]} first")
        return reading.certain
    if order is None:
        day, month = reading.day_first, reading.month_first
        assert day is not None
        assert month is not None
        raise ValueProblem("ambiguous_date", f"can be {_say(day)} or {_say(month)}: choose the order of the column")
    chosen = reading.day_first if order is DateOrder.DAY_FIRST else reading.month_first
    assert chosen is not None
    return chosen


_ORDER_WORDS = {DateOrder.DAY_FIRST: "day", DateOrder.MONTH_FIRST: "month"}


def _say(moment: datetime) -> str:
    return f"{moment.day} {moment:%b %Y}"


def parse_date(text: str, order: DateOrder | None, zone: tzinfo, *, strict: bool = False) -> date:
    """A calendar day; a moment in another zone falls on the day it has in the organisation's zone.

    :raises ValueProblem: not_a_date, ambiguous_date.
    """
    moment = moment_of(read_date(text), order, strict=strict)
    return moment.astimezone(zone).date() if moment.tzinfo is not None else moment.date()


def parse_moment(text: str, order: DateOrder | None, zone: tzinfo, *, strict: bool = False) -> datetime:
    """A moment with a zone; a bare day begins at midnight in the organisation's zone.

    :raises ValueProblem: not_a_date, ambiguous_date.
    """
    moment = moment_of(read_date(text), order, strict=strict)
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=zone)


def day_start(day: date, zone: tzinfo) -> datetime:
    """Midnight of a calendar day in a zone."""
    return datetime.combine(day, time.min, tzinfo=zone)
