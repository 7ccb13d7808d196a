"""How good a model is, by its predictions for rows that it hasn't learnt from: the figures that are kept with it.

Each figure has its interval, drawn by whole accounts, or the reason why there is none. The same functions serve a
training, a backtest and the watch over a model that is in use.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logit

from coe.scoring import measures
from coe.scoring.intervals import wilson
from coe.scoring.measures import Figure, Measure
from coe.scoring.selection import Choice
from coe.scoring.table import Floats, Rows

SHARES = (0.1, 0.2)
DRAWS, DRAWS_OF_MANY, MANY = 200, 40, 20_000
BINS, BINS_OF_SEGMENT = 10, 5
MOST_SEGMENTS = 50
FAIR = 0.2  # observed may differ from expected by a fifth
SEED = 11


class Held(StrEnum):
    """Whether what was said of a segment came true."""

    HOLDS = "holds"
    TOO_SURE = "too_sure"  # it said more than came
    TOO_CAUTIOUS = "too_cautious"
    THIN = "thin_data"


@dataclass(frozen=True, slots=True)
class Segment:
    """The figures of one territory or segment."""

    name: str
    rows: int
    positives: int
    observed_over_expected: Figure
    auc: Figure
    expected: float = 0.0

    @property
    def is_fair(self) -> bool:
        """True if the interval of observed ÷ expected holds 1, or the two differ by less than a fifth."""
        ratio = self.observed_over_expected
        if ratio.value is None or ratio.low is None or ratio.high is None:
            return True
        return ratio.low <= 1 <= ratio.high or abs(ratio.value - 1) < FAIR

    @property
    def held(self) -> Held:
        """What a person is told: it takes twenty outcomes, expected or seen, to say anything."""
        if max(self.positives, self.expected) < measures.FEWEST_POSITIVES:
            return Held.THIN
        if self.is_fair:
            return Held.HOLDS
        return Held.TOO_SURE if self.positives < self.expected else Held.TOO_CAUTIOUS


def quality_of(choice: Choice, panels: Mapping[str, Sequence[str]] | None = None) -> dict[str, Any]:
    """Return the figures of a chosen model as they are kept in JSON; nothing where nothing could be tried.

    ``panels`` are the names by which it is looked at ("segment", "territory"), one for each row that the choice was
    given.
    """
    tried, base = choice.trial, choice.trials[0] if choice.trials else None
    if tried is None or base is None:
        return {}
    kept = as_in_life(tried.y, choice.scorer.shift)
    y, groups = tried.y[kept], tried.groups[kept]
    p, base_p = (np.asarray(expit(logit(one.p[kept]) + choice.scorer.shift)) for one in (tried, base))
    draws = DRAWS if len(kept) <= MANY else DRAWS_OF_MANY
    own_rows = choice.learnt[tried.rows[kept]]
    return {
        "rows": len(y),
        "positives": int(y.sum()),
        **{name: asdict(one) for name, one in probability_figures(y, p, base_p, groups, draws).items()},
        **{name: asdict(one) for name, one in ranking_figures(y, p, None, groups, draws).items()},
        "bins": calibration_bins(y, p),
        "by": {
            title: segments_as_json([str(names[int(row)]) for row in own_rows], y, p, groups, draws)
            for title, names in (panels or {}).items()
        },
    }


def finite(value: Any) -> Any:
    """Return the value as JSON may hold it: what is infinite or no number is nothing."""
    if isinstance(value, Mapping):
        return {key: finite(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [finite(one) for one in value]
    if isinstance(value, np.generic):
        value = value.item()
    return None if isinstance(value, float) and not math.isfinite(value) else value


def as_in_life(y: Floats, shift: float) -> Rows:
    """Return the tried rows in the proportion of life: what the sample has too many of is thinned out."""
    if not shift:
        return np.arange(len(y))
    drawn = np.random.default_rng(SEED).random(len(y)) < math.exp(-abs(shift))
    return np.flatnonzero((y == (shift > 0)) | drawn)


def calibration_bins(y: Floats, p: Floats, *, bins: int = BINS) -> list[dict[str, float]]:
    """Return what was said and what came in bins of equal size, with the interval of what came (Wilson 1927)."""
    found = []
    for part in np.array_split(np.argsort(p, kind="stable"), min(bins, max(len(p), 1))):
        if not len(part):
            continue
        positives = float(y[part].sum())
        low, high = wilson(positives, len(part))
        found.append(
            {
                "rows": len(part),
                "positives": int(positives),
                "said": float(p[part].mean()),
                "came": positives / len(part),
                "low": low,
                "high": high,
            }
        )
    return found


def segments_as_json(
    names: Sequence[str], y: Floats, p: Floats, groups: NDArray[np.int64] | None, draws: int
) -> list[dict[str, Any]]:
    """Return the figures of each segment with its state and its own calibration, the largest first."""
    found = []
    of_row = np.array([name or "–" for name in names])
    largest = sorted(segment_figures(names, y, p, groups, draws), key=lambda one: (-one.rows, one.name))
    for one in largest[:MOST_SEGMENTS]:
        inside = of_row == one.name
        found.append(
            {
                **asdict(one),
                "held": one.held.value,
                "said": one.expected / one.rows,
                "came": one.positives / one.rows,
                "bins": calibration_bins(y[inside], p[inside], bins=BINS_OF_SEGMENT),
            }
        )
    return found


def with_interval(measure: Measure, rows: int, groups: NDArray[np.int64] | None, draws: int, why: str = "") -> Figure:
    """Return a measure of all rows with its interval by whole groups."""
    value = measure(np.arange(rows))
    if value is None:
        return Figure(None, why=why)
    if not draws:
        return Figure(value)
    found = measures.interval(measure, rows=rows, groups=groups, draws=draws)
    return Figure(value, *found) if found else Figure(value, why="too few accounts for an interval")


def _auc(y: Floats, score: Floats, rows: Rows) -> float:
    return measures.auc(y[rows], score[rows])


def _lift(y: Floats, score: Floats, share: float, rows: Rows) -> float | None:
    return measures.lift(y[rows], score[rows], share=share).value


def probability_figures(
    y: Floats, p: Floats, base: Floats, groups: NDArray[np.int64] | None, draws: int
) -> dict[str, Figure]:
    """Return how good the probabilities are."""
    intercept, slope = measures.calibration_line(y, p)
    gains = measures.log_losses(y, base) - measures.log_losses(y, p)
    return {
        "log_loss": Figure(measures.log_loss(y, p)),
        "base_log_loss": Figure(measures.log_loss(y, base)),
        "gain": with_interval(lambda rows: float(gains[rows].mean()), len(y), groups, draws),
        "brier": Figure(measures.brier(y, p)),
        "brier_skill": Figure(1 - measures.brier(y, p) / max(measures.brier(y, base), 1e-12)),
        "calibration_slope": Figure(slope),
        "calibration_intercept": Figure(intercept),
        "ece_beyond_chance": Figure(measures.ece_beyond_chance(y, p)),
        "observed_over_expected": measures.observed_over_expected(int(y.sum()), float(p.sum())),
    }


def ranking_figures(
    y: Floats, score: Floats, worth: Floats | None, groups: NDArray[np.int64] | None, draws: int
) -> dict[str, Figure]:
    """Return how good the order is: it needs no probabilities, so every baseline has it, too."""
    found = {"auc": with_interval(partial(_auc, y, score), len(y), groups, draws)}
    for share in SHARES:
        name = f"{share:.0%}".rstrip("%")
        full = measures.lift(y, score, share=share)
        measure = partial(_lift, y, score, share)
        found[f"lift_{name}"] = with_interval(measure, len(y), groups, draws, full.why)
        found[f"capture_{name}"] = measures.capture(y, score, share=share)
        if worth is not None:
            found[f"value_capture_{name}"] = measures.capture(worth, score, share=share)
    return found


def segment_figures(
    names: Sequence[str], y: Floats, p: Floats, groups: NDArray[np.int64] | None, draws: int
) -> tuple[Segment, ...]:
    """Return the figures of each name."""
    found = []
    of_row = np.array([name or "–" for name in names])
    for name in np.unique(of_row):
        rows = np.flatnonzero(of_row == name)
        positives = int(y[rows].sum())
        fewer = min(positives, len(rows) - positives)
        area = Figure(None, why=f"{fewer} of the rarer outcome; shown from {measures.FEWEST_POSITIVES} on")
        if fewer >= measures.FEWEST_POSITIVES:
            own = None if groups is None else groups[rows]
            area = with_interval(partial(_auc, y[rows], p[rows]), len(rows), own, draws)
        expected = float(p[rows].sum())
        ratio = measures.observed_over_expected(positives, expected)
        found.append(Segment(str(name), len(rows), positives, ratio, area, expected))
    return tuple(found)
