"""A period forecast from a book of deals: it learns, looks at nothing that came later, and its interval holds."""

from dataclasses import replace

import numpy as np
import pytest

from benchmarks.forecast_worlds import PRIORS, World, a_world, held
from coe.forecasting.ages import Stays, aged, stays_of
from coe.forecasting.deal_book import Changes, DealBook
from coe.forecasting.outlook import Forecaster, Outlook
from coe.forecasting.periods import learn, look_back, say
from coe.forecasting.stages import LOST, OPEN, WON, StageEntries


@pytest.fixture(scope="module")
def world() -> World:
    return a_world(quarters=30, deals=150, shock=0.3, seed=4)


def outlook_of(world: World, book: DealBook, number: int, point: float) -> Outlook:
    quarter = world.quarters[number]
    (found,), _ = Forecaster(book, PRIORS).outlooks(
        quarter.at(point), quarter, world.quarters[:number], draws=1_000, with_fan=True
    )
    return found


def as_it_was(book: DealBook, moment: float) -> DealBook:
    """Return the book as it stood at a moment: without anything that came, or came to be known, later."""
    ended = book.ended(moment)
    kept = np.flatnonzero(book.begun(moment))
    place = np.full(len(book), -1)
    place[kept] = np.arange(len(kept))

    def cut(changes: Changes) -> Changes:
        rows = (changes.at <= moment) & (changes.known <= moment) & (place[changes.deal] >= 0)
        return Changes(place[changes.deal[rows]], *(getattr(changes, n)[rows] for n in ("at", "known", "old", "new")))

    return DealBook(
        opened=book.opened[kept],
        known=book.known[kept],
        closed=np.where(ended, book.closed, np.inf)[kept],
        closed_known=np.where(ended, book.closed_known, np.inf)[kept],
        won=(book.won & ended)[kept],
        stage_now=book.stages.as_of(moment, book.stage_now)[kept],
        amount_now=np.where(ended, book.amount_now, book.amounts.as_of(moment, book.amount_now))[kept],
        due_now=book.due_now[kept],
        own_chance=book.own_chance[kept],
        product=book.product[kept],
        countable=book.countable[kept],
        booked=book.booked[kept],
        stages=cut(book.stages),
        amounts=cut(book.amounts),
        dues=cut(book.dues),
    )


@pytest.mark.parametrize("point", [0.0, 0.4, 0.9])
def test_a_forecast_of_the_past_is_the_one_that_was_made_then(world, point):
    moment = world.quarters[20].at(point)
    before = as_it_was(world.book, moment)

    now, then = outlook_of(world, world.book, 20, point), outlook_of(world, before, 20, point)

    assert len(before) < len(world.book)
    assert now.forecast is not None
    assert then.forecast is not None
    for name in ("p10", "p50", "p90", "mean", "open_", "new", "shock"):
        assert getattr(now.forecast, name) == pytest.approx(getattr(then.forecast, name))
    assert (now.closed, now.weighted, now.due) == pytest.approx((then.closed, then.weighted, then.due))
    assert np.array(now.fan) == pytest.approx(np.array(then.fan))


def test_what_is_booked_late_does_not_count_before_it_is_known(world):
    book, quarter = world.book, world.quarters[10]
    later = replace(book, closed_known=np.where(book.closed < quarter.at(0.5), quarter.at(0.5) + 30, book.closed_known))

    open_deals, looked = book.look(quarter.at(0.5)), later.look(quarter.at(0.5))

    assert len(looked) > len(open_deals)
    assert not later.won_between(quarter.start, quarter.end, known_by=quarter.at(0.5)).any()


def test_chances_and_timing_are_right_on_the_average(world):
    said = came = wins = won = 0.0
    forecaster = Forecaster(world.book, PRIORS)
    for number in range(12, 28):
        moment = world.quarters[number].at(1 / 3)
        learnt = forecaster.learnt(moment)
        seen = look_back(world.book, moment, world.quarters[number], known_by=world.quarters[-1].end, learnt=learnt)
        assert seen is not None
        said, came = said + seen.said.chance.sum(), came + (seen.won > 0).sum()
        wins, won = wins + seen.said.in_the_end.sum(), won + world.book.won[seen.said.look.deal].sum()
    assert said == pytest.approx(came, rel=0.12)
    assert wins == pytest.approx(won, rel=0.12)


def test_the_interval_holds_where_that_of_independent_deals_does_not():
    found = held(a_world(quarters=44, deals=300, shock=0.35, seed=2), first=12, point=1 / 3, draws=500)
    assert 0.68 <= found.inside / found.quarters <= 0.92
    assert found.independent / found.quarters < 0.65


