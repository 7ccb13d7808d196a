"""The figures against worked values and against what chance does to them."""

import numpy as np
import pytest
from scipy.special import expit

from coe.scoring import measures
from coe.scoring.calibration import fit_curve, gather_evidence
from coe.scoring.intervals import wilson


def test_auc_counts_ties_half():
    y = np.array([0.0, 0, 1, 1])

    assert measures.auc(y, np.array([1.0, 2, 3, 4])) == 1
    assert measures.auc(y, np.array([4.0, 3, 2, 1])) == 0
    assert measures.auc(y, np.ones(4)) == 0.5
    assert measures.auc(y, np.array([1.0, 2, 2, 3])) == 0.875
    assert measures.auc(np.ones(4), np.arange(4.0)) == 0.5


def test_log_loss_brier_and_skill():
    y, p = np.array([1.0, 0, 0, 1]), np.array([0.8, 0.2, 0.4, 0.6])

    assert measures.log_loss(y, p) == pytest.approx((2 * -np.log(0.8) + 2 * -np.log(0.6)) / 4)
    assert measures.brier(y, p) == pytest.approx(0.1)
    assert measures.brier_skill(y, p) == pytest.approx(1 - 0.1 / 0.25)
    assert np.isfinite(measures.log_loss(y, np.array([0.0, 1, 0, 1])))


def test_lift_and_capture_of_a_perfect_order():
    y = (np.arange(1000) < 100).astype(float)
    score = -np.arange(1000.0)

    assert measures.lift(y, score).value == pytest.approx(10)
    assert measures.capture(y, score, share=0.05).value == pytest.approx(0.5)
    assert measures.capture(1000.0 * y, score).value == pytest.approx(1)
    assert measures.lift(y, np.zeros(1000)).value == pytest.approx(1)  # everybody equal is no order


def test_lift_is_hidden_below_twenty_positives_with_the_reason():
    figure = measures.lift((np.arange(500) < 19).astype(float), -np.arange(500.0))

    assert figure.value is None
    assert "19 positive outcomes" in figure.why
    assert measures.capture(np.zeros(5), np.arange(5.0)).value is None


def test_the_calibration_line_finds_a_model_that_is_too_sure():
    random = np.random.default_rng(0)
    z = random.normal(-0.5, 1, 20_000)
    y = (random.random(20_000) < expit(z)).astype(float)

    intercept, slope = measures.calibration_line(y, expit(2 * z + 0.6))

    assert slope == pytest.approx(0.5, abs=0.03)
    assert intercept == pytest.approx(-0.3, abs=0.05)


def test_ece_and_psi_without_a_fault_are_nothing_but_chance():
    random = np.random.default_rng(1)
    p = random.beta(2, 15, 500)
    y = (random.random(500) < p).astype(float)
    drifts = [measures.psi(random.normal(size=300), random.normal(size=300)) for _ in range(200)]

    assert measures.ece(y, p) > 0.01
    assert measures.ece_beyond_chance(y, p) == pytest.approx(0, abs=0.02)
    assert measures.ece_beyond_chance(y, np.clip(p + 0.15, 0, 1)) > 0.05
    assert np.mean(drifts) == pytest.approx(0.060, abs=0.01)  # the worked number: ≈ .060
    assert measures.psi_beyond_chance(random.normal(size=300), random.normal(1, 1, 300)) > 0.1


def test_observed_over_expected_has_the_exact_interval():
    figure = measures.observed_over_expected(4, 7)

    assert (figure.value, figure.low, figure.high) == pytest.approx((4 / 7, 1.0899 / 7, 10.2416 / 7), abs=1e-4)
    assert measures.observed_over_expected(0, 2).low == 0
    assert measures.observed_over_expected(3, 0).value is None


def test_rows_of_one_account_are_no_independent_witnesses():
    random = np.random.default_rng(2)
    accounts = random.normal(size=50)
    values, groups = np.repeat(accounts, 20), np.repeat(np.arange(50), 20)

    assert measures.clustered_error(values, groups) == pytest.approx(accounts.std() / np.sqrt(49), rel=1e-6)
    assert measures.clustered_error(values, None) < measures.clustered_error(values, groups) / 3
    inside = measures.interval(lambda rows: float(values[rows].mean()), rows=1000, groups=groups)
    assert inside is not None
    assert inside[1] - inside[0] == pytest.approx(2 * 1.96 * accounts.std() / np.sqrt(50), rel=0.3)


@pytest.mark.parametrize("kind", ["temperature", "sigmoid"])
def test_a_curve_brings_an_overconfident_model_back(kind):
    random = np.random.default_rng(3)
    z = random.normal(0, 1, 4000)
    y = (random.random(4000) < expit(z)).astype(float)

    curve = fit_curve(kind, 3 * z, y)

    assert curve.slope == pytest.approx(1 / 3, abs=0.03)
    assert fit_curve(kind, z, np.ones(4000)).slope == 1  # one outcome teaches nothing


def test_the_evidence_behind_a_probability():
    p = np.repeat([0.1, 0.6], 200)
    y = np.concatenate([np.arange(200) < 20, np.arange(200) < 120]).astype(float)
    evidence = gather_evidence(y, p)

    assert evidence.interval(0.1) == pytest.approx(wilson(20, 200))
    assert evidence.interval(0.6) == pytest.approx(wilson(120, 200))
    assert evidence.interval(0.95)[1] == 0.95  # never without the number itself
    assert gather_evidence(np.empty(0), np.empty(0)).interval(0.3) == (0.01, 0.99)
