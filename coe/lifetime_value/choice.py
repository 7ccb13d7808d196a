"""Which model of purchases to use: the one that foretells the last third of the history best."""

import datetime
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from coe.lifetime_value.beta_geometric import fit_beta_geometric
from coe.lifetime_value.few import fit_few
from coe.lifetime_value.fitting import UnableToFit
from coe.lifetime_value.histories import WEEK, Floats, Histories, Orders, Patterns, histories
from coe.lifetime_value.nbd import fit_nbd, shrunken_rates
from coe.lifetime_value.notes import Note
from coe.lifetime_value.pareto import fit_pareto

LEAST_CUSTOMERS, LEAST_REPEATERS = 200, 100
FEW_REPEATERS = 10  # for a model that leans on what is usual elsewhere
LEAST_DROP_OUT = 1e-3  # below it a model with drop-out is NBD with parameters that mean nothing
HOLDOUT_SHARE = 3  # the last third
TOLD_APART = 2.0  # standard errors
LEARN_FROM = 20_000  # customers, evenly spread over all; more would move totals by less than a per cent
# Of more customers than this so many choose: Pareto/NBD, whose likelihood has no gradient at hand, takes 3 ms for each.
CHOOSE_ALL_UP_TO, CHOOSE_FROM = 5_000, 2_000


class CountModel(Protocol):
    """How often customers will buy."""

    @property
    def name(self) -> str:
        """What the literature calls it."""

    @property
    def parameters(self) -> dict[str, float]:
        """The parameters by their names in the literature."""

    @property
    def drop_out(self) -> float:
        """How readily customers leave; 0 if the model knows no leaving."""

    def log_likelihood(self, of: Patterns) -> Floats:
        """Return the log-likelihood of each pattern."""

    def alive(self, of: Patterns) -> Floats:
        """Return the chance that a customer has not left."""

    def expected(self, of: Patterns, time: float) -> Floats:
        """Return the purchases to expect within the time after the last day observed."""


# In the order of preference among those that the holdout cannot tell apart: Pareto/NBD lets customers leave at any
# time, which is what happens; the other two tie leaving to a purchase, for ease of computing.
FITS: Mapping[str, Callable[[Patterns], CountModel]] = {
    "Pareto/NBD": fit_pareto,
    "MBG/NBD": lambda of: fit_beta_geometric(of, modified=True),
    "BG/NBD": fit_beta_geometric,
    "NBD": fit_nbd,
}


@dataclass(frozen=True, slots=True)
class Choice:
    """The chosen model, whether it needs segments, and what a reader should know about the choice."""

    model: CountModel
    by_segment: bool = False
    notes: tuple[Note, ...] = ()


def enough(of: Histories) -> bool:
    """Return whether there are enough customers to learn a purchase pattern from."""
    return len(of) >= LEAST_CUSTOMERS and of.repeaters >= LEAST_REPEATERS


