"""The best packages within the hours: at most one an account, by value per hour along each account's concave hull.

The multiple-choice knapsack of Sinha and Zoltners (1979), Operations Research 27(3). The greedy along the hulls is near
the best; what the bound of the linear relaxation leaves undecided, mostly a few accounts about the cut, is then solved
exactly. So more hours, or one more action, never make a plan worse: it is a maximum over more plans.
"""

from dataclasses import dataclass

import numpy as np

from coe.allocation.options import Options
from coe.allocation.response import Floats, Integers

MOST_WORK = 100_000_000  # additions of the exact part; beyond, it decides those nearest the cut alone
MOST_MEMORY = 32_000_000  # bytes of its tables
SKIPS = 5_000  # steps past the first that doesn't fit which the greedy looks at


@dataclass(frozen=True, slots=True)
class Filled:
    """What was chosen: rows of the options, ascending; the value per hour at the cut; what no plan could exceed."""

    chosen: Integers
    value: float
    units: int
    cut: float  # value per unit
    bound: float
    exact: bool


def hull(options: Options) -> Integers:
    """Return the rows of the options on the upper concave hull of their account's (hours, value), from (0, 0)."""
    rows = np.arange(len(options.units))
    while len(rows):
        units, value, account = options.units[rows], options.value[rows], options.account[rows]
        same = np.concatenate([[False], account[1:] == account[:-1]])
        before_units, before_value = np.where(same, np.roll(units, 1), 0), np.where(same, np.roll(value, 1), 0.0)
        steep = (value - before_value) / (units - before_units)
        # A point that the line between its neighbours passes above is on no hull: all such can go at once.
        last = np.concatenate([~same[1:], [True]])
        below = ~last & (np.roll(steep, -1) >= steep)
        if not below.any():
            break
        rows = rows[~below]
    return rows


def fill(options: Options, *, capacity: int, tie: Floats) -> Filled:
    """Return the best packages within the capacity, in units. ``tie`` orders equals, one number an option's account."""
    nothing = np.zeros(0, dtype=np.int64)
    useful = np.flatnonzero((options.units <= capacity) & (options.value > 0))
    if not len(useful):
        return Filled(nothing, 0.0, 0, 0.0, 0.0, True)
    options, tie = options.take(useful), tie[useful]
    on_hull = hull(options)
    units, value, account = options.units[on_hull], options.value[on_hull], options.account[on_hull]
    same = np.concatenate([[False], account[1:] == account[:-1]])
    more_units = units - np.where(same, np.roll(units, 1), 0)
    more_value = value - np.where(same, np.roll(value, 1), 0.0)
    steep = more_value / more_units
    order = np.lexsort((on_hull, tie[on_hull], -steep))
    total = np.cumsum(more_units[order])
    fits = int(np.searchsorted(total, capacity, side="right"))
    taken = order[:fits]
    state = _last_of_each(account[taken], on_hull[taken])
    if fits == len(order):
        rows = np.array(sorted(state.values()), dtype=np.int64)
        return _filled(options, useful, rows, cut=0.0, bound=float(options.value[rows].sum()), exact=True)
    cut = float(steep[order[fits]])
    left = capacity - (int(total[fits - 1]) if fits else 0)
    bound = float(more_value[taken].sum()) + cut * left
    _skip_ahead(state, order[fits : fits + SKIPS], more_units, on_hull, account, left)
    greedy = np.array(sorted(state.values()), dtype=np.int64)
    rows, exact = _settle(options, greedy, capacity=capacity, cut=cut, bound=bound, tie=tie)
    return _filled(options, useful, rows, cut=cut, bound=bound, exact=exact)


def _last_of_each(account: Integers, row: Integers) -> dict[int, int]:
    return dict(zip(account.tolist(), row.tolist(), strict=True))


