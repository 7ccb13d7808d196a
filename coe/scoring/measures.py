"""How good predictions were: one function a figure, each with what it says and where it is from.

Nothing here hides a small sample: what can't be said of so few outcomes comes back as None with the reason, and what
is biased on small samples (ECE, PSI) comes back less what pure chance would show.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import expit, logit
from scipy.stats import chi2, rankdata

from coe.scoring.table import Floats

FEWEST_POSITIVES = 20  # below them lift is noise: ± 1.0 at a true lift of 3.3
EDGE = 1e-7
Measure = Callable[[NDArray[np.intp]], float | None]  # of rows


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure with its 95 % interval, or without a value and with the reason why there is none."""

    value: float | None
    low: float | None = None
    high: float | None = None
    why: str = ""


def _clipped(p: Floats) -> Floats:
    return np.clip(p, EDGE, 1 - EDGE)


def auc(y: Floats, score: Floats) -> float:
    """Return the chance that a positive is ranked above a negative, ties counting half (Mann & Whitney 1947).

    Without both outcomes there is nothing to rank: 0.5.
    """
    positives = float(y.sum())
    negatives = len(y) - positives
    if not positives or not negatives:
        return 0.5
    ranks = rankdata(score)
    return float((ranks[y > 0].sum() - positives * (positives + 1) / 2) / (positives * negatives))


def log_losses(y: Floats, p: Floats) -> Floats:
    """Return −ln of the probability given to what happened, row by row (Good 1952)."""
    p = _clipped(p)
    losses: Floats = -(y * np.log(p) + (1 - y) * np.log1p(-p))
    return losses


def log_loss(y: Floats, p: Floats) -> float:
    """Return the mean log-loss."""
    return float(log_losses(y, p).mean())


def brier(y: Floats, p: Floats) -> float:
    """Return the mean squared error of the probabilities (Brier 1950)."""
    return float(np.mean((p - y) ** 2))


def brier_skill(y: Floats, p: Floats, *, rate: float | None = None) -> float:
    """Return 1 − Brier ÷ Brier of the base rate: 0 is no better than it, 1 is perfect."""
    base = brier(y, np.full(len(y), y.mean() if rate is None else rate))
    return 1 - brier(y, p) / base if base else 0.0


def _share_at_top(weights: Floats, score: Floats, share: float) -> float:
    """Return the weight in the top share of the list; equal scores at the cut count in proportion."""
    size = max(1, math.floor(share * len(score)))
    cut = np.partition(score, len(score) - size)[len(score) - size]
    above, at = score > cut, score == cut
    room = (size - int(above.sum())) / max(int(at.sum()), 1)
    return float(weights[above].sum() + room * weights[at].sum())


def lift(y: Floats, score: Floats, *, share: float = 0.1) -> Figure:
    """Return the positive rate in the top share of the list ÷ the base rate, unless there are too few positives."""
    positives = float(y.sum())
    if positives < FEWEST_POSITIVES:
        return Figure(None, why=f"{positives:.0f} positive outcomes; lift is shown from {FEWEST_POSITIVES} on")
    size = max(1, math.floor(share * len(y)))
    return Figure(_share_at_top(y, score, share) / size / (positives / len(y)))


def capture(y: Floats, score: Floats, *, share: float = 0.1) -> Figure:
    """Return the share of all positives, or of all money if ``y`` is money, in the top share of the list."""
    total = float(y.sum())
    if total <= 0:
        return Figure(None, why="nothing came out positive")
    return Figure(_share_at_top(y, score, share) / total)


def calibration_line(y: Floats, p: Floats) -> tuple[float, float]:
    """Return intercept and slope of the logistic regression of the outcome on logit(p) (Cox 1958): 0 and 1 are ideal.

    A slope below 1 says that the model is too sure of itself.
    """
    z = logit(_clipped(p))
    if not 0 < y.sum() < len(y) or float(np.ptp(z)) < 1e-9:
        return 0.0, 1.0

    def loss(theta: Floats) -> tuple[float, Floats]:
        line = theta[0] + theta[1] * z
        wrong = expit(line) - y
        return float((np.logaddexp(0, line) - y * line).sum()), np.array([wrong.sum(), wrong @ z])

    found = minimize(loss, np.array([0.0, 1.0]), jac=True, method="L-BFGS-B").x
    return float(found[0]), float(found[1])


