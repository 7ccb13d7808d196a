"""How sure a rate is. Nothing but the standard library: pages ask for it, too."""

import math

NORMAL = 1.959964  # standard errors of a 95 % interval


def wilson(positives: float, rows: float) -> tuple[float, float]:
    """Return the 95 % interval of a rate (Wilson 1927); anything is possible without rows."""
    if not rows:
        return 0.0, 1.0
    rate, z2 = positives / rows, NORMAL**2
    middle = (rate + z2 / (2 * rows)) / (1 + z2 / rows)
    half = NORMAL / (1 + z2 / rows) * math.sqrt(rate * (1 - rate) / rows + z2 / (4 * rows**2))
    return max(0.0, middle - half), min(1.0, middle + half)
