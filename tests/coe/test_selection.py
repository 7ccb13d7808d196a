"""Choosing a model: what is planted is found, what isn't is said, and what knows the outcome is refused."""

import numpy as np
import pytest
from scipy.special import expit

from coe.scoring.folds import TIME, Split, by_time
from coe.scoring.learners import BaseRate, Card, Correction, Outcomes
from coe.scoring.measures import auc, calibration_line, log_loss
from coe.scoring.selection import State, choose_model
from coe.scoring.table import Table, read_table
from coe.scoring.trials import trials_of
from tests.coe.learning import company, noise, with_column


def test_a_planted_truth_is_learnt():
    table, y, _ = company(600, seed=1)
    fresh, _, truth = company(4000, seed=2)

    choice = choose_model(table, y)
    p = choice.scorer.probabilities(fresh)

    assert choice.state is State.LEARNED
    assert choice.split == "rows"
    assert auc((np.random.default_rng(0).random(4000) < truth).astype(float), p) > 0.75
    assert p.mean() == pytest.approx(truth.mean(), abs=0.05)
    assert "600 outcomes" in choice.sentence


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("in_time", [True, False])
def test_without_a_signal_everybody_gets_the_base_rate(seed, in_time):
    table, y = noise(500, seed=seed)
    if in_time:
        table = Table(500, table.columns, known_at=np.arange(500.0))

    choice = choose_model(table, y)

    assert choice.state is State.NO_SIGNAL
    assert np.unique(choice.scorer.probabilities(table)) == pytest.approx([choice.rate])
    assert "No reliable signal" in choice.sentence


def test_a_column_that_knows_the_outcome_is_named_and_left_out():
    table, y, _ = company(400, seed=3)
    random = np.random.default_rng(0)
    close = [f"2026-0{1 + row % 9}-01" if won else "" for row, won in enumerate(y)]
    reason = ["price" if not won and random.random() < 0.5 else "" for won in y]
    amount = np.where(y > 0, random.normal(1000, 100, 400), 0)
    hint = y + random.normal(0, 0.2, 400)
    for name, cells in (("Delivered", close), ("Loss reason", reason), ("Amount", amount), ("Hint", hint)):
        table = with_column(table, name, cells)

    choice = choose_model(table, y, known_at_closing=["Visited"])
    why = {one.column: one.code for one in choice.left_out}

    assert why == {
        "Visited": "closing",
        "Delivered": "filled_after",
        "Loss reason": "filled_after",
        "Amount": "same_in_one_outcome",
        "Hint": "knows_outcome",
    }
    assert all(one.column in one.sentence for one in choice.left_out)
    assert not set(why) & set(choice.columns)


def test_a_strong_honest_column_stays():
    table, y, truth = company(2000, seed=4)
    table = with_column(table, "Strong", np.log(truth / (1 - truth)))

    assert choose_model(table, y).left_out == ()


def test_personal_columns_names_and_constants_stay_out():
    table, y, _ = company(200, seed=5)
    for name, cells in (
        ("contact_age", np.arange(200) % 40),
        ("Gender", ["f", "m"] * 100),
        ("Account ID", [f"A-{row}" for row in range(200)]),
        ("Country", ["DE"] * 200),
        ("Note", [""] * 200),
        ("Contract number", [f"C-{row}" if y[row] else "" for row in range(200)]),
    ):
        table = with_column(table, name, cells)

    left_out = choose_model(table, y).left_out
    why = {one.column: one.code for one in left_out}

    assert why == {
        "contact_age": "personal",
        "Gender": "personal",
        "Account ID": "identifier",
        "Country": "constant",
        "Note": "empty",
        "Contract number": "filled_after",
    }
    (number,) = (one.sentence for one in left_out if one.column == "Contract number")
    assert "filled in 100% of the good outcomes" in number
    assert "it names the record" in number, "both are said"


def test_twins_never_stand_on_both_sides():
    """Three copies of each row with the luck of the first: whoever sees a twin can foretell it."""
    twins = np.tile(np.arange(150), 3)
    states = []
    for seed in range(8):
        table, _, _ = company(150, seed=seed)
        luck = (np.random.default_rng(seed).random(150) < 0.3).astype(float)[twins]
        choice = choose_model(table.take(twins), luck)
        assert choice.split == "identical rows"
        states.append(choice.state)

    assert states.count(State.NO_SIGNAL) >= 7


def test_two_coarse_columns_that_agree_all_the_time_are_no_twins():
    random = np.random.default_rng(1)
    visits, north = random.poisson(2, 600), random.random(600) < 0.5
    y = random.random(600) < expit(-2.5 + 0.8 * visits + 0.7 * north)

    choice = choose_model(read_table({"Visits": visits, "North": north}), y)

    assert choice.split == "rows"
    assert choice.state is State.LEARNED


def test_dates_are_tried_forward_in_time():
    table, y, _ = company(800, seed=7)
    dated = read_table({"Size": table.columns["number 0"].numbers}, known_at=np.arange(800))

    choice = choose_model(dated, y)

    assert choice.split == TIME
    assert choice.window == pytest.approx((0, 799))
    assert choice.trial is not None
    assert choice.trial.rows.min() > 100  # the first block is only learnt from


def test_a_signal_that_only_one_stretch_of_time_had_is_none():
    random = np.random.default_rng(0)
    x = random.normal(size=1200)
    y = (random.random(1200) < 0.3).astype(float)
    y[1000:] = (random.random(200) < expit(3 * x[1000:] - 1)).astype(float)

    choice = choose_model(read_table({"x": x}, known_at=np.arange(1200)), y)

    assert choice.state is State.NO_SIGNAL


