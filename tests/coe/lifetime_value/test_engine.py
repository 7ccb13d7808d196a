"""The whole way from orders to value, and what is used when the models can't be."""

import dataclasses
import datetime

import numpy as np
import pytest

from coe.lifetime_value.beta_geometric import fit_beta_geometric
from coe.lifetime_value.choice import choose
from coe.lifetime_value.engine import learn
from coe.lifetime_value.few import PRECISION, USUAL, Paced
from coe.lifetime_value.histories import Orders
from coe.lifetime_value.nbd import Nbd, fit_nbd
from coe.lifetime_value.notes import WORDS, Note
from coe.lifetime_value.spend import GammaGamma, ShrunkenMeans, fit_spend
from tests.coe.lifetime_value.customers import AS_OF, of, orders, simulated


@pytest.fixture(scope="module")
def leaving():
    """Customers who leave, and the models that were chosen for them."""
    return learn(simulated(700), as_of=AS_OF)


def codes(values):
    return [note.code for note in values.notes]


def test_a_model_with_drop_out_is_chosen_where_customers_leave(leaving):
    _, values = leaving

    assert not isinstance(values.counts, Nbd)
    assert codes(values) == ["CHOSEN"]
    assert "foretold the last 17 weeks better" in values.notes[0].words


def test_the_forecast_beats_the_rate_so_far_on_customers_held_out():
    bought = simulated(700)
    half = datetime.date(2024, 7, 1)
    past, values = learn(bought, as_of=half)
    came = of(bought).frequency[np.isin(of(bought).customer, past.customer)] - past.frequency
    weeks = (AS_OF - half).days / 7

    expected = values.purchases(past, weeks)
    so_far = past.frequency / np.maximum(past.age / 7, 1) * weeks

    assert np.abs(expected - came).mean() < 0.9 * np.abs(so_far - came).mean()
    assert expected.sum() == pytest.approx(came.sum(), rel=0.15)


def test_the_chance_to_be_active_is_never_shown_for_one_time_buyers(leaving):
    seen, values = leaving
    scores = values.scores(seen)

    once = seen.frequency == 0
    assert once.any()
    assert np.isnan(scores.alive[once]).all()
    assert ((scores.alive[~once] >= 0) & (scores.alive[~once] <= 1)).all()
    assert ((scores.repeat_rate[once] > 0) & (scores.repeat_rate[once] < 1)).all()
    assert np.isnan(scores.repeat_rate[~once]).all()


def test_value_is_margin_of_what_will_be_bought_discounted_by_month(leaving):
    seen, values = leaving

    free = values.scores(seen, yearly_discount=0.0)
    half = values.scores(seen, yearly_discount=0.0, margin=0.5)
    discounted = values.scores(seen, yearly_discount=0.10)
    month = values.scores(seen, months=1, yearly_discount=0.10)

    assert free.lifetime_value == pytest.approx(free.purchases * free.purchase_value)
    assert half.lifetime_value == pytest.approx(free.lifetime_value / 2)
    assert (discounted.lifetime_value < free.lifetime_value).all()
    assert month.lifetime_value == pytest.approx(month.purchases * month.purchase_value / 1.1 ** (1 / 12))


def test_customers_who_never_leave_are_given_steady_rates():
    seen, values = learn(simulated(300, leaving=None), as_of=AS_OF)

    assert values.counts.name == "NBD"
    assert "DROP_OUT_NOT_FOUND" in codes(values)
    assert np.isnan(values.scores(seen).alive).all()


def test_of_few_customers_the_total_is_foretold_without_what_those_who_left_would_have_bought():
    half = datetime.date(2024, 7, 1)
    foretold = came = by_rate = 0.0
    for seed in range(8):
        bought = simulated(60, seed=seed)
        past, values = learn(bought, as_of=half)
        weeks = (AS_OF - half).days / 7
        assert codes(values) == ["FEW_CUSTOMERS", "SPEND_TOO_FEW"]
        foretold += values.purchases(past, weeks).sum()
        by_rate += (past.frequency / np.maximum(past.age / 7, 1)).sum() * weeks
        came += of(bought).frequency[np.isin(of(bought).customer, past.customer)].sum() - past.frequency.sum()

    assert foretold == pytest.approx(came, rel=0.2)
    assert by_rate > 1.5 * came


