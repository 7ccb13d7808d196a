"""Going back in time: only what was settled by then is learnt from, and the baselines stand beside it."""

import numpy as np
import pytest

from coe.scoring.backtest import UndatedError, backtest
from coe.scoring.table import Table
from tests.coe.learning import company, noise

MONTHS = [180.0, 240.0, 300.0]


def dated(rows, *, seed=0, make=company):
    made = make(rows, seed=seed)
    table, y = made[0], made[1]
    random = np.random.default_rng(seed)
    return Table(rows, table.columns, np.sort(random.integers(0, 360, rows)).astype(float), np.arange(rows) % 300), y


def test_three_periods_validate_a_planted_truth():
    table, y = dated(1500)
    revenue = np.random.default_rng(1).random(1500)

    proof = backtest(table, y, cutoffs=MONTHS, horizon=30, revenue=revenue, worth=y * 100, draws=60)
    auc, chance = proof.figures["auc"], proof.baselines["random"]["auc"]

    assert proof.why_not == ""
    assert [period.start for period in proof.periods] == MONTHS
    assert auc.value is not None
    assert auc.low is not None
    assert chance.high is not None
    assert auc.low > chance.high
    assert auc.value > 0.75
    assert (proof.figures["gain"].low or 0) > 0
    assert (proof.figures["lift_10"].value or 0) > 1.5
    assert proof.baselines["revenue"]["auc"].value == pytest.approx(0.5, abs=0.07)
    assert proof.figures["value_capture_10"].value == proof.figures["capture_10"].value
    assert not proof.drifted


def test_nothing_that_was_not_settled_is_learnt_from():
    table, y = dated(1000)
    known = table.known_at
    assert known is not None

    proof = backtest(table, y, cutoffs=MONTHS, horizon=30, embargo=7, draws=20)
    later = y.copy()
    unsettled = (known >= MONTHS[0] - 37) & (known < MONTHS[1])
    later[unsettled] = 1 - later[unsettled]
    other = backtest(table, later, cutoffs=MONTHS[:1], horizon=30, embargo=7, draws=20)

    inside = known[proof.rows] < MONTHS[1]
    assert proof.probabilities[inside].tobytes() == other.probabilities[: int(inside.sum())].tobytes()
    for period in proof.periods:
        assert period.choice.window is not None
        assert period.choice.window[1] < period.start - 37


def test_noise_is_no_better_than_the_base_rate_and_says_so():
    states = []
    for seed in range(4):
        table, y = dated(900, make=noise, seed=seed)
        proof = backtest(table, y, cutoffs=MONTHS, horizon=30, draws=20)
        states += [period.choice.state.value for period in proof.periods]
        assert (proof.figures["log_loss"].value or 9) < (proof.figures["base_log_loss"].value or 0) + 0.01

    # One in twenty may be mistaken by chance; that is what "beyond chance" means.
    assert states.count("no_reliable_signal") >= 11


def test_segments_are_judged_with_an_interval_each():
    table, y = dated(1500)
    segments = ["North" if row % 2 else "South" for row in range(1499)] + ["Tiny"]
    y[np.arange(1500) % 2 == 1] = 0  # nobody in the North buys, and the model can't know

    proof = backtest(table, y, cutoffs=MONTHS, horizon=30, segments=segments, draws=20)
    by_name = {segment.name: segment for segment in proof.segments}

    assert not by_name["North"].is_fair
    assert by_name["North"].observed_over_expected.value == 0
    assert (by_name["South"].observed_over_expected.value or 0) > 1.3
    assert by_name["Tiny"].auc.value is None
    assert "shown from 20 on" in by_name["Tiny"].auc.why


def test_too_short_a_past_is_said():
    table, y = dated(300)

    assert "1 of 3" in backtest(table, y, cutoffs=[300], horizon=30, draws=20).why_not
    assert "No cut-off" in backtest(table, y, cutoffs=[0], horizon=30).why_not
    with pytest.raises(UndatedError):
        backtest(Table(5, {}), y[:5], cutoffs=[1], horizon=1)
