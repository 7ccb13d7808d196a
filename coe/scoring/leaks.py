"""What must not be learnt from: columns that know the outcome, say nothing, or are about a person.

A column that was written when the outcome was known (the reason of a loss, the date of a delivery, an amount that is 0
for each lost deal) makes a model look brilliant in every test and useless on the day it is used. Each column that is
left out is named with the reason, in words and with the figures that show it.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace

import numpy as np
from scipy.stats import binom

from coe.scoring.encoding import MIN_FREQUENCY
from coe.scoring.folds import Split
from coe.scoring.measures import auc
from coe.scoring.personal import is_personal, words_of
from coe.scoring.table import Column, Floats, Kind, Table

LEAKY_AUC = 0.95
BINS = 20
ALMOST_ALL, ALMOST_NONE = 0.99, 0.05
CHANCE = 1e-6
MOST_UNIQUE = 0.9

SENTENCES: Mapping[str, str] = {
    "empty": "{column} is empty in every row.",
    "constant": "{column} has the same value everywhere: {value}.",
    "identifier": "{column} is different in almost every row: it names the record, it doesn't describe it.",
    "personal": "{column} is about the person. Scores never learn from that.",
    "closing": "{column} is known only when it is over, as the mapping says.",
    "filled_after": (
        "{column} is filled in {won:.0%} of the good outcomes and {lost:.0%} of the others: it looks as if it is filled"
        " only when the outcome is known."
    ),
    "same_in_one_outcome": (
        "{column} is {value} in every row that ended {outcome} and almost never else: it looks as if it is overwritten"
        " when the outcome is known."
    ),
    "knows_outcome": (
        "{column} alone tells the outcomes apart (AUC {auc:.3f}). Nothing that is known beforehand does that: please"
        " check when it is filled in."
    ),
}


ALSO = {"identifier": " It is also different in almost every row: it names the record."}


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A column that isn't used, and why. ``code`` is a key of ``SENTENCES``, ``also`` of ``ALSO``."""

    column: str
    code: str
    values: Mapping[str, float | str] = field(default_factory=dict)
    also: str = ""

    @property
    def is_leak(self) -> bool:
        """True if the column seems to know the outcome: a person should look at it."""
        return self.code in ("filled_after", "same_in_one_outcome", "knows_outcome")

    @property
    def sentence(self) -> str:
        """The reason in English; other languages translate the code."""
        return self.sentence_of(self.column.removeprefix("custom."))

    def sentence_of(self, name: str) -> str:
        """The reason in English, the column called by this name."""
        return SENTENCES[self.code].format(column=name, **self.values) + ALSO.get(self.also, "")


def without_content(
    table: Table, *, known_at_closing: Collection[str] = (), allow_personal: bool = False
) -> list[LeftOut]:
    """Return the columns that are out whatever the outcome: named by the caller, personal, empty, constant, names."""
    found = []
    for name, column in table.columns.items():
        filled = ~column.missing
        values = column.as_numbers[filled]
        distinct = len(np.unique(values))
        if name in known_at_closing:
            found.append(LeftOut(name, "closing"))
        elif not allow_personal and is_personal(name):
            found.append(LeftOut(name, "personal"))
        elif not distinct:
            found.append(LeftOut(name, "empty"))
        elif distinct == 1 and filled.all():
            value = column.value(int(np.flatnonzero(filled)[0]))
            found.append(LeftOut(name, "constant", {"value": str(value)}))
        elif _is_identifier(column, distinct, int(filled.sum())):
            found.append(LeftOut(name, "identifier"))
    return found


def _is_identifier(column: Column, distinct: int, filled: int) -> bool:
    if filled < 2 * MIN_FREQUENCY or distinct < MOST_UNIQUE * filled:
        return False
    if column.kind is Kind.NUMBER:
        numbers = column.numbers[~column.missing]
        return words_of(column.name)[-1:] in (("id",), ("uuid",)) and bool(np.all(numbers == np.round(numbers)))
    return column.kind is Kind.CATEGORY


