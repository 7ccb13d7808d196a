"""Telco churn: one snapshot of 7,043 fictional customers. It proves calibration and ranking, not foresight."""

from pathlib import Path

import numpy as np

from benchmarks.data_sets import Figure
from benchmarks.sources import described, out_of_fold, read_cells
from coe.scoring import measures
from coe.scoring.table import read_table


def measure(data: Path) -> list[Figure]:
    """Return the figures of five folds, with the personal columns that published figures use and without them."""
    cells = read_cells(data / "benchmarks/telco-churn/Telco-Customer-Churn.csv")
    y = np.array([churned == "Yes" for churned in cells.pop("Churn")], dtype=float)
    table = read_table(cells)
    customers = np.arange(len(y))
    p, _ = out_of_fold(table, y, customers, allow_personal=True)
    own, _ = out_of_fold(table, y, customers)
    return [
        Figure("telco_auc", measures.auc(y, p), (0.84, None), "LR .845, HGB .842"),
        Figure("telco_brier", measures.brier(y, p), (None, 0.136), "LR .135, HGB .137"),
        Figure("telco_auc_without_personal", measures.auc(y, own), reference="LR .845 with them"),
        Figure("telco_brier_without_personal", measures.brier(y, own), reference="LR .135 with them"),
        *described("telco", y, p, {"log_loss": "LR .417, HGB .421"}),
    ]
