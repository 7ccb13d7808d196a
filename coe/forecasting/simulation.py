"""The period drawn thousands of times: deals under a common shock, amounts that drift, business not created yet."""

import math
from dataclasses import dataclass, field

import numpy as np
from scipy.special import logit

from coe.forecasting.new_business import NewBusiness
from coe.forecasting.shock import USUAL_SHOCK, grouped, shifted
from coe.forecasting.stages import Floats

DRAWS = 8_000
EXACT_DEALS = 2_000  # with more, the sum under a shock is as good as normal
TOGETHER = 500  # draws that are held at a time
USUAL_SPREAD, SPREAD_WEIGHT = 0.15, 20.0


@dataclass(frozen=True, slots=True)
class Drift:
    """How amounts change until the win: the logarithm of the last over the one seen."""

    mean: float = 0.0
    spread: float = USUAL_SPREAD
    deals: int = 0

    @property
    def factor(self) -> float:
        """What an amount becomes on the average."""
        return math.exp(self.mean + self.spread**2 / 2)


def drift(seen: Floats, last: Floats) -> Drift:
    """Return the drift of won deals, seen at the same point and at their win; shrunken to none while they are few."""
    usable = (seen > 0) & (last > 0)
    changes = np.log(last[usable] / seen[usable])
    number = len(changes)
    if not number:
        return Drift()
    # One deal that grew a hundredfold is a mistake of typing more often than a trend.
    changes = np.clip(changes, -math.log(5), math.log(5))
    mean = float(changes.sum()) / (number + SPREAD_WEIGHT)
    square = float(((changes - mean) ** 2).sum()) + SPREAD_WEIGHT * USUAL_SPREAD**2
    return Drift(mean=mean, spread=math.sqrt(square / (number + SPREAD_WEIGHT)), deals=number)


@dataclass(frozen=True, slots=True)
class Paid:
    """What each deal brings if it is won: the logarithm of the amount is normal around that of the middle one."""

    middle: Floats
    spread: Floats

    @property
    def mean(self) -> Floats:
        """The expected amount of each."""
        return self.middle * np.exp(self.spread**2 / 2)

    @property
    def square(self) -> Floats:
        """The expected square of the amount of each."""
        return self.middle**2 * np.exp(2 * self.spread**2)


@dataclass(frozen=True, slots=True)
class Forecast:
    """What the period brings, closed deals included; money in the unit of the amounts."""

    p10: float
    p50: float
    p90: float
    mean: float
    closed: float
    open_: float  # expected of open deals
    new: float  # expected of business not created yet
    new_is_known: bool
    shock: float
    draws: int
    totals: Floats = field(repr=False)  # sorted

    def chance_of(self, target: float) -> float:
        """Return the share of draws that reach the target."""
        return float(len(self.totals) - np.searchsorted(self.totals, target, side="left")) / len(self.totals)

    def quantile(self, share: float) -> float:
        """Return the amount below which this share of draws lies."""
        return float(np.quantile(self.totals, share))


def simulate(
    *,
    chance: Floats,
    amount: Floats,
    closed: float = 0.0,
    shock: float = USUAL_SHOCK,
    shock_periods: float = math.inf,
    drift: Drift | None = None,
    spread: Floats | None = None,
    new: NewBusiness | None = None,
    draws: int = DRAWS,
    exact_deals: int = EXACT_DEALS,
    seed: int = 5,
) -> Forecast:
    """Return the forecast of a period from its open deals: their chance to be won within it, and their amounts.

    ``shock_periods`` says on how many periods the shock rests: the fewer, the oftener one is beyond what they had
    (Student's t). ``spread`` has the standard deviation of the logarithm of each amount where it is not that of the
    drift: of a deal whose amount is not known, ``amount`` is the middle one of what it may be.

    The mean of the open deals stays Σ chance·amount whatever the shock, but for the drift of amounts. Above 2,000 deals
    the shock is drawn and the sum taken from the normal that has the mean and variance of the deals under it.

    :raises ValueError: for chances outside of 0 to 1, amounts that are none, or as many of one as not of the other.
    """
    chance, amount = np.asarray(chance, dtype=np.float64), np.asarray(amount, dtype=np.float64)
    if chance.shape != amount.shape:
        raise ValueError(f"{len(chance)} chances for {len(amount)} amounts.")
    if not np.isfinite(amount).all() or not ((chance >= 0) & (chance <= 1)).all():
        raise ValueError("Each open deal needs an amount and a chance between 0 and 1.")
    drift, new = drift or Drift(spread=0.0), new or NewBusiness()
    spreads = np.full(len(amount), drift.spread) if spread is None else np.asarray(spread, dtype=np.float64)
    paid = Paid(amount * np.exp(drift.mean), spreads)
    random = np.random.default_rng(seed)
    shocks = random.normal(0.0, shock, draws) if shock else np.zeros(draws)
    if math.isfinite(shock_periods):
        shocks /= np.sqrt(random.chisquare(shock_periods, draws) / shock_periods)
    log_odds = logit(np.clip(chance, 1e-6, 1 - 1e-6))
    many = len(chance) > exact_deals
    deals = (_of_many if many else _of_each)(log_odds, paid, shocks, shock, random)
    totals = np.sort(closed + deals + new.draw(random, shocks, shock))
    p10, p50, p90 = (float(value) for value in np.quantile(totals, (0.1, 0.5, 0.9)))
    return Forecast(
        p10=p10,
        p50=p50,
        p90=p90,
        mean=float(totals.mean()),
        closed=closed,
        open_=float(chance @ paid.mean),
        new=new.expected,
        new_is_known=new.is_known,
        shock=shock,
        draws=draws,
        totals=totals,
    )


def _of_each(log_odds: Floats, paid: Paid, shocks: Floats, deviation: float, random: np.random.Generator) -> Floats:
    """Return the sums of deals that are won or lost one by one."""
    sums = np.empty(len(shocks))
    for first in range(0, len(shocks), TOGETHER):
        under = shifted(log_odds, shocks[first : first + TOGETHER], deviation)
        draw, deal = np.nonzero(random.random(under.shape) < under)
        # Few are won in a draw, and only of those the amount matters.
        drawn = paid.middle[deal] * np.exp(paid.spread[deal] * random.standard_normal(len(deal)))
        sums[first : first + TOGETHER] = np.bincount(draw, weights=drawn, minlength=len(under))
    return sums


def _of_many(log_odds: Floats, paid: Paid, shocks: Floats, deviation: float, random: np.random.Generator) -> Floats:
    """Return the sums of deals that are so many that only their mean and variance under each shock matter."""
    middle, amounts, squares, squares_of_means = grouped(log_odds, paid.mean, paid.square, paid.mean**2)
    under = shifted(middle, shocks, deviation)
    variance = under @ squares - under**2 @ squares_of_means
    return random.normal(under @ amounts, np.sqrt(np.maximum(variance, 0.0)))
