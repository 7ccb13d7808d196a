"""Decision calculus: a squad's own estimates as a response curve (ADBUDG; Little 1970, Management Science 16(8))."""

import math
from dataclasses import dataclass
from itertools import pairwise


class UnableToFit(ValueError):
    """The estimates contradict each other; the words say how."""


@dataclass(frozen=True, slots=True)
class Adbudg:
    """Margin in twelve months at so many hours: none + (most − none) · h^c / (d + h^c)."""

    none: float
    most: float
    c: float
    d: float

    def margin(self, hours: float) -> float:
        """Return the margin to expect at these hours."""
        return self.none + (self.most - self.none) * hours**self.c / (self.d + hours**self.c)

    def row(self, *, horizon_days: int = 90) -> tuple[float, float, float, float]:
        """Return the parameters as ``Responses.curve`` has them, with the money of the horizon in place of a year's."""
        share = horizon_days / 365
        return self.none * share, self.most * share, self.c, self.d


def fit_adbudg(*, hours_now: float, none: float, half: float, now: float, more: float, most: float) -> Adbudg:
    """Return the curve through a squad's estimates of a year's margin.

    Without any effort, at half of today's hours, at today's, at half as much again, and at as many as one likes.

    The outer two are taken as they are; the three between give slope and position by least squares of their log-odds,
    which is exact when they lie on one curve.

    :raises UnableToFit: if more hours are said to bring less, or today's hours are not above 0.
    """
    values = (none, half, now, more, most)
    if not all(math.isfinite(value) for value in (*values, hours_now)) or hours_now <= 0:
        raise UnableToFit("The estimates need today's hours, above 0, and five amounts.")
    if not all(low < high for low, high in pairwise(values)):
        raise UnableToFit(
            "More hours must bring more margin: none < half of today's < today's < half as much again < any number."
        )
    points = [
        (math.log(hours_now * times), math.log((value - none) / (most - value)))
        for times, value in ((0.5, half), (1.0, now), (1.5, more))
    ]
    middle = sum(x for x, _ in points) / 3
    level = sum(y for _, y in points) / 3
    c = sum((x - middle) * (y - level) for x, y in points) / sum((x - middle) ** 2 for x, _ in points)
    return Adbudg(none, most, c, math.exp(c * middle - level))
