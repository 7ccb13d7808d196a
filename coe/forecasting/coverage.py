"""How much open pipeline a target needs: the organisation's own conversion, and not three times for everybody."""

import math
from dataclasses import dataclass

CONVERSION_WEIGHT = 4.0  # periods' worth of the usual conversion
USUAL_CONVERSION = 1 / 3  # the folklore of "three times"


@dataclass(frozen=True, slots=True)
class Coverage:
    """Open pipeline against what is left of a target."""

    remaining: float  # of the target, after what is closed and what new business brings
    needed: float  # open pipeline
    has: float
    times: float | None  # open pipeline over what remains of the target
    needed_times: float
    conversion: float

    @property
    def is_enough(self) -> bool:
        """Whether the open pipeline carries the target at this conversion."""
        return self.has >= self.needed

    @property
    def gap(self) -> float:
        """Pipeline that is missing; 0 if none is."""
        return max(0.0, self.needed - self.has)


def conversion(*, won: float, open_: float, periods: int, usual: float = USUAL_CONVERSION) -> float:
    """Return the value-weighted share of open pipeline that is won within the period, seen at the same week of it.

    ``won`` and ``open_`` are sums over past periods; with few of them the usual share counts like four.
    """
    own = min(1.0, won / open_) if open_ > 0 else usual
    return (periods * own + CONVERSION_WEIGHT * usual) / (periods + CONVERSION_WEIGHT)


def coverage(*, target: float, closed: float, new: float, open_: float, conversion: float) -> Coverage:
    """Return the coverage: needed = (target − closed − new) / conversion.

    :raises ValueError: if the conversion isn't above 0 and at most 1.
    """
    if not 0 < conversion <= 1:
        raise ValueError(f"A conversion lies above 0 and at most at 1, not {conversion!r}.")
    remaining = max(0.0, target - closed - new)
    left = target - closed
    return Coverage(
        remaining=remaining,
        needed=remaining / conversion,
        has=open_,
        times=open_ / left if left > 0 else None,
        needed_times=1 / conversion if math.isclose(new, 0) or left <= 0 else remaining / conversion / left,
        conversion=conversion,
    )
