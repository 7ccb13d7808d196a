"""Maven's CRM: 6,711 closed deals of a fictional company, drawn at random. Who finds a signal has made a mistake."""

from pathlib import Path

import numpy as np

from benchmarks.data_sets import Figure
from benchmarks.sources import Cells, out_of_fold, read_cells
from coe.scoring import measures
from coe.scoring.selection import State, choose_model
from coe.scoring.table import Table, read_table

KNOWN_LATER = ("close_date", "deal_stage")
PRODUCTS = {"GTXPro": "GTX Pro"}  # as the catalogue writes it


def joined(folder: Path) -> Cells:
    """Return the closed deals with their account, product and team."""
    deals = read_cells(folder / "sales_pipeline.csv")
    closed = [row for row, stage in enumerate(deals["deal_stage"]) if stage in ("Won", "Lost")]
    cells = {name: [values[row] for row in closed] for name, values in deals.items()}
    cells["product"] = [PRODUCTS.get(name, name) for name in cells["product"]]
    for file, key in (("accounts", "account"), ("products", "product"), ("sales_teams", "sales_agent")):
        more = read_cells(folder / f"{file}.csv")
        place = {name: row for row, name in enumerate(more[key])}
        for name in set(more) - {key}:
            cells[name] = [more[name][place[value]] for value in cells[key]]
    return cells


def tables(folder: Path) -> tuple[Table, Table, np.ndarray]:
    """Return the deals with and without their dates, and which were won; the amount stays in for the guard to find."""
    cells = joined(folder)
    y = np.array([stage == "Won" for stage in cells["deal_stage"]], dtype=float)
    engaged = cells.pop("engage_date")
    return read_table(cells, known_at=engaged, groups=cells["account"]), read_table(cells, groups=cells["account"]), y


def measure(data: Path) -> list[Figure]:
    """Return the figures of five folds, and what the engine says forward in time."""
    dated, table, y = tables(data / "import-examples/maven-crm")
    choice = choose_model(dated, y, known_at_closing=KNOWN_LATER)
    p, states = out_of_fold(table, y, np.arange(len(y)), known_at_closing=KNOWN_LATER)
    silent = all(state.startswith(State.NO_SIGNAL) for state in [*states, choice.state])
    refused = any(one.column == "close_value" and one.is_leak for one in choice.left_out)
    return [
        Figure("maven_auc", measures.auc(y, p), (0.47, 0.53), "LR .497, HGB .499"),
        Figure("maven_log_loss", measures.log_loss(y, p), (None, 0.66), "base rate .658, LR .669, HGB .707"),
        Figure("maven_no_reliable_signal", float(silent), (1, None), "must be said"),
        Figure("maven_leak_found", float(refused), (1, None), "close_value is 0 for each lost deal"),
        Figure("maven_brier_skill", measures.brier_skill(y, p), reference="0 is the base rate"),
    ]
