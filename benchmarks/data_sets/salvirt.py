"""Salvirt: a software company's deals with what its sellers ticked about them. Few, and a fifth of them are twins."""

from pathlib import Path

import numpy as np

from benchmarks.data_sets import Figure
from benchmarks.sources import described, out_of_fold, read_cells
from coe.scoring import measures
from coe.scoring.table import identical_rows, read_table

SEEDS = range(3)


def measure(data: Path) -> list[Figure]:
    """Return the figures of five folds that keep twins together, the mean of three ways to deal them."""
    cells = read_cells(data / "benchmarks/salvirt-b2b/Salvirt_B2B_ML_dataset_HF.csv", delimiter=";")
    y = np.array([status == "Won" for status in cells.pop("Status")], dtype=float)
    table = read_table(cells)
    tries = [out_of_fold(table, y, identical_rows(table), seed=seed)[0] for seed in SEEDS]
    area = float(np.mean([measures.auc(y, p) for p in tries]))
    error = float(np.mean([measures.brier(y, p) for p in tries]))
    return [
        Figure("salvirt_auc", area, (0.79, None), "LR .790-.804, HGB .789-.811"),
        Figure("salvirt_brier", error, (None, 0.185), "LR .180-.188, HGB .188-.204"),
        *described("salvirt", y, tries[0], {"log_loss": "LR .541-.570, HGB .580-.619"}),
    ]