def leaks(table: Table, y: Floats, split: Split) -> list[LeftOut]:
    """Return the columns that seem to know the outcome, judged on rows that the judgement didn't learn from."""
    found = [_leak(column, y, split) for column in table.columns.values()]
    return [one for one in found if one is not None]


def with_leaks_of_names(left_out: list[LeftOut], table: Table, y: Floats, split: Split) -> list[LeftOut]:
    """Return what is left out, where a column that names the record may be found to know the outcome as well.

    Both are worth a word: who only reads that a number names the record does not ask when it is filled in.
    """
    names = {one.column for one in left_out if one.code == "identifier"}
    known = {one.column: replace(one, also="identifier") for one in leaks(_only(table, names), y, split)}
    return [known.get(one.column, one) for one in left_out]


def _only(table: Table, names: Collection[str]) -> Table:
    return table.without(set(table.columns) - set(names))


def _leak(column: Column, y: Floats, split: Split) -> LeftOut | None:
    positive, filled = y > 0, ~column.missing
    if positive.sum() < MIN_FREQUENCY or (~positive).sum() < MIN_FREQUENCY:
        return None  # a handful agrees with anything
    won, lost = float(filled[positive].mean()), float(filled[~positive].mean())
    if abs(won - lost) > 2 * LEAKY_AUC - 1 or _only_one_outcome_has_it(filled, positive):
        return LeftOut(column.name, "filled_after", {"won": won, "lost": lost})
    one_value = _same_in_one_outcome(column, positive)
    if one_value is not None:
        return one_value
    level = _out_of_fold_rates(column, y, split)
    judged = ~np.isnan(level)
    if judged.sum() and (area := auc(y[judged], level[judged])) > LEAKY_AUC:
        return LeftOut(column.name, "knows_outcome", {"auc": area})
    return None


def _only_one_outcome_has_it(filled: np.ndarray, positive: np.ndarray) -> bool:
    """Tell whether a partly filled column is filled in one outcome only, beyond what chance allows."""
    count = int(filled.sum())
    if not MIN_FREQUENCY <= count < len(filled):
        return False
    for outcome in (positive, ~positive):
        inside = int((filled & outcome).sum())
        if inside >= ALMOST_ALL * count and float(binom.sf(inside - 1, count, outcome.mean())) < CHANCE:
            return True
    return False


def _same_in_one_outcome(column: Column, positive: np.ndarray) -> LeftOut | None:
    values = np.nan_to_num(column.as_numbers, nan=np.inf)  # nothing is a value, too
    for outcome, name in ((~positive, "badly"), (positive, "well")):
        inside = values[outcome]
        if np.all(inside == inside[0]) and float((values[~outcome] == inside[0]).mean()) < ALMOST_NONE:
            value = column.value(int(np.flatnonzero(outcome)[0]))
            shown = "empty" if value is None else str(value)
            return LeftOut(column.name, "same_in_one_outcome", {"value": shown, "outcome": name})
    return None


def _out_of_fold_rates(column: Column, y: Floats, split: Split) -> Floats:
    """Return for each tried row the rate of its value (of its twentieth, for a number) among the rows learnt from."""
    values = column.as_numbers
    rates = np.full(len(y), np.nan)
    for fold in split.folds:
        known = values[fold.learn]
        known = known[~np.isnan(known)]
        if column.kind is Kind.CATEGORY:
            places, size = np.where(np.isnan(values), -1, values).astype(int) + 1, len(column.words) + 1
        else:
            edges = np.unique(np.quantile(known, np.linspace(0, 1, BINS + 1)[1:-1])) if len(known) else np.empty(0)
            places, size = (
                np.where(np.isnan(values), 0, np.searchsorted(edges, values, side="right") + 1),
                len(edges) + 2,
            )
        rows = np.bincount(places[fold.learn], minlength=size)
        positives = np.bincount(places[fold.learn], weights=y[fold.learn], minlength=size)
        level = (positives + y[fold.learn].mean()) / (rows + 1)
        rates[fold.try_] = level[places[fold.try_]]
    return rates