def _skip_ahead(
    state: dict[int, int], order: Integers, more_units: Integers, on_hull: Integers, account: Integers, left: int
) -> None:
    """Go on past steps that don't fit; an account whose step doesn't is closed, its later ones build on it."""
    closed = set()
    for step in order.tolist():
        whose = int(account[step])
        if whose in closed:
            continue
        if more_units[step] <= left:
            left -= int(more_units[step])
            state[whose] = int(on_hull[step])
        else:
            closed.add(whose)


def _filled(options: Options, useful: Integers, rows: Integers, *, cut: float, bound: float, exact: bool) -> Filled:
    value, units = float(options.value[rows].sum()), int(options.units[rows].sum())
    return Filled(useful[rows], value, units, cut, max(bound, value), exact)


def _settle(
    options: Options, greedy: Integers, *, capacity: int, cut: float, bound: float, tie: Floats
) -> tuple[Integers, bool]:
    """Return the best rows, and whether no better ones exist.

    With hours priced at the cut an option loses against its account's best. One that loses more than the bound exceeds
    the greedy plan is in no better plan. What remains undecided is solved by dynamic programming over the hours.
    """
    gap = bound - float(options.value[greedy].sum())
    if gap <= 1e-12 * bound:
        return greedy, True
    begin = np.flatnonzero(np.concatenate([[True], options.account[1:] != options.account[:-1]]))
    number = np.cumsum(np.concatenate([[False], options.account[1:] != options.account[:-1]]))
    priced = options.value - cut * options.units
    best = np.maximum(np.maximum.reduceat(priced, begin), 0.0)
    loss = best[number] - priced
    allowed = gap * (1 + 1e-9) + 1e-9 * abs(bound)
    open_ = loss <= allowed
    none_open = best <= allowed
    how_many = np.add.reduceat(open_.astype(np.int64), begin) + none_open
    undecided = np.flatnonzero(how_many > 1)
    of_greedy = np.full(len(begin), -1)
    of_greedy[number[greedy]] = greedy
    # Where one option is left, it is the greedy's: that plan is never ruled out.
    least = np.minimum.reduceat(np.where(loss > 0, loss, np.inf), begin)
    nearest = undecided[
        np.lexsort((tie[begin[undecided]], np.minimum(least, np.where(best > 0, best, np.inf))[undecided]))
    ]
    cells = capacity + 1
    work = np.cumsum(how_many[nearest]) * cells
    keep = min(int(np.searchsorted(work, MOST_WORK, side="right")), max(0, MOST_MEMORY // cells - 16))
    core, exact = nearest[:keep], keep >= len(nearest)
    if not len(core):
        return greedy, exact
    fixed = np.ones(len(begin), dtype=bool)
    fixed[core] = False
    kept = of_greedy[fixed & (of_greedy >= 0)]
    room = capacity - int(options.units[kept].sum())
    end = np.append(begin[1:], len(options.units))
    choices = [np.flatnonzero(open_[begin[one] : end[one]]) + begin[one] for one in core]
    picked = _dynamic(options, choices, none_open[core].tolist(), room)
    rows = np.sort(np.concatenate([kept, picked]))
    return (rows, exact) if options.value[rows].sum() >= options.value[greedy].sum() else (greedy, exact)


def _dynamic(options: Options, choices: list[Integers], may_be_none: list[bool], room: int) -> Integers:
    """Return the best of each account's choices within the room."""
    worth = np.zeros(room + 1)
    decided = np.full((len(choices), room + 1), -1, dtype=np.int8)
    for number, (rows, none) in enumerate(zip(choices, may_be_none, strict=True)):
        after = worth.copy() if none else np.full(room + 1, -np.inf)
        for place, row in enumerate(rows.tolist()):
            units = int(options.units[row])
            if units > room:
                continue
            with_it = worth[: room + 1 - units] + options.value[row]
            better = with_it > after[units:]
            after[units:][better] = with_it[better]
            decided[number, units:][better] = place
        worth = after
    picked = []
    left = room
    for number in range(len(choices) - 1, -1, -1):
        place = int(decided[number, left])
        if place >= 0:
            row = int(choices[number][place])
            picked.append(row)
            left -= int(options.units[row])
    return np.array(picked, dtype=np.int64)
