"""Explanations that add up, whatever the model, and never name a person."""

import numpy as np
import pytest

from coe.scoring.explanation import counterfactuals, explain, typical_row
from coe.scoring.learners import Boosting, Correction, Outcomes
from coe.scoring.selection import Scorer
from tests.coe.learning import company, with_column


def scorers():
    table, y, _ = company(700, seed=1)
    points = np.random.default_rng(0).normal(size=700)
    outcomes = Outcomes(table, y, points)
    return table, points, {"sum": Scorer(Correction(10).fit(outcomes)), "trees": Scorer(Boosting(60).fit(outcomes))}


@pytest.mark.parametrize("kind", ["sum", "trees"])
def test_contributions_add_up_to_the_difference_from_the_typical_account(kind):
    table, points, found = scorers()
    some = table.take(np.arange(20))

    for row, one in enumerate(
        explain(found[kind], some, typical_row(table), points=points[:20], typical_points=float(np.median(points)))
    ):
        shown = sum(reason.points for reason in (*one.reasons_for, *one.reasons_against))
        assert one.typical + shown + one.rest == pytest.approx(one.log_odds, abs=1e-5)
        assert one.log_odds == pytest.approx(found[kind].log_odds(some, points[:20])[row])
        assert max(len(one.reasons_for), len(one.reasons_against)) <= 5
        # Eight columns and the card: what isn't shown is little.
        assert abs(one.rest) < 1.0


@pytest.mark.parametrize("kind", ["sum", "trees"])
def test_the_planted_reason_is_named_with_its_value(kind):
    table, points, found = scorers()
    north = np.flatnonzero((table.columns["number 0"].numbers > 1.5) & (np.abs(points) < 0.5))[:5]

    for one in explain(found[kind], table.take(north), typical_row(table), points=points[north]):
        reason = next(reason for reason in one.reasons_for if reason.column == "number 0")
        assert reason.points > 0.3
        assert isinstance(reason.value, float)
        assert reason.value > 1.5
        assert one.percentage_points["number 0"] > 0


def test_the_typical_account_needs_no_explanation():
    table, _, found = scorers()
    typical = typical_row(table)

    one = explain(found["sum"], typical, typical)[0]

    assert (one.reasons_for, one.reasons_against) == ((), ())
    assert one.rest == pytest.approx(0)


@pytest.mark.parametrize("kind", ["sum", "trees"])
def test_a_reason_never_names_a_person_even_if_the_model_had_learnt_from_it(kind):
    table, y, truth = company(600, seed=2)
    table = with_column(table, "Gender", np.where(truth > 0.4, "f", "m").tolist())
    learner = Correction(10) if kind == "sum" else Boosting(60)
    scorer = Scorer(learner.fit(Outcomes(table, y)))

    for one in explain(scorer, table.take(np.arange(30)), typical_row(table)):
        assert "Gender" not in {reason.column for reason in (*one.reasons_for, *one.reasons_against)}
    assert counterfactuals(scorer, table, 0, {"Gender": ["f", "m"]}) == []


def test_what_would_be_if_something_were_done():
    table, _, found = scorers()
    row = int(np.flatnonzero(table.columns["Visited"].numbers == 0)[0])

    changes = counterfactuals(found["sum"], table, row, {"Visited": ["yes", "no"], "Region": ["North", "South"]})

    assert {change.column for change in changes} <= {"Visited", "Region"}
    visited = next(change for change in changes if change.column == "Visited" and change.value == "yes")
    assert visited.gain > 5
    assert [change.gain for change in changes] == sorted((change.gain for change in changes), reverse=True)