def choose(orders: Orders, of: Histories, *, merged: Mapping[int, int] | None = None) -> Choice:
    """Return the model for these histories, made of these orders. Never fails: there is always something simpler."""
    if not enough(of):
        facts = {
            "customers": len(of),
            "repeaters": of.repeaters,
            "needed_customers": LEAST_CUSTOMERS,
            "needed_repeaters": LEAST_REPEATERS,
        }
        segmented = of.patterns(by_segment=True)
        if of.repeaters >= FEW_REPEATERS:
            few, _ = _fitted(segmented, {"BG/NBD": fit_few})
            if few:
                return Choice(few["BG/NBD"], True, (Note("FEW_CUSTOMERS", facts),))
        note = Note("TOO_FEW_CUSTOMERS", facts) if len(of) else Note("NO_PURCHASES")
        return Choice(shrunken_rates(segmented), True, (note,))
    sample = _spread(of, CHOOSE_FROM) if len(of) > CHOOSE_ALL_UP_TO else of
    days = 1
    patterns = sample.patterns(days=days)
    models, notes = _fitted(patterns, FITS)
    if not models:
        return Choice(shrunken_rates(of.patterns(by_segment=True)), True, (*notes, Note("EMPIRICAL_RATE")))
    if len(models) == 1:
        (chosen,) = models
        return Choice(models[chosen], notes=(*notes, Note("ONLY_ONE_LEFT", {"model": chosen})))
    held_out = datetime.timedelta(days=max(1, int(sample.age.max()) // HOLDOUT_SHARE))
    earlier = histories(orders, as_of=of.as_of - held_out, merged=merged)
    earlier = earlier.take(np.flatnonzero(np.isin(earlier.customer, sample.customer)))
    before: dict[str, CountModel] = {}
    if enough(earlier):
        before, _ = _fitted(earlier.patterns(days=days), {name: FITS[name] for name in models})
    if before:
        chosen = _best({name: _foretold(model, earlier, sample, days) for name, model in before.items()})
        found = Note("CHOSEN", {"model": chosen, "weeks": held_out.days / WEEK, "tried": ", ".join(before)})
        return Choice(_learnt_from_more(chosen, models[chosen], of, sample), notes=(*notes, found))
    scores = {
        name: float(patterns.weight @ model.log_likelihood(patterns)) - len(model.parameters)
        for name, model in models.items()
    }
    chosen = max(scores, key=lambda name: scores[name])
    found = Note("CHOSEN_IN_SAMPLE", {"model": chosen, "tried": ", ".join(models)})
    return Choice(_learnt_from_more(chosen, models[chosen], of, sample), notes=(*notes, Note("NO_HOLDOUT"), found))


def _spread(of: Histories, most: int) -> Histories:
    """Return so many of the histories, evenly spread over all."""
    return of.take(np.unique(np.linspace(0, len(of) - 1, most).astype(np.int64))) if len(of) > most else of


def _learnt_from_more(name: str, model: CountModel, of: Histories, sample: Histories) -> CountModel:
    """Return the chosen model fitted to more customers than have chosen it, where that takes no time."""
    if len(sample) == len(of) or name == "Pareto/NBD":
        return model
    # Times rounded to weeks tell the same of many in a fraction of the patterns.
    again, _ = _fitted(_spread(of, LEARN_FROM).patterns(days=WEEK), {name: FITS[name]})
    return again.get(name, model)


def _fitted(
    patterns: Patterns, fits: Mapping[str, Callable[[Patterns], CountModel]]
) -> tuple[dict[str, CountModel], tuple[Note, ...]]:
    models: dict[str, CountModel] = {}
    notes = []
    for name, fit in fits.items():
        try:
            model = fit(patterns)
        except (UnableToFit, ArithmeticError, ValueError):
            notes.append(Note("FIT_FAILED", {"model": name}))
            continue
        if name != "NBD" and model.drop_out < LEAST_DROP_OUT:
            notes.append(Note("DROP_OUT_NOT_FOUND", {"model": name, "drop_out": model.drop_out}))
        elif not np.isfinite(model.expected(patterns, patterns.longest)).all():
            notes.append(Note("FIT_FAILED", {"model": name}))
        else:
            models[name] = model
    return models, tuple(notes)


def _foretold(model: CountModel, earlier: Histories, later: Histories, days: int) -> Floats:
    """Return the log-density that the model of the earlier weeks gave to what each customer did in the later ones.

    It is the likelihood of the whole history over that of its beginning, which needs no approximation.
    """
    at = np.searchsorted(later.customer, earlier.customer)
    whole, beginning = later.patterns(days=days), earlier.patterns(days=days)
    return model.log_likelihood(whole)[whole.place[at]] - model.log_likelihood(beginning)[beginning.place]


def _best(densities: Mapping[str, Floats]) -> str:
    """Return the first model in the order of preference that the holdout cannot tell from the best one."""
    best = max(densities, key=lambda name: float(densities[name].sum()))
    for name, density in densities.items():
        behind = densities[best] - density
        if behind.sum() <= TOLD_APART * np.sqrt(len(behind)) * behind.std():
            return name
    return best
