"""What counts as a purchase, whose it is, and since when."""

import datetime

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coe.lifetime_value.histories import histories
from tests.coe.lifetime_value.customers import orders

AS_OF = datetime.date(2026, 3, 31)


def one(*rows, **more):
    """Return (x, t_x, T, mean of repeats, mean of all) of the only customer."""
    found = histories(orders(*rows), **{"as_of": AS_OF, **more})
    (row,) = zip(found.frequency, found.recency, found.age, found.mean_repeat, found.mean_all, strict=True)
    return tuple(float(value) for value in row)


def test_the_first_purchase_begins_the_history():
    assert one((7, "2026-03-01", 10), (7, "2026-03-11", 20), (7, "2026-03-21", 60)) == (2, 20, 30, 40, 30)


def test_orders_of_one_day_are_one_purchase():
    assert one((7, "2026-03-01", 10), (7, "2026-03-11", 20), (7, "2026-03-11", 30)) == (1, 10, 30, 50, 30)


def test_a_return_is_no_purchase_and_is_not_taken_off_an_earlier_one():
    rows = (7, "2026-03-01", 10), (7, "2026-03-11", 20), (7, "2026-03-11", -20), (7, "2026-03-21", -5)
    found = histories(orders(*rows), as_of=AS_OF)

    assert one(*rows) == one(*rows[:2])
    assert [note.words for note in found.notes] == [
        "2 orders with negative amounts are returns, not purchases; they were left out."
    ]


def test_an_order_of_nothing_shows_that_the_customer_is_there():
    assert one((7, "2026-03-01", 10), (7, "2026-03-11", 0)) == (1, 10, 30, 0, 5)


def test_what_is_no_number_or_has_no_day_is_left_out_and_told():
    rows = (7, "2026-03-01", 10), (7, "2026-03-11", float("nan")), (7, "NaT", 5), (7, "2026-03-12", float("inf"))
    found = histories(orders(*rows), as_of=AS_OF)

    assert one(*rows) == (0, 0, 30, 0, 10)
    assert [(note.code, note.facts) for note in found.notes] == [("UNREADABLE_LEFT_OUT", {"count": 3})]


def test_later_orders_are_not_read():
    rows = (7, "2026-03-01", 10), (7, "2026-03-31", 20), (7, "2026-04-01", 30)

    assert one(*rows) == (1, 30, 30, 20, 15)


def test_merged_customers_are_one_over_any_number_of_steps():
    rows = (1, "2026-03-01", 10), (2, "2026-03-11", 20), (3, "2026-03-21", 30)

    found = histories(orders(*rows), as_of=AS_OF, merged={1: 2, 2: 3})

    assert found.customer.tolist() == [3]
    assert (found.frequency[0], found.age[0]) == (2, 30)


def test_a_circle_of_merges_ends():
    rows = (1, "2026-03-01", 10), (2, "2026-03-11", 20), (5, "2026-03-21", 30)

    found = histories(orders(*rows), as_of=AS_OF, merged={1: 2, 2: 1, 5: 2})

    assert found.customer.tolist() == [1]


def test_nobody_has_no_history():
    rows = [(1, "2026-04-01", 10), (2, "2026-03-01", -1)]

    assert len(histories(orders(*rows), as_of=AS_OF)) == 0
    assert len(histories(orders(*rows), as_of=AS_OF).patterns().age) == 0


@settings(max_examples=40)
@given(
    st.lists(
        st.tuples(st.integers(1, 4), st.integers(0, 60), st.integers(-50, 50)),
        min_size=1,
        max_size=30,
    ),
    st.randoms(use_true_random=False),
)
def test_the_order_of_the_rows_and_the_patterns_change_nothing(rows, random):
    dated = [(customer, np.datetime64("2026-02-01") + day, amount) for customer, day, amount in rows]
    shuffled = list(dated)
    random.shuffle(shuffled)

    first, second = (histories(orders(*some), as_of=AS_OF) for some in (dated, shuffled))

    assert first.frequency.tolist() == second.frequency.tolist()
    assert first.mean_all == pytest.approx(second.mean_all)
    bought = {(customer, day) for customer, day, amount in dated if amount >= 0 and day <= np.datetime64(AS_OF)}
    assert first.frequency.sum() == len(bought) - len({customer for customer, _ in bought})
    patterns = first.patterns()
    assert (patterns.recency[patterns.place] * 7).round().tolist() == first.recency.tolist()
    assert patterns.weight.sum() == len(first)