class Boaster:
    """Says twice what is true."""

    code = "boaster"

    def fit(self, outcomes):
        return self

    def log_odds(self, table, points=None):
        return 2 * table.columns["z"].numbers


def test_who_is_too_sure_is_put_right_even_where_nothing_came_before():
    random = np.random.default_rng(1)
    z = random.normal(size=1500)
    y = (random.random(1500) < expit(z)).astype(float)
    table = read_table({"z": z}, known_at=np.arange(1500))
    folds = by_time(np.arange(1500.0), y, count=2)

    _, trial = trials_of([BaseRate(), Boaster()], Outcomes(table, y, None), Split(TIME, folds, np.arange(1500)))

    assert calibration_line(trial.y, expit(trial.z))[1] < 0.8, "a case for this test"
    assert 0.8 <= calibration_line(trial.y, trial.p)[1] <= 1.25  # else nobody might use it


class Beginner:
    """Says too much of what it knows, the more so the less it has learnt from."""

    code = "beginner"
    factor = 1.0

    def fit(self, outcomes):
        self.factor = 1 + 1500 / len(outcomes.positive)
        return self

    def log_odds(self, table, points=None):
        return self.factor * table.columns["z"].numbers


def test_what_comes_is_calibrated_by_the_last_stretch_which_learnt_from_most():
    random = np.random.default_rng(1)
    z = random.normal(size=8000)
    y = (random.random(8000) < expit(z)).astype(float)
    table = read_table({"z": z}, known_at=np.arange(8000))
    folds = by_time(np.arange(8000.0), y, count=3)
    learner = Beginner()

    _, trial = trials_of([BaseRate(), learner], Outcomes(table, y, None), Split(TIME, folds, np.arange(8000)))

    assert learner.factor == pytest.approx(1.25)
    assert trial.curve_ahead().slope * learner.factor == pytest.approx(1, abs=0.05)


def test_without_rows_the_correction_is_the_card():
    table = read_table({"x": np.arange(30.0)})
    nothing = np.empty(0, dtype=np.intp)
    points = np.linspace(-2, 2, 30)
    empty = Outcomes(table, np.zeros(30), points).take(nothing)

    corrected, card = Correction().fit(empty), Card().fit(empty)

    assert corrected.log_odds(table, points) == pytest.approx(card.log_odds(table, points), abs=1e-12)


@pytest.mark.parametrize("strength", [1, 30, 300])
def test_the_mean_prediction_is_the_observed_rate(strength):
    table, y, _ = company(300, seed=8)
    points = np.random.default_rng(0).normal(size=300)

    p = expit(Correction(strength).fit(Outcomes(table, y, points)).log_odds(table, points))

    assert p.mean() == pytest.approx(y.mean(), abs=1e-6)


def test_another_account_changes_nobodys_propensity():
    table, y, _ = company(300, seed=9)
    scorer = choose_model(table, y).scorer
    alone = scorer.probabilities(table.take(np.arange(10)))

    assert alone.tobytes() == scorer.probabilities(table)[:10].tobytes()


@pytest.mark.parametrize(
    ("rows", "outcome"), [(10, lambda row: row % 2), (300, lambda row: 1), (300, lambda row: 0), (1, lambda row: 1)]
)
def test_too_few_of_either_outcome_give_the_shrunken_base_rate(rows, outcome):
    table, _, _ = company(rows, seed=10)
    y = [outcome(row) for row in range(rows)]

    choice = choose_model(table, y)

    assert choice.state is State.TOO_FEW
    assert choice.scorer.probabilities(table) == pytest.approx(np.clip((sum(y) + 2) / (rows + 40), 0.01, 0.99))
    assert choice.not_tried


def test_no_rows_at_all_still_make_a_scorer():
    choice = choose_model(read_table({"x": []}), [])

    assert choice.scorer.probabilities(read_table({"x": [1, 2]})) == pytest.approx([0.05, 0.05])


def test_strange_columns_end_in_a_usable_result():
    table, y, _ = company(400, seed=11)
    for name, cells in (
        ("One", ["same"] * 400),
        ("Infinite", [float("inf")] * 400),
        ("Half", [None, 1.0] * 200),
        ("Segment", ["huge"] * 399 + ["tiny"]),
    ):
        table = with_column(table, name, cells)

    choice = choose_model(table, y)

    assert choice.state is State.LEARNED
    assert np.isfinite(choice.scorer.log_odds(table)).all()
    assert {one.column for one in choice.left_out} == {"One", "Infinite"}


def test_a_row_without_an_outcome_is_not_learnt_from():
    table, y, _ = company(300, seed=12)

    assert choose_model(table, [*y[:200], *[None] * 100]).rows == 200


def test_probabilities_stay_between_1_and_99_per_cent():
    table, y, _ = company(2000, seed=13, strength=3.0)
    p = choose_model(table, y).scorer.probabilities(table)

    assert p.min() == 0.01
    assert p.max() == 0.99


def test_an_interval_holds_its_probability_and_narrows_with_evidence():
    few, many = (choose_model(*company(rows, seed=14)[:2]).scorer for rows in (150, 5000))

    for p in (0.1, 0.5, 0.8):
        assert few.interval(p)[0] <= p <= few.interval(p)[1]
    assert np.diff(many.interval(0.3)) < np.diff(few.interval(0.3))


def test_a_sample_of_many_rows_keeps_the_rate(monkeypatch):
    monkeypatch.setattr("coe.scoring.selection.MOST_ROWS", 1000)
    table, y, truth = company(6000, seed=15, rate=0.08)

    choice = choose_model(table, y)

    assert choice.rows == 6000
    assert choice.scorer.probabilities(table).mean() == pytest.approx(truth.mean(), abs=0.01)
    assert log_loss(y, choice.scorer.probabilities(table)) < log_loss(y, np.full(6000, y.mean()))
