"""Opening + steps = closing, to the minor unit, whatever happened to the deals in between."""

from collections.abc import Mapping
from datetime import date
from fractions import Fraction
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.queries.movements import (
    KINDS,
    End,
    Kind,
    Movements,
    Passage,
    State,
    Sum,
    Window,
    added,
    less,
    movements,
    summed,
    walk_of,
)

STAGES = [UUID(int=n) for n in range(1, 4)]
DAYS = [date(2026, 9, 30), date(2026, 10, 1), date(2026, 12, 31), date(2027, 1, 1), None]
QUARTER = Window(date(2026, 10, 1), date(2027, 1, 1))
FACTORS = {"EUR": Fraction(1), "USD": Fraction("0.92137"), "JPY": Fraction("0.6133")}

state = st.builds(
    State,
    stage=st.sampled_from(STAGES),
    amount_minor=st.none() | st.integers(0, 10**15),
    currency=st.sampled_from(["EUR", "USD", "JPY", "XOF"]),
    close_date=st.sampled_from(DAYS),
    chance_bp=st.integers(0, 10_000),
)


@st.composite
def passage(draw: st.DrawFn) -> Passage:
    before, end = draw(st.none() | state), draw(st.sampled_from(End))
    after = None if end == End.GONE else draw(state)
    return Passage(UUID(int=draw(st.integers(0, 2**64))), before, after, end)


def worth(amounts: Mapping[str, int]) -> Fraction:
    return sum((minor * FACTORS.get(code, Fraction(0)) for code, minor in amounts.items()), Fraction(0))


def told(passages: list[Passage], window: Window) -> Movements:
    opening: dict[UUID, Sum] = {}
    for one in passages:
        if one.before is not None and window.holds(one.before.close_date):
            opening.setdefault(one.before.stage, Sum()).add(one.before.worth(), one.before.worth())
    return movements(opening=opening, walks=[walk for one in passages if (walk := walk_of(one, window, worth))])


def plain(amounts: Mapping[str, int]) -> dict[str, int]:
    return {code: minor for code, minor in amounts.items() if minor}


@settings(max_examples=150, deadline=None)
@given(st.lists(passage(), max_size=12, unique_by=lambda one: one.deal), st.sampled_from([Window(), QUARTER]))
def test_it_adds_up_and_ends_where_the_open_deals_are(passages: list[Passage], window: Window) -> None:
    found = told(passages, window)

    still = [
        one.after
        for one in passages
        if one.end == End.OPEN and one.after is not None and window.holds(one.after.close_date)
    ]
    assert plain(added(found.opening.value, summed(one.effect for one in found.steps.values()))) == plain(
        found.closing.effect
    )
    assert plain(found.closing.effect) == plain(summed(one.worth() for one in still))
    assert found.closing.count == len(still)
    # The picture says the same: at its left the opening and what came in, at its right the closing and what left.
    left = summed(flow.before for flow in found.flows if flow.source not in KINDS)
    right = summed(flow.after for flow in found.flows if flow.target not in KINDS)
    assert plain(left) == plain(found.opening.value)
    assert plain(right) == plain(found.closing.effect)
    assert all(flow.count > 0 for flow in found.flows)


@settings(max_examples=100, deadline=None)
@given(passage())
def test_each_deal_that_left_is_counted_once_and_a_step_has_its_sign(one: Passage) -> None:
    walk = walk_of(one, QUARTER, worth)

    if walk is not None:
        kinds = [step.kind for step in walk.steps]
        assert len(set(kinds)) == len(kinds)
        assert (walk.source in KINDS) == (kinds[:1] in ([Kind.NEW], [Kind.PULLED_IN]))
        for step in walk.steps:
            if step.kind in (Kind.NEW, Kind.PULLED_IN, Kind.UP):
                assert worth(step.effect) >= 0
            else:
                assert worth(step.effect) <= 0


def deal(
    before: State | None, after: State | None, end: End = End.OPEN, window: Window = QUARTER
) -> list[tuple[str, int]]:
    walk = walk_of(Passage(UUID(int=7), before, after, end), window, worth)
    return [] if walk is None else [(step.kind.value, step.effect.get("EUR", 0)) for step in walk.steps]


def euros(amount: int, day: date | None = DAYS[2]) -> State:
    return State(STAGES[0], amount, "EUR", day)


def test_the_steps_have_the_names_that_people_use() -> None:
    late, early = DAYS[3], DAYS[0]
    assert deal(None, euros(5)) == [("new", 5)]
    assert deal(euros(5), euros(8)) == [("up", 3)]
    assert deal(euros(5), euros(2)) == [("down", -3)]
    assert deal(euros(5, late), euros(6)) == [("pulled_in", 6)]
    assert deal(euros(5), euros(6, late)) == [("pushed_out", -5)]
    assert deal(euros(5), euros(4), End.WON) == [("down", -1), ("won", -4)]
    assert deal(None, euros(4), End.WON) == [("new", 4), ("won", -4)]
    assert deal(euros(5, late), euros(4), End.WON) == [("pulled_in", 4), ("won", -4)]
    assert deal(euros(5), euros(5), End.LOST) == [("lost", -5)]
    assert deal(euros(5), None, End.GONE) == [("removed", -5)]
    assert deal(euros(5, early), euros(5, late)) == []
    # Among all open deals another day changes no total, and is told.
    assert deal(euros(5), euros(5, late), window=Window()) == [("pushed_out", 0)]
    assert deal(euros(5, late), euros(9), window=Window()) == [("up", 4), ("pulled_in", 0)]
    assert less({"EUR": 3}) == {"EUR": -3}
