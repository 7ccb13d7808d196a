"""The worked numbers of scoring: base rate, intercept, score."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from coe.scoring import base_rate

POINTS = st.lists(st.floats(-6, 6).map(lambda value: round(value, 1)), min_size=1, max_size=200)


@pytest.mark.parametrize(
    ("positives", "accounts", "expected"),
    [(0, 0, 0.05), (0, 10, 0.04), (8, 100, 10 / 140), (85, 85, 87 / 125), (40, 2000, 42 / 2040)],
)
def test_the_base_rate_is_shrunken_towards_five_per_cent(positives, accounts, expected):
    assert base_rate.base_rate(positives=positives, accounts=accounts) == pytest.approx(expected, abs=1e-12)


def test_more_positives_than_accounts_are_refused():
    with pytest.raises(ValueError, match="can't be"):
        base_rate.base_rate(positives=3, accounts=2)


@given(points=POINTS, rate=st.floats(0.001, 0.999))
def test_the_mean_probability_is_the_base_rate(points, rate):
    intercept = base_rate.intercept_for(points, rate=rate)

    mean = float(np.mean([base_rate.logistic(intercept + value) for value in points]))
    assert mean == pytest.approx(rate, abs=1e-9)


def test_without_points_the_intercept_is_the_base_rate_itself():
    assert base_rate.intercept_for([], rate=0.2) == pytest.approx(math.log(0.25))
    assert base_rate.intercept_for([0.0] * 7, rate=0.2) == pytest.approx(math.log(0.25))


@pytest.mark.parametrize("rate", [0.0, 1.0, -0.1, float("nan")])
def test_an_impossible_rate_is_refused(rate):
    with pytest.raises(ValueError, match="between 0 and 1"):
        base_rate.intercept_for([0.1], rate=rate)


@pytest.mark.parametrize(
    ("probability", "score"),
    [(0.0, 1), (0.004, 1), (0.005, 1), (0.015, 2), (0.625, 63), (0.714, 71), (0.994, 99), (0.995, 99), (1.0, 99)],
)
def test_a_score_is_the_probability_in_per_cent_and_never_certain(probability, score):
    assert base_rate.score_of(probability) == score


@given(st.floats(-700, 700))
def test_the_logistic_never_overflows(log_odds):
    assert 0 <= base_rate.logistic(log_odds) <= 1


@given(st.floats(-20, 20))
def test_log_odds_undo_the_logistic(log_odds):
    assert base_rate.log_odds(base_rate.logistic(log_odds)) == pytest.approx(log_odds, abs=1e-6)
