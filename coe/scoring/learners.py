"""The rungs of the ladder: what can be learnt of outcomes, from the base rate up to boosting.

Each learner is a frozen description that is fitted on rows and gives back a model, a thing that turns a table into
log-odds. The linear ones are the correction to the rule card of our domain notes:

    z = b0 + s·(a + r) + x·β,   minimise  Σ[log(1 + e^z) − y·z] + λ/2·‖β‖² + 2·(s − 1)²

by L-BFGS with its gradient (Liu & Nocedal 1989). ``r`` are the card's points and ``a`` its intercept; without a card
s·(a + r) is the log-odds of the base rate. With λ → ∞, or without rows, this is the card itself; with many rows it is
ordinary ridge logistic regression (le Cessie & van Houwelingen 1992). Boosting is scikit-learn's
HistGradientBoostingClassifier, always with the same seed.
"""

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Protocol

import numpy as np
from scipy.optimize import minimize
from scipy.special import expit

from coe.scoring import base_rate
from coe.scoring.encoding import Encoder, Matrix, blocks, fit_encoder
from coe.scoring.table import Floats, Rows, Table

SLOPE_WEIGHT = 4.0  # 2·(s − 1)²: the card's own scale is believed as if some tens of outcomes had shown it
SEED = 20_201_123
LAMBDAS = (10.0, 30.0, 100.0, 300.0)
DEFAULT_LAMBDA = 30.0


@dataclass(frozen=True)
class Outcomes:
    """What a model learns from: the table, whether it came out well, and the rule card's points if there is a card."""

    table: Table
    positive: Floats  # 1 or 0
    points: Floats | None = None  # the card's log-odds points of each row, without the intercept
    shrunken: bool = True  # whether the prior still has a say in the base rate, see ``rate``

    def take(self, rows: Rows) -> "Outcomes":
        """Return these rows."""
        points = None if self.points is None else self.points[rows]
        return Outcomes(self.table.take(rows), self.positive[rows], points, self.shrunken)

    @property
    def rate(self) -> float:
        """The base rate of these rows.

        It is drawn to the prior of 5 % until an organisation has outcomes of its own; from then on a prior would only
        make the base rate look worse than it is, and every learner better (Jeffreys' ½ keeps it off 0 and 1).
        """
        if not self.shrunken:
            return (float(self.positive.sum()) + 0.5) / (len(self.positive) + 1)
        return base_rate.base_rate(positives=int(self.positive.sum()), accounts=len(self.positive))

    @cached_property
    def encoder(self) -> Encoder:
        """What was fitted on these rows: once, for all learners that are tried on them."""
        return fit_encoder(self.table)

    @cached_property
    def dense(self) -> Matrix:
        """The standardised matrix of these rows."""
        return self.encoder.dense(self.table)

    @cached_property
    def offset(self) -> float:
        """The number that makes the card's mean probability the base rate."""
        return base_rate.intercept_for([] if self.points is None else self.points.tolist(), rate=self.rate)


class Model(Protocol):
    """Something fitted."""

    @property
    def kind(self) -> str:
        """The name of its form in a file."""

    def log_odds(self, table: Table, points: Floats | None = None) -> Floats:
        """Return the log-odds of each row."""


class Learner(Protocol):
    """Something that can be fitted."""

    @property
    def code(self) -> str:
        """Its name among the candidates."""

    def fit(self, outcomes: Outcomes) -> Model:
        """Return the model of these rows."""


@dataclass(frozen=True, slots=True)
class LinearModel:
    """Base rate, card, correction to the card and plain logistic regression: all are sums of log-odds."""

    intercept: float  # b0 + s·a
    slope: float = 0.0  # of the card's points
    coefficients: tuple[float, ...] = ()
    encoder: Encoder = field(default_factory=lambda: Encoder((), (), ()))
    kind: str = "linear"

    def log_odds(self, table: Table, points: Floats | None = None) -> Floats:
        """Return the log-odds of each row; rows without points have no card."""
        z = np.full(table.rows, self.intercept)
        if self.slope and points is not None:
            z += self.slope * points
        if self.coefficients:
            # Not a product of matrices: that adds in another order for other numbers of rows, and a night in pieces has
            # to say to the bit what a night in one says.
            weights = np.asarray(self.coefficients)
            z += np.concatenate([(rows * weights).sum(axis=1) for rows in blocks(self.encoder.dense(table))] or [z])
        return z


@dataclass(frozen=True, slots=True)
class BoostedModel:
    """Trees after trees, each of which mends what those before it got wrong."""

    trees: Any  # a fitted HistGradientBoostingClassifier
    encoder: Encoder
    kind: str = "boosted"

    def log_odds(self, table: Table, points: Floats | None = None) -> Floats:
        """Return the log-odds of each row."""
        return np.asarray(self.trees.decision_function(_with_points(self.encoder.trees(table), points)), dtype=float)


def _with_points(matrix: Any, points: Floats | None) -> Any:
    return matrix if points is None else np.column_stack([matrix, points.astype(np.float32)])


@dataclass(frozen=True, slots=True)
class BaseRate:
    """Everybody gets the same: the shrunken share of good outcomes."""

    code: str = "base_rate"

    def fit(self, outcomes: Outcomes) -> LinearModel:
        """Count."""
        return LinearModel(intercept=base_rate.log_odds(outcomes.rate))


