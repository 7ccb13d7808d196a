"""Conversations, inquiries and portal use: the traces that needs leave before anybody buys."""

from datetime import datetime

import numpy as np

from simulation.deal_records import DealRecords
from simulation.deals import Deals
from simulation.market import Floats, Ints, Market
from simulation.orders import Purchases
from simulation.phrases import BODIES, SUBJECTS
from simulation.rows import AccountRow, ActivityRow, ContactRow, UsageRow
from simulation.staff import Staff
from simulation.workdays import Workdays

TALKS_A_WEEK = np.array([0.85, 0.32, 0.11, 0.045])
TALKS_BY_LIFECYCLE = {"customer": 1.0, "prospect": 0.8, "former": 0.3}
TALKS_A_WEEK_OF_A_DEAL = 0.30
KINDS = ("call", "meeting", "email", "note")
KIND_SHARES = (0.30, 0.15, 0.42, 0.13)
TWO_WAY = {"call": 0.55, "meeting": 1.0, "email": 0.38, "note": 0.0, "inquiry": 0.5}
WITH_BODY = {"call": 0.4, "meeting": 0.7, "email": 0.15, "note": 0.8, "inquiry": 0.7}
DAYS_SINCE_LEAVING = 45
PORTAL_USERS = np.array([0.9, 0.65, 0.42, 0.22])
PORTAL_WEEKS = 52


