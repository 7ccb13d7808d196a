"""What the data sets have in common: reading a file as a customer would send it, and trying the engine in folds."""

import csv
from collections.abc import Collection
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.data_sets import Figure
from coe.scoring import measures
from coe.scoring.folds import by_group
from coe.scoring.selection import choose_model
from coe.scoring.table import Floats, Table

Cells = dict[str, list[str]]


def read_cells(path: Path, *, delimiter: str = ",") -> Cells:
    """Return the columns of a file, as texts."""
    with path.open(newline="", encoding="utf-8-sig") as file:
        rows = list(csv.DictReader(file, delimiter=delimiter))
    return {name: [row[name] for row in rows] for name in rows[0]}


def out_of_fold(
    table: Table,
    y: Floats,
    groups: NDArray[np.int64],
    *,
    seed: int = 0,
    known_at_closing: Collection[str] = (),
    allow_personal: bool = False,
) -> tuple[Floats, list[str]]:
    """Return the probabilities of five grouped folds, the choice made anew in each, and the states."""
    p, states = np.empty(len(y)), []
    for fold in by_group(groups, y, count=5, seed=seed):
        choice = choose_model(
            table.take(fold.learn), y[fold.learn], known_at_closing=known_at_closing, allow_personal=allow_personal
        )
        p[fold.try_] = choice.scorer.probabilities(table.take(fold.try_))
        states.append(f"{choice.state.value}/{choice.code}")
    return p, states


def described(name: str, y: Floats, p: Floats, references: dict[str, str]) -> list[Figure]:
    """Return figures that are only told: log-loss, Brier skill, calibration."""
    intercept, slope = measures.calibration_line(y, p)
    told = {
        "log_loss": measures.log_loss(y, p),
        "brier_skill": measures.brier_skill(y, p),
        "calibration_slope": slope,
        "calibration_intercept": intercept,
        "ece_beyond_chance": measures.ece_beyond_chance(y, p),
    }
    return [Figure(f"{name}_{word}", value, reference=references.get(word, "")) for word, value in told.items()]