@dataclass(frozen=True, slots=True)
class Card:
    """The rule card as it is; only its intercept is fitted, so that its mean is the base rate."""

    code: str = "rule_card"

    def fit(self, outcomes: Outcomes) -> LinearModel:
        """Find the intercept."""
        return LinearModel(intercept=outcomes.offset, slope=1.0)


@dataclass(frozen=True, slots=True)
class Correction:
    """The card corrected by outcomes; without a card, ridge logistic regression."""

    strength: float = DEFAULT_LAMBDA  # λ

    @property
    def code(self) -> str:
        """The name with its λ."""
        return f"card_correction_{self.strength:g}"

    def fit(self, outcomes: Outcomes) -> LinearModel:
        """Return the card's intercept and slope and the coefficients beside it."""
        return fit_linear(outcomes, strength=self.strength)


@dataclass(frozen=True, slots=True)
class Logistic:
    """Ridge logistic regression that doesn't look at the card."""

    strength: float = DEFAULT_LAMBDA

    @property
    def code(self) -> str:
        """The name with its λ."""
        return f"logistic_{self.strength:g}"

    def fit(self, outcomes: Outcomes) -> LinearModel:
        """Return the coefficients."""
        return fit_linear(outcomes, strength=self.strength, with_card=False)


@dataclass(frozen=True, slots=True)
class Boosting:
    """Gradient boosting over histograms, with the settings that our reference results were made with."""

    rounds: int = 200
    code: str = "boosting"

    def fit(self, outcomes: Outcomes) -> BoostedModel:
        """Grow the trees; the card's points are one more column."""
        from sklearn.ensemble import HistGradientBoostingClassifier  # seconds to import, and few processes need it

        encoder = outcomes.encoder
        matrix = _with_points(encoder.trees(outcomes.table), outcomes.points)
        # Where nothing is known of a column there is nothing to split on, and no thresholds to be found either.
        matrix[:, np.isnan(matrix).all(axis=0)] = 0
        trees = HistGradientBoostingClassifier(
            learning_rate=0.06,
            max_iter=self.rounds,
            max_leaf_nodes=15,
            min_samples_leaf=20,
            l2_regularization=1.0,
            early_stopping=False,
            categorical_features=encoder.categorical + [False] * (outcomes.points is not None),
            random_state=SEED,
        )
        return BoostedModel(trees=trees.fit(matrix, outcomes.positive), encoder=encoder)


def fit_linear(outcomes: Outcomes, *, strength: float, with_card: bool = True) -> LinearModel:
    """Return z = b0 + s·(a + r) + x·β at the minimum of the penalised log-loss.

    b0 and β begin at 0 and s at 1, so that with no rows nothing moves: the result is the card.
    """
    matrix = outcomes.dense
    y = outcomes.positive
    points = outcomes.points if with_card else None
    has_card = points is not None
    a = outcomes.offset if has_card else base_rate.log_odds(outcomes.rate)
    card = np.full(len(y), a) if points is None else a + points

    def loss(theta: Floats) -> tuple[float, Floats]:
        b0, s, beta = theta[0], theta[1], theta[2:]
        z = b0 + s * card + _product(matrix, beta)
        wrong = expit(z) - y
        value = float((np.logaddexp(0, z) - y * z).sum() + strength / 2 * (beta @ beta) + 2 * (s - 1) ** 2)
        # Without a card its slope is only a second intercept: it stays 1.
        steeper = wrong @ card + SLOPE_WEIGHT * (s - 1) if has_card else 0.0
        return value, np.concatenate([[wrong.sum(), steeper], _transposed_product(matrix, wrong) + strength * beta])

    start = np.concatenate([[0.0, 1.0], np.zeros(matrix.shape[1])])
    found = minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": 1000, "ftol": 1e-12, "gtol": 1e-6})
    b0, s = float(found.x[0]), float(found.x[1])
    b0 += _settled(b0 + s * card + _product(matrix, found.x[2:]), y)
    return LinearModel(
        intercept=b0 + s * a,
        slope=s if has_card else 0.0,
        coefficients=tuple(found.x[2:].tolist()),
        encoder=outcomes.encoder,
    )


def _product(matrix: Matrix, vector: Floats) -> Floats:
    """Return matrix · vector in double precision."""
    return np.concatenate([rows @ vector for rows in blocks(matrix)] or [np.zeros(0)])


def _transposed_product(matrix: Matrix, vector: Floats) -> Floats:
    """Return matrixᵀ · vector in double precision."""
    found, start = np.zeros(matrix.shape[1]), 0
    for rows in blocks(matrix):
        found += rows.T @ vector[start : start + len(rows)]
        start += len(rows)
    return found


def _settled(z: Floats, y: Floats) -> float:
    """Return the last step of the unpenalised intercept, by Newton: the mean prediction is the observed rate."""
    step, total = 0.0, float(y.sum())
    if not 0 < total < len(y):
        return 0.0
    for _ in range(20):
        p = expit(z + step)
        change = (total - float(p.sum())) / max(float((p * (1 - p)).sum()), 1e-12)
        step += change
        if abs(change) < 1e-12:
            break
    return step
