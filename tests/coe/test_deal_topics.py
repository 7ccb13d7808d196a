"""What is said of a deal's facts: a sentence, never a column with a number."""

import pytest

from coe.scoring.deal_topics import OF_DEALS, SENTENCES
from coe.scoring.deals import FEATURES
from coe.scoring.topics import Known


def said(column, value, *, typical=None, **more):
    cells = {column: value, **more}
    known = Known(column, cells.get, {column: typical}.get, None, "EUR")
    return OF_DEALS.sentence(OF_DEALS.columns.get(column, column), known)


@pytest.mark.parametrize(
    ("column", "value", "words"),
    [
        ("days_to_close_date", -26.0, "Its close date passed 26 days ago"),
        ("days_to_close_date", 0.0, "Planned to close today"),
        ("days_to_close_date", 1.0, "Planned to close in 1 day"),
        ("days_to_close_date", None, "No close date is planned"),
        ("close_date_pushes", 2.0, "Its close date was put off 2 times"),
        ("close_date_pushes", 0.0, "Its date was never put off"),
        ("amount_change", 1.25, "Its amount has grown by 25%"),
        ("amount_change", 0.8, "Its amount has shrunk by 20%"),
        ("amount_change", 1.0, "Its amount is what it was at first"),
        ("amount", 2_500_000.0, "Worth 25,000 EUR"),
        ("days_since_two_way", None, "No exchange with anybody yet"),
        ("days_since_two_way", 12.0, "Last exchange 12 days ago"),
        ("days_in_stage", 47.0, "In its stage for 47 days"),
        ("people_90d", 0.0, "Nobody in contact within 90 days"),
        ("people_90d", 1.0, "1 person in contact within 90 days"),
        ("deals_won_before", 2.0, "2 deals won at the account before"),
    ],
)
def test_a_fact_is_said_as_a_seller_would(column, value, words):
    assert said(column, value) == words


def test_what_others_have_stands_beside_it_where_it_differs():
    assert said("days_in_stage", 47.0, typical=20.0) == "In its stage for 47 days; others like it 20"
    assert said("days_in_stage", 20.0, typical=20.0) == "In its stage for 20 days"
    assert said("two_way_14d", 3.0, days_since_two_way=2.0) == "Last exchange 2 days ago, 3 within 14 days"


def test_every_number_that_a_deal_is_judged_by_has_words():
    numbers = {one.name for one in FEATURES if one.kind.value == "number"} - {"stage_place"}
    assert numbers
    assert {OF_DEALS.columns.get(name, name) for name in numbers} <= set(SENTENCES)
