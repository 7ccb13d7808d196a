"""What changed in the pipeline as figures in one currency, which add up as they are seen; and the deals behind them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from uuid import UUID

from django.utils.functional import Promise

from pipeline.models import Opportunity
from pipeline.queries.movements import KIND_WORDS, End, Kind, Movements, Passage, State, Walk, Window
from pipeline.queries.pipeline_changes import Moment, Viewer, passages_between
from tenancy.conversion import Converter, Total, rounded, shares_of

MOST_DEALS = 50
"""So many deals of a kind stand on the page; the file has all of them."""


@dataclass(frozen=True)
class Bar:
    """A kind of step: how many deals, what they did to the total, and what they are worth."""

    kind: Kind
    words: str | Promise
    count: int
    effect_minor: int
    value: Total


@dataclass(frozen=True)
class Waterfall:
    """Opening + bars = closing, to the minor unit; all of them are in the currency of the opening."""

    opening: Total
    opening_count: int
    bars: Sequence[Bar]
    closing: Total
    closing_count: int

    @property
    def currency(self) -> str:
        """The currency of all its figures."""
        return self.opening.currency

    @property
    def change_minor(self) -> int:
        """What all bars together did to the total."""
        return self.closing.amount_minor - self.opening.amount_minor


def waterfall_of(found: Movements, converter: Converter) -> Waterfall:
    """Return movements in one currency, both ends by the same rates: a rate that changed moves no deal.

    Both totals are rounded as everywhere; what rounding leaves goes to the bars, so that they add up to the difference.
    """
    opening, closing = converter.total(found.opening.value), converter.total(found.closing.effect)
    exact = {kind: converter.total(one.effect).exact for kind, one in found.steps.items()}
    shares = shares_of(closing.amount_minor - opening.amount_minor, exact)
    bars = [
        Bar(kind, KIND_WORDS[kind], one.count, shares[kind], converter.total(one.value))
        for kind, one in found.steps.items()
    ]
    return Waterfall(opening, found.opening.count, bars, closing, found.closing.count)


@dataclass(frozen=True)
class Behind:
    """A deal behind a figure: `deal` is None where it is gone for good."""

    walk: Walk
    deal: Opportunity | None
    effect_minor: int
    value_minor: int


def deals_behind(
    viewer: Viewer, walks: Iterable[Walk], converter: Converter, *, most: int | None = None
) -> list[Behind]:
    """Return the deals of some walks, the largest first, at most `most` of them."""
    worth = [
        (walk, converter.total(walk.effect).amount_minor, converter.total(walk.value).amount_minor) for walk in walks
    ]
    worth.sort(key=lambda one: (-max(abs(one[1]), abs(one[2])), str(one[0].passage.deal)))
    shown = worth[:most]
    ids = [walk.passage.deal for walk, _effect, _value in shown]
    deals = {deal.pk: deal for deal in viewer.deals().filter(pk__in=ids).select_related("account", "owner", "stage")}
    return [Behind(walk, deals.get(walk.passage.deal), effect, value) for walk, effect, value in shown]


@dataclass(frozen=True)
class Mover:
    """What one deal, or the others together, did to what is expected."""

    deal_id: UUID | None
    name: str
    count: int
    amount_minor: int


@dataclass(frozen=True)
class Moved:
    """What changed of closed and weighted together, in lines that add up to it."""

    change_minor: int
    currency: str
    lines: Sequence[Mover]


def what_moved_it(
    *, viewer: Viewer, since: Moment, until: Moment, window: Window, converter: Converter, lines: int = 3
) -> Moved:
    """Return what moved the expectation of a window between two moments: deals by name, then all others as one line.

    An open deal counts by its chance, a won one in full, any other not at all.
    """
    _opening, passages = passages_between(viewer=viewer, since=since, until=until, window=window)
    exact = {
        one.deal: _expected(one.after, one.end, window, converter) - _before(one, window, converter) for one in passages
    }
    moved = sorted((deal for deal, change in exact.items() if change), key=lambda deal: (-abs(exact[deal]), str(deal)))
    named = moved if len(moved) <= lines else moved[: lines - 1]
    others = moved[len(named) :]
    parts: dict[UUID | None, Fraction] = {deal: exact[deal] for deal in named}
    if others:
        parts[None] = sum((exact[deal] for deal in others), Fraction(0))
    change = rounded(sum(parts.values(), Fraction(0)))
    shares = shares_of(change, parts)
    names = dict(viewer.deals().filter(pk__in=named).values_list("pk", "name"))
    return Moved(
        change,
        converter.currency,
        [Mover(deal, names.get(deal, "") if deal else "", 1 if deal else len(others), shares[deal]) for deal in parts],
    )


def _before(passage: Passage, window: Window, converter: Converter) -> Fraction:
    return _expected(passage.before, End.OPEN, window, converter)


def _expected(state: State | None, end: End, window: Window, converter: Converter) -> Fraction:
    if state is None or end in (End.LOST, End.GONE) or not window.holds(state.close_date):
        return Fraction(0)
    chance = Fraction(1) if end == End.WON else Fraction(state.chance_bp, 10_000)
    return converter.total(state.worth()).exact * chance
