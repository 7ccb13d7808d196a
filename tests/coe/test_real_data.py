"""The engine on data that is not ours: the quick ones of the benchmark's sets, each with its gates."""

import importlib
import os
from pathlib import Path

import pytest

pytestmark = pytest.mark.real_data


@pytest.mark.parametrize("name", ["salvirt", "retail"])
def test_the_gates_of_a_real_data_set_hold(name):
    data = os.environ.get("AGILE_SALES_DATA", "")
    if not data or not (Path(data) / "benchmarks").is_dir():
        pytest.skip("AGILE_SALES_DATA names no folder with benchmarks")

    figures = importlib.import_module(f"benchmarks.data_sets.{name}").measure(Path(data))

    assert figures
    assert [f"{one.name} {one.value:.4f}, {one.bounds}" for one in figures if not one.passed] == []
