"""How much an account spends if it buys. A hurdle model (Cragg 1971; Duan et al. 1983): value = chance × amount.

Money is skewed, so what is learnt is its logarithm, by ridge regression over those that bought; the mean of the
exponential is restored by Duan's smearing factor (Duan 1983). The strength is chosen on rows that weren't learnt from,
the simplest within one standard error, and if no column tells large from small amounts the answer is one amount for
all: the mean of what was spent, cut at the 99th percentile.
"""

import math
from collections.abc import Collection
from dataclasses import dataclass, field

import numpy as np

from coe.scoring.encoding import Encoder, Matrix, fit_encoder
from coe.scoring.folds import Fold, by_group, by_time
from coe.scoring.leaks import LeftOut, without_content
from coe.scoring.learners import LAMBDAS
from coe.scoring.measures import clustered_error
from coe.scoring.table import Floats, Table, twins

FEWEST_BUYERS = 30
HIGHEST = 0.99
FOLDS = 5


@dataclass(frozen=True, slots=True)
class AmountModel:
    """What an account would spend. Without coefficients it is the same for all."""

    intercept: float  # of the log-amount
    smearing: float  # what the mean is over the typical amount
    most: float  # no estimate is larger: the 99th percentile of what was seen
    coefficients: tuple[float, ...] = ()
    encoder: Encoder = field(default_factory=lambda: Encoder((), (), ()))
    strength: float = math.inf
    buyers: int = 0
    left_out: tuple[LeftOut, ...] = ()

    def typical(self, table: Table) -> Floats:
        """Return the middle amount if the account buys: half of such purchases are larger."""
        z = np.full(table.rows, self.intercept)
        if self.coefficients:
            z += self.encoder.dense(table).astype(np.float64) @ np.asarray(self.coefficients)
        return np.minimum(np.exp(z), self.most)

    def expected(self, table: Table) -> Floats:
        """Return the mean amount if the account buys."""
        return np.minimum(self.typical(table) * self.smearing, self.most)

    def value(self, table: Table, probabilities: Floats) -> Floats:
        """Return what to expect of the account: the chance that it buys times the mean amount if it does."""
        return probabilities * self.expected(table)

    @property
    def sentence(self) -> str:
        """What the user is told."""
        if not self.buyers:
            return "Nobody has bought yet: there is no amount to expect."
        how = "from what is known of the account" if self.coefficients else "the same for all"
        return f"The amount if it buys, {how}, from {self.buyers} purchases."


def learn_amounts(table: Table, amounts: Floats, *, known_at_closing: Collection[str] = ()) -> AmountModel:
    """Return the model of the amounts above 0; zero, negative and missing ones are no purchase and teach nothing."""
    amounts = np.asarray(amounts, dtype=float)
    bought = np.flatnonzero(np.isfinite(amounts) & (amounts > 0))
    if not len(bought):
        return AmountModel(intercept=-math.inf, smearing=1.0, most=0.0)
    left_out = tuple(without_content(table.take(bought), known_at_closing=known_at_closing))
    table = table.take(bought).without({one.column for one in left_out})
    most = float(np.quantile(amounts[bought], HIGHEST))
    spent = np.minimum(amounts[bought], most)
    y = np.log(spent)
    middle = float(y.mean())
    smearing = float(spent.mean() / math.exp(middle))
    constant = AmountModel(middle, smearing, most, buyers=len(bought), left_out=left_out)
    if len(bought) < FEWEST_BUYERS or not table.columns:
        return constant
    strength = _strength(table, y)
    if math.isinf(strength):
        return constant
    encoder = fit_encoder(table)
    intercept, beta = _ridge(encoder.dense(table), y, strength)
    z = intercept + encoder.dense(table) @ beta
    return AmountModel(
        intercept=intercept,
        smearing=float(spent.mean() / np.minimum(np.exp(z), most).mean()),
        most=most,
        coefficients=tuple(beta.tolist()),
        encoder=encoder,
        strength=strength,
        buyers=len(bought),
        left_out=left_out,
    )


def _ridge(matrix: Matrix, y: Floats, strength: float) -> tuple[float, Floats]:
    """Return the intercept and the coefficients of ridge regression (Hoerl & Kennard 1970); λ = ∞ is the mean."""
    middle = float(y.mean())
    if math.isinf(strength):
        return middle, np.zeros(matrix.shape[1])
    x = matrix.astype(np.float64)
    centre = x.mean(axis=0)
    x -= centre
    beta = np.linalg.solve(x.T @ x + strength * np.eye(x.shape[1]), x.T @ (y - middle)).astype(np.float64)
    return middle - float(centre @ beta), beta


def _strength(table: Table, y: Floats) -> float:
    """Return λ: the largest within one standard error of the best, ∞ if no other beats it beyond that."""
    groups = twins(table) if table.groups is None else table.groups
    folds: tuple[Fold, ...] = ()
    high = (y > np.median(y)).astype(float)  # folds are dealt with as many large amounts each
    if table.known_at is not None:
        folds = by_time(table.known_at, high, count=FOLDS)
    if len(folds) < 2:
        folds = by_group(groups, high, count=FOLDS)
    if not folds:
        return math.inf
    errors: dict[float, list[Floats]] = {strength: [] for strength in (math.inf, *sorted(LAMBDAS, reverse=True))}
    for fold in folds:
        encoder = fit_encoder(table, fold.learn)
        learn, rest = (encoder.dense(table.take(rows)) for rows in (fold.learn, fold.try_))
        for strength, found in errors.items():
            intercept, beta = _ridge(learn, y[fold.learn], strength)
            found.append((y[fold.try_] - intercept - rest @ beta) ** 2)
    tried = np.concatenate([fold.try_ for fold in folds])
    losses = {strength: np.concatenate(found) for strength, found in errors.items()}
    best = min(losses.values(), key=lambda loss: float(loss.mean()))
    for strength, loss in losses.items():
        behind = loss - best
        if float(behind.mean()) <= clustered_error(behind, groups[tried]):
            return strength
    return math.inf  # not reached: the best is within its own error
