"""What became of each deal between two moments, in steps that add up. Plain Python on what was read of both.

Looked at is what closes within a window (a quarter, or ever). A deal enters it (new, pulled in), changes its amount
inside (up, down), and leaves it (pushed out, won, lost, removed): opening + all steps = closing, to the minor unit.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from fractions import Fraction
from typing import NamedTuple
from uuid import UUID

from django.utils.translation import gettext_lazy as _

Amounts = dict[str, int]
"""Minor units by currency."""


class Kind(StrEnum):
    """What a step is."""

    NEW = "new"
    PULLED_IN = "pulled_in"
    UP = "up"
    DOWN = "down"
    PUSHED_OUT = "pushed_out"
    WON = "won"
    LOST = "lost"
    REMOVED = "removed"


KINDS = frozenset(kind.value for kind in Kind)
KIND_WORDS = {
    Kind.NEW: _("New"),
    Kind.PULLED_IN: _("Pulled in"),
    Kind.UP: _("Up"),
    Kind.DOWN: _("Down"),
    Kind.PUSHED_OUT: _("Pushed out"),
    Kind.WON: _("Won"),
    Kind.LOST: _("Lost"),
    Kind.REMOVED: _("Removed"),
}


class End(StrEnum):
    """How a deal stood at the later moment."""

    OPEN = "open"
    WON = "won"
    LOST = "lost"
    GONE = "gone"


class State(NamedTuple):
    """A deal at a moment. An unknown amount is worth nothing."""

    stage: UUID
    amount_minor: int | None
    currency: str
    close_date: date | None
    chance_bp: int = 0

    def worth(self, sign: int = 1) -> Amounts:
        """Return its amount by currency; nothing where it has none."""
        return {self.currency: sign * self.amount_minor} if self.amount_minor else {}


class Passage(NamedTuple):
    """A deal at two moments: None before it was open, and after it was gone."""

    deal: UUID
    before: State | None
    after: State | None
    end: End


@dataclass(frozen=True)
class Window:
    """Deals that close from `first` on, and before `beyond`. Without either every open deal, also one without a day."""

    first: date | None = None
    beyond: date | None = None

    def holds(self, day: date | None) -> bool:
        """Whether a deal with this close date is looked at."""
        if self.first is None or self.beyond is None:
            return True
        return day is not None and self.first <= day < self.beyond


class Step(NamedTuple):
    """One thing that happened to a deal: what it did to the total, and what the deals of it are worth."""

    kind: Kind
    effect: Amounts
    value: Amounts


@dataclass(frozen=True)
class Walk:
    """A deal's way: from a stage (or the kind by which it entered) to a stage (or the kind by which it left)."""

    passage: Passage
    source: str
    target: str
    before: Amounts  # what it counted for where it came from
    after: Amounts  # and where it went
    steps: tuple[Step, ...]

    @property
    def effect(self) -> Amounts:
        """What it did to the total."""
        return summed(step.effect for step in self.steps)

    @property
    def value(self) -> Amounts:
        """What it is worth: where it went, or where it left from."""
        return self.after or self.before


def added(one: Mapping[str, int], other: Mapping[str, int]) -> Amounts:
    """Return the sum of amounts by currency."""
    return {code: one.get(code, 0) + other.get(code, 0) for code in {**one, **other}}


def summed(many: Iterable[Mapping[str, int]]) -> Amounts:
    """Return the sum of many amounts by currency."""
    total: Amounts = {}
    for one in many:
        total = added(total, one)
    return total


def less(amounts: Mapping[str, int]) -> Amounts:
    """Return amounts with the other sign."""
    return {code: -minor for code, minor in amounts.items()}