def ece(y: Floats, p: Floats, *, bins: int = 10) -> float:
    """Return Σ n_b/n·|ȳ_b − p̄_b| over bins of equal size (Naeini et al. 2015), biased upwards on small samples."""
    order = np.argsort(p, kind="stable")
    return float(sum(abs(part.sum()) for part in np.array_split((y - p)[order], bins)) / len(y))


def ece_beyond_chance(y: Floats, p: Floats, *, draws: int = 200, seed: int = 0) -> float:
    """Return the ECE less the mean ECE that a perfect model with these probabilities would show."""
    random = np.random.default_rng(seed)
    null = [ece((random.random(len(p)) < p).astype(float), p) for _ in range(draws)]
    return ece(y, p) - float(np.mean(null))


def psi(expected: Floats, actual: Floats, *, bins: int = 10) -> float:
    """Return Σ (a_b − e_b)·ln(a_b/e_b) over tenths of what was expected (Kullback & Leibler 1951, symmetric)."""
    edges = np.unique(np.quantile(expected, np.linspace(0, 1, bins + 1)[1:-1]))
    shares = []
    for values in (expected, actual):
        counts = np.bincount(np.searchsorted(edges, values, side="right"), minlength=len(edges) + 1)
        shares.append((counts + 0.5) / (len(values) + 0.5 * len(counts)))
    return float(np.sum((shares[1] - shares[0]) * np.log(shares[1] / shares[0])))


def psi_beyond_chance(expected: Floats, actual: Floats, *, bins: int = 10) -> float:
    """Return the PSI less (B − 1)·(1/N + 1/M), what it shows without any drift; above .1 is an alarm."""
    return psi(expected, actual, bins=bins) - (bins - 1) * (1 / max(len(expected), 1) + 1 / max(len(actual), 1))


def observed_over_expected(observed: int, expected: float) -> Figure:
    """Return observed ÷ expected positives with the exact Poisson interval (Garwood 1936)."""
    if expected <= 0:
        return Figure(None, why="nothing was expected")
    low = float(chi2.ppf(0.025, 2 * observed)) / 2 if observed else 0.0
    high = float(chi2.ppf(0.975, 2 * observed + 2)) / 2
    return Figure(observed / expected, low / expected, high / expected)


def clustered_error(values: Floats, groups: NDArray[np.int64] | None) -> float:
    """Return the standard error of the mean of values that hang together within groups (Liang & Zeger 1986)."""
    if len(values) < 2:
        return math.inf
    centred = values - values.mean()
    sums = centred if groups is None else np.bincount(np.unique(groups, return_inverse=True)[1].ravel(), centred)
    if len(sums) < 2:
        return math.inf
    return math.sqrt(len(sums) / (len(sums) - 1) * float(sums @ sums)) / len(values)


def interval(
    measure: Measure,
    *,
    rows: int,
    groups: NDArray[np.int64] | None = None,
    draws: int = 200,
    seed: int = 0,
) -> tuple[float, float] | None:
    """Return the 95 % interval of a measure of rows, drawing whole groups (accounts) with replacement (Efron 1979)."""
    random = np.random.default_rng(seed)
    codes = np.arange(rows) if groups is None else np.unique(groups, return_inverse=True)[1].ravel()
    order = np.argsort(codes, kind="stable")
    starts = np.searchsorted(codes[order], np.arange(codes.max(initial=-1) + 2))
    count = len(starts) - 1
    if count < 2:
        return None
    sizes = np.diff(starts)
    found: list[float] = []
    for _ in range(draws):
        drawn = random.integers(0, count, count)
        lengths = sizes[drawn]
        inside = np.arange(int(lengths.sum())) - np.repeat(np.cumsum(lengths) - lengths, lengths)
        value = measure(order[np.repeat(starts[drawn], lengths) + inside])
        if value is not None:
            found.append(value)
    if len(found) < draws / 2:
        return None
    low, high = np.quantile(found, [0.025, 0.975])
    return float(low), float(high)
