"""A week's plan for each team: floors first, then the most value for the hours, then a share for what is unknown."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

import numpy as np
from scipy.special import ndtri
from scipy.stats import rankdata

from coe.allocation.knapsack import Filled, fill, hull
from coe.allocation.options import Options, options, order_of
from coe.allocation.response import Floats, Integers
from coe.allocation.week import Accounts, Actions, Block, Rules, chances

TOGETHER = 50_000  # accounts of several teams whose options are held at a time


class Position(IntEnum):
    """Why an account is in the week's plan, or is not."""

    RANKED = 1  # worth its hours
    FLOOR = 2  # service that it gets in any case
    EXPLORED = 3  # little is known of it; chosen by chance among such
    BELOW_CUT = 4  # others bring more an hour, or as much and were drawn first
    DID_NOT_FIT = 5  # worth its hours, but not so many were left
    NO_HOURS = 6  # its team has none
    NO_TEAM = 7
    NO_ACTION = 8  # nothing to do was offered
    NO_GAIN = 9  # nothing that was offered adds value
    TOO_LONG = 10  # every action takes more of the hours than one account may
    COOLDOWN = 11  # approached lately
    SKILL_MISSING = 12
    OPTED_OUT = 13


OF_BLOCK = {
    Block.CONTACT_COOLDOWN: Position.COOLDOWN,
    Block.ACCOUNT_COOLDOWN: Position.COOLDOWN,
    Block.SKILL_MISSING: Position.SKILL_MISSING,
    Block.OPTED_OUT: Position.OPTED_OUT,
}


@dataclass(frozen=True, slots=True)
class TeamWeek:
    """How a team's hours are used. Money is what the hours add."""

    capacity: float
    committed: float
    floors: float
    ranked: float
    explored: float
    filled_up: float  # with what ranks next, where exploration leaves hours
    cut: float  # value per hour of the best that stayed outside; 0 if nothing did
    ranked_value: float
    bound: float  # no plan of the ranked hours could add more
    exact: bool  # no better one exists; else at most ``bound`` less ``ranked_value`` is lost


@dataclass(frozen=True, slots=True)
class Plan:
    """The week, one row an account."""

    position: Integers
    first: Integers  # row of the action; -1 for none
    second: Integers
    hours: Floats
    value: Floats  # that these hours add
    per_hour: Floats  # of its best package, chosen or not; 0 where there is none
    rank: Integers  # by that within the team, from 1; 0 where there is none
    teams: tuple[TeamWeek, ...]
    free_in: Integers  # days until the first blocked action is free again; -1 if none is, or none is blocked
    team: Integers
    floor_unmet: Floats  # hours of its floor that the team does not have

    def why(self, account: int) -> dict[str, Any]:
        """Return the account's position as a code and the facts it rests on."""
        position = Position(int(self.position[account]))
        facts: dict[str, Any] = {"code": position.name}
        if position in (Position.RANKED, Position.FLOOR, Position.EXPLORED):
            actions = [int(row) for row in (self.first[account], self.second[account]) if row >= 0]
            facts |= {"hours": float(self.hours[account]), "value": float(self.value[account]), "actions": actions}
        if self.rank[account]:
            cut = self.teams[int(self.team[account])].cut
            facts |= {"rank": int(self.rank[account]), "value_per_hour": float(self.per_hour[account]), "cut": cut}
        if position is Position.COOLDOWN:
            facts["days_left"] = int(self.free_in[account])
        if self.floor_unmet[account]:
            facts["floor_hours_unmet"] = float(self.floor_unmet[account])
        return facts


def plan_week(accounts: Accounts, actions: Actions, *, hours: Floats, seed: str, rules: Rules | None = None) -> Plan:
    """Return the week's plan; ``hours`` are what each team has, before what it has promised.

    The same to the bit for the same seed. Equals are ordered by the seed. More hours, or one more action, never lower
    ``ranked_value`` as long as all floors are met and the team's plan is exact; what is explored, and what fills up the
    hours that exploration leaves, is chosen by chance and may bring more or less.
    """
    return _Week(accounts, actions, hours, seed, rules or Rules()).planned()


def priorities(first_gain: Floats) -> Floats:
    """Return the percentile, 0 to 100, of each account by what its first hours add; equals have the same."""
    return 100 * (rankdata(first_gain) - 0.5) / max(len(first_gain), 1)


