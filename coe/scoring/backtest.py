"""What the engine would have said then, held against what came: the proof that a page shows and a person can rerun.

At each cut-off the model is chosen, tuned and calibrated anew with what was settled by then (known before the cut-off
less horizon and embargo), and tried on what became known from the cut-off to the next. Beside it stand the base rate,
chance, the revenue of the last twelve months and the rule card, on the very same rows (domain notes 4.7, 4.8, 4.13).
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np

from coe.scoring import measures
from coe.scoring.measures import Figure
from coe.scoring.quality import Segment, probability_figures, ranking_figures, segment_figures
from coe.scoring.selection import Choice, choose_model
from coe.scoring.table import Floats, Rows, Table

EMBARGO_DAYS = 7
FEWEST_FOLDS = 3
SEED = 7
DRIFT = 0.1


class UndatedError(ValueError):
    """There is no past to go back to: the rows have no dates."""


@dataclass(frozen=True, slots=True)
class Period:
    """One cut-off."""

    start: float
    learnt_from: int
    tried: int
    positives: int
    choice: Choice
    log_loss: float
    base_log_loss: float
    drift: float  # PSI of the scores against the period before, less what chance shows


@dataclass(frozen=True, slots=True)
class Backtest:
    """Everything the page shows. ``why_not`` says what keeps it from being a validation."""

    periods: tuple[Period, ...]
    figures: dict[str, Figure]
    baselines: dict[str, dict[str, Figure]]  # by baseline: lift and capture on the same rows
    segments: tuple[Segment, ...]
    rows: Rows
    probabilities: Floats
    why_not: str = ""

    @property
    def drifted(self) -> bool:
        """True if the scores of the last period are distributed otherwise than those before."""
        return bool(self.periods) and self.periods[-1].drift > DRIFT


def backtest(
    table: Table,
    outcome: Sequence[float] | Floats,
    *,
    cutoffs: Sequence[float],
    horizon: float,
    embargo: float = EMBARGO_DAYS,
    points: Floats | None = None,
    revenue: Floats | None = None,
    segments: Sequence[str] | None = None,
    worth: Floats | None = None,
    known_at_closing: Collection[str] = (),
    draws: int = 200,
) -> Backtest:
    """Return what the model would have been worth at each cut-off.

    ``cutoffs`` are days as in ``known_at``, ``horizon`` the days until an outcome is settled. ``revenue`` of the last
    twelve months and the card's ``points`` are baselines, ``worth`` is the margin that came, for value capture.

    :raises UndatedError: if the rows have no dates.
    """
    if table.known_at is None:
        raise UndatedError("A backtest needs the date on which each row was known.")
    y = (np.asarray(outcome, dtype=float) > 0).astype(float)
    starts = sorted(cutoffs)
    periods: list[Period] = []
    tried: list[Rows] = []
    predicted: list[Floats] = []
    base_predicted: list[Floats] = []
    for place, start in enumerate(starts):
        end = starts[place + 1] if place + 1 < len(starts) else np.inf
        learn = np.flatnonzero(table.known_at < start - horizon - embargo)
        rows = np.flatnonzero((table.known_at >= start) & (table.known_at < end))
        if not len(rows) or not len(learn):
            continue
        choice = choose_model(
            table.take(learn),
            y[learn],
            points=None if points is None else points[learn],
            known_at_closing=known_at_closing,
            embargo=horizon + embargo,
        )
        p = choice.scorer.probabilities(table.take(rows), None if points is None else points[rows])
        base = np.full(len(rows), choice.rate)
        periods.append(
            Period(
                start=float(start),
                learnt_from=len(learn),
                tried=len(rows),
                positives=int(y[rows].sum()),
                choice=choice,
                log_loss=measures.log_loss(y[rows], p),
                base_log_loss=measures.log_loss(y[rows], base),
                drift=measures.psi_beyond_chance(predicted[-1], p) if predicted else 0.0,
            )
        )
        tried.append(rows)
        predicted.append(p)
        base_predicted.append(base)
    if not periods:
        return Backtest((), {}, {}, (), np.empty(0, dtype=np.intp), np.empty(0), "No cut-off has rows on both sides.")
    rows, p = np.concatenate(tried), np.concatenate(predicted)
    groups = None if table.groups is None else table.groups[rows]
    others = {"random": np.random.default_rng(SEED).random(len(rows))}
    others |= {"revenue": revenue[rows]} if revenue is not None else {}
    others |= {"rule_card": points[rows]} if points is not None else {}
    came = None if worth is None else np.maximum(worth[rows], 0)
    why_not = "" if len(periods) >= FEWEST_FOLDS else f"Not yet validated: {len(periods)} of {FEWEST_FOLDS} periods."
    return Backtest(
        periods=tuple(periods),
        figures=probability_figures(y[rows], p, np.concatenate(base_predicted), groups, draws)
        | ranking_figures(y[rows], p, came, groups, draws),
        baselines={name: ranking_figures(y[rows], score, came, groups, draws) for name, score in others.items()},
        segments=segment_figures([segments[int(row)] for row in rows], y[rows], p, groups, draws)
        if segments is not None
        else (),
        rows=rows,
        probabilities=p,
        why_not=why_not,
    )
