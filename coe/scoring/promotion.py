"""Whether a new version may take the place of the one that counts (domain notes 4.5).

Both are held against the same rows: those that neither has learnt from. They are rows that became known after the
window of the version in use, where there are enough of them; else the two *methods* are compared, each fitted anew in
each fold. A new version of the same method has seen more, and needs only be not worse, as does a simpler one; a more
complex method must be better by more than one standard error, and in two of three folds. Neither may be too sure of
itself, nor wrong about a territory that the other is right about.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logit

from coe.scoring import measures
from coe.scoring.calibration import FEWEST_FOR_SLOPE, SLOPE_FROM, SLOPE_TO
from coe.scoring.measures import FEWEST_POSITIVES, clustered_error, log_losses
from coe.scoring.quality import finite, segment_figures
from coe.scoring.selection import Choice, Scorer, State, method_words
from coe.scoring.table import Floats, Rows, Table

FOLDS_TO_WIN = 2 / 3


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether to promote, why in one sentence, and the figures it rests on."""

    promote: bool
    sentence: str
    figures: Mapping[str, Any]

    def as_json(self) -> dict[str, Any]:
        """Return the figures as they are kept."""
        found: dict[str, Any] = finite(self.figures)
        return found


@dataclass(frozen=True, slots=True)
class Incumbent:
    """The version in use."""

    name: str
    code: str
    scorer: Scorer
    window_end: float | None  # the last day that it learnt from
    points: Floats | None = None  # row by row, if it was trained on another card


def family(code: str) -> str:
    """Return the method without its strength: ``card_correction_30`` and ``card_correction_100`` are one."""
    head, _, tail = code.rpartition("_")
    return head if head and tail.replace(".", "", 1).isdigit() else code


def judge(
    choice: Choice,
    incumbent: Incumbent | None,
    table: Table,
    *,
    points: Floats | None = None,
    panels: Mapping[str, Sequence[str]] | None = None,
) -> Verdict:
    """Return whether the chosen model may take the place of the incumbent.

    ``table``, ``points`` and ``panels`` are what the choice was made from, row by row.
    """
    trial = choice.trial
    if trial is None:
        if incumbent is None or incumbent.code != choice.code:
            return Verdict(True, f"{choice.sentence} There is nothing to compare yet.", {})
        return Verdict(True, f"{choice.sentence} It has seen more than {incumbent.name}.", {})
    p = _shifted(trial.p, choice.scorer.shift)
    slope = measures.calibration_line(trial.y, trial.p)[1]
    fewer = min(float(trial.y.sum()), float(len(trial.y) - trial.y.sum()))
    claims = choice.state in (State.CORRECTED, State.LEARNED)
    # Without a version before it, one that is too cautious is still better than what only knows the rules.
    most = SLOPE_TO if incumbent is not None else math.inf
    if claims and fewer >= FEWEST_FOR_SLOPE and not SLOPE_FROM <= slope <= most:
        words = "too sure of itself" if slope < 1 else "too cautious"
        return Verdict(
            False,
            f"It is {words}: the calibration slope is {slope:.2f}, allowed are {SLOPE_FROM} to {SLOPE_TO}.",
            {"slope": slope},
        )
    if incumbent is None:
        return Verdict(True, f"{choice.sentence} There was no version before it.", {"slope": slope})
    learnt = choice.learnt[trial.rows]
    other, rows, basis = _incumbent_on(incumbent, choice, table, learnt, points)
    if other is None:
        rested_on = method_words(incumbent.code)
        return Verdict(True, f"{incumbent.name} rests on {rested_on}, which no longer applies.", {"slope": slope})
    figures = {
        "basis": basis,
        "against": incumbent.name,
        "rows": len(rows),
        "positives": int(trial.y[rows].sum()),
        "slope": slope,
        **_side_by_side(trial.y[rows], p[rows], other, trial.groups[rows]),
    }
    broken = _broken(trial.y[rows], p[rows], other, learnt[rows], panels or {}) if claims else ""
    if broken:
        return Verdict(False, f"{broken}; {incumbent.name} is not.", figures | {"broken": broken})
    return _on_gain(choice, incumbent, figures, trial.fold[rows], trial.y[rows], p[rows], other)