class _Talks:
    """Collects activities and gives each its people and words."""

    def __init__(
        self,
        *,
        market: Market,
        accounts: list[AccountRow],
        contacts: list[ContactRow],
        staff: Staff,
        workdays: Workdays,
        rng: np.random.Generator,
    ) -> None:
        self.market, self.accounts, self.staff, self.workdays, self.rng = market, accounts, staff, workdays, rng
        self.rows: list[ActivityRow] = []
        self._people: list[list[int]] = [[] for _ in accounts]
        for place, contact in enumerate(contacts):
            self._people[contact.account].append(place)
        self._leavers = frozenset(staff.leavers)
        self._specialists = {
            owner: specialists
            for owners, specialists in zip(staff.account_managers, staff.specialists, strict=True)
            for owner in owners
        }

    def add(self, account: int, day: float, kind: str, draw: Floats, opportunity: int | None = None) -> None:
        """Add an activity on a day of the past; `draw` is ten numbers between 0 and 1."""
        people = self._people[account]
        # People come up the more often the higher they are on the list.
        contact = people[int(len(people) * draw[0] ** 2)] if people and kind != "note" else None
        need = float(
            self.market.need[account, min(int(day // 7) - self.market.first_week, self.market.need.shape[1] - 1)]
        )
        direction = ""
        if kind in ("call", "email", "inquiry"):
            direction = "in" if kind == "inquiry" or draw[1] < 0.3 + 0.08 * need else "out"
        elif kind == "meeting":
            direction = "out"
        subjects, bodies = SUBJECTS[kind], BODIES[kind]
        subject = subjects[int(draw[3] * len(subjects))]
        reached = subject != "No answer, left a message" and draw[2] < TWO_WAY[kind] * (1 + 0.22 * need)
        self.rows.append(
            ActivityRow(
                account=account,
                contact=contact,
                opportunity=opportunity,
                kind=kind,
                direction=direction,
                subject=subject,
                body=bodies[int(draw[5] * len(bodies))] if reached and draw[4] < WITH_BODY[kind] else "",
                occurred_at=self.workdays.moment(day, float(draw[6])),
                member=self._member(account, day, kind, draw),
                is_two_way=bool(reached) and kind != "note",
            )
        )

    def _member(self, account: int, day: float, kind: str, draw: Floats) -> int | None:
        owner = self.accounts[account].owner
        if kind == "inquiry":
            return None
        if owner in self._leavers and day > -DAYS_SINCE_LEAVING:
            return self.staff.inside_sellers[0]
        specialists = self._specialists.get(owner)
        if specialists and draw[7] < 0.2:
            return specialists[int(draw[8] * len(specialists))]
        return owner


def draw_activities(
    *,
    market: Market,
    deals: Deals,
    deal_records: DealRecords,
    purchases: Purchases,
    accounts: list[AccountRow],
    contacts: list[ContactRow],
    staff: Staff,
    workdays: Workdays,
    weeks: int,
    rng: np.random.Generator,
) -> list[ActivityRow]:
    """Return the activities of the last `weeks` weeks in order of time."""
    talks = _Talks(market=market, accounts=accounts, contacts=contacts, staff=staff, workdays=workdays, rng=rng)
    _keep_in_touch(talks, weeks)
    _talk_about_deals(talks, deals, deal_records)
    _inquire(talks, deals, purchases, weeks)
    talks.rows.sort(key=lambda row: (row.occurred_at, row.account, row.subject))
    return talks.rows


def _keep_in_touch(talks: _Talks, weeks: int) -> None:
    market, rng = talks.market, talks.rng
    liveliness = np.array([TALKS_BY_LIFECYCLE[account.lifecycle] for account in talks.accounts])
    for week in range(-weeks, 0):
        # People talk a little before they need something.
        rate = TALKS_A_WEEK[market.segment] * liveliness * np.exp(0.5 * market.need_in(week + 2) - 0.12)
        who = np.repeat(np.arange(market.count), rng.poisson(rate))
        draws = rng.random((len(who), 10))
        kinds = rng.choice(len(KINDS), len(who), p=KIND_SHARES)
        for account, draw, kind in zip(who, draws, kinds, strict=True):
            talks.add(int(account), week * 7 + float(draw[9]) * 7, KINDS[kind], draw)


def _talk_about_deals(talks: _Talks, deals: Deals, deal_records: DealRecords) -> None:
    rng = talks.rng
    past = np.nonzero(deals.opened < 0)[0]
    days = np.minimum(deals.closed[past], 0) - deals.opened[past]
    # Deals that will be won are talked about more: nobody notices it in a single deal.
    counts = rng.poisson(TALKS_A_WEEK_OF_A_DEAL * days / 7 * (0.7 + 1.2 * deals.chance[past]))
    for deal, span, count in zip(past, days, counts, strict=True):
        draws = rng.random((int(count), 10))
        kinds = rng.choice(len(KINDS), int(count), p=KIND_SHARES)
        row = deal_records.opportunities[deal_records.places[int(deal)]]
        for draw, kind in zip(draws, kinds, strict=True):
            day = float(deals.opened[deal]) + float(draw[9]) * float(span)
            if _lies_in_life(talks.workdays.moment(day, float(draw[6])), row.opened_at, row.closed_at):
                talks.add(int(deals.account[deal]), day, KINDS[kind], draw, deal_records.places[int(deal)])


def _lies_in_life(moment: datetime, opened_at: datetime, closed_at: datetime | None) -> bool:
    return opened_at < moment and (closed_at is None or moment <= closed_at)


def _inquire(talks: _Talks, deals: Deals, purchases: Purchases, weeks: int) -> None:
    """Half the deals and a quarter of the rarer orders begin with an inquiry; some inquiries lead nowhere."""
    market, rng = talks.market, talks.rng
    start = -7.0 * weeks
    asked = deals.began_with_inquiry
    days = [deals.opened[asked] - rng.uniform(0.5, 12, int(asked.sum()))]
    who: list[Ints] = [deals.account[asked]]
    rare = market.weeks_between_orders[purchases.account] > 9
    asked = rare & (rng.random(len(purchases.account)) < 0.3)
    days.append(purchases.day[asked] - rng.uniform(2, 24, int(asked.sum())))
    who.append(purchases.account[asked])
    for week in range(-weeks, 0):
        idle = np.nonzero(rng.random(market.count) < 0.0035 * np.exp(0.6 * market.need_in(week)))[0]
        who.append(idle)
        days.append(week * 7 + 7 * rng.random(len(idle)))
    everyone, when = np.concatenate(who), np.concatenate(days)
    draws = rng.random((len(everyone), 10))
    for account, day, draw in zip(everyone, when, draws, strict=True):
        if start <= day < 0:
            talks.add(int(account), float(day), "inquiry", draw)


def draw_usage(
    *, market: Market, purchases: Purchases, accounts: list[AccountRow], workdays: Workdays, rng: np.random.Generator
) -> list[UsageRow]:
    """Return a year of weekly portal visits and requests for quotes, in order of time."""
    customers = np.array([account.lifecycle == "customer" for account in accounts])
    uses = rng.random(market.count) < PORTAL_USERS[market.segment] * np.where(customers, 1.0, 0.25)
    soon = np.zeros((market.count, PORTAL_WEEKS + 6), dtype=bool)  # buys within four weeks
    week_of = np.floor(purchases.day / 7).astype(np.int64)
    for ahead in range(1, 5):
        column = week_of - ahead + PORTAL_WEEKS
        inside = (column >= 0) & (column < soon.shape[1])
        soon[purchases.account[inside], column[inside]] = True
    rows: list[UsageRow] = []
    for week in range(-PORTAL_WEEKS, 0):
        pull = np.exp(0.7 * market.need_in(week + 2) - 0.25) * np.where(soon[:, week + PORTAL_WEEKS], 1.8, 1.0)
        visits = np.where(uses, rng.poisson(0.45 * pull), 0)
        quotes = np.where(uses, rng.poisson(0.035 * pull), 0)
        draws = rng.random((market.count, 2))
        for kind, counts in (("portal_visit", visits), ("quote_request", quotes)):
            for account in np.nonzero(counts)[0]:
                moment = workdays.moment(week * 7 + float(draws[account, 0]) * 7, float(draws[account, 1]))
                rows.append(UsageRow(int(account), kind, int(counts[account]), moment))
    rows.sort(key=lambda row: (row.occurred_at, row.account, row.kind))
    return rows
