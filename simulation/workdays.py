"""Days and times of a simulated company: day 0 begins where the known past ends; what happens, happens at work."""

import datetime as dt
from zoneinfo import ZoneInfo

import numpy as np


class Workdays:
    """Turns day numbers into dates and instants of one time zone. Day -1 is the last day of the past."""

    def __init__(self, *, end_date: dt.date, time_zone: str) -> None:
        self.end_date = end_date
        self.zone = ZoneInfo(time_zone)
        self._day_zero = end_date + dt.timedelta(days=1)
        self._weekday_zero = self._day_zero.weekday()

    @property
    def cut(self) -> dt.datetime:
        """The instant at which the past ends."""
        return dt.datetime.combine(self._day_zero, dt.time(0), self.zone).astimezone(dt.UTC)

    def date(self, day: float) -> dt.date:
        """Return the date of a day number."""
        return self._day_zero + dt.timedelta(days=int(np.floor(day)))

    def number(self, day: dt.date) -> int:
        """Return the day number of a date."""
        return (day - self._day_zero).days

    def workday(self, day: float) -> int:
        """Return the day itself, or the nearest working day that is on the same side of the cut."""
        number = int(np.floor(day))
        weekday = (number + self._weekday_zero) % 7
        if weekday < 5:
            return number
        return number - (weekday - 4) if number < 0 else number + (7 - weekday)

    def moment(self, day: float, share: float) -> dt.datetime:
        """Return an instant on the nearest working day; the share of the day runs from 7:40 to 18:00."""
        minutes = 460 + int(share * 620)
        local = dt.datetime.combine(self.date(self.workday(day)), dt.time(minutes // 60, minutes % 60), self.zone)
        return local.astimezone(dt.UTC)
