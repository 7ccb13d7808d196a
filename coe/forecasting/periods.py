"""A period forecast from a book of deals: what the open ones bring, learnt from earlier periods at the same point.

Everything is looked at as it was known: a forecast of last year's March knows nothing of April, and what is learnt from
the periods before it is what was said of them then, and what came by then.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from coe.forecasting.ages import LEAST_CHANCE, MOST_CHANCE, Stays, aged, stays_of
from coe.forecasting.coverage import conversion
from coe.forecasting.deal_book import DealBook, Flags, Look
from coe.forecasting.new_business import NewBusiness, new_business
from coe.forecasting.shock import PastPeriod, shock_of
from coe.forecasting.simulation import Drift, drift
from coe.forecasting.stages import LOST, OPEN, WON, Floats, Integers, StageChance, StageEntries, stage_chances
from coe.forecasting.timing import Timing, timing

WINDOW_DAYS = 730.0
FEWEST_WON = 10  # deals; with fewer nothing is said of when the open ones will be won
MOST_PERIODS = 12
USUAL_WEIGHT = 20.0  # of the usual amount of all products, in deals
LARGEST_SPREAD = 1.5
CURVE_POINTS = 13


@dataclass(frozen=True, slots=True)
class Period:
    """From a moment to another one, which is the first that no longer belongs to it."""

    start: float
    end: float

    def at(self, point: float) -> float:
        """Return the moment at a share of the period; below 0 lies before it."""
        return self.start + point * (self.end - self.start)

    def point(self, moment: float) -> float:
        """Return the share of the period that has passed at a moment."""
        return (moment - self.start) / (self.end - self.start)


@dataclass(frozen=True, slots=True)
class Usual:
    """What a win usually brings, by product: for deals without an amount."""

    by_product: dict[int, float]  # the mean of the logarithms, shrunken to that of all
    everywhere: float  # NaN while nothing was won
    spread: float

    def middle(self, product: Integers) -> Floats:
        """Return the middle amount for deals of these products; NaN while nothing was won."""
        return np.exp([self.by_product.get(code, self.everywhere) for code in product.tolist()])


@dataclass(frozen=True, slots=True)
class Learnt:
    """What closed deals say, as of a moment: how often a stage is won, at which age, how soon, and for how much."""

    chances: dict[int, StageChance]
    anywhere: float  # the chance where the stage is not known
    timing: Timing
    won: Stays
    not_won: Stays
    usual: Usual
    wins: int
    win_rate: float  # of deals that ended

    @property
    def is_enough(self) -> bool:
        """Whether enough was won to say when open deals will be."""
        return self.wins >= FEWEST_WON

    def chance_in_the_end(self, stage: Integers, age: Floats) -> Floats:
        """Return the chance of deals in a stage, of an age, to be won at any time."""
        entering = np.array([self._entering(code) for code in stage.tolist()])
        return aged(entering, stage=stage, age=age, won=self.won, not_won=self.not_won)

    def curve(self, stage: int) -> list[tuple[float, float]]:
        """Return the chance of a deal in a stage by the days that it has been in it, up to three times the usual."""
        stays = [days for of in (self.won, self.not_won) for days in of.by_stage.get(stage, np.empty(0)).tolist()]
        ages = np.linspace(0, max(30.0, 3 * float(np.quantile(stays, 0.8))) if stays else 30.0, CURVE_POINTS)
        chances = self.chance_in_the_end(np.full(CURVE_POINTS, stage), ages)
        return list(zip(ages.tolist(), chances.tolist(), strict=True))

    def _entering(self, stage: int) -> float:
        return self.chances[stage].probability if stage in self.chances else self.anywhere


def learn(book: DealBook, moment: float, *, priors: dict[int, float]) -> Learnt:
    """Return what was known at a moment; ``priors`` has the chance that each open stage is given."""
    of = book.entries
    seen = (of.at <= moment) & (of.known <= moment) & (of.at > moment - WINDOW_DAYS)
    deal, stage, entered = of.deal[seen], of.stage[seen], of.at[seen]
    ended = book.ended(moment)[deal]
    outcome = np.where(~ended, OPEN, np.where(book.won[deal], WON, LOST)).astype(np.int64)
    days = np.maximum(np.where(ended, book.closed[deal], moment) - entered, 0.0)
    left = np.where(of.left[seen] <= moment, of.left[seen], np.inf)
    stay = np.maximum(left - entered, 0.0)
    entries = StageEntries(stage, outcome, days, book.worth(moment)[deal])
    won, not_won = stays_of(entries, stay)
    is_won = outcome == WON
    wins = book.won_between(moment - WINDOW_DAYS, moment, known_by=moment)
    return Learnt(
        chances=stage_chances(entries, priors=priors),
        anywhere=sum(priors.values()) / len(priors) if priors else 0.5,
        timing=timing(stage=stage[is_won], days=days[is_won], stay=stay[is_won]),
        won=won,
        not_won=not_won,
        usual=_usual(book.worth(moment)[wins], book.product[wins]),
        wins=min(int(wins.sum()), int(is_won.sum())),
        win_rate=_rate(int(wins.sum()), int((book.ended(moment) & (book.closed > moment - WINDOW_DAYS)).sum())),
    )


def _rate(won: int, ended: int) -> float:
    return (won + 1) / (ended + 2)  # never 0 or 1


def _usual(amount: Floats, product: Integers) -> Usual:
    told = amount > 0
    logs, product = np.log(amount[told]), product[told]
    if not len(logs):
        return Usual({}, math.nan, 0.0)
    overall = float(logs.mean())
    by_product, residuals = {}, []
    for code in np.unique(product).tolist():
        own = logs[product == code]
        by_product[code] = (float(own.sum()) + USUAL_WEIGHT * overall) / (len(own) + USUAL_WEIGHT)
        residuals.append(own - by_product[code])
    spread = math.sqrt(float((np.concatenate(residuals) ** 2).mean()))
    return Usual(by_product, overall, min(spread, LARGEST_SPREAD))


@dataclass(frozen=True, slots=True)
class Said:
    """What is said at a moment of the deals that are open then: of those that can be counted, one row each."""

    look: Look
    in_the_end: Floats  # the chance to be won at any time
    chance: Floats  # to be won within the period
    amount: Floats  # as it was set, else what a win usually brings
    spread: Floats  # of the logarithm of the amount; NaN where it was set
    due: Flags  # whether it is planned to close by the end of the period

    @property
    def is_set(self) -> Flags:
        """Of which deals somebody said what they are worth."""
        return np.isnan(self.spread)

    def spreads(self, usual: float) -> Floats:
        """Return the spread of each amount: the usual drift where it was set."""
        return np.where(self.is_set, usual, self.spread)

    def take(self, rows: Integers | Flags) -> "Said":
        """Return some of the rows."""
        look = self.look
        return Said(
            Look(look.at, look.deal[rows], look.stage[rows], look.age[rows], look.amount[rows], look.due[rows]),
            self.in_the_end[rows],
            self.chance[rows],
            self.amount[rows],
            self.spread[rows],
            self.due[rows],
        )


def within(learnt: Learnt, look: Look, in_the_end: Floats, start: float, end: float) -> Floats:
    """Return the chance of deals to be won between two moments, the first of which has come or lies ahead.

    While too little was won to tell when deals are, nothing is said: all are 0.
    """
    if not learnt.is_enough:
        return np.zeros(len(look))
    late = learnt.timing.share(look.stage, look.age, max(0.0, end - look.at))
    early = learnt.timing.share(look.stage, look.age, start - look.at) if start > look.at else np.zeros(len(look))
    return np.clip(in_the_end * np.maximum(late - early, 0.0), 0.0, MOST_CHANCE)


def say(
    book: DealBook, learnt: Learnt, moment: float, period: Period, *, scored: Floats | None = None
) -> tuple[Said, Look]:
    """Return what is said of the open deals, and those that can't be counted: for want of a rate, or of any amount.

    ``scored`` has the chance of each deal of the book by a model that tells deals apart, NaN where it says nothing.
    """
    look = book.look(moment)
    in_the_end = learnt.chance_in_the_end(look.stage, look.age)
    if scored is not None:
        own = scored[look.deal]
        in_the_end = np.where(np.isnan(own), in_the_end, np.clip(own, LEAST_CHANCE, MOST_CHANCE))
    unset = np.isnan(look.amount)
    amount = np.where(unset, learnt.usual.middle(book.product[look.deal]), look.amount)
    said = Said(
        look=look,
        in_the_end=in_the_end,
        chance=within(learnt, look, in_the_end, period.start, period.end),
        amount=amount,
        spread=np.where(unset, learnt.usual.spread, np.nan),
        due=look.due < period.end,
    )
    counted = book.countable[look.deal] & np.isfinite(amount)
    return said.take(counted), said.take(~counted).look


@dataclass(frozen=True, slots=True)
class Earlier:
    """An earlier period, looked at from the same point of it as the one that is forecast."""

    period: Period
    at: float
    said: Said
    won: Floats  # what each of the deals brought within the period; 0 where it was not won in it
    new_deal: Integers  # deals of the book that were opened later and won within it
    new_amount: Floats
    new_point: Floats  # at which share of the rest of the period


def look_back(book: DealBook, moment: float, period: Period, *, known_by: float, learnt: Learnt) -> Earlier | None:
    """Return what was said of a period at a moment, and what came as it was known later; None if too little was known.

    ``learnt`` is what was known at that moment.
    """
    if not learnt.is_enough:
        return None
    said, _ = say(book, learnt, moment, period)
    start = max(moment, period.start)
    came = book.won_between(start, period.end, known_by=known_by)
    worth = np.nan_to_num(book.worth(known_by))
    new = np.flatnonzero(came & ~book.begun(moment))
    return Earlier(
        period=period,
        at=moment,
        said=said,
        won=np.where(came, worth, 0.0)[said.look.deal],
        new_deal=new,
        new_amount=worth[new],
        new_point=(book.closed[new] - moment) / (period.end - moment),
    )


@dataclass(frozen=True, slots=True)
class Experience:
    """What earlier periods teach about one: how much its deals move together, how amounts change, what comes new."""

    shock: float
    drift: Drift
    conversion: float  # the value-weighted share of open pipeline, planned for the period, that was won in it
    win_rate: float  # of deals that ended
    earlier: Sequence[Earlier] = field(repr=False, default=())

    def new_business(self, deals: Flags | None = None, until: float = 1.0) -> NewBusiness:
        """Return what is to be expected that is not created yet: of these deals' kind, by a share of what remains."""
        found = []
        for one in self.earlier:
            kept = one.new_point <= until
            if deals is not None:
                kept &= deals[one.new_deal]
            amounts = one.new_amount[kept]
            found.append(amounts[amounts > 0])
        return new_business(found, chance=self.win_rate, deviation=self.shock)


def experience(earlier: Sequence[Earlier], *, win_rate: float) -> Experience:
    """Return what these periods teach; ``win_rate`` is that of deals that ended lately."""
    seen, last = [], []
    for one in earlier:
        of = (one.won > 0) & one.said.is_set & (one.said.amount > 0)
        seen.append(one.said.amount[of])
        last.append(one.won[of])
    learnt = drift(np.concatenate(seen), np.concatenate(last)) if seen else Drift()
    past = []
    for one in earlier:
        spread = one.said.spreads(learnt.spread)
        middle = one.said.amount * np.where(one.said.is_set, math.exp(learnt.mean), 1.0)
        mean, square = middle * np.exp(spread**2 / 2), middle**2 * np.exp(2 * spread**2)
        past.append(PastPeriod(one.said.chance, mean, float(one.won.sum()), square))
    return Experience(
        shock=shock_of(past),
        drift=learnt,
        conversion=conversion(
            won=sum(float(one.won[one.said.due].sum()) for one in earlier),
            open_=sum(float(one.said.amount[one.said.due].sum()) for one in earlier),
            periods=len(earlier),
        ),
        win_rate=win_rate,
        earlier=earlier,
    )
