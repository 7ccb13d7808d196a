"""The largest likelihood over positive parameters: as logarithms, two starts, scaled time, an optional weak prior."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize

from coe.lifetime_value.histories import Floats

LONGEST = 10.0  # time is scaled so that nobody was observed for longer: all parameters are then near 1
BOUND = 9.0  # of the logarithms; a likelihood that still rises there has no maximum
WEAK_PRIOR = 0.02  # keeps log-parameters from running away: a normal of standard deviation 7 about 0, in scaled time

Gradient = Callable[[Floats], tuple[float, Floats]]


class UnableToFit(Exception):
    """No start led to a finite maximum."""


@dataclass(frozen=True, slots=True)
class Maximum:
    """Where the likelihood is largest, and how large."""

    parameters: Floats
    log_likelihood: float


def maximise(
    log_likelihood: Gradient | Callable[[Floats], float],
    *,
    starts: Sequence[Sequence[float]],
    weight: float,
    prior: float | Floats,
    analytic: bool,
    centre: Sequence[float] = (),
) -> Maximum:
    """Return the best maximum that the starts lead to.

    ``weight`` is the number of customers: the optimiser works on the mean, so that its tolerances mean the same for
    fifty and for a million. ``prior`` is the precision of the normal about the logarithms of ``centre`` (1 if not
    given), one number for all or one for each parameter.

    :raises UnableToFit: when every start ends in something that is not a number.
    """

    middle = np.log(np.asarray(centre)) if len(centre) else np.zeros(len(starts[0]))

    def loss(logarithms: Floats) -> float | tuple[float, Floats]:
        found = log_likelihood(np.exp(logarithms))
        away = logarithms - middle
        penalty = 0.5 * float(away @ (prior * away))
        if isinstance(found, tuple):
            value, slope = found
            return (penalty - value) / weight, (prior * away - slope * np.exp(logarithms)) / weight
        return (penalty - found) / weight

    best: Maximum | None = None
    for start in starts:
        with np.errstate(all="ignore"):
            done = minimize(
                loss,
                np.clip(np.log(np.asarray(start)), 1 - BOUND, BOUND - 1),
                jac=True if analytic else "3-point",
                method="L-BFGS-B",
                bounds=[(-BOUND, BOUND)] * len(start),
                # Slopes by differences aren't good for more: an optimiser that asks for it walks in circles.
                options={"maxiter": 500, "ftol": 1e-13 if analytic else 1e-11, "gtol": 1e-9},
            )
            parameters = np.exp(done.x)
            found = log_likelihood(parameters)
        value = found[0] if isinstance(found, tuple) else found
        if np.isfinite(value) and (best is None or value > best.log_likelihood):
            best = Maximum(parameters, float(value))
    if best is None:
        raise UnableToFit
    return best
