"""How long a deal that will be won usually stays in a stage: learnt from won deals, shrunken to what people set."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from coe.forecasting.stages import PRIOR_WEIGHT, Floats, Integers

USUAL, LATE = 0.8, 0.9  # of ten won deals so many stayed no longer
FIRST_GUESS_LATE = 1.5  # times the usual days, while nothing is known of the late ones
FEWEST = 5  # stays that are needed where nobody set anything


@dataclass(frozen=True, slots=True)
class UsualStay:
    """After how many days a deal stands longer than won ones usually did, and when it is late."""

    usual_days: int
    late_days: int
    stays: int


def usual_stays(
    *, stage: Integers, days: Floats, priors: Mapping[int, float], weight: float = PRIOR_WEIGHT
) -> dict[int, UsualStay]:
    """Return the usual stay of each stage that has a prior: (n·P80 + m·prior) / (n + m), late by P90 likewise.

    `stage` and `days` have one row for each stay of a won deal. A prior of 0 says that nobody set anything: then the
    stays alone count, once there are five; before that nothing is said of the stage.
    """
    learnt = {}
    for code, prior in priors.items():
        own = np.asarray(days[stage == code], dtype=np.float64)
        known = weight if prior > 0 else 0.0
        if not len(own) or (not known and len(own) < FEWEST):
            continue
        whole = len(own) + known
        usual = (len(own) * float(np.quantile(own, USUAL)) + known * prior) / whole
        late = (len(own) * float(np.quantile(own, LATE)) + known * FIRST_GUESS_LATE * prior) / whole
        usual_days = max(1, round(usual))
        learnt[code] = UsualStay(usual_days, max(usual_days + 1, round(late)), len(own))
    return learnt
