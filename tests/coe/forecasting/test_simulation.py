"""The period drawn many times, and the promises that its interval makes."""

from functools import partial

import numpy as np
import pytest
from scipy.special import logit

from coe.forecasting.accuracy import Reading, accuracy, inside, most_accurate, pinball
from coe.forecasting.new_business import NewBusiness
from coe.forecasting.shock import PastPeriod, shifted, shock_of
from coe.forecasting.simulation import Drift, simulate


def deals(number: int, seed: int = 1) -> tuple[np.ndarray, np.ndarray]:
    chance = np.random.default_rng(seed)
    return chance.beta(1.2, 2.5, number), chance.lognormal(10, 0.9, number)


def outcome(chance: np.ndarray, amount: np.ndarray, deviation: float, random: np.random.Generator) -> float:
    under = shifted(logit(chance), random.normal(0, deviation, 1), deviation)[0]
    return float(amount[random.random(len(chance)) < under].sum())


class TestSimulate:
    def test_the_mean_is_the_weighted_sum_whatever_the_shock(self):
        chance, amount = deals(300)
        for shock in (0.0, 0.35, 0.8):
            found = simulate(chance=chance, amount=amount, shock=shock, closed=1_000)
            assert found.mean == pytest.approx(1_000 + chance @ amount, rel=0.02)

    def test_a_shock_makes_it_wider(self):
        chance, amount = deals(300)
        alone, together = (simulate(chance=chance, amount=amount, shock=shock) for shock in (0.0, 0.35))
        assert together.p90 - together.p10 > 1.4 * (alone.p90 - alone.p10)

    def test_many_deals_give_what_each_of_them_gives(self, monkeypatch):
        chance, amount = deals(1_500)
        forecast = partial(simulate, chance=chance, amount=amount, drift=Drift(mean=-0.1, spread=0.3))
        each = forecast()
        monkeypatch.setattr("coe.forecasting.simulation.EXACT_DEALS", 100)
        many = forecast()
        assert [many.p10, many.p50, many.p90] == pytest.approx([each.p10, each.p50, each.p90], rel=0.02)

    def test_the_same_seed_says_the_same(self):
        chance, amount = deals(50)
        assert simulate(chance=chance, amount=amount).p10 == simulate(chance=chance, amount=amount).p10

    def test_without_deals_it_is_what_is_closed(self):
        found = simulate(chance=np.array([]), amount=np.array([]), closed=500)
        assert (found.p10, found.p50, found.p90) == (500, 500, 500)
        assert (found.chance_of(500), found.chance_of(501)) == (1, 0)

    def test_new_business_is_added(self):
        new = NewBusiness(mean=10, amounts=(100.0, 300.0), periods=8)
        found = simulate(chance=np.array([]), amount=np.array([]), new=new)
        assert found.mean == pytest.approx(2_000, rel=0.03)
        assert found.new == 2_000

    def test_sure_and_hopeless_deals_are_no_error(self):
        found = simulate(chance=np.array([0.0, 1.0]), amount=np.array([5.0, 10**15]))
        assert found.p50 == pytest.approx(10**15)

    @pytest.mark.parametrize(("chance", "amount"), [([1.2], [1]), ([0.5], [float("nan")]), ([0.5, 0.5], [1])])
    def test_what_is_no_deal_is_refused(self, chance, amount):
        with pytest.raises(ValueError, match="chance"):
            simulate(chance=np.array(chance), amount=np.array(amount))


class TestShock:
    def test_it_finds_the_shock_that_was_there(self):
        random = np.random.default_rng(3)
        past = []
        for period in range(60):
            chance, amount = deals(200, seed=period)
            past.append(PastPeriod(chance, amount, outcome(chance, amount, 0.5, random)))
        assert shock_of(past) == pytest.approx(0.5, abs=0.12)

    def test_without_a_past_it_is_the_usual_one(self):
        assert shock_of([]) == 0.35
        assert shock_of([PastPeriod(np.array([]), np.array([]), 0.0)]) == 0.35

    def test_one_period_hardly_moves_it(self):
        chance, amount = deals(100)
        assert 0.25 < shock_of([PastPeriod(chance, amount, float(chance @ amount))]) < 0.35

    def test_its_interval_keeps_its_promise_where_independent_deals_do_not(self):
        random = np.random.default_rng(0)
        chance, amount = deals(2_100)
        past = [PastPeriod(chance, amount, outcome(chance, amount, 0.35, random)) for _ in range(12)]
        ours, theirs = (simulate(chance=chance, amount=amount, shock=shock) for shock in (shock_of(past), 0.0))
        came = [outcome(chance, amount, 0.35, random) for _ in range(200)]
        assert 0.74 <= np.mean([ours.p10 <= won <= ours.p90 for won in came]) <= 0.86
        assert np.mean([theirs.p10 <= won <= theirs.p90 for won in came]) < 0.5


class TestAccuracy:
    def test_bias_has_a_sign_and_the_error_has_none(self):
        found = accuracy([120, 80, 110, 90], [100, 100, 100, 100])
        assert found.bias == 0
        assert found.error == pytest.approx(0.15)
        assert found.reading is Reading.USABLE

    def test_too_few_periods_get_no_word(self):
        assert accuracy([100], [100]).reading is None

    def test_periods_without_a_forecast_are_left_out(self):
        assert accuracy([float("nan"), 110], [100, 100]).periods == 1

    def test_nothing_sold_is_no_division(self):
        assert accuracy([5.0], [0.0]).error is None

    def test_who_was_right(self):
        actual = [100.0] * 5
        found = {"human": accuracy([130.0] * 5, actual), "model": accuracy([104.0] * 5, actual)}
        assert most_accurate(found) == "model"
        assert most_accurate(found | {"new": accuracy([100.0], [100.0])}) is None

    def test_the_interval_is_held_to_what_it_promised(self):
        kept = inside([90] * 20, [110] * 20, [100] * 16 + [200] * 4)
        broken = inside([90] * 20, [110] * 20, [200] * 20)
        assert (kept.share, kept.holds(0.8), broken.holds(0.8)) == (0.8, True, False)
        assert inside([], [], []).holds(0.8) is None

    def test_pinball_loss_is_least_at_the_quantile(self):
        actual = list(np.random.default_rng(1).normal(100, 20, 2_000))
        losses = {say: pinball({0.9: [say] * 2_000}, actual) for say in (100.0, 125.6, 150.0)}
        assert min(losses, key=lambda say: losses[say]) == 125.6
