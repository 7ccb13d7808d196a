"""Online Retail: how often customers order in the next 90 days, where nobody can be seen to leave in nine months."""

import datetime
from pathlib import Path

import numpy as np
import pyarrow.parquet as parquet
from scipy.stats import spearmanr

from benchmarks.data_sets import Figure
from coe.lifetime_value.engine import learn
from coe.lifetime_value.histories import Orders, histories

AS_OF, DAYS = datetime.date(2011, 9, 10), 90


def orders(data: Path) -> Orders:
    """Return every line with a customer, returns and all: what to do with them is the engine's to know."""
    table = parquet.read_table(
        data / "benchmarks/uci-online-retail/online_retail.parquet",
        columns=["CustomerID", "InvoiceDate", "Quantity", "UnitPrice"],
    )
    customer = table["CustomerID"].to_numpy(zero_copy_only=False)
    known = ~np.isnan(customer)
    days = np.array([text[:10] for text in table["InvoiceDate"].to_pylist()], dtype="datetime64[D]")
    amount = table["Quantity"].to_numpy() * table["UnitPrice"].to_numpy()
    return Orders(customer[known].astype(np.int64), days[known], amount[known])


def measure(data: Path) -> list[Figure]:
    """Return how well the chosen model foretells the counts, whatever the engine had to fall back to."""
    bought = orders(data)
    of, values = learn(bought, as_of=AS_OF)
    later = histories(bought, as_of=AS_OF + datetime.timedelta(days=DAYS))
    came = later.frequency[np.searchsorted(later.customer, of.customer)] - of.frequency
    expected = values.purchases(of, DAYS / 7)
    fallen = [note.code for note in values.notes if note.code == "DROP_OUT_NOT_FOUND"]
    return [
        Figure("online_retail_fell_back", float(len(fallen)), (1, None), "drop-out does not converge"),
        Figure(
            "online_retail_count_mae", float(np.abs(expected - came).mean()), reference="MBG or Pareto .934, naive .909"
        ),
        Figure(
            "online_retail_count_spearman",
            float(spearmanr(expected, came)[0]),
            reference="MBG or Pareto .497, naive .498",
        ),
        Figure("online_retail_count_corr", float(np.corrcoef(expected, came)[0, 1]), reference="MBG or Pareto .794"),
    ]