def _on_gain(
    choice: Choice,
    incumbent: Incumbent,
    figures: dict[str, Any],
    fold: NDArray[np.intp],
    y: Floats,
    p: Floats,
    other: Floats,
) -> Verdict:
    gain, error = figures["gain"], figures["gain_error"]
    gains = log_losses(y, other) - log_losses(y, p)
    won = float(np.mean([gains[fold == number].mean() > 0 for number in np.unique(fold)])) if len(fold) else 0.0
    figures |= {"folds_won": won}
    said = f"log-loss {figures['log_loss']:.4f} against {figures['other_log_loss']:.4f} of {incumbent.name}"
    if gain > error and won >= FOLDS_TO_WIN:
        return Verdict(True, f"It is better: {said}.", figures)
    if gain < -error:
        return Verdict(False, f"It is worse: {said}.", figures)
    if family(choice.code) == family(incumbent.code):
        return Verdict(True, f"It is not worse and has seen more: {said}.", figures)
    if _is_simpler(choice, incumbent.code):
        return Verdict(True, f"It is simpler and not worse: {said}.", figures)
    return Verdict(False, f"A more complex method must be clearly better, and it is not: {said}.", figures)


def _is_simpler(choice: Choice, code: str) -> bool:
    order = [one.learner.code for one in choice.trials]
    return code in order and order.index(choice.code) < order.index(code)


def _shifted(p: Floats, shift: float) -> Floats:
    return np.asarray(expit(logit(np.clip(p, 1e-9, 1 - 1e-9)) + shift), dtype=float) if shift else p


def _incumbent_on(
    incumbent: Incumbent, choice: Choice, table: Table, learnt: Rows, points: Floats | None
) -> tuple[Floats | None, Rows, str]:
    """Return what the incumbent says of rows that neither has learnt from, which of the tried rows, and how."""
    trial = choice.trial
    assert trial is not None
    if table.known_at is not None and incumbent.window_end is not None:
        new = np.flatnonzero(table.known_at[learnt] > incumbent.window_end)
        positives = float(trial.y[new].sum())
        if min(positives, len(new) - positives) >= FEWEST_POSITIVES:
            rows = learnt[new]
            given = points if incumbent.points is None else incumbent.points
            own = None if given is None else given[rows]
            return incumbent.scorer.probabilities(table.take(rows), own), new, "new rows"
    everything = np.arange(len(trial.y))
    for one in choice.trials:
        if one.learner.code == incumbent.code:
            return _shifted(one.p, choice.scorer.shift), everything, "folds"
    return None, everything, ""


def _side_by_side(y: Floats, p: Floats, other: Floats, groups: NDArray[np.int64]) -> dict[str, Any]:
    gains = log_losses(y, other) - log_losses(y, p)
    found: dict[str, Any] = {"gain": float(gains.mean()), "gain_error": clustered_error(gains, groups)}
    for name, said in (("", p), ("other_", other)):
        found |= {
            f"{name}log_loss": measures.log_loss(y, said),
            f"{name}brier": measures.brier(y, said),
            f"{name}auc": measures.auc(y, said),
            f"{name}lift_10": measures.lift(y, said, share=0.1).value,
            f"{name}observed_over_expected": asdict(measures.observed_over_expected(int(y.sum()), float(said.sum()))),
        }
    return found


def _broken(y: Floats, p: Floats, other: Floats, rows: Rows, panels: Mapping[str, Sequence[str]]) -> str:
    """Return the first territory or segment about which the new version is wrong and the other one isn't, in words."""
    for title, names in panels.items():
        own = [str(names[int(row)]) for row in rows]
        before = {one.name: one for one in segment_figures(own, y, other, None, 0)}
        for one in segment_figures(own, y, p, None, 0):
            enough = max(one.positives, one.expected) >= FEWEST_POSITIVES
            if enough and not one.is_fair and before[one.name].is_fair:
                ratio = one.observed_over_expected.value or 0.0
                return f"It is wrong about the {title} {one.name} (came ÷ said is {ratio:.2f})"
    return ""
