"""What hours change, and what a squad's estimates make of it."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from coe.allocation.adbudg import Adbudg, UnableToFit, fit_adbudg
from coe.allocation.response import Responses, gain, response


def test_the_worked_number_of_the_response():
    # domain.md 11: R(h) = 1 − e^(−h/4), λW = 10,000, from 2 h to 4 h
    assert gain(10_000, 4, spent=2, hours=2) == pytest.approx(2386.51, abs=0.005)


def test_after_tau_hours_63_per_cent_is_reached():
    assert response(12.0, 12.0) == pytest.approx(0.632, abs=1e-3)


@given(st.floats(0, 200), st.floats(0.01, 50), st.floats(0.01, 50), st.floats(1, 100))
def test_each_hour_adds_less_than_the_one_before(spent, first, second, tau):
    together = gain(1000.0, tau, spent=spent, hours=first + second)
    alone = gain(1000.0, tau, spent=spent, hours=first) + gain(1000.0, tau, spent=spent, hours=second)

    assert 0 <= together <= alone + 1e-9


@given(st.floats(0.3, 4), st.floats(0.5, 200), st.floats(1, 60), st.floats(10, 1e6))
def test_estimates_that_lie_on_a_curve_give_it_back(c, d, hours, most):
    truth = Adbudg(none=5.0, most=5.0 + most, c=c, d=d)
    estimates = [truth.margin(hours * times) for times in (0.5, 1.0, 1.5)]
    if not truth.none < estimates[0] < estimates[1] < estimates[2] < truth.most:
        return  # so flat that the numbers run together

    found = fit_adbudg(
        hours_now=hours, none=truth.none, half=estimates[0], now=estimates[1], more=estimates[2], most=truth.most
    )

    for times in (0.5, 0.75, 1.0, 1.5):
        assert found.margin(hours * times) == pytest.approx(truth.margin(hours * times), rel=1e-4)


def test_estimates_beside_a_curve_are_met_as_well_as_one_can():
    found = fit_adbudg(hours_now=10, none=100, half=180, now=250, more=280, most=320)

    assert found.margin(0.0) == 100
    assert [found.margin(hours) for hours in (5, 10, 15)] == pytest.approx([180, 250, 280], rel=0.03)
    assert 280 < found.margin(1000) <= 320


@pytest.mark.parametrize(
    "estimates",
    [
        {"half": 90},
        {"now": 180},
        {"most": 280},
        {"hours_now": 0},
        {"more": float("nan")},
    ],
)
def test_estimates_that_contradict_each_other_are_refused_with_words(estimates):
    given_ = {"hours_now": 10, "none": 100, "half": 180, "now": 250, "more": 280, "most": 320, **estimates}

    with pytest.raises(UnableToFit, match=r"More hours must bring more|The estimates need"):
        fit_adbudg(**given_)


def test_a_squads_own_curve_counts_in_place_of_the_usual_one():
    own = Adbudg(none=0, most=36_500, c=2.0, d=100.0).row(horizon_days=90)
    nothing = (np.nan,) * 4
    both = Responses(np.array([10_000.0, 10_000.0]), np.full(2, 4.0), np.array([2.0, 2.0]), np.array([nothing, own]))

    found = both.gain(np.array([0, 1]), np.array([2.0, 2.0]))

    assert found[0] == pytest.approx(2386.51, abs=0.005)
    assert found[1] == pytest.approx(9000 * (16 / 116 - 4 / 104), rel=1e-9)
