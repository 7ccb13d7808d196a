"""What an account spends if it buys."""

import numpy as np
import pytest
from scipy.stats import spearmanr

from coe.scoring.amounts import learn_amounts
from coe.scoring.table import read_table


def spenders(rows, *, seed=0, spread=0.8):
    random = np.random.default_rng(seed)
    size = random.normal(size=rows)
    region = random.choice(["North", "South"], rows)
    amounts = np.exp(6 + 1.1 * size + 0.5 * (region == "North") + random.normal(0, spread, rows))
    return read_table({"Size": np.exp(size), "Region": region.tolist()}), amounts


def test_large_and_small_amounts_are_told_apart_and_the_mean_is_kept():
    table, amounts = spenders(1500)
    fresh, came = spenders(3000, seed=1)

    model = learn_amounts(table, amounts)

    assert spearmanr(model.expected(fresh), came)[0] > 0.75
    assert model.expected(fresh).mean() == pytest.approx(np.minimum(came, model.most).mean(), rel=0.08)
    assert np.median(came / model.typical(fresh)) == pytest.approx(1, abs=0.08)
    assert model.value(fresh, np.full(3000, 0.5)) == pytest.approx(model.expected(fresh) / 2)


def test_without_a_pattern_everybody_gets_the_mean():
    random = np.random.default_rng(2)
    table = read_table({"Noise": random.normal(size=400)})
    amounts = np.exp(random.normal(5, 1, 400))

    model = learn_amounts(table, amounts)

    assert np.ptp(model.expected(table)) == 0
    assert model.expected(table)[0] == pytest.approx(np.minimum(amounts, model.most).mean())
    assert "same for all" in model.sentence


def test_zero_negative_and_missing_amounts_are_no_purchases():
    table, amounts = spenders(200)
    amounts[:50], amounts[50:80], amounts[80:90], amounts[90] = 0, -100, np.nan, np.inf

    assert learn_amounts(table, amounts).buyers == 109


@pytest.mark.parametrize("rows", [0, 1, 12])
def test_few_buyers_still_give_an_amount(rows):
    table, amounts = spenders(max(rows, 1))

    model = learn_amounts(table, amounts[:1] * 0 if not rows else amounts)

    assert np.isfinite(model.expected(table)).all()
    assert model.buyers == rows
    assert model.sentence


def test_one_slip_of_a_zero_moves_nobody():
    table, amounts = spenders(500)
    slipped = amounts.copy()
    slipped[0] *= 1e6

    before, after = (learn_amounts(table, values).expected(table).sum() for values in (amounts, slipped))

    assert after == pytest.approx(before, rel=0.15)
