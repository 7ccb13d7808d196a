"""How good a model was in each fold of its trials: whether it always was, or only once."""

import math
from datetime import date, timedelta
from typing import Any

import numpy as np
from scipy.special import expit, logit

from coe.scoring import measures
from coe.scoring.examples import Examples
from coe.scoring.intervals import NORMAL, wilson
from coe.scoring.quality import as_in_life
from coe.scoring.selection import Choice
from coe.scoring.table import Floats, Rows

DAY_ZERO = date(1970, 1, 1)
TOP = 0.1


def fold_figures(choice: Choice, examples: Examples) -> list[dict[str, Any]]:
    """Return the figures of each fold as they are kept in JSON, in the order of trial; nothing where none was tried.

    Together they are the trial that `quality_of` tells of: the same rows and the same probabilities.
    """
    tried, base = choice.trial, choice.trials[0] if choice.trials else None
    if tried is None or base is None:
        return []
    kept = as_in_life(tried.y, choice.scorer.shift)
    shift = choice.scorer.shift
    p, base_p = (np.asarray(expit(logit(one.p[kept]) + shift), dtype=float) for one in (tried, base))
    gains = measures.log_losses(tried.y[kept], base_p) - measures.log_losses(tried.y[kept], p)
    found = []
    for number in np.unique(tried.fold[kept]):
        inside = np.flatnonzero(tried.fold[kept] == number)
        y = tried.y[kept][inside]
        gain = float(gains[inside].mean())
        error = measures.clustered_error(gains[inside], tried.groups[kept][inside])
        found.append(
            {
                **_days(examples, choice.learnt[tried.rows[kept][inside]]),
                "rows": len(inside),
                "positives": int(y.sum()),
                "log_loss": measures.log_loss(y, p[inside]),
                "base_log_loss": measures.log_loss(y, base_p[inside]),
                "gain": {"value": gain, "low": gain - NORMAL * error, "high": gain + NORMAL * error},
                "lift_10": _lift(y, p[inside]),
            }
        )
    return found


def _days(examples: Examples, rows: Rows) -> dict[str, str | None]:
    """Return the first and the last day of the rows, where they have days."""
    known_at = examples.table.known_at
    if known_at is None:
        return {"start": None, "end": None}
    days = known_at[rows]
    return {"start": _day(float(days.min())), "end": _day(float(days.max()))}


def _day(number: float) -> str | None:
    """Return a day since 1970; a number that merely rises with time has none."""
    try:
        return (DAY_ZERO + timedelta(days=int(number))).isoformat() if number > 0 else None
    except OverflowError:
        return None


def _lift(y: Floats, p: Floats) -> dict[str, Any]:
    """Return the lift of the first tenth, with the interval of its share of good outcomes."""
    lift = measures.lift(y, p, share=TOP)
    if lift.value is None:
        return {"value": None, "low": None, "high": None, "why": lift.why}
    rate = float(y.mean())
    top = max(1, math.floor(TOP * len(y)))
    low, high = wilson(lift.value * rate * top, top)
    return {"value": lift.value, "low": low / rate, "high": high / rate, "why": ""}