def walk_of(passage: Passage, window: Window, worth: Callable[[Mapping[str, int]], Fraction]) -> Walk | None:
    """Return what a deal did inside the window, None when it never was there.

    `worth` says what amounts of several currencies are worth in one: whether a deal went up or down when its currency
    changed as well.
    """
    before, after, end = passage.before, passage.after, passage.end
    was_in = before is not None and window.holds(before.close_date)
    is_in = after is not None and end != End.GONE and window.holds(after.close_date)
    if not was_in and not is_in:
        return None
    steps: list[Step] = []
    source = target = ""
    counted: Amounts = {}
    if was_in:
        assert before is not None
        source, counted = str(before.stage), before.worth()
    began = counted
    if is_in or (was_in and end in (End.WON, End.LOST)):
        assert after is not None
        now = after.worth()
        if not was_in:
            kind = Kind.NEW if before is None else Kind.PULLED_IN
            steps.append(Step(kind, now, now))
            source = kind.value
        else:
            steps.extend(_changed(counted, now, worth))
        counted = now
    if end == End.OPEN and is_in:
        assert after is not None
        target = str(after.stage)
        if was_in and before is not None and window.first is None:
            steps.extend(_moved(before, after))
    else:
        kind = {End.OPEN: Kind.PUSHED_OUT, End.WON: Kind.WON, End.LOST: Kind.LOST, End.GONE: Kind.REMOVED}[end]
        steps.append(Step(kind, less(counted), counted))
        target = kind.value
    return Walk(passage, source, target, began if was_in else counted, counted, tuple(steps))


def _changed(before: Amounts, after: Amounts, worth: Callable[[Mapping[str, int]], Fraction]) -> Iterator[Step]:
    difference = {code: minor for code, minor in added(after, less(before)).items() if minor}
    if difference:
        yield Step(Kind.DOWN if worth(difference) < 0 else Kind.UP, difference, difference)


def _moved(before: State, after: State) -> Iterator[Step]:
    """Where every open deal is looked at, another close date changes no total; it is told all the same."""
    if before.close_date and after.close_date and before.close_date != after.close_date:
        kind = Kind.PUSHED_OUT if after.close_date > before.close_date else Kind.PULLED_IN
        yield Step(kind, {}, after.worth())


@dataclass
class Sum:
    """How many deals, what they did to the total, and what they are worth."""

    count: int = 0
    effect: Amounts = field(default_factory=dict)
    value: Amounts = field(default_factory=dict)

    def add(self, effect: Mapping[str, int], value: Mapping[str, int], count: int = 1) -> None:
        """Count deals."""
        self.count += count
        self.effect = added(self.effect, effect)
        self.value = added(self.value, value)


@dataclass(frozen=True)
class Flow:
    """Deals that went one way together; their worth where they came from, and where they went."""

    source: str
    target: str
    count: int
    before: Amounts
    after: Amounts


@dataclass
class Movements:
    """What happened between two moments: totals at both ends, the steps by kind, and the ways that deals went."""

    opening: Sum
    steps: dict[Kind, Sum]
    closing: Sum
    flows: list[Flow]
    walks: list[Walk]


def movements(*, opening: Mapping[UUID, Sum], walks: Iterable[Walk]) -> Movements:
    """Return what the walks of the deals that changed make of the opening, which is given by stage.

    What is not among the walks stayed as it was.
    """
    total = Sum()
    ways: dict[tuple[str, str], tuple[int, Amounts, Amounts]] = {}
    for stage, one in opening.items():
        total.add(one.value, one.value, one.count)
        ways[str(stage), str(stage)] = (one.count, one.value, one.value)
    steps = {kind: Sum() for kind in Kind}
    closing = Sum(total.count, dict(total.effect), dict(total.value))
    kept = []
    for walk in walks:
        kept.append(walk)
        came_from_stage, stays = walk.source not in KINDS, walk.target not in KINDS
        if came_from_stage:
            count, before, after = ways[walk.source, walk.source]
            ways[walk.source, walk.source] = (
                count - 1,
                added(before, less(walk.before)),
                added(after, less(walk.before)),
            )
        count, before, after = ways.get((walk.source, walk.target), (0, {}, {}))
        ways[walk.source, walk.target] = (count + 1, added(before, walk.before), added(after, walk.after))
        for step in walk.steps:
            steps[step.kind].add(step.effect, step.value)
            closing.add(step.effect, step.effect, 0)
        closing.count += stays - came_from_stage
    flows = [Flow(source, target, *numbers) for (source, target), numbers in ways.items() if numbers[0]]
    return Movements(total, steps, closing, flows, kept)
