"""Reasons of a learnt model: facts against what is typical, in the form and the sum of the card's."""

import numpy as np
import pytest
from scipy.special import logit

from coe.scoring.card import RuleCard, RuleCardScorer
from coe.scoring.explanation import typical_values
from coe.scoring.features import FEATURES
from coe.scoring.learners import Boosting, Correction, Outcomes
from coe.scoring.reasons import Typical, learned_reasons
from coe.scoring.selection import Scorer
from coe.scoring.table import Kind, read_table
from pipeline import rules
from tests.coe.accounts import TODAY, account, bought, deal, happened


def customers(rows=400, seed=3):
    random = np.random.default_rng(seed)
    days, nps = random.exponential(60, rows).round(), random.integers(0, 11, rows)
    segment = random.choice(["Marine", "Rail"], rows)
    table = read_table(
        {
            "days_since_purchase": days,
            "nps": np.where(random.random(rows) < 0.5, np.nan, nps),
            "segment": segment.tolist(),
            "Contact age": random.integers(20, 60, rows).astype(float),
        }
    )
    points = random.choice([-0.8, 0.0, 0.9], rows)
    y = (random.random(rows) < 1 / (1 + np.exp(1 + 0.03 * days - points - (segment == "Rail")))).astype(float)
    return table, y, points, segment.tolist()


def reasons_of(learner, rows=(0, 1, 2), **more):
    table, y, points, segments = customers()
    scorer = Scorer(learner.fit(Outcomes(table, y, points)))
    typical = Typical(
        typical_values(table, segments, points=points), {name: kind.value for name, kind in table.kinds.items()}
    )
    place = np.asarray(rows)
    found = learned_reasons(
        scorer,
        table.take(place),
        typical=typical,
        segments=[segments[row] for row in rows],
        points=points[place],
        **more,
    )
    return scorer, table.take(place), points[place], found


@pytest.mark.parametrize("learner", [Correction(30), Boosting(20)])
def test_each_reason_has_points_the_fact_and_a_sentence(learner):
    _, table, _, found = reasons_of(learner, words_of=lambda name: name.upper())

    for row, reasons in enumerate(found):
        learned = {one.fact["column"]: one for one in reasons if one.code == "learned"}
        reason = learned["days_since_purchase"]
        value = table.columns["days_since_purchase"].value(row)
        assert reason.fact["value"] == value
        days = "today" if not value else f"{value:,.0f} day{'' if value == 1 else 's'} ago"
        assert rules.reason_sentence(reason.as_json(), TODAY).startswith(f"Last order {days}")
        if isinstance(learner, Correction):  # trees need not fall all the way
            assert (reason.points < 0) == (value > reason.fact["typical"])
        assert "Contact age" not in learned, "a personal column is no reason"
    if isinstance(learner, Boosting):
        assert any(one.code == "rule_card" for reasons in found for one in reasons)


@pytest.mark.parametrize("kept", [lambda cell: cell, {"yes": 1.0, "no": 0.0}.__getitem__])
def test_yes_and_no_are_said_as_such_and_compared_with_what_is_typical(kept):
    budget = np.arange(200) % 4 == 0
    y = (np.arange(200) % 7 < 2 + 4 * budget).astype(float)
    table = read_table({"budget": ["yes" if one else "no" for one in budget]})
    scorer = Scorer(Correction(1).fit(Outcomes(table, y, np.zeros(200))))
    values = {column: kept(cell) for column, cell in typical_values(table)[""].items()}

    with_it, usual = learned_reasons(
        scorer, table.take(np.array([0, 1])), typical=Typical({"": values}, {"budget": "flag"}), segments=["", ""]
    )

    assert [(one.fact["text"], one.points > 0) for one in with_it] == [("budget: yes; others like it: no", True)]
    assert not usual, "what is typical is no reason"


def exchange(days):
    return happened(days, "call", "contact")


def told(facts=None, own=(), **columns):
    """The reasons of one account against one at which these columns have their second value, by a model that looks."""
    random = np.random.default_rng(2)
    spread = {name: 1 + np.nan_to_num(abs(value - usual)) for name, (value, usual) in columns.items()}
    wide = read_table({name: random.normal(usual, spread[name], 200) for name, (_, usual) in columns.items()})
    above = sum(wide.columns[name].numbers - usual for name, (_, usual) in columns.items())
    y = (above > 0).astype(float)
    scorer = Scorer(Correction(1).fit(Outcomes(wide, y, np.zeros(200))))
    table = read_table({name: [value, usual] for name, (value, usual) in columns.items()})
    typical = Typical({"": {name: usual for name, (_, usual) in columns.items()}}, dict.fromkeys(columns, "number"))
    (reasons,) = learned_reasons(
        scorer, table.take(np.array([0])), typical=typical, segments=[""], points=np.zeros(1),
        card_reasons=[own], facts=[facts], currency="EUR",
    )  # fmt: skip
    return scorer, reasons