def test_few_customers_lean_on_the_pace_of_their_segment():
    busy, slow = simulated(50, seed=1, rate=(2.0, 4.0)), simulated(50, seed=2, rate=(2.0, 40.0))
    bought = Orders(
        *(np.concatenate([getattr(busy, name), getattr(slow, name)]) for name in ("customer", "day", "amount"))
    )
    bought.customer[len(busy.customer) :] += 50
    seen, values = learn(bought, as_of=AS_OF, segments={customer: int(customer >= 50) for customer in range(100)})

    newcomers = dataclasses.replace(
        seen.patterns(by_segment=True),
        frequency=np.zeros(2),
        recency=np.zeros(2),
        age=np.zeros(2),
        segment=np.array([0, 1]),
        weight=np.ones(2),
    )

    assert isinstance(values.counts, Paced)
    expected = values.counts.expected(newcomers, 4)
    patterns = seen.patterns(by_segment=True)
    learnt_alike = fit_beta_geometric(patterns, prior=PRECISION, centre=USUAL)
    found, alike, only_applied = (
        patterns.weight @ model.log_likelihood(patterns)
        for model in (values.counts, learnt_alike, Paced(learnt_alike, values.counts.pace))
    )

    assert expected[0] > 2.5 * expected[1]
    assert found > only_applied > alike + 10


def test_with_next_to_no_repeat_buyers_rates_lean_on_their_segment():
    once = [(customer, "2024-01-01", 100.0) for customer in range(40)]
    again = [(customer, f"2024-{month:02}-01", 100.0) for customer in range(0, 8, 2) for month in range(2, 12)]
    bought = orders(*once, *again)
    seen, values = learn(bought, as_of=AS_OF, segments={customer: customer % 2 for customer in range(40)})

    expected = values.purchases(seen, 52)

    assert codes(values) == ["TOO_FEW_CUSTOMERS", "SPEND_TOO_FEW"]
    assert "40 customers, 4 of whom bought again" in values.notes[0].words
    assert expected[38] > 2 * expected[39] > 0  # neither bought again; the one's segment does
    assert 5 < expected[0] < 10
    assert values.scores(seen).purchase_value == pytest.approx(100)


@pytest.mark.parametrize(
    "rows",
    [
        [],
        [(1, "2024-12-30", 0.0)],
        [(1, "2024-12-30", 50.0), (2, "2024-12-30", 70.0)],
        [(customer, "2024-12-30", 5.0) for customer in range(400)],
        [(customer, day, 0.0) for customer in range(400) for day in ("2024-01-01", "2024-05-05")],
        [(customer, day, 1e12) for customer in range(400) for day in ("2024-01-01", "2024-05-05")],
        [(customer, f"2024-{month:02}-01", 9.0) for customer in range(250) for month in range(1, 13)],
        [(customer, day, -5.0) for customer in range(400) for day in ("2024-01-01", "2024-05-05")],
    ],
)
def test_nothing_that_a_file_may_hold_stops_it(rows):
    bought = orders(*rows) if rows else Orders(np.zeros(0, np.int64), np.zeros(0, "datetime64[D]"), np.zeros(0))

    seen, values = learn(bought, as_of=AS_OF)
    scores = values.scores(seen)

    assert values.notes
    assert all(note.words for note in values.notes)
    for column in (scores.purchases, scores.purchase_value, scores.lifetime_value):
        assert np.isfinite(column).all()
        assert (column >= 0).all()


def test_a_model_that_breaks_is_named_and_left_out(monkeypatch):
    def broken(_):
        raise FloatingPointError

    monkeypatch.setattr("coe.lifetime_value.choice.FITS", dict.fromkeys(("Pareto/NBD", "NBD"), broken))
    bought = simulated(300)

    found = choose(bought, of(bought))

    assert [note.code for note in found.notes] == ["FIT_FAILED", "FIT_FAILED", "EMPIRICAL_RATE"]
    assert found.model.name == "shrunken rate"