class _Week:
    """The plan while it is being made."""

    def __init__(self, accounts: Accounts, actions: Actions, hours: Floats, seed: str, rules: Rules) -> None:
        self.accounts, self.actions, self.rules, self.seed = accounts, actions, rules, seed
        count = len(accounts)
        self.hours = hours
        self.capacity = rules.capacity_units(hours)
        self.ordered = order_of(actions)
        self.position = np.full(count, Position.NO_ACTION, dtype=np.int64)
        self.first, self.second = np.full(count, -1), np.full(count, -1)
        self.units, self.value = np.zeros(count, dtype=np.int64), np.zeros(count)
        self.per_hour, self.rank = np.zeros(count), np.zeros(count, dtype=np.int64)
        self.unmet = np.zeros(count)
        self.free_in = np.full(count, -1)
        self.tie = chances(seed, accounts.key, "tie")
        self.weeks: list[TeamWeek] = []

    def planned(self) -> Plan:
        by_team = np.argsort(self.accounts.team, kind="stable")
        team = self.accounts.team[by_team]
        ends = np.searchsorted(team, np.arange(len(self.capacity) + 1))
        self._say_what_blocks()
        for teams in self._batches(ends):
            rows = np.sort(by_team[ends[teams.start] : ends[teams.stop]])
            offered, floors = self._offered(rows)
            whose = self.accounts.team[offered.account]
            of_team = np.argsort(whose, kind="stable")
            at = np.searchsorted(whose[of_team], np.arange(teams.start, teams.stop + 1))
            for number in teams:
                some = of_team[at[number - teams.start] : at[number - teams.start + 1]]
                mine = np.sort(by_team[ends[number] : ends[number + 1]])
                self._team(number, mine, offered.take(some), floors)
        self.position[(self.accounts.team < 0) | (self.accounts.team >= len(self.capacity))] = Position.NO_TEAM
        return Plan(
            self.position, self.first, self.second, (self.units * self.rules.step_hours).astype(np.float64), self.value,
            self.per_hour, self.rank, tuple(self.weeks), self.free_in, self.accounts.team, self.unmet,
        )  # fmt: skip

    def _batches(self, ends: Integers) -> Iterator[range]:
        """Yield teams whose accounts together are few enough to hold, or one that has more."""
        start = 0
        for team in range(len(ends) - 1):
            if ends[team + 1] - ends[start] > TOGETHER and team > start:
                yield range(start, team)
                start = team
        if start < len(ends) - 1:
            yield range(start, len(ends) - 1)

    def _offered(self, rows: Integers) -> tuple[Options, Integers]:
        """Return the options of accounts, and the floors in units of all accounts."""
        one_account = self.rules.capacity_units(self.hours * self.rules.most_of_one)
        most = one_account[self.accounts.team[rows]] - self.rules.units(self.accounts.committed[rows])
        floors = np.zeros(len(self.accounts), dtype=np.int64)
        floors[rows] = np.maximum(
            self.rules.units(self.accounts.floor[rows]) - self.rules.units(self.accounts.committed[rows]), 0
        )
        found = options(
            self.accounts,
            self.actions,
            self.rules,
            rows=rows,
            most_units=most,
            floors=floors[rows],
            ordered=self.ordered,
        )
        return found, floors

    def _say_what_blocks(self) -> None:
        """Say of each account what holds for its actions while nothing better is known."""
        actions = self.actions
        blocked = np.flatnonzero(actions.block != Block.NONE)
        # From what lasts longest to what ends soonest, so that the latter stays.
        for block in sorted(OF_BLOCK, reverse=True):
            self.position[actions.account[blocked[actions.block[blocked] == block]]] = OF_BLOCK[block]
        self.position[actions.account[self.ordered[0]]] = Position.NO_GAIN
        waiting = blocked[actions.free_in[blocked] >= 0]
        days = np.full(len(self.accounts), np.iinfo(np.int64).max)
        np.minimum.at(days, actions.account[waiting], actions.free_in[waiting])
        self.free_in = np.where(days < np.iinfo(np.int64).max, days, -1)

    def _team(self, number: int, rows: Integers, offered: Options, floors: Integers) -> None:
        capacity = int(self.capacity[number])
        committed = int(self.rules.units(self.accounts.committed[rows]).sum())
        free = max(0, capacity - committed)
        base, above = self._floors(rows, offered, floors, free)
        served = int(floors[rows[self.position[rows] == Position.FLOOR]].sum())
        # Reserved whenever somebody is little known, whatever may be done for them: else one more action could take
        # hours away from the ranked part.
        unknown = self._unknown(rows)
        reserve = min(free - served, int(self.rules.exploration * capacity)) if len(unknown) else 0
        found = fill(above, capacity=free - served - reserve, tie=self.tie[above.account])
        self._take(above, found.chosen, Position.RANKED, base)
        best = _first_of_each(above, hull(above))
        self._say_why_not(rows, above, best, found, free - served, reserve)
        explored = more = 0
        if reserve:
            left = free - served - found.units
            explored = self._explore(above, best[np.isin(above.account[best], unknown)], left)
            outside = np.flatnonzero(self.units[above.account] == 0)
            rest = above.take(outside)
            extra = fill(rest, capacity=left - explored, tie=self.tie[rest.account])
            self._take(rest, extra.chosen, Position.RANKED, base)
            more = extra.units
        self.weeks.append(
            TeamWeek(
                capacity=float(self.hours[number]),
                committed=committed * self.rules.step_hours,
                floors=served * self.rules.step_hours,
                ranked=found.units * self.rules.step_hours,
                explored=explored * self.rules.step_hours,
                filled_up=more * self.rules.step_hours,
                cut=found.cut / self.rules.step_hours,
                ranked_value=found.value,
                bound=found.bound,
                exact=found.exact,
            )
        )

    def _floors(self, rows: Integers, offered: Options, floors: Integers, free: int) -> tuple[Options, Options]:
        """Serve the floors that fit, the most valuable an hour first; return those, and what the rest adds to them."""
        begins = np.flatnonzero(np.diff(offered.account, prepend=-1))
        bases = offered.take(begins)
        due = begins[floors[bases.account] > 0]
        base = offered.take(due)
        order = np.lexsort((self.tie[base.account], -base.value / np.maximum(base.units, 1)))
        fits = _that_fit(order, base.units, free)
        unmet = np.setdiff1d(base.account, base.account[fits])
        self.unmet[unmet] = floors[unmet] * self.rules.step_hours
        base = base.take(fits)
        self._take(base, np.arange(len(fits)), Position.FLOOR, None)
        # What is left of a served account counts from its floor; others have no plain service, which nobody asked for.
        units, value = np.zeros(len(self.accounts), dtype=np.int64), np.zeros(len(self.accounts))
        units[base.account], value[base.account] = base.units, base.value
        rest = np.flatnonzero((offered.units > units[offered.account]) & (offered.first >= 0))
        above = offered.take(rest)
        above = Options(
            above.account,
            above.units - units[above.account],
            above.value - value[above.account],
            above.first,
            above.second,
        )
        return base, above

    def _take(self, from_: Options, chosen: Integers, position: Position, base: Options | None) -> None:
        some = from_.take(chosen)
        if base is None:
            self.units[some.account], self.value[some.account] = some.units, some.value
            self.position[some.account] = position
        else:
            self.position[some.account] = np.where(
                self.position[some.account] == Position.FLOOR, Position.FLOOR, position
            )
            self.units[some.account] += some.units
            self.value[some.account] += some.value
        self.first[some.account], self.second[some.account] = some.first, some.second

    def _say_why_not(
        self, rows: Integers, above: Options, best: Integers, found: Filled, free: int, reserve: int
    ) -> None:
        """Give each account its place in the order, and those outside the reason."""
        account = above.account[best]
        steep = above.value[best] / above.units[best]
        order = np.lexsort((self.tie[account], -steep))
        self.per_hour[account] = steep / self.rules.step_hours
        self.rank[account[order]] = np.arange(1, len(order) + 1)
        outside = self.units[account] == 0
        beside = (steep > found.cut) | ((steep == found.cut) & (found.units < free - reserve))
        reason = np.where(beside, Position.DID_NOT_FIT, Position.BELOW_CUT)
        self.position[account[outside]] = np.where(free > 0, reason, Position.NO_HOURS)[outside]
        # Something could be done and would add value, but no package is within what one account may take.
        without = np.setdiff1d(rows[self.position[rows] == Position.NO_GAIN], account)
        limited = self._too_long(without)
        self.position[limited] = Position.TOO_LONG if free > 0 else Position.NO_HOURS

    def _too_long(self, rows: Integers) -> Integers:
        if not len(rows):
            return rows
        free, owner = self.ordered
        of_these = free[np.isin(owner, rows)]
        with np.errstate(all="ignore"):
            gained = self.accounts.responses.gain(
                self.actions.account[of_these], self.actions.hours[of_these] * self.actions.effect[of_these]
            )
        return np.unique(self.actions.account[of_these[gained > 0]])

    def _unknown(self, rows: Integers) -> Integers:
        """Return the accounts whose value is uncertain or that nobody has touched for long."""
        uncertain = self.accounts.spread[rows] >= self.rules.wide_spread
        return rows[uncertain | (self.accounts.untouched[rows] >= self.rules.long_untouched)]

    def _explore(self, above: Options, candidates: Integers, units: int) -> int:
        """Choose among the little known by Thompson sampling: as if each were worth what one draw of its value says."""
        candidates = candidates[self.units[above.account[candidates]] == 0]
        if not len(candidates) or units <= 0:
            return 0
        account = above.account[candidates]
        spread = np.maximum(self.accounts.spread[account], self.rules.wide_spread)
        width = np.sqrt(np.log1p(spread**2))  # of a lognormal with mean 1 and that spread
        drawn = np.exp(width * ndtri(chances(self.seed, self.accounts.key[account], "explore")) - width**2 / 2)
        order = np.lexsort((self.tie[account], -drawn * above.value[candidates] / above.units[candidates]))
        some = candidates[_that_fit(order, above.units[candidates], units)]
        self.position[above.account[some]] = Position.EXPLORED
        self.units[above.account[some]], self.value[above.account[some]] = above.units[some], above.value[some]
        self.first[above.account[some]], self.second[above.account[some]] = above.first[some], above.second[some]
        return int(above.units[some].sum())


def _first_of_each(of: Options, on_hull: Integers) -> Integers:
    """Return the first row on the hull of each account: its best value per hour."""
    return on_hull[np.flatnonzero(np.diff(of.account[on_hull], prepend=-1))]


def _that_fit(order: Integers, units: Integers, room: int) -> Integers:
    """Return those of the order that fit into the room one after the other, past what does not."""
    chosen = []
    for row in order.tolist():
        if units[row] <= room:
            room -= int(units[row])
            chosen.append(row)
        if not room:
            break
    return np.array(chosen, dtype=np.int64)
