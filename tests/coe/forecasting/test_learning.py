"""What is learnt of stages, of time, of amounts and of business that isn't created yet."""

import math

import numpy as np
import pytest

from coe.forecasting.coverage import conversion, coverage
from coe.forecasting.new_business import new_business
from coe.forecasting.phasing import phased, phases
from coe.forecasting.simulation import drift
from coe.forecasting.stages import LOST, OPEN, WON, StageEntries, stage_chances
from coe.forecasting.timing import timing


def entries(*rows: tuple[int, int, float, float]) -> StageEntries:
    stage, outcome, days, amount = (np.array(column) for column in zip(*rows, strict=True))
    return StageEntries(stage, outcome, days.astype(float), amount.astype(float))


class TestStageChances:
    def test_a_stage_without_deals_has_its_prior(self):
        (chance,) = stage_chances(entries((2, WON, 5, 100)), priors={1: 0.35}).values()
        assert (chance.probability, chance.by_value, chance.entries) == (0.35, 0.35, 0)

    def test_few_deals_move_it_a_little_and_many_take_over(self):
        few = stage_chances(entries(*[(1, WON, 5, 100)] * 2), priors={1: 0.1})[1]
        many = stage_chances(entries(*[(1, WON, 5, 100)] * 2_000), priors={1: 0.1})[1]
        assert few.probability == pytest.approx((2 + 20 * 0.1) / 22)
        assert many.probability > 0.99
        assert few.low < few.probability < few.high

    def test_open_deals_count_as_not_won_once_they_are_older_than_nine_in_ten(self):
        closed = [(1, WON, 10, 100)] * 10 + [(1, LOST, 20, 100)] * 10
        young, old = [(1, OPEN, 15, 100)] * 5, [(1, OPEN, 400, 100)] * 5
        without = stage_chances(entries(*closed), priors={1: 0.5})[1]
        with_young = stage_chances(entries(*closed, *young), priors={1: 0.5})[1]
        with_old = stage_chances(entries(*closed, *old), priors={1: 0.5})[1]
        assert with_young.probability == without.probability
        assert with_young.left_out == 5
        assert with_old.probability < without.probability

    def test_by_value_one_large_loss_weighs_more_than_many_small_wins(self):
        chance = stage_chances(entries(*[(1, WON, 5, 10)] * 30, (1, LOST, 5, 10_000)), priors={1: 0.5})[1]
        assert chance.by_value < 0.5 < chance.probability

    def test_amounts_that_nobody_said_do_no_harm(self):
        chance = stage_chances(entries((1, WON, 5, math.nan), (1, LOST, 5, math.nan)), priors={1: 0.2})[1]
        assert chance.by_value == pytest.approx(0.2)


class TestTiming:
    def test_it_is_the_share_of_those_still_open_that_close_in_time(self):
        days = np.array([10.0, 20.0, 30.0, 40.0] * 500)
        learnt = timing(stage=np.ones(2_000, dtype=np.int64), days=days)
        # Of those open on day 15 (20, 30, 40), two in three close within the next 15 days.
        assert learnt.share(np.array([1]), np.array([15.0]), 15.0)[0] == pytest.approx(2 / 3, abs=0.02)

    def test_it_rises_with_the_days_and_stays_a_chance(self):
        learnt = timing(stage=np.array([1, 1, 2]), days=np.array([5.0, 50.0, 8.0]))
        shares = learnt.share(np.ones(4, dtype=np.int64), np.full(4, 3.0), np.array([0.0, 5.0, 60.0, 9_000.0]))
        assert (np.diff(shares) >= 0).all()
        assert ((shares >= 0) & (shares <= 1)).all()

    def test_a_stage_of_its_own_pace_is_told_from_the_others(self):
        stage = np.repeat([1, 2], 300)
        learnt = timing(stage=stage, days=np.where(stage == 1, 10.0, 100.0))
        quick, slow = learnt.share(np.array([1, 2]), np.zeros(2), 20.0)
        assert quick > 0.9 > 0.2 > slow

    def test_a_deal_older_than_any_that_was_won_keeps_a_chance(self):
        learnt = timing(stage=np.array([1] * 50), days=np.full(50, 10.0))
        (share,) = learnt.share(np.array([1]), np.array([500.0]), 10.0)
        assert 0 < share < 1

    def test_without_a_win_nothing_is_told(self):
        learnt = timing(stage=np.array([], dtype=np.int64), days=np.array([]))
        with pytest.raises(ValueError, match="No deal was won"):
            learnt.share(np.array([1]), np.array([1.0]), 1.0)

    def test_who_is_still_in_a_stage_is_not_taken_for_those_that_were_further_on(self):
        # Half of the won deals leave the stage on the first day and are won on day 100, half stay 99 days.
        stay = np.array([1.0, 99.0] * 500)
        learnt = timing(stage=np.ones(1_000, dtype=np.int64), days=np.full(1_000, 100.0) + stay, stay=stay)
        young, old = learnt.share(np.array([1, 1]), np.array([0.0, 50.0]), np.array([101.0, 60.0]))
        assert young == pytest.approx(0.5, abs=0.02)
        assert old == pytest.approx(0.0, abs=0.02)