def test_models_that_cannot_be_told_apart_are_taken_in_the_order_of_preference(monkeypatch):
    monkeypatch.setattr(
        "coe.lifetime_value.choice.FITS", dict.fromkeys(("Pareto/NBD", "BG/NBD"), fit_beta_geometric) | {"NBD": fit_nbd}
    )
    bought = simulated(300)

    (note,) = choose(bought, of(bought)).notes

    assert (note.code, note.facts["model"]) == ("CHOSEN", "Pareto/NBD")


def test_a_history_that_begins_to_repeat_only_lately_is_judged_by_what_it_describes():
    rows = [(customer, f"2024-12-{1 + customer % 9:02}", 5.0) for customer in range(300)]
    again = [(customer, f"2024-12-{21 + customer % 8:02}", 5.0) for customer in range(150)]
    bought = orders(*rows, *again)

    found = choose(bought, of(bought))

    assert [note.code for note in found.notes][-2:] == ["NO_HOLDOUT", "CHOSEN_IN_SAMPLE"]


def test_amounts_that_depend_on_how_often_are_left_to_own_means():
    seen = of(simulated(400))
    often = (100 * seen.frequency).astype(np.float64)
    dearer = dataclasses.replace(seen, mean_repeat=often, mean_all=often + 1)

    assert isinstance(fit_spend(seen).model, GammaGamma)
    found = fit_spend(dearer)
    assert isinstance(found.model, ShrunkenMeans)
    assert [note.code for note in found.notes] == ["SPEND_LEFT_TO_MEANS"]
    assert found.expected(dearer)[seen.frequency == 5] == pytest.approx(
        (6 * 501 + 3 * found.model.means[0]) / 9, rel=1e-6
    )


def test_one_slip_of_a_zero_is_cut():
    seen = of(simulated(400))
    slip = seen.mean_repeat.copy()
    slip[seen.frequency.argmax()] *= 10_000

    slipped = dataclasses.replace(seen, mean_repeat=slip)

    assert fit_spend(slipped).expected(slipped).max() < 2 * fit_spend(seen).expected(seen).max()


def test_merged_customers_are_one_in_the_choice_as_well():
    bought = simulated(300)
    merged = {customer: customer - 1 for customer in range(1, 300, 6)}

    seen, values = learn(bought, as_of=AS_OF, merged=merged)

    assert len(seen) == 250
    assert np.isfinite(values.scores(seen).lifetime_value).all()


def test_times_rounded_to_weeks_foretell_the_same_from_fewer_patterns():
    seen = of(simulated(700))
    exact, rounded = seen.patterns(days=1), seen.patterns(days=7)

    by_day, by_week = (fit_beta_geometric(patterns).expected(exact, 26).sum() for patterns in (exact, rounded))

    assert by_week == pytest.approx(by_day, rel=0.02)
    assert len(rounded.age) < 0.85 * len(exact.age)


def test_many_customers_are_scored_as_few_are_but_for_the_rounding(monkeypatch, leaving):
    bought = simulated(700)
    monkeypatch.setattr("coe.lifetime_value.choice.CHOOSE_ALL_UP_TO", 600)
    monkeypatch.setattr("coe.lifetime_value.choice.CHOOSE_FROM", 300)
    monkeypatch.setattr("coe.lifetime_value.choice.LEARN_FROM", 400)
    monkeypatch.setattr("coe.lifetime_value.histories.EXACT_UP_TO", 600)

    seen, values = learn(bought, as_of=AS_OF)

    few = leaving[1].scores(leaving[0]).lifetime_value.sum()
    assert values.scores(seen).lifetime_value.sum() == pytest.approx(few, rel=0.25)  # from four customers in seven


def test_a_score_depends_on_nobody_else(leaving):
    seen, values = leaving
    few = dataclasses.replace(
        seen,
        **{
            name: getattr(seen, name)[:10]
            for name in ("customer", "frequency", "recency", "age", "mean_repeat", "mean_all", "segment")
        },
    )

    assert values.scores(few).lifetime_value.tolist() == values.scores(seen).lifetime_value[:10].tolist()


def test_every_note_can_be_said():
    facts = dict.fromkeys(
        "count customers repeaters needed_customers needed_repeaters correlation drop_out weeks".split(), 1.0
    ) | dict.fromkeys("model tried".split(), "x")

    assert all(Note(code, facts).words for code in WORDS)
