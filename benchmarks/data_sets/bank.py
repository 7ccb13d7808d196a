"""Bank marketing: 41,188 calls in the order of their dates, from a boom into a crisis. What was true drifts away."""

from pathlib import Path

import numpy as np

from benchmarks.data_sets import Figure
from benchmarks.sources import described, out_of_fold, read_cells
from coe.scoring import measures
from coe.scoring.selection import choose_model
from coe.scoring.table import read_table

CLOSING = ("duration",)  # how long the call took is known when it is over
SHARE = 0.7


def measure(data: Path) -> list[Figure]:
    """Return the figures of a split by time and of folds; the folds ask as if the order of the rows meant nothing."""
    cells = read_cells(data / "benchmarks/uci-bank-marketing/bank-additional-full.csv", delimiter=";")
    y = np.array([answer == "yes" for answer in cells.pop("y")], dtype=float)
    order = np.arange(len(y))
    cut = int(SHARE * len(y))
    figures = []
    # Published figures use age and marital status; the product's own never do, so both are told.
    for suffix, personal in (("", True), ("_without_personal", False)):
        dated = read_table(cells, known_at=order)
        choice = choose_model(
            dated.take(order[:cut]), y[:cut], known_at_closing=CLOSING, allow_personal=personal
        )  # fmt: skip
        later, p = y[cut:], choice.scorer.probabilities(dated.take(order[cut:]))
        gate = (0.66, None) if personal else (None, None)
        figures += [
            Figure(f"bank_time_auc{suffix}", measures.auc(later, p), gate, "LR .667, HGB .665"),
            Figure(f"bank_time_log_loss{suffix}", measures.log_loss(later, p), reference="LR .570, HGB .655"),
        ]
    table = read_table(cells)
    p, _ = out_of_fold(table, y, order, known_at_closing=CLOSING, allow_personal=True)
    return [
        *figures,
        Figure("bank_auc", measures.auc(y, p), (0.79, None), "LR .791, HGB .804"),
        Figure("bank_lift", measures.lift(y, p).value or 0.0, (4.4, None), "LR 4.38, HGB 4.60"),
        *described("bank", y, p, {"log_loss": "LR .277, HGB .270"}),
    ]
