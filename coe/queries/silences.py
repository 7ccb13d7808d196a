"""What a night's scoring said of who falls silent, as columns of the accounts, with its interval and its version."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from coe.models import SilencePlan
from coe.queries.champions import scorer_of
from coe.queries.customers import Ids, place_in
from coe.scoring.chunks import SILENCE
from coe.scoring.table import Floats
from tenancy.models import Organization, Run


@dataclass(frozen=True, slots=True)
class Silences:
    """One row an account; NaN where nothing was learnt that speaks of it."""

    chance: Floats
    low: Floats  # of the 95 % interval
    high: Floats
    model: str = ""  # the version by its name, "" where there is none
    note: str = ""


def silences(*, organization: Organization, run: Run, ids: Ids) -> Silences:
    """Return the chances to fall silent that the run's scoring found for these accounts, given in order."""
    chance = np.full(len(ids), np.nan)
    kept = SilencePlan.objects.for_organization(organization).filter(plan__run=run).select_related("model").first()
    if kept is None:
        return Silences(chance, chance, chance)
    said = np.frombuffer(bytes(kept.data), dtype=SILENCE)
    at = place_in(ids, said["id"])
    chance[at[at >= 0]] = said["chance"][at >= 0]
    if kept.model is None or not len(said):
        return Silences(chance, chance, chance, note=kept.note)
    scorer, _ = scorer_of(organization=organization, model=kept.model)
    low = high = np.full(len(ids), np.nan)
    if scorer is not None:
        low, high = _interval(chance, [scorer.interval(percent / 100) for percent in range(1, 100)])
    return Silences(chance, low, high, kept.model.name, kept.note)


def _interval(chance: Floats, by_percent: list[tuple[float, float]]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the interval of each chance, looked up by its per cent: a million accounts have 99 of them."""
    known = np.isfinite(chance)
    place = np.clip(np.rint(100 * np.where(known, chance, 0.5)).astype(np.int64) - 1, 0, 98)
    low, high = (np.asarray(side)[place] for side in zip(*by_percent, strict=True))
    return np.where(known, np.minimum(low, chance), np.nan), np.where(known, np.maximum(high, chance), np.nan)
