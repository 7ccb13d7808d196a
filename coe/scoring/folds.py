"""Which rows a model is tried on, so that the trial says something about rows that don't exist yet.

By time where there are dates: learn from what came first, try on what came after, again and again (forward chaining).
Else by group: all rows of an account, or all rows with the same values in every column, are on the same side, because a
twin on the other side makes every model look clever. Single rows only where there are neither accounts nor twins.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from coe.scoring.table import Floats, Rows, Table, twins

FOLDS = 5
FOLDS_OF_MANY = 3
MANY_ROWS = 20_000
FEWEST_IN_FOLD = 5  # positives and negatives to learn from, and in all tried rows together
TIME, GROUPS, TWINS, ROWS = "time", "groups", "identical rows", "rows"


@dataclass(frozen=True, slots=True)
class Fold:
    """Rows to learn from and rows to try."""

    learn: Rows
    try_: Rows


@dataclass(frozen=True, slots=True)
class Split:
    """The folds, how they were made, and what hangs together in them."""

    how: str
    folds: tuple[Fold, ...]
    groups: NDArray[np.int64]


def _both(y: Floats, rows: Rows, fewest: int = FEWEST_IN_FOLD) -> bool:
    positives = float(y[rows].sum())
    return positives >= fewest and len(rows) - positives >= fewest


def by_time(known_at: Floats, y: Floats, *, count: int, embargo: float = 0) -> tuple[Fold, ...]:
    """Return folds of equal size, each tried with what was known ``embargo`` days before its first row, or nothing.

    Rows of one day stay together. The first block is only learnt from; a fold that has too few of either outcome to
    learn from is left out.
    """
    edges = np.unique(np.quantile(known_at, np.linspace(0, 1, count + 2)[1:-1], method="higher"))
    folds = []
    for place, start in enumerate(edges):
        later = known_at >= start
        if place + 1 < len(edges):
            later &= known_at < edges[place + 1]
        learn, try_ = np.flatnonzero(known_at < start - embargo), np.flatnonzero(later)
        if _both(y, learn) and len(try_):
            folds.append(Fold(learn, try_))
    return tuple(folds)


def by_group(groups: NDArray[np.int64], y: Floats, *, count: int, seed: int = 0) -> tuple[Fold, ...]:
    """Return folds that keep groups whole and have about equal shares of either outcome.

    Groups of one row are dealt like cards, by outcome; larger ones go, the largest first, where their outcomes are
    rarest.
    """
    _, codes, sizes = np.unique(groups, return_inverse=True, return_counts=True)
    codes = codes.ravel()
    random = np.random.default_rng(seed)
    positives = np.bincount(codes, weights=y)
    place = np.empty(len(sizes), dtype=np.intp)
    held = np.zeros((count, 2))
    total = np.array([max(len(y) - y.sum(), 1.0), max(float(y.sum()), 1.0)])
    shuffled = random.permutation(len(sizes))
    for group in shuffled[np.argsort(-sizes[shuffled], kind="stable")]:
        if sizes[group] == 1:
            break
        own = np.array([sizes[group] - positives[group], positives[group]])
        fullest = ((held + own) / total).max(axis=1) + (held.sum(axis=1) / len(y))
        chosen = int(np.argmin(fullest))
        place[group] = chosen
        held[chosen] += own
    singles = shuffled[sizes[shuffled] == 1]
    for outcome in (0, 1):
        dealt = singles[positives[singles] == outcome]
        # Fill up the folds that the large groups left short, then go round.
        target = (held[:, outcome].sum() + len(dealt)) / count
        room = np.maximum(target - held[:, outcome], 0)
        cuts = np.round(np.cumsum(room) / max(room.sum(), 1e-9) * len(dealt)).astype(int)
        place[dealt] = np.searchsorted(cuts, np.arange(len(dealt)), side="right").clip(max=count - 1)
    of_row = place[codes]
    folds = tuple(Fold(np.flatnonzero(of_row != fold), np.flatnonzero(of_row == fold)) for fold in range(count))
    return tuple(fold for fold in folds if len(fold.try_) and _both(y, fold.learn))


def split(table: Table, y: Floats, *, embargo: float = 0, seed: int = 0) -> Split:
    """Return the best folds that the table allows: by time, else by its groups, else with twins together."""
    groups = twins(table) if table.groups is None else table.groups
    count = FOLDS if table.rows < MANY_ROWS else FOLDS_OF_MANY
    if table.known_at is not None:
        folds = by_time(table.known_at, y, count=count, embargo=embargo)
        tried = np.concatenate([fold.try_ for fold in folds]) if folds else np.empty(0, dtype=np.intp)
        if len(folds) > 1 and _both(y, tried):
            return Split(TIME, folds, groups)
    alone = len(np.unique(groups)) == table.rows
    how = (ROWS if alone else TWINS) if table.groups is None else GROUPS
    return Split(how, by_group(groups, y, count=count, seed=seed), groups)