def test_parts_add_up_to_the_whole_and_closed_never_varies(world):
    quarter, moment = world.quarters[20], world.quarters[20].at(0.5)
    mine = np.arange(len(world.book)) % 3 == 0
    (whole, one, other), _ = Forecaster(world.book, PRIORS).outlooks(
        moment, quarter, world.quarters[:20], parts=[None, mine, ~mine], draws=1_000
    )
    for name in ("closed", "weighted", "due", "deals"):
        assert getattr(one, name) + getattr(other, name) == pytest.approx(getattr(whole, name))
    assert whole.forecast is not None
    assert one.forecast is not None
    assert other.forecast is not None
    assert one.forecast.mean + other.forecast.mean == pytest.approx(whole.forecast.mean, rel=0.05)
    assert whole.closed <= whole.forecast.p10 <= whole.forecast.p50 <= whole.forecast.p90


def test_the_fan_opens_from_what_is_closed_to_the_interval_of_the_end(world):
    found = outlook_of(world, world.book, 20, 0.3)
    assert found.forecast is not None
    middles = [middle for _, _, middle, _ in found.fan]
    assert [at for at, *_ in found.fan] == sorted(at for at, *_ in found.fan)
    assert middles == sorted(middles)
    assert found.closed <= middles[0]
    assert middles[-1] <= found.forecast.p50 * 1.1


def test_the_next_period_has_only_what_is_won_in_it(world):
    this, next_ = world.quarters[20], world.quarters[21]
    forecaster, moment = Forecaster(world.book, PRIORS), world.quarters[20].at(0.5)
    learnt = forecaster.learnt(moment)
    now, later = (say(world.book, learnt, moment, period)[0] for period in (this, next_))
    assert (now.chance + later.chance <= now.in_the_end + 1e-9).all()
    (found,), _ = forecaster.outlooks(moment, next_, world.quarters[:21], draws=1_000)
    assert found.closed == 0
    assert found.forecast is not None
    assert found.forecast.new > found.forecast.open_ * 0.2  # most of it does not exist yet


def test_deals_without_an_amount_count_with_what_wins_usually_bring(world):
    quarter, moment = world.quarters[20], world.quarters[20].at(0.3)
    book = world.book
    nothing = Changes(*(np.empty(0, dtype=kind) for kind in (np.int64, float, float, float, float)))
    # As of a file that names amounts at the end only.
    bare = replace(book, amounts=nothing, amount_now=np.where(np.isinf(book.closed), np.nan, book.amount_now))
    (found,), _ = Forecaster(bare, PRIORS).outlooks(moment, quarter, world.quarters[:20], draws=1_000)
    (full,), _ = Forecaster(book, PRIORS).outlooks(moment, quarter, world.quarters[:20], draws=1_000)
    assert found.assumed == found.deals == full.deals
    assert found.forecast is not None
    assert full.forecast is not None
    assert found.forecast.open_ == pytest.approx(full.forecast.open_, rel=0.35)


def test_a_model_that_tells_deals_apart_is_believed_within_bounds(world):
    moment = world.quarters[20].at(0.5)
    learnt = learn(world.book, moment, priors=PRIORS)
    scored = np.full(len(world.book), np.nan)
    open_ = world.book.look(moment).deal
    scored[open_[:3]] = 0.0, 1.0, 0.37
    said, _ = say(world.book, learnt, moment, world.quarters[20], scored=scored)
    assert said.in_the_end[:3].tolist() == [0.01, 0.99, 0.37]
    assert said.in_the_end[3:] == pytest.approx(learnt.chance_in_the_end(said.look.stage, said.look.age)[3:])


def test_without_wins_nothing_is_said_but_what_is_closed():
    young = a_world(quarters=1, deals=3, shock=0.3, seed=1)
    (found,), _ = Forecaster(young.book, PRIORS).outlooks(young.quarters[0].at(0.5), young.quarters[0], [], draws=500)
    assert found.forecast is None
    assert found.weighted >= found.closed


class TestAge:
    def test_a_deal_that_is_older_than_any_won_one_has_hardly_a_chance_left(self):
        rows = [(1, WON, 30.0)] * 60 + [(1, LOST, 40.0)] * 40 + [(1, OPEN, 400.0)] * 50
        stage, outcome, days = (np.array(column) for column in zip(*rows, strict=True))
        won, not_won = stays_of(StageEntries(stage, outcome, days, days), np.full(len(rows), np.inf))
        young, late, old = aged(
            np.full(3, 0.4),
            stage=np.ones(3, dtype=np.int64),
            age=np.array([0.0, 35.0, 300.0]),
            won=won,
            not_won=not_won,
        )
        assert young == pytest.approx(0.4, abs=0.01)
        assert late < 0.15
        assert old == 0.01

    def test_nothing_known_changes_nothing(self):
        nothing = Stays({}, {})
        found = aged(np.array([0.3]), stage=np.array([1]), age=np.array([500.0]), won=nothing, not_won=nothing)
        assert found[0] == pytest.approx(0.3)
