"""What a night says of a period: four figures side by side, the interval, and what all of it rests on."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from coe.forecasting.deal_book import DealBook, Flags, Look
from coe.forecasting.periods import (
    MOST_PERIODS,
    Earlier,
    Experience,
    Learnt,
    Period,
    Said,
    experience,
    learn,
    look_back,
    say,
    within,
)
from coe.forecasting.shock import USUAL_WEIGHT
from coe.forecasting.simulation import DRAWS, Forecast, simulate
from coe.forecasting.stages import Floats

LATE_BOOKING_DAYS = 7.0  # after its end a period may still get wins
EXACT_DEALS_OF_PART = 300
FAN_POINTS = 8


@dataclass(frozen=True, slots=True)
class Velocity:
    """How fast open deals turn into won ones, by the last year: money a day."""

    deals: int  # open
    win_rate: float | None
    average: float | None  # of a won deal
    days: float | None  # from the beginning to the win, the median

    @property
    def a_day(self) -> float | None:
        """What the open deals bring a day at this rate."""
        if self.win_rate is None or self.average is None or not self.days:
            return None
        return self.deals * self.win_rate * self.average / self.days


@dataclass(frozen=True, slots=True)
class Outlook:
    """What is said of a period at a moment. ``forecast`` is None where too little was won to say anything."""

    period: Period
    at: float
    closed: float
    weighted: float  # closed, and the deals planned for the period by the chance that the board shows
    due: float  # what the deals are worth that are planned for the period
    deals: int  # open, that are counted
    assumed: int  # of them without an amount of their own
    forecast: Forecast | None
    fan: Sequence[tuple[float, float, float, float]]  # moment, P10, P50, P90 of what is closed by then
    learnt_from: Experience


@dataclass
class Forecaster:
    """Forecasts periods from one book. What it looked up for one forecast it keeps for the next."""

    book: DealBook
    priors: dict[int, float]  # of each open stage the chance that it is given
    _learnt: dict[float, Learnt] = field(default_factory=dict, repr=False)
    _earlier: dict[tuple[Period, float, float], Earlier | None] = field(default_factory=dict, repr=False)

    def learnt(self, moment: float) -> Learnt:
        """Return what closed deals say as of a moment."""
        if moment not in self._learnt:
            self._learnt[moment] = learn(self.book, moment, priors=self.priors)
        return self._learnt[moment]

    def experience(self, moment: float, period: Period, before: Sequence[Period]) -> Experience:
        """Return what earlier periods teach that had ended by a moment, each seen from the same point of it."""
        point, found = period.point(moment), []
        for one in [one for one in before if one.end <= moment][-MOST_PERIODS:]:
            key = (one, one.at(point), min(one.end + LATE_BOOKING_DAYS, moment))
            if key not in self._earlier:
                self._earlier[key] = look_back(self.book, key[1], one, known_by=key[2], learnt=self.learnt(key[1]))
            if (earlier := self._earlier[key]) is not None:
                found.append(earlier)
        return experience(found, win_rate=self.learnt(moment).win_rate)

    def outlooks(
        self,
        moment: float,
        period: Period,
        before: Sequence[Period],
        *,
        parts: Sequence[Flags | None] = (None,),
        scored: Floats | None = None,
        with_fan: bool = False,
        draws: int = DRAWS,
    ) -> tuple[list[Outlook], Look]:
        """Return the outlook of each part of the deals, None being all of them, and the deals that can't be counted.

        Parts share the shock and the drift of the whole: few of them have seen enough to have their own.
        """
        learnt = self.learnt(moment)
        said, uncounted = say(self.book, learnt, moment, period, scored=scored)
        known = self.experience(moment, period, before)
        worth = np.nan_to_num(self.book.worth(moment)) * self.book.booked
        closed = np.where(self.book.won_between(period.start, period.end, known_by=moment), worth, 0.0)
        found = []
        for part in parts:
            of = said if part is None else said.take(part[said.look.deal])
            paid = float(closed.sum() if part is None else closed[part].sum())
            exact = {} if part is None else {"exact_deals": EXACT_DEALS_OF_PART}
            forecast, fan = None, []
            if learnt.is_enough:
                forecast = self._drawn(of, of.chance, paid, known, part, 1.0, draws, exact)
                if with_fan and period.start <= moment < period.end:
                    fan = self._fan(of, learnt, period, paid, known, part, exact)
            found.append(
                Outlook(
                    period=period,
                    at=moment,
                    closed=paid,
                    weighted=paid + self._weighted(of),
                    due=float(of.amount[of.due].sum()),
                    deals=len(of.look),
                    assumed=int((~of.is_set).sum()),
                    forecast=forecast,
                    fan=fan,
                    learnt_from=known,
                )
            )
        return found, uncounted

    def _drawn(
        self,
        said: Said,
        chance: Floats,
        closed: float,
        known: Experience,
        part: Flags | None,
        until: float,
        draws: int,
        exact: dict[str, int],
    ) -> Forecast:
        drift = known.drift
        # The mean of the drift is that of amounts that somebody set; what a win usually brings is what was paid.
        amount = np.where(said.is_set, said.amount, said.amount / np.exp(drift.mean))
        return simulate(
            chance=chance,
            amount=amount,
            closed=closed,
            shock=known.shock,
            shock_periods=len(known.earlier) + USUAL_WEIGHT,
            drift=drift,
            spread=said.spreads(drift.spread),
            new=known.new_business(part, until),
            draws=draws,
            **exact,
        )

    def _fan(
        self,
        said: Said,
        learnt: Learnt,
        period: Period,
        closed: float,
        known: Experience,
        part: Flags | None,
        exact: dict[str, int],
    ) -> list[tuple[float, float, float, float]]:
        """Return what will be closed by some moments between now and the end of the period."""
        at, fan = said.look.at, []
        for step in range(1, FAN_POINTS):
            until = step / FAN_POINTS
            moment = at + until * (period.end - at)
            chance = within(learnt, said.look, said.in_the_end, period.start, moment)
            drawn = self._drawn(said, chance, closed, known, part, until, DRAWS // 4, exact)
            fan.append((moment, drawn.p10, drawn.p50, drawn.p90))
        return fan

    def _weighted(self, said: Said) -> float:
        chance = self.book.own_chance[said.look.deal]
        by_stage = np.array([self.priors.get(code, 0.0) for code in said.look.stage.tolist()])
        chance = np.where(np.isnan(chance), by_stage, chance)
        of = said.due & said.is_set
        return float(chance[of] @ said.amount[of])

    def velocity(self, moment: float, deals: int, part: Flags | None = None) -> Velocity:
        """Return how fast deals turned into won ones in the year before a moment."""
        of = self.book.ended(moment) & (self.book.closed > moment - 365)
        if part is not None:
            of = of & part
        won = of & self.book.won
        if not won.any():
            return Velocity(deals, None, None, None)
        worth = self.book.worth(moment)[won]
        worth = worth[np.isfinite(worth)]
        return Velocity(
            deals,
            float(won.sum() / of.sum()),
            float(worth.mean()) if len(worth) else None,
            float(np.median((self.book.closed - self.book.opened)[won])),
        )
