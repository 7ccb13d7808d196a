"""Organisations with a planted truth, for the tests of what is learnt from outcomes."""

from typing import Any

import numpy as np
from scipy.special import expit

from coe.scoring.table import Table, read_table


def company(rows, *, rate=0.3, seed=0, strength=1.0, columns=6):
    """Return a table with numbers, flags and categories, outcomes of it, and the true probabilities."""
    random = np.random.default_rng(seed)
    numbers = random.normal(size=(rows, columns))
    regions = random.choice(["North", "South", "East", "West"], rows)
    visited = random.random(rows) < 0.4
    weights = strength * np.linspace(1.0, -0.6, columns)
    z = numbers @ weights + strength * (1.2 * visited + 0.8 * (regions == "North"))
    low, high = -20.0, 20.0
    for _ in range(60):  # the intercept that gives the rate
        middle = (low + high) / 2
        low, high = (middle, high) if expit(middle + z).mean() < rate else (low, middle)
    truth = expit(low + z)
    cells: dict[str, Any] = {f"number {place}": numbers[:, place] for place in range(columns)}
    cells |= {"Region": regions.tolist(), "Visited": ["yes" if one else "no" for one in visited]}
    return read_table(cells), (random.random(rows) < truth).astype(float), truth


def noise(rows, *, rate=0.3, seed=0, columns=5):
    """Return a table that says nothing about its outcomes."""
    random = np.random.default_rng(seed)
    cells: dict[str, Any] = {f"number {place}": random.normal(size=rows) for place in range(columns)}
    cells["Colour"] = random.choice(["red", "green", "blue"], rows).tolist()
    return read_table(cells), (random.random(rows) < rate).astype(float)


def with_column(table: Table, name, cells):
    """Return the table with one more column."""
    added = read_table({name: cells}).columns
    return Table(table.rows, {**table.columns, **added}, table.known_at, table.groups)
