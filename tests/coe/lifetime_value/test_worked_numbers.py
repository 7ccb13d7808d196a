"""The models against published numbers, against their own definition by integration, and against planted truth."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import integrate, special

from coe.lifetime_value.beta_geometric import BetaGeometric, fit_beta_geometric
from coe.lifetime_value.fitting import UnableToFit
from coe.lifetime_value.nbd import Nbd, fit_nbd, shrunken_rates
from coe.lifetime_value.pareto import ParetoNbd, fit_pareto
from coe.lifetime_value.spend import GammaGamma, fit_gamma_gamma
from tests.coe.lifetime_value.customers import of, patterns, simulated

CDNOW = BetaGeometric(0.243, 4.414, 0.793, 2.426)
CDNOW_PARETO = ParetoNbd(0.5533, 10.5776, 0.6063, 11.6703)
MODELS = [CDNOW, BetaGeometric(0.525, 6.18, 0.89, 1.61, modified=True), CDNOW_PARETO, Nbd(0.385, 12.07)]


@pytest.mark.parametrize(
    ("history", "expected", "alive"),
    [((2, 30.43, 38.86), 1.2260, 0.7266), ((0, 0, 38.86), 0.1951, 1.0), ((5, 10, 38.86), 0.0944, 0.0248)],
)
def test_the_worked_numbers_of_bg_nbd(history, expected, alive):
    one = patterns(history)

    assert CDNOW.expected(one, 39)[0] == pytest.approx(expected, abs=1e-4)
    assert CDNOW.alive(one)[0] == pytest.approx(alive, abs=1e-4)


def test_the_worked_numbers_of_gamma_gamma():
    found = GammaGamma(6.25, 3.74, 15.44).expected(np.array([1, 2, 7]), np.array([40.0, 40.0, 40.0]))

    assert found == pytest.approx([38.543, 39.140, 39.718], abs=1e-3)


def by_integration(model, history, time):
    """Return the expected purchases of BG/NBD or its modification from the definition alone."""
    x, _, age = history
    last = x - 1 + model.modified  # purchases after which the customer certainly stayed

    def given_leaving(p):
        shape, rate = model.r + x, model.alpha + age
        later = -np.expm1(-shape * np.log1p(p * time / rate)) / p
        return later * p ** (model.a - 1) * (1 - p) ** (model.b + last)

    whole = integrate.quad(given_leaving, 0, 1, limit=200)[0]
    norm = integrate.quad(lambda p: p ** (model.a - 1) * (1 - p) ** (model.b + last), 0, 1, limit=200)[0]
    return whole / norm * model.alive(patterns(history))[0]


@pytest.mark.parametrize("modified", [False, True])
@pytest.mark.parametrize("a", [0.3, 1.0, 1.000001, 2.5])
@pytest.mark.parametrize("history", [(1, 20, 38), (4, 30, 38), (60, 37, 38), (400, 38, 38)])
def test_what_is_expected_agrees_with_the_definition(modified, a, history):
    model = BetaGeometric(0.6, 4.4, a, 2.4, modified)

    found = model.expected(patterns(history), 52)[0]

    assert found == pytest.approx(by_integration(model, history, 52), rel=1e-4)


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from(MODELS),
    st.integers(0, 3000),
    st.floats(0, 1),
    st.floats(0.5, 300),
    st.floats(0.1, 500),
)
def test_no_history_however_odd_gives_nonsense(model, x, share, age, time):
    one = patterns((x, age * share if x else 0.0, age))

    expected, more = model.expected(one, time)[0], model.expected(one, 2 * time)[0]

    assert 0 <= model.alive(one)[0] <= 1
    assert 0 <= expected <= more * (1 + 1e-9)
    assert np.isfinite(model.log_likelihood(one)).all()


def test_pareto_agrees_with_the_definition():
    r, alpha, s, beta = CDNOW_PARETO.parameters.values()
    x, recency, age = 3, 12.0, 30.0
    # Gauss-Laguerre over both gamma densities, whose exponentials are shared with those of the history.
    rate, rate_weight = special.roots_genlaguerre(60, r + x - 1)
    leaving, leaving_weight = special.roots_genlaguerre(60, s - 1)

    def mean(of_both, until):
        rates, leavings = np.meshgrid(rate / (alpha + until), leaving / (beta + until), indexing="ij")
        scale = alpha**r / special.gamma(r) / (alpha + until) ** (r + x)
        scale *= beta**s / special.gamma(s) / (beta + until) ** s
        return scale * rate_weight @ of_both(rates, leavings) @ leaving_weight

    alive = mean(lambda rates, leavings: np.ones_like(rates), age)
    gone = integrate.quad(lambda until: mean(lambda rates, leavings: leavings, until), recency, age)[0]
    one = patterns((x, recency, age))

    assert CDNOW_PARETO.log_likelihood(one)[0] == pytest.approx(np.log(alive + gone), abs=1e-6)
    assert CDNOW_PARETO.alive(one)[0] == pytest.approx(alive / (alive + gone), abs=1e-6)


@pytest.mark.parametrize("fit", [fit_beta_geometric, lambda of: fit_beta_geometric(of, modified=True), fit_nbd])
def test_a_slope_of_the_likelihood_is_flat_at_its_maximum(fit):
    seen = of(simulated(400)).patterns()
    best = fit(seen)
    at = float(seen.weight @ best.log_likelihood(seen))

    for name, value in best.parameters.items():
        for factor in (0.97, 1.03):
            other = {**best.parameters, name: value * factor}
            model = BetaGeometric(**other, modified=best.modified) if "a" in other else Nbd(**other)
            assert float(seen.weight @ model.log_likelihood(seen)) < at + 0.02  # the weak prior moves it that little


def test_planted_parameters_are_found_again():
    found = fit_beta_geometric(of(simulated(2000)).patterns())

    assert found.r / found.alpha == pytest.approx(0.8 / 6.0, rel=0.1)
    assert found.drop_out == pytest.approx(0.8 / 3.2, abs=0.04)


def test_pareto_finds_the_total_of_customers_who_leave_at_any_time():
    random = np.random.default_rng(3)
    customers, age = 2000, 50.0
    rate, leaving = random.gamma(1.0, 1 / 5, customers), random.gamma(1.5, 1 / 40, customers)
    until = np.minimum(random.exponential(1 / leaving), 2 * age)
    early = [
        np.sort(random.uniform(0, min(end, age), random.poisson(r * min(end, age))))
        for r, end in zip(rate, until, strict=True)
    ]
    later = random.poisson(rate * np.maximum(until - age, 0))
    seen = patterns(*[(len(times), times[-1] if len(times) else 0.0, age) for times in early])

    assert fit_pareto(seen).expected(seen, age).sum() == pytest.approx(later.sum(), rel=0.08)


def test_gamma_gamma_finds_the_mean_of_what_was_planted():
    seen = of(simulated(1500, leaving=None))

    found = fit_gamma_gamma(seen.frequency, seen.mean_repeat)

    assert found.p * found.v / (found.q - 1) == pytest.approx(6.25 * 15.4 / 2.74, rel=0.05)


@pytest.mark.parametrize("mean", [np.zeros(5), np.full(5, 0.0)])
def test_gamma_gamma_refuses_amounts_that_say_nothing(mean):
    with pytest.raises(UnableToFit):
        fit_gamma_gamma(np.arange(5), mean)


def test_a_shrunken_rate_lies_between_the_own_and_the_segments():
    seen = patterns((0, 0, 10), (1, 5, 10), (20, 9, 10))

    found = shrunken_rates(seen).expected(seen, 10)

    assert found == pytest.approx([3.5, 4.0, 13.5])  # (own + 7) / 2: seven is the mean of all three
