"""The trials fold by fold: each is its own, and together they are the trial."""

from dataclasses import replace

import numpy as np
import pytest

from coe.scoring.examples import Examples
from coe.scoring.training import learn
from tests.coe.learning import company


@pytest.fixture(scope="module")
def learned():
    table, outcome, _truth = company(1_500, seed=3)
    days = 20_000.0 + np.arange(1_500) // 5
    return learn(Examples(replace(table, known_at=days), outcome, horizon_days=10))


def test_the_folds_together_are_the_trial(learned):
    folds, whole = learned.metrics["folds"], learned.metrics
    rows = [one["rows"] for one in folds]

    assert len(folds) == 5
    assert (sum(rows), sum(one["positives"] for one in folds)) == (whole["rows"], whole["positives"])
    for name in ("log_loss", "base_log_loss"):
        assert np.average([one[name] for one in folds], weights=rows) == pytest.approx(whole[name]["value"])
    assert np.average([one["gain"]["value"] for one in folds], weights=rows) == pytest.approx(whole["gain"]["value"])


def test_each_fold_has_its_days_one_after_the_other_and_its_intervals(learned):
    folds = learned.metrics["folds"]

    days = [day for one in folds for day in (one["start"], one["end"])]
    assert days == sorted(days)
    assert len(set(days)) == len(days), "a day is tried once"
    for one in folds:
        for name in ("gain", "lift_10"):
            assert one[name]["low"] < one[name]["value"] < one[name]["high"]
        assert one["gain"]["value"] == pytest.approx(one["base_log_loss"] - one["log_loss"])


def test_without_days_it_is_part_by_part_and_without_trials_nothing():
    table, outcome, _truth = company(200, seed=4)

    parts = learn(Examples(table, outcome, horizon_days=10)).metrics["folds"]
    none = learn(Examples(table.take(np.arange(12)), outcome[:12], horizon_days=10)).metrics["folds"]

    assert {one["start"] for one in parts} == {None}
    assert sum(one["rows"] for one in parts) == 200
    assert none == []