class TestNewBusiness:
    def test_fewer_than_three_periods_tell_nothing(self):
        found = new_business([np.array([100.0]), np.array([200.0])])
        assert not found.is_known
        assert found.expected == 0

    def test_its_draws_have_its_mean_and_the_scatter_of_the_past(self):
        chance = np.random.default_rng(1)
        past = [chance.lognormal(8, 0.5, int(chance.poisson(rate))) for rate in chance.gamma(4, 10, 12)]
        found = new_business(past)
        sums = found.draw(np.random.default_rng(2), np.zeros(20_000), 0.0)
        assert sums.mean() == pytest.approx(found.expected, rel=0.02)
        assert sums.std() > found.expected / math.sqrt(found.mean)  # wider than Poisson's

    def test_periods_that_brought_nothing_bring_nothing(self):
        found = new_business([np.array([])] * 5)
        assert found.is_known
        assert found.draw(np.random.default_rng(1), np.zeros(10), 0.0).sum() == 0


class TestDrift:
    def test_it_is_none_without_deals_and_shrunken_with_few(self):
        assert drift(np.array([]), np.array([])).mean == 0
        few = drift(np.full(5, 100.0), np.full(5, 80.0))
        assert math.log(0.8) < few.mean < 0

    def test_many_deals_show_it_and_a_mistake_of_typing_does_not(self):
        seen, last = np.full(1_000, 100.0), np.full(1_000, 80.0)
        last[0] = 1e12
        assert drift(seen, last).factor == pytest.approx(0.8, rel=0.03)


class TestCoverage:
    @pytest.mark.parametrize(("rate", "times"), [(0.25, 4.0), (0.19, 5.26), (1 / 3, 3.0)])
    def test_what_is_needed_follows_from_the_conversion(self, rate, times):
        found = coverage(target=1_000, closed=0, new=0, open_=2_000, conversion=rate)
        assert found.needed_times == pytest.approx(times, abs=0.01)
        assert found.gap == pytest.approx(1_000 * times - 2_000, abs=15)

    def test_a_target_that_is_reached_needs_none(self):
        found = coverage(target=1_000, closed=1_200, new=0, open_=0, conversion=0.3)
        assert (found.needed, found.is_enough, found.times) == (0, True, None)

    def test_few_periods_lean_on_the_usual_share(self):
        assert conversion(won=0, open_=0, periods=0) == pytest.approx(1 / 3)
        assert conversion(won=10, open_=100, periods=400) == pytest.approx(0.1, abs=0.01)

    def test_a_conversion_that_is_none_is_refused(self):
        with pytest.raises(ValueError, match="above 0"):
            coverage(target=1, closed=0, new=0, open_=0, conversion=0)


class TestPhases:
    def test_without_a_past_the_year_is_even(self):
        assert phases([]) == pytest.approx(np.full(12, 1 / 12))

    def test_growth_is_no_season(self):
        year = [1, 1, 2, 1, 1, 2, 1, 1, 2, 1, 1, 4.0]
        assert phases([year, [5 * part for part in year]]) == pytest.approx(phases([year, year]))

    @pytest.mark.parametrize("target", [0, 1, 100, 999_999_999_999_999])
    def test_the_parts_add_up_to_the_target(self, target):
        assert sum(phased(target, phases([[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]]))) == target
