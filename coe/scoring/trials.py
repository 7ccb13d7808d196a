"""A candidate put to the proof: its predictions for rows that it didn't learn from, calibrated, and what they cost."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from coe.scoring.calibration import FEWEST_FOR_SLOPE, SLOPE_FROM, SLOPE_TO, Curve, fit_curve
from coe.scoring.folds import TIME, Split
from coe.scoring.learners import BaseRate, Boosting, Learner, Outcomes
from coe.scoring.measures import auc, brier, calibration_line, clustered_error, log_losses
from coe.scoring.table import Floats, Rows

# A linear model has its level right by itself; only how sure it is may be off. Trees need both.
CURVES_OF_LINES = ("temperature",)
CURVES_OF_TREES = ("temperature", "sigmoid")
CURVES = CURVES_OF_TREES
FEWEST_FOR_CURVE = 50
FEWEST_IN_LAST_FOLD = 400  # of the rarer outcome: the error of a slope is then about .05, less than folds differ by
ONE_ERROR = 1.0
SURE = 1.645  # one-sided 5 %


@dataclass(frozen=True, slots=True)
class Trial:
    """The out-of-fold predictions of one learner, with the calibration curve that served it best."""

    learner: Learner
    curve: str
    rows: Rows  # the tried rows, fold after fold
    y: Floats
    z: Floats  # raw log-odds
    p: Floats  # calibrated on other rows
    fold: NDArray[np.intp]
    groups: NDArray[np.int64]
    in_time: bool = False  # whether each fold lies behind those before it

    def curve_ahead(self) -> Curve:
        """Return the calibration for rows that come: what the last fold shows, in time and where it has enough.

        It learnt from most and lies nearest to what will be asked. Earlier folds learnt from a fraction of it, so they
        were surer of themselves than the model in use is, and all together would make it too cautious.
        """
        chosen = np.full(len(self.y), True)
        if self.in_time:
            last = self.fold == self.fold.max()
            fewer = min(self.y[last].sum(), (1 - self.y[last]).sum())
            chosen = last if fewer >= FEWEST_IN_LAST_FOLD else chosen
        return fit_curve(self.curve, self.z[chosen], self.y[chosen])

    @property
    def losses(self) -> Floats:
        """The log-loss of each tried row."""
        return log_losses(self.y, self.p)

    def gain_over(self, other: "Trial") -> tuple[float, float]:
        """Return how much less log-loss a row has than under the other, and the error of that, by whole groups."""
        gains = other.losses - self.losses
        return float(gains.mean()), clustered_error(gains, self.groups)

    def folds_won(self, other: "Trial") -> float:
        """Return the share of folds in which this one has less log-loss."""
        gains = np.bincount(self.fold, weights=other.losses - self.losses)
        return float((gains > 0).mean())


@dataclass(frozen=True, slots=True)
class Figures:
    """What is told of a candidate."""

    code: str
    curve: str
    log_loss: float
    brier: float
    auc: float
    gain: float  # log-loss less than the base rate's, a row
    gain_error: float


def figures(trial: Trial, base: Trial) -> Figures:
    """Return a trial's figures beside those of the base rate."""
    gain, error = trial.gain_over(base)
    return Figures(
        code=trial.learner.code,
        curve=trial.curve,
        log_loss=float(trial.losses.mean()),
        brier=brier(trial.y, trial.p),
        auc=_mean_auc(trial),
        gain=gain,
        gain_error=error,
    )


def _mean_auc(trial: Trial) -> float:
    """Return the AUC within folds, weighted by pairs: levels that differ between folds neither help nor harm."""
    total = weight = 0.0
    for number in range(int(trial.fold.max(initial=-1)) + 1):
        inside = trial.fold == number
        positives = float(trial.y[inside].sum())
        pairs = positives * (float(inside.sum()) - positives)
        total += pairs * auc(trial.y[inside], trial.p[inside])
        weight += pairs
    return total / weight if weight else 0.5


