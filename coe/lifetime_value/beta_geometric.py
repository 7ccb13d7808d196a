"""BG/NBD and its modification MBG/NBD: purchases at a steady rate, and after each one a chance never to come back.

BG/NBD lets nobody leave before the second purchase; the modification does, right after the first one. Fader, Hardie and
Lee (2005), "Counting Your Customers" the Easy Way, Marketing Science 24(2); Batislam, Denizel and Filiztekin (2007),
International Journal of Research in Marketing 24(3).
"""

from dataclasses import dataclass

import numpy as np
from scipy.special import expit, gammaln, hyp2f1, psi

from coe.lifetime_value.fitting import LONGEST, WEAK_PRIOR, maximise
from coe.lifetime_value.histories import Floats, Patterns


@dataclass(frozen=True, slots=True)
class BetaGeometric:
    """Rates are gamma (r, alpha), chances to leave are beta (a, b) among the customers."""

    r: float
    alpha: float
    a: float
    b: float
    modified: bool = False

    @property
    def name(self) -> str:
        """What the literature calls it."""
        return "MBG/NBD" if self.modified else "BG/NBD"

    @property
    def parameters(self) -> dict[str, float]:
        """The parameters by their names in the literature."""
        return {"r": self.r, "alpha": self.alpha, "a": self.a, "b": self.b}

    @property
    def drop_out(self) -> float:
        """The mean chance to leave after a purchase."""
        return self.a / (self.a + self.b)

    def log_likelihood(self, of: Patterns) -> Floats:
        """Return the log-likelihood of each pattern."""
        value, _, _ = self._likelihood(of)
        return value

    def alive(self, of: Patterns) -> Floats:
        """Return the chance that a customer has not left. 1 by construction for one purchase under BG/NBD."""
        return 1 - self._gone(of)

    def expected(self, of: Patterns, time: float | Floats) -> Floats:
        """Return the purchases to expect within the time after the last day observed."""
        # a = 1 is a removable singularity of the formula, nothing of the model.
        a = self.a if abs(self.a - 1) > 1e-5 else 1 + 1e-5
        c = a + self.b + of.frequency - 1 + self.modified
        # Pfaff's transformation of the published 2F1(r+x, b+x; c; t/(α+T+t)): the same value, no overflow at large x.
        with np.errstate(all="ignore"):
            stays = hyp2f1(self.r + of.frequency, a - 1, c, -time / (self.alpha + of.age))
            bought = c / (a - 1) * (1 - stays) * (1 - self._gone(of))
        # Nobody can be expected to buy more than if they certainly stayed.
        most = (self.r + of.frequency) / (self.alpha + of.age) * time * (1 - self._gone(of))
        return np.where(np.isfinite(bought), np.clip(bought, 0.0, most), most)

    def _gone(self, of: Patterns) -> Floats:
        return expit(self._odds(of))

    def _odds(self, of: Patterns) -> Floats:
        """Return the log-odds that a customer left after the last purchase."""
        x = of.frequency
        with np.errstate(all="ignore"):
            odds = np.log(self.a / (self.b + x - 1 + self.modified)) + (self.r + x) * (
                np.log(self.alpha + of.age) - np.log(self.alpha + of.recency)
            )
        return odds if self.modified else np.where(x > 0, odds, -np.inf)

    def _likelihood(self, of: Patterns) -> tuple[Floats, Floats, Floats]:
        """Return the log-likelihood, and the weights of having stayed and of having left in it."""
        r, alpha, a, b, x = self.r, self.alpha, self.a, self.b, of.frequency
        left = x + self.modified
        odds = self._odds(of)
        value = (
            gammaln(r + x)
            - gammaln(r)
            + r * np.log(alpha)
            + gammaln(a + b)
            + gammaln(b + left)
            - gammaln(b)
            - gammaln(a + b + left)
            - (r + x) * np.log(alpha + of.age)
            + np.logaddexp(0.0, odds)
        )
        gone = expit(odds)
        return value, 1 - gone, gone

    def weighted(self, of: Patterns) -> tuple[float, Floats]:
        """Return the log-likelihood of all customers and its slope in r, alpha, a, b."""
        r, alpha, a, b, x = self.r, self.alpha, self.a, self.b, of.frequency
        left = x + self.modified
        value, stayed, gone = self._likelihood(of)
        both = psi(a + b) - psi(a + b + left)
        last = np.where(gone > 0, gone / np.where(gone > 0, b + left - 1, 1.0), 0.0)
        slopes = np.stack(
            [
                psi(r + x)
                - psi(r)
                + np.log(alpha)
                - stayed * np.log(alpha + of.age)
                - gone * np.log(alpha + of.recency),
                r / alpha - (r + x) * (stayed / (alpha + of.age) + gone / (alpha + of.recency)),
                both + gone / a,
                both + psi(b + left) - psi(b) - last,
            ]
        )
        return float(of.weight @ value), slopes @ of.weight


def fit_beta_geometric(
    of: Patterns, *, modified: bool = False, prior: float | Floats = WEAK_PRIOR, centre: tuple[float, ...] = ()
) -> BetaGeometric:
    """Return the model of these customers; ``prior=0`` gives the plain maximum of the literature.

    :raises UnableToFit: when there is no finite maximum.
    """
    scale = LONGEST / max(of.longest, 1e-9)
    scaled = Patterns(of.frequency, of.recency * scale, of.age * scale, of.segment, of.weight, of.place)
    found = maximise(
        lambda four: BetaGeometric(four[0], four[1], four[2], four[3], modified).weighted(scaled),
        starts=[(0.5, 1.0, 0.5, 2.0), (1.0, LONGEST / 2, 1.0, 5.0)],
        weight=float(of.weight.sum()),
        prior=prior,
        analytic=True,
        centre=centre,
    )
    r, alpha, a, b = found.parameters.tolist()
    return BetaGeometric(r, alpha / scale, a, b, modified)
