"""What could be done for each account in a week: one action or two that go together."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from coe.allocation.response import Floats, Integers
from coe.allocation.week import Accounts, Actions, Block, Rules

MOST_ACTIONS = 6  # of an account that are combined; the best by value per hour alone
CHUNK = 20_000  # accounts at a time: memory depends on this, not on how many there are


@dataclass(frozen=True, slots=True)
class Options:
    """Packages of actions, by account and then by hours; each longer one of an account is worth more."""

    account: Integers
    units: Integers
    value: Floats
    first: Integers  # row of the action; -1 in the service of a floor without one
    second: Integers  # -1 if it is one action alone

    def take(self, rows: Integers | slice) -> "Options":
        """Return some of the options."""
        return Options(self.account[rows], self.units[rows], self.value[rows], self.first[rows], self.second[rows])


def order_of(actions: Actions) -> tuple[Integers, Integers]:
    """Return the rows of the actions that may be done, by account, and the account of each."""
    sound = np.isfinite(actions.hours) & np.isfinite(actions.effect) & (actions.hours > 0) & (actions.effect > 0)
    free = np.flatnonzero((actions.block == Block.NONE) & sound)
    free = free[np.argsort(actions.account[free], kind="stable")]
    return free, actions.account[free]


def options(
    accounts: Accounts,
    actions: Actions,
    rules: Rules,
    *,
    rows: Integers,
    most_units: Integers,
    floors: Integers,
    ordered: tuple[Integers, Integers],
) -> Options:
    """Return what could be done for these accounts (ascending rows) within so many units each.

    An account with a floor gets at least that many: actions that take less are filled up with plain service, which is
    an option of its own and always the first.
    """
    parts = []
    for begin in range(0, len(rows), CHUNK):
        some = slice(begin, begin + CHUNK)
        with np.errstate(all="ignore"):  # what is no number is left out below, and a row of -1 is no action
            parts.append(_chunk(accounts, actions, rules, rows[some], most_units[some], floors[some], ordered))
    if not parts:
        none = np.zeros(0, dtype=np.int64)
        return Options(none, none, np.zeros(0), none, none)
    return Options(*(np.concatenate([getattr(part, name) for part in parts]) for name in Options.__slots__))


def _chunk(
    accounts: Accounts,
    actions: Actions,
    rules: Rules,
    rows: Integers,
    most_units: Integers,
    floors: Integers,
    ordered: tuple[Integers, Integers],
) -> Options:
    choice = _best_actions(accounts, actions, rows, ordered)
    # One column for plain service, one for each action, one for each pair.
    pairs = list(_pairs(choice.shape[1]))
    nothing = np.full((len(rows), 1), -1)
    first = np.concatenate([nothing, choice, *(choice[:, [one]] for one, _ in pairs)], axis=1)
    second = np.concatenate([nothing, np.full_like(choice, -1), *(choice[:, [other]] for _, other in pairs)], axis=1)
    possible = _possible(actions, rules, first, second, single=1 + choice.shape[1])
    floor = floors[:, None]
    possible[:, 0] = floors > 0
    hours = np.append(actions.hours, 0.0)  # row -1, no action, takes none
    counted = np.append(actions.hours * actions.effect, 0.0)
    counted = counted[first] + counted[second]
    units = rules.units(hours[first] + hours[second])
    service = np.maximum(floor - units, 0)
    units = units + service
    account = np.broadcast_to(rows[:, None], units.shape)
    value = accounts.responses.gain(account, counted + service * rules.step_hours)
    possible &= (units <= np.maximum(most_units, floors)[:, None]) & np.isfinite(value) & ((value > 0) | (first < 0))
    return _undominated(account, units, value, first, second, possible)


def _best_actions(accounts: Accounts, actions: Actions, rows: Integers, ordered: tuple[Integers, Integers]) -> Integers:
    """Return a row of actions for each account, filled up with -1; of many the best by value per hour alone."""
    free, owner = ordered
    begin, end = np.searchsorted(owner, rows, "left"), np.searchsorted(owner, rows, "right")
    count = end - begin
    width = int(count.max(initial=0))
    at = begin[:, None] + np.arange(width)
    there = np.arange(width) < count[:, None]
    choice = np.where(there, free[np.minimum(at, max(len(free) - 1, 0))], -1) if len(free) else at
    if width <= MOST_ACTIONS:
        return choice
    hours = actions.hours[choice]
    alone = (
        accounts.responses.gain(np.broadcast_to(rows[:, None], choice.shape), hours * actions.effect[choice]) / hours
    )
    best = np.argsort(np.where(there, -alone, np.inf), axis=1, kind="stable")[:, :MOST_ACTIONS]
    return np.take_along_axis(choice, best, axis=1)


def _pairs(width: int) -> Iterator[tuple[int, int]]:
    return ((one, other) for one in range(width) for other in range(one + 1, width))


def _possible(actions: Actions, rules: Rules, first: Integers, second: Integers, *, single: int) -> NDArray[np.bool_]:
    """Return which packages are: two actions are of two kinds that go together, and concern two contacts."""
    possible = first >= 0
    if first.shape[1] == single or not len(actions):
        return possible
    one, other = first[:, single:], second[:, single:]
    kinds = actions.kind[one], actions.kind[other]
    together = (other >= 0) & (kinds[0] != kinds[1])
    together &= (actions.contact[one] != actions.contact[other]) | (actions.contact[one] < 0)
    for a, b in rules.incompatible:
        together &= ~(((kinds[0] == a) & (kinds[1] == b)) | ((kinds[0] == b) & (kinds[1] == a)))
    possible[:, single:] &= together
    return possible


def _undominated(
    account: Integers, units: Integers, value: Floats, first: Integers, second: Integers, possible: NDArray[np.bool_]
) -> Options:
    """Return the packages that no shorter one, nor an equally long one, matches."""
    worth = np.where(possible, value, -np.inf)
    # By hours, the best first; plain service last among equals: an action that brings as much says what to do.
    order = np.argsort(first < 0, axis=1, kind="stable")
    order = np.take_along_axis(order, np.argsort(-np.take_along_axis(worth, order, 1), axis=1, kind="stable"), 1)
    order = np.take_along_axis(order, np.argsort(np.take_along_axis(units, order, 1), axis=1, kind="stable"), 1)
    worth = np.take_along_axis(worth, order, 1)
    before = np.concatenate([np.full((len(worth), 1), -np.inf), np.maximum.accumulate(worth, axis=1)[:, :-1]], axis=1)
    row, column = np.nonzero(worth > before)
    at = order[row, column]
    return Options(account[row, at], units[row, at], value[row, at], first[row, at], second[row, at])
