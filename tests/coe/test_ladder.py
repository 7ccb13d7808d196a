"""The card and what outcomes may do to it, on simulated organisations whose truth is known."""

import numpy as np
import pytest
from scipy.special import expit

from coe.scoring.learners import Card, Outcomes
from coe.scoring.selection import State, choose_model, rungs
from coe.scoring.table import read_table

RATE = 0.08
SIGNALS = 20


def organisation(rows, *, seed, wrong, unseen, fresh=4000):
    """Return known accounts, fresh ones with their true probabilities, and a card that is ``wrong`` by that share."""
    random = np.random.default_rng(seed)
    weights = np.zeros(SIGNALS)
    weights[:10] = random.uniform(0.25, 0.9, 10) * random.choice([-1, 1], 10)
    weights[10:] = random.normal(0, unseen, 10)
    card = np.where(np.arange(SIGNALS) < 10, weights * (1 + random.uniform(-wrong, wrong, SIGNALS)), 0)
    found = (random.random((rows + fresh, SIGNALS)) < 0.35).astype(float)
    z = found @ weights
    low, high = -20.0, 20.0
    for _ in range(50):
        middle = (low + high) / 2
        low, high = (middle, high) if expit(middle + z).mean() < RATE else (low, middle)
    truth = expit(low + z)
    y = (random.random(rows) < truth[:rows]).astype(float)
    tables = [read_table({f"signal {one}": part[:, one] for one in range(SIGNALS)}) for part in np.split(found, [rows])]
    return tables[0], y, found[:rows] @ card, tables[1], truth[rows:], found[rows:] @ card


def loss(truth, p):
    """Return the expected log-loss: the truth is known, so luck plays no part."""
    return float(-np.mean(truth * np.log(p) + (1 - truth) * np.log1p(-p)))


def compared(rows, *, wrong, unseen, seeds):
    """Return how much log-loss the choice has over the card's, a mean over organisations."""
    behind, states = [], []
    for seed in range(seeds):
        table, y, points, fresh, truth, fresh_points = organisation(rows, seed=seed, wrong=wrong, unseen=unseen)
        choice = choose_model(table, y, points=points)
        card = Card().fit(Outcomes(table, y, points, shrunken=False))
        states.append(choice.state)
        behind.append(
            loss(truth, choice.scorer.probabilities(fresh, fresh_points))
            - loss(truth, np.clip(expit(card.log_odds(fresh, fresh_points)), 0.01, 0.99))
        )
    return float(np.mean(behind)), states


@pytest.mark.parametrize(("rows", "seeds"), [(50, 5), (200, 8), (800, 8)])
@pytest.mark.parametrize("wrong", [0.4, 0.8])
def test_below_eighty_good_outcomes_it_is_never_worse_than_the_card(rows, seeds, wrong):
    behind, states = compared(rows, wrong=wrong, unseen=0.1, seeds=seeds)

    assert behind < 0.001
    assert set(states) <= {State.RULES, State.CORRECTED}


@pytest.mark.parametrize(("rows", "gain"), [(1500, 0.01), (5000, 0.015)])
def test_above_eighty_it_is_better_than_a_weak_card(rows, gain):
    behind, states = compared(rows, wrong=0.8, unseen=0.6, seeds=4)

    assert behind < -gain
    assert set(states) <= {State.CORRECTED, State.LEARNED}


def test_above_eighty_it_is_no_worse_than_a_good_card():
    assert compared(2500, wrong=0.3, unseen=0.2, seeds=5)[0] < 0.0005


def test_a_card_that_outcomes_refute_gives_way_to_the_base_rate():
    random = np.random.default_rng(0)
    for rows in (600, 3000):  # fewer than eighty good outcomes, and more
        points = 3 * random.normal(size=rows)
        luck = (random.random(rows) < RATE).astype(float)

        choice = choose_model(read_table({"x": random.normal(size=rows)}), luck, points=points)

        p = choice.scorer.probabilities(read_table({"x": np.zeros(rows)}), points)
        assert choice.state in (State.NO_SIGNAL, State.CORRECTED)
        assert loss(luck, p) < loss(luck, np.full(rows, luck.mean())) + 0.005


def test_with_a_card_and_no_columns_the_card_stays():
    table, y, points, *_ = organisation(900, seed=1, wrong=0, unseen=0)

    choice = choose_model(table.without(set(table.columns)), y, points=points)

    assert choice.state is State.RULES
    assert "no columns are left to learn from" in choice.not_tried


def test_each_rung_says_what_it_needs():
    def codes(**known):
        return [learner.code for learner in rungs(**known)[0]]

    assert codes(fewer=9, rows=500, has_card=True) == ["base_rate", "rule_card"]
    assert codes(fewer=10, rows=500, has_card=True)[2:] == [f"card_correction_{x}" for x in (300, 100, 30)]
    assert "logistic_10" in codes(fewer=100, rows=500, has_card=True)
    assert codes(fewer=400, rows=1999, has_card=False)[-1] == "logistic_10"
    assert codes(fewer=400, rows=2000, has_card=False)[-1] == "boosting"
    assert "there are 9" in rungs(fewer=9, rows=500, has_card=True)[1][0]
    assert "boosting needs 400" in rungs(fewer=100, rows=500, has_card=True)[1][0]
