"""Whether the inputs look as they did when a model was trained: PSI by column, less what chance shows.

``distributions`` is kept with the model, ``drifts`` holds tonight's columns against it.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from coe.scoring.table import Column, Floats, Kind, Table

BINS = 10
MOST_WORDS = 20
LOOK, ALARM = 0.1, 0.25
SCORE = "(score)"  # what the model itself said, kept beside its inputs
FEWEST_LATEST = 200
NOTHING_LEARNT = 0.95  # of the rows had nothing in a column


def distributions(table: Table) -> dict[str, Any]:
    """Return how each column is distributed: rows in each bin, the last one for what is missing.

    Where rows have dates it is that of the latest ones: two years taken together look like no night at all.
    """
    if table.known_at is not None and table.rows > FEWEST_LATEST:
        edge = min(float(table.known_at.max()), float(np.sort(table.known_at)[-FEWEST_LATEST]))
        table = table.take(np.flatnonzero(table.known_at >= edge))
    return {name: _distribution(column) for name, column in table.columns.items()}


def score_table(probabilities: Floats) -> Table:
    """Return what a model said as a table of one column."""
    column = Column(SCORE, Kind.NUMBER, probabilities, np.empty(0, dtype=np.int32))
    return Table(len(probabilities), {SCORE: column})


def _distribution(column: Column) -> dict[str, Any]:
    missing = column.missing
    if column.kind is Kind.CATEGORY:
        counts = np.bincount(column.codes[~missing], minlength=len(column.words))
        kept = [int(place) for place in np.argsort(-counts, kind="stable")[:MOST_WORDS]]
        cuts: list[Any] = [column.words[place] for place in kept]
    else:
        values = column.numbers[~missing]
        cuts = np.unique(np.quantile(values, np.linspace(0, 1, BINS + 1)[1:-1])).tolist() if len(values) else []
    shape = {"kind": column.kind.value, "cuts": cuts}
    return shape | {"counts": _counts(shape, column).tolist()}


def _counts(shape: Mapping[str, Any], column: Column) -> NDArray[np.int64]:
    cuts, missing = shape["cuts"], column.missing
    size = len(cuts) + 2  # words that aren't kept, or what lies beyond the last cut; and what is missing
    if column.kind is Kind.CATEGORY:
        places = {word: place for place, word in enumerate(cuts)}
        by_code = np.asarray([places.get(word, len(cuts)) for word in column.words] + [size - 1], dtype=np.int64)
        return np.bincount(by_code[column.codes], minlength=size)
    inside = np.searchsorted(np.asarray(cuts, dtype=float), np.nan_to_num(column.numbers), side="right")
    return np.bincount(np.where(missing, size - 1, inside), minlength=size)


def drifts(kept: Mapping[str, Any], table: Table) -> dict[str, float]:
    """Return the PSI of each column less (B − 1)·(1/N + 1/M); a column that is gone counts as all missing.

    One that was empty when the model was trained is not among them: nothing was learnt from it that could drift.
    """
    found = {}
    for name, shape in kept.items():
        column = table.columns.get(name)
        before = np.asarray(shape["counts"], dtype=float)
        if before[-1] >= NOTHING_LEARNT * before.sum():
            continue
        if column is None or column.kind.value != shape["kind"]:
            now = np.zeros_like(before)
            now[-1] = table.rows
        else:
            now = _counts(shape, column).astype(float)
        found[name] = _psi(before, now)
    return found


def _psi(before: NDArray[np.float64], now: NDArray[np.float64]) -> float:
    used = (before + now) > 0
    before, now = before[used], now[used]
    if not before.sum() or not now.sum():
        return 0.0
    shares = [(counts + 0.5) / (counts.sum() + 0.5 * len(counts)) for counts in (before, now)]
    raw = float(np.sum((shares[1] - shares[0]) * np.log(shares[1] / shares[0])))
    return raw - (len(before) - 1) * (1 / float(before.sum()) + 1 / float(now.sum()))