def test_a_fact_is_said_once_on_one_side_with_all_that_it_adds():
    columns = {"days_since_purchase": (71, 30), "overdue_ratio": (2.1, 3), "usual_gap_days": (34, 30)}
    scorer, reasons = told(account(purchases=bought(71)), **columns)

    (only,) = reasons
    assert only.fact["text"] == "Last order 71 days ago (13 Sep); usual gap 34 days"
    here, usual = (read_table({name: [pair[place]] for name, pair in columns.items()}) for place in (0, 1))
    apart = scorer.log_odds(here, np.zeros(1)) - scorer.log_odds(usual, np.zeros(1))
    assert only.points == pytest.approx(apart[0])


def test_the_card_s_words_of_a_fact_carry_what_the_model_adds_to_it():
    facts = account(open_deals=(deal(late=True, days=20),))
    own = RuleCardScorer(RuleCard(), rate=0.1).reasons(facts)

    scorer, reasons = told(facts, own, open_deals=(1, 0), open_deals_late=(1, 0))

    (deals,) = [one for one in reasons if one.fact["topic"] == "deals"]
    assert (deals.code, deals.records) == ("open_deal_late", own[0].records)
    assert deals.points > 0.9 * scorer.curve.slope * scorer.model.slope


def test_records_lie_inside_the_window_of_the_sentence():
    facts = account(purchases=bought(100), engaged_contacts=tuple(exchange(days) for days in (20, 60, 95)))

    _, (month,) = told(facts, people_30d=(1, 0))
    _, (quarter,) = told(facts, people_90d=(2, 0))
    _, (nothing,) = told(facts, purchases_90d=(0, 3), purchases=(12, 12))

    assert month.records == (facts.engaged_contacts[0].record,)
    assert quarter.records == tuple(one.record for one in facts.engaged_contacts[:2])
    assert quarter.fact["text"] == "2 people there talked with us in the last 90 days"
    assert (nothing.fact["text"], nothing.records) == ("Bought nothing in the last 90 days; others like it 3 times", ())


@pytest.mark.parametrize("value", [np.nan, 0.0, 1.0, 3.5])
def test_every_column_has_words_without_statistics(value):
    for feature in FEATURES:
        if feature.kind is Kind.NUMBER:
            _, reasons = told(account(purchases=bought(12)), **{feature.name: (value, 50.0)})
            for one in reasons:
                words = str(one.fact["text"])
                assert not any(term in words for term in ("÷", "typical", "nan", "None", "weight")), words
                assert words[0].isupper() or words[0].isdigit()


def test_a_segment_is_compared_with_its_own_type():
    _, _, _, found = reasons_of(Correction(30), rows=tuple(range(40)))

    assert (
        len(
            {
                one.fact["typical"]
                for reasons in found
                for one in reasons
                if one.fact.get("column") == "days_since_purchase"
            }
        )
        == 2
    )


def test_the_cards_own_reasons_stay_with_their_records_weighed_as_the_model_weighs_them():
    facts = account(open_deals=(deal(late=True, days=20),), purchases=bought(12))
    own = RuleCardScorer(RuleCard(), rate=0.1).reasons(facts)

    scorer, _, _, (reasons,) = reasons_of(Correction(30), rows=(0,), card_reasons=[own], facts=[facts])

    late = next(one for one in reasons if one.code == "open_deal_late")
    assert late.points == pytest.approx(0.9 * scorer.model.slope)
    assert late.records == own[0].records
    since = next(one for one in reasons if one.fact.get("column") == "days_since_purchase")
    assert facts.purchases is not None
    assert since.records == facts.purchases.latest


def test_the_contributions_are_the_way_from_the_typical_account_to_this_one():
    scorer, table, points, found = reasons_of(Correction(30), rows=tuple(range(30)))
    reached = logit(scorer.probabilities(table, points))
    learnt = [sum(one.points for one in reasons) for reasons in found]

    # What the reasons don't say is the card's share and the start, which depends on the segment alone.
    rest = np.asarray(reached) - learnt - scorer.model.slope * points
    segments = table.columns["segment"].codes
    personal = [np.ptp(rest[segments == code]) for code in (0, 1)]
    assert max(personal) < 0.6, "only the personal column, which is never named, is left"


def test_a_reason_from_costs_says_what_it_needs():
    random = np.random.default_rng(1)
    table = read_table({"trend_half_year": random.exponential(1, 200)})
    y = (random.random(200) < 1 / (1 + np.exp(-table.columns["trend_half_year"].numbers + 1))).astype(float)
    scorer = Scorer(Correction(10).fit(Outcomes(table, y)))
    typical = Typical(typical_values(table), {"trend_half_year": "number"})

    for known, needs in ((True, "orderline.cost_minor"), (False, None)):
        ((reason,), *_) = learned_reasons(scorer, table, typical=typical, segments=[""] * 200, margin_is_known=known)
        assert reason.fact.get("needs") == needs
