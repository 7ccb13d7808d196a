"""Online Retail: who buys again within 90 days, and for how much; learnt in June, foretold in September."""

import datetime
from pathlib import Path

import numpy as np
import pyarrow.parquet as parquet
from numpy.typing import NDArray
from scipy.stats import spearmanr

from benchmarks.data_sets import Figure
from benchmarks.sources import described
from coe.scoring import measures
from coe.scoring.amounts import learn_amounts
from coe.scoring.selection import choose_model
from coe.scoring.table import Floats, Table, read_table

LEARNT, TRIED, DAYS = datetime.date(2011, 6, 12), datetime.date(2011, 9, 10), 90
WINDOWS = (30, 90, 180)


class Lines:
    """The lines with a customer and a price; returns have a negative quantity."""

    def __init__(self, data: Path) -> None:
        table = parquet.read_table(data / "benchmarks/uci-online-retail/online_retail.parquet")
        customer, price = (table[name].to_numpy(zero_copy_only=False) for name in ("CustomerID", "UnitPrice"))
        used = ~np.isnan(customer) & (price > 0)
        days = np.array([text[:10] for text in table["InvoiceDate"].to_pylist()], dtype="datetime64[D]")
        self.customer = customer[used].astype(np.int64)
        self.day = days[used].astype(np.int64)
        self.quantity = table["Quantity"].to_numpy()[used].astype(float)
        self.amount = self.quantity * price[used]
        self.invoice = np.unique(np.array(table["InvoiceNo"].to_pylist())[used], return_inverse=True)[1].ravel()
        self.british = (np.array(table["Country"].to_pylist()) == "United Kingdom")[used]


def snapshot(lines: Lines, as_of: datetime.date) -> tuple[Table, Floats]:
    """Return what was known of each customer on a day, and what they spent in the 90 days from it on."""
    today = as_of.toordinal() - datetime.date(1970, 1, 1).toordinal()
    bought = (lines.quantity > 0) & (lines.day < today)
    customers = np.unique(lines.customer[bought])

    def total(which: NDArray[np.bool_], values: Floats) -> Floats:
        which = which & np.isin(lines.customer, customers)
        places = np.searchsorted(customers, lines.customer[which])
        return np.bincount(places, weights=values[which], minlength=len(customers)).astype(float)

    # One line stands for its order, one for its day.
    _, orders = np.unique(np.stack([lines.customer, lines.invoice])[:, bought], axis=1, return_index=True)
    _, days = np.unique(np.stack([lines.customer, lines.day])[:, bought], axis=1, return_index=True)
    one, day = np.zeros(len(bought), dtype=bool), np.zeros(len(bought), dtype=bool)
    one[np.flatnonzero(bought)[orders]] = True
    day[np.flatnonzero(bought)[days]] = True
    first, last = np.full(len(customers), today), np.zeros(len(customers), dtype=np.int64)
    places = np.searchsorted(customers, lines.customer[bought])
    np.minimum.at(first, places, lines.day[bought])
    np.maximum.at(last, places, lines.day[bought])
    ones = np.ones(len(bought))
    count, purchase_days = total(one, ones), total(day, ones)
    gap = np.where(purchase_days > 1, (last - first) / np.maximum(purchase_days - 1, 1), np.nan)
    cells = {
        "orders": count,
        "amount": total(bought, lines.amount),
        "average order": total(bought, lines.amount) / count,
        "lines": total(bought, ones),
        "items": total(bought, lines.quantity),
        "days since the last order": (today - last).astype(float),
        "days since the first order": (today - first).astype(float),
        "mean gap": gap,
        "overdue": (today - last) / gap,
        "returned": -total((lines.quantity < 0) & (lines.day < today), lines.amount),
        "british": total(one & lines.british, ones) > 0,
    }
    for window in WINDOWS:
        recent = lines.day >= today - window
        cells[f"orders in {window} days"] = total(one & recent, ones)
        cells[f"amount in {window} days"] = total(bought & recent, lines.amount)
    later = (lines.quantity > 0) & (lines.day >= today) & (lines.day < today + DAYS)
    return read_table(cells), total(later, lines.amount)


def measure(data: Path) -> list[Figure]:
    """Return how well September's customers are ranked by chance and by value."""
    lines = Lines(data)
    table, spent = snapshot(lines, LEARNT)
    later, came = snapshot(lines, TRIED)
    y = (came > 0).astype(float)
    p = choose_model(table, spent > 0).scorer.probabilities(later)
    value = learn_amounts(table, spent).value(later, p)
    return [
        Figure("online_retail_auc", measures.auc(y, p), (0.74, None), "LR .743, HGB .726"),
        Figure("online_retail_spearman", float(spearmanr(value, came)[0]), (0.51, None), "HGB absolute error .511"),
        Figure("online_retail_capture", measures.capture(came, value).value or 0.0, (0.545, None), "HGB .553"),
        Figure("online_retail_spend_mae", float(np.abs(value - came).mean()), reference="HGB 586, naive 603"),
        Figure("online_retail_spend_bias", float(value.sum() / came.sum() - 1), reference="HGB -.54, naive -.30"),
        Figure("online_retail_base_rate", float(y.mean()), reference=".569"),
        *described("online_retail", y, p, {"log_loss": "LR .604, HGB .651"}),
    ]
