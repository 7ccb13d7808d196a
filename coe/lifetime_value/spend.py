"""How much a purchase will be worth: Gamma-Gamma where amounts don't depend on how often, else shrunken own means.

Colombo and Jiang (1999), Journal of Interactive Marketing 13(3); in the form of Fader, Hardie and Lee (2005), "RFM and
CLV", Journal of Marketing Research 42(4).
"""

from dataclasses import dataclass

import numpy as np
from scipy.special import gammaln, psi

from coe.lifetime_value.fitting import WEAK_PRIOR, UnableToFit, maximise
from coe.lifetime_value.histories import Floats, Histories, Integers
from coe.lifetime_value.notes import Note

LARGEST_CORRELATION = 0.3  # between how often and how much; Gamma-Gamma assumes none
LEAST_REPEATERS = 100
OWN_WEIGHT = 3  # purchases; before that a customer's own mean leans on its segment's
SEGMENT_WEIGHT = 10  # purchases; and the mean of a small segment on that of all
CLIPPED_ABOVE = 99  # per cent: one slip of a zero must not lead the list


@dataclass(frozen=True, slots=True)
class GammaGamma:
    """Amounts are gamma (p, ν) around a customer's mean, ν is gamma (q, v) among the customers."""

    p: float
    q: float
    v: float
    name = "Gamma-Gamma"

    @property
    def parameters(self) -> dict[str, float]:
        """The parameters by their names in the literature."""
        return {"p": self.p, "q": self.q, "v": self.v}

    def expected(self, frequency: Integers, mean: Floats) -> Floats:
        """Return the mean amount to expect of a purchase, given the mean of the repeat purchases."""
        x = np.where(mean > 0, frequency, 0)
        return self.p * (self.v + x * mean) / (self.p * x + self.q - 1)


@dataclass(frozen=True, slots=True)
class ShrunkenMeans:
    """Own means, drawn towards those of the segments. Cannot fail."""

    means: Floats  # by segment
    name = "shrunken mean"

    @property
    def parameters(self) -> dict[str, float]:
        """The means by segment."""
        return {f"segment {number}": mean for number, mean in enumerate(self.means.tolist())}

    def expected(self, purchases: Integers, mean: Floats, segment: Integers) -> Floats:
        """Return the mean amount to expect of a purchase, given the mean of all of them."""
        prior = self.means[np.minimum(segment, len(self.means) - 1)]
        return (purchases * mean + OWN_WEIGHT * prior) / (purchases + OWN_WEIGHT)


@dataclass(frozen=True, slots=True)
class Spend:
    """The model of amounts, where extreme means are cut, and what a reader should know about it."""

    model: GammaGamma | ShrunkenMeans
    highest: float
    notes: tuple[Note, ...] = ()

    def expected(self, of: Histories) -> Floats:
        """Return what each customer's next purchase is expected to be worth."""
        if isinstance(self.model, GammaGamma):
            return self.model.expected(of.frequency, np.minimum(of.mean_repeat, self.highest))
        return self.model.expected(of.frequency + 1, np.minimum(of.mean_all, self.highest), of.segment)


def fit_gamma_gamma(frequency: Integers, mean: Floats, *, prior: float = WEAK_PRIOR) -> GammaGamma:
    """Return the model of these customers; those without repeat purchases of more than 0 tell it nothing.

    ``prior=0`` gives the plain maximum of the literature.

    :raises UnableToFit: when there is no finite maximum, or none with a finite mean.
    """
    use = (frequency > 0) & (mean > 0)
    if not use.any():
        raise UnableToFit
    unit = float(mean[use].mean())
    x, m = frequency[use].astype(np.float64), mean[use] / unit
    distinct, count = np.unique(x, return_counts=True)
    log_m, log_x, many = np.log(m), np.log(x), float(len(x))
    sum_log_m, sum_x_log_m, sum_x_log_x = float(log_m.sum()), float(x @ log_m), float(x @ log_x)
    spent = x * m

    def slopes(three: Floats) -> tuple[float, Floats]:
        p, q, v = three.tolist()
        log_sum = np.log(spent + v)
        by_count = gammaln(p * distinct + q) - gammaln(p * distinct)
        value = (
            float(count @ by_count)
            + many * (q * np.log(v) - gammaln(q))
            + p * (sum_x_log_m + sum_x_log_x)
            - sum_log_m
            - p * float(x @ log_sum)
            - q * float(log_sum.sum())
        )
        psi_both = psi(p * distinct + q)
        by_p = (
            float(count @ (distinct * (psi_both - psi(p * distinct)))) + sum_x_log_m + sum_x_log_x - float(x @ log_sum)
        )
        by_q = float(count @ psi_both) + many * (np.log(v) - float(psi(q))) - float(log_sum.sum())
        by_v = many * q / v - float(((p * x + q) / (spent + v)).sum())
        return value, np.array([by_p, by_q, by_v])

    starts = [(1.0, 2.0, 1.0), (6.0, 4.0, 0.5)]
    p, q, v = maximise(slopes, starts=starts, weight=many, prior=prior, analytic=True).parameters.tolist()
    if q <= 1:
        raise UnableToFit
    return GammaGamma(p, q, v * unit)


def fit_spend(of: Histories) -> Spend:
    """Return the model of amounts for these customers: Gamma-Gamma where it may be used, and never nothing."""
    mean = of.mean_all[of.mean_all > 0]
    highest = float(np.percentile(mean, CLIPPED_ABOVE)) if len(mean) else 0.0
    repeats = (of.frequency > 0) & (of.mean_repeat > 0)
    means = of.mean_repeat[repeats]
    repeaters = int(repeats.sum())
    if repeaters < LEAST_REPEATERS:
        facts = {"repeaters": repeaters, "needed_repeaters": LEAST_REPEATERS}
        return Spend(_shrunken(of, highest), highest, (Note("SPEND_TOO_FEW", facts),))
    cut = float(np.percentile(means, CLIPPED_ABOVE))
    clipped = np.minimum(means, cut)
    correlation = _correlation(of.frequency[repeats].astype(np.float64), clipped)
    if abs(correlation) >= LARGEST_CORRELATION:
        return Spend(_shrunken(of, highest), highest, (Note("SPEND_LEFT_TO_MEANS", {"correlation": correlation}),))
    try:
        return Spend(fit_gamma_gamma(of.frequency[repeats], clipped), cut)
    except UnableToFit:
        return Spend(_shrunken(of, highest), highest, (Note("SPEND_FIT_FAILED"),))


def _correlation(a: Floats, b: Floats) -> float:
    if not a.std() or not b.std():
        return 0.0
    return float(np.corrcoef(a, b)[0, 1])


def _shrunken(of: Histories, highest: float) -> ShrunkenMeans:
    kinds = int(of.segment.max(initial=0)) + 1
    purchases = (of.frequency + 1).astype(np.float64)
    counted = np.bincount(of.segment, weights=purchases, minlength=kinds)
    spent = np.bincount(of.segment, weights=purchases * np.minimum(of.mean_all, highest), minlength=kinds)
    overall = spent.sum() / counted.sum() if counted.sum() else 0.0
    return ShrunkenMeans((spent + SEGMENT_WEIGHT * overall) / (counted + SEGMENT_WEIGHT))