def trials_of(learners: Sequence[Learner], outcomes: Outcomes, split: Split) -> list[Trial]:
    """Fit each learner in each fold, predict what it hasn't seen, and find the curve that calibrates it."""
    predicted: list[list[Floats]] = [[] for _ in learners]
    for fold in split.folds:  # outside, so that a fold's matrix is made once and only one is held
        learnt_from, rest = outcomes.take(fold.learn), outcomes.take(fold.try_)
        for place, learner in enumerate(learners):
            predicted[place].append(learner.fit(learnt_from).log_odds(rest.table, rest.points))
        del learnt_from, rest  # with its matrix: the next fold makes its own
    return [_trial(one, np.concatenate(z), outcomes, split) for one, z in zip(learners, predicted, strict=True)]


def _trial(learner: Learner, z: Floats, outcomes: Outcomes, split: Split) -> Trial:
    """Return the trial with the best curve.

    A curve replaces the raw log-odds only if it is better beyond chance; each fold is calibrated on the other folds,
    in time on the earlier ones.
    """
    rows = np.concatenate([fold.try_ for fold in split.folds])
    number = np.repeat(np.arange(len(split.folds)), [len(fold.try_) for fold in split.folds])
    y, groups = outcomes.positive[rows], split.groups[rows]
    in_time = split.how == TIME
    best = Trial(learner, "none", rows, y, z, np.asarray(expit(z), dtype=float), number, groups, in_time)
    # A few dozen outcomes can't tell a curve from luck.
    curves = CURVES_OF_TREES if isinstance(learner, Boosting) else CURVES_OF_LINES
    enough = min(y.sum(), len(y) - y.sum()) >= FEWEST_FOR_CURVE and np.ptp(z) > 0
    for curve in curves if enough and not isinstance(learner, BaseRate) else ():
        trial = replace(best, curve=curve, p=_calibrated(curve, z, y, number, in_time=in_time))
        best = trial if is_sure(trial, best, how=split.how) else best
    return best if isinstance(learner, BaseRate) else _put_right(best)


def _put_right(trial: Trial) -> Trial:
    """Return the trial with the curve by which it is not too sure of itself, if it is.

    In time the first fold has nothing before it to be calibrated on, and the second only that, so that a good model
    may look too sure, and be barred from use. Each fold is then calibrated on all others: two numbers learn nothing of
    a row.
    """
    if min(trial.y.sum(), len(trial.y) - trial.y.sum()) < FEWEST_FOR_SLOPE or _slope(trial) >= SLOPE_FROM:
        return trial
    curves = [
        replace(trial, curve=curve, p=_calibrated(curve, trial.z, trial.y, trial.fold, in_time=False))
        for curve in CURVES
    ]
    best = min(curves, key=lambda one: float(one.losses.mean()))
    return best if SLOPE_FROM <= _slope(best) <= SLOPE_TO and best.losses.mean() < trial.losses.mean() else trial


def _slope(trial: Trial) -> float:
    return calibration_line(trial.y, trial.p)[1]


def _calibrated(kind: str, z: Floats, y: Floats, number: NDArray[np.intp], *, in_time: bool) -> Floats:
    calibrated = z.copy()
    for fold in np.unique(number):
        others = number < fold if in_time else number != fold
        inside = number == fold
        calibrated[inside] = fit_curve(kind, z[others], y[others]).log_odds(z[inside])
    return np.asarray(expit(calibrated), dtype=float)


def simplest_good(trials: Sequence[Trial], *, errors: float = ONE_ERROR) -> Trial:
    """Return the first of the trials, from simple to complex, within one standard error of the best (Breiman 1984).

    The error is that of the difference between the two, so what both get wrong doesn't count.
    """
    best = min(trials, key=lambda trial: float(trial.losses.mean()))
    for trial in trials:
        behind, error = best.gain_over(trial)
        if trial is best or behind <= errors * error:
            return trial
    return best


def is_sure(trial: Trial, base: Trial, *, how: str) -> bool:
    """Tell whether a trial beats another, as a rule the base rate, beyond chance.

    The gain of log-loss a row must be over 1.645 times its standard error by whole groups (one-sided 5 %; stricter
    than one error, because the best of several candidates is tested), and where there is time, in most folds: a signal
    that one quarter had and the others didn't is none.
    """
    gain, error = trial.gain_over(base)
    return gain > SURE * error and (how != TIME or trial.folds_won(base) > 0.5)
