"""The week's plan of each person who owns accounts: who is worth the next hours, and what to do there."""

import datetime
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from django.db import transaction

from coe.allocation.candidates import TAU, Best, Candidates, Situation, best_single, candidates
from coe.allocation.response import Floats, Integers, Responses
from coe.allocation.week import Accounts, keys_of
from coe.lifetime_value.worth import PROSPECT, RUNNING
from coe.operations.planned_actions import Picture, decided, planned_actions
from coe.operations.score_accounts import Published, publish_scores
from coe.operations.value_accounts import DETRACTS
from coe.queries.customers import NOBODY, SEGMENTS, moment, money_and_horizon, place_in
from coe.queries.dealings import answers, approaches, open_deals, people, waiting
from coe.queries.scored import scored_tonight
from coe.queries.valued import choices_made, valued
from coe.scoring.chunks import order_of
from coe.scoring.ranking import Acting
from pipeline.models import Account, Choice, Place
from pipeline.operations.next_actions import NewPlan, record_plan
from tenancy.bulk import whole_tables
from tenancy.models import Member, Organization, Run

CONTACT_COOLDOWN = 14  # days
SETTLED_HOURS = 0.5  # what an accepted action takes that doesn't say


@dataclass(frozen=True)
class Team:
    """Whose hours go to whose accounts. Today each owner is a team; a squad is one with several owners."""

    member_id: uuid.UUID
    owner_ids: frozenset[uuid.UUID]
    hours: float


@dataclass(frozen=True)
class PlanOutcome:
    """What planning the week did."""

    teams: int
    hours: float
    planned_hours: float
    planned: int
    accounts: int
    value_minor: int
    lost_minor: int
    currency: str
    written: int
    published: Published | None  # the scores that waited for their places


@transaction.atomic
def plan_week(
    *,
    organization: Organization,
    run: Run,
    as_of: datetime.datetime,
    planned_at: datetime.datetime,
    teams: Sequence[Team] | None = None,
) -> PlanOutcome:
    """Fill each team's week with what brings most an hour, as it was known at ``as_of``, and make this the plan.

    The same figures give every account its place: scores of the run that wait are published with it, together with the
    plan.

    ``teams`` are the owners of accounts with their own hours where nothing else is given. The same facts and the same
    day give the same plan; equals are drawn by a seed.
    """
    # SciPy costs a web request or a command a second; the night alone needs it.
    from coe.allocation import plan as allocation

    scored = scored_tonight(organization=organization, run=run)
    currency, _ = money_and_horizon(organization=organization, as_of=as_of, scored=scored)
    given = moment(organization=organization, as_of=as_of, currency=currency)
    if teams is None:
        teams = owners_with_hours(organization=organization)
    with whole_tables():
        of = valued(given)
        picture = Picture(
            of=of,
            deals=open_deals(given, of.ids),
            people=people(given, of.ids),
            waiting=waiting(given, of.ids),
            answers=answers(given, of.ids),
            approaches=approaches(given, of.ids),
            decided=decided(of, choices_made(organization=organization), given["today"]),
        )
    offered = _offered(picture)
    accounts = _accounts(organization, picture, teams)
    hours = np.array([team.hours for team in teams], dtype=np.float64)
    seed = f"{organization.pk}:{given['today'].isoformat()}"
    week = allocation.plan_week(accounts, offered.actions, hours=hours, seed=seed)
    best = best_single(accounts, offered.actions)
    adds = _acting(picture, week, best, float(hours.sum()))
    published = publish_scores(organization=organization, run=run, acting=adds)
    rows = planned_actions(
        given=given,
        picture=picture,
        offered=offered,
        week=week,
        best=best,
        per_hour=adds.per_hour,
        rank=_places(adds, published, seed=str(organization.pk)),
        planned_for=[team.member_id for team in teams],
    )
    in_plan = np.array([row.place in IN_WEEK for row in rows], dtype=np.bool_)
    value = np.bincount(
        accounts.team[in_plan & (accounts.team >= 0)],
        weights=week.value[in_plan & (accounts.team >= 0)],
        minlength=len(teams),
    )
    owned = np.bincount(accounts.team[accounts.team >= 0], minlength=len(teams))
    plans = [
        NewPlan(
            member_id=team.member_id,
            hours=team.hours,
            committed=one.committed,
            floors=one.floors,
            ranked=one.ranked + one.filled_up,
            explored=one.explored,
            cut_minor=round(one.cut),
            value_minor=round(float(value[number])),
            lost_minor=0 if one.exact else round(one.bound - one.ranked_value),
            accounts=int(owned[number]),
        )
        for number, (team, one) in enumerate(zip(teams, week.teams, strict=True))
    ]
    written = record_plan(
        organization=organization,
        run=run,
        plans=plans,
        actions=rows,
        currency=currency,
        is_margin=of.is_margin,
        as_of=as_of,
        read_at=planned_at,
    )
    return PlanOutcome(
        teams=len(teams),
        hours=float(hours.sum()),
        planned_hours=sum(one.committed + one.floors + one.ranked + one.explored for one in plans),
        planned=int(in_plan.sum()),
        accounts=len(of),
        value_minor=sum(one.value_minor for one in plans),
        lost_minor=sum(one.lost_minor for one in plans),
        currency=currency,
        written=written,
        published=published,
    )


def _acting(picture: Picture, week: Any, best: Best, capacity: float) -> Acting:
    """Return what an hour of each account's best first step adds, whoever does it, and whenever it may be done."""
    from coe.allocation.plan import Position as place  # noqa: N813  # SciPy comes with it

    of = picture.of
    per_hour, hours = best.per_hour.copy(), best.hours.copy()
    # What may not be done this week, and what nobody has the hours for, takes none of them.
    not_now = (week.position == place.COOLDOWN) | (week.position == place.NO_HOURS) | (week.position == place.NO_TEAM)
    hours[not_now] = 0.0
    for row, choice in picture.decided.items():
        per_hour[row] = choice.per_hour_minor  # it keeps its place while somebody is at it, or said later
        hours[row] = choice.hours if choice.choice == Choice.ACCEPTED else 0.0
    changes = np.where(of.is_prospect, PROSPECT, RUNNING) * of.gain
    share = np.divide(changes, of.movable, out=np.zeros(len(of)), where=of.movable > 0)
    per_hour = np.rint(per_hour)
    return Acting(of.ids, per_hour, per_hour * np.clip(share, 0.0, 1.0), hours, capacity)


def _places(adds: Acting, published: Published | None, *, seed: str) -> Integers:
    """Return the place of each account: that of the scores, if they were published with it."""
    if published is not None:
        return published.rank[place_in(published.account_ids, adds.account_ids)]
    rank = np.empty(len(adds.per_hour), dtype=np.int64)
    rank[order_of(adds.per_hour, np.zeros(len(rank)), adds.account_ids, seed)] = np.arange(1, len(rank) + 1)
    return rank


IN_WEEK = frozenset({Place.FLOOR.value, Place.RANKED.value, Place.EXPLORED.value})


def owners_with_hours(*, organization: Organization) -> list[Team]:
    """Return everybody who owns an account as a team of their own; who is not here any more has no hours."""
    usual = float(organization.setting("customer_hours_per_week"))
    owned = Account.objects.for_organization(organization).alive().exclude(owner=None).values("owner")
    members = Member.objects.for_organization(organization).filter(pk__in=owned).order_by("pk")
    return [
        Team(
            one.pk,
            frozenset([one.pk]),
            0.0 if not one.is_active else usual if one.hours_per_week is None else float(one.hours_per_week),
        )
        for one in members
    ]


def _offered(picture: Picture) -> Candidates:
    """Return what could be done with each account."""
    of, people_, approached = picture.of, picture.people, picture.approaches
    contact = _best_contact(people_, len(of), deciders=False)
    decider = _best_contact(people_, len(of), deciders=True)
    # The deal that is worth most so far; of equals the one that is open for longest.
    deals = picture.deals
    worth = deals.amount * np.maximum(deals.chance, 0.05)
    deal = _first_of_each(deals.account, np.lexsort((-deals.open_days, -worth, deals.account)), len(of))
    inquiry = _first_of_each(picture.waiting.account, np.argsort(picture.waiting.account, kind="stable"), len(of))
    score, _ = picture.answers
    set_aside = np.zeros(len(of), dtype=np.bool_)
    set_aside[list(picture.decided)] = True
    situation = Situation(
        contact=contact,
        contact_days=_of(people_.days, contact),
        contact_opted_out=_of(people_.opted_out, contact, 0) == 1,
        decider=decider,
        decider_days=_of(people_.days, decider),
        decider_opted_out=_of(people_.opted_out, decider, 0) == 1,
        account_days=approached.last_days,
        deal=deal,
        inquiry=inquiry,
        # A product is looked up by the account's own row.
        product=np.where(of.product != NOBODY, np.arange(len(of)), -1),
        is_detractor=(score >= 0) & (score <= DETRACTS),
        is_overdue=(of.gap_days > 0) & (of.idle_days > of.gap_days) & (of.idle_days <= 3 * of.gap_days),
        is_set_aside=set_aside,
    )
    return candidates(situation)


def _best_contact(people_: Any, accounts: int, *, deciders: bool) -> Integers:
    """Return the contact of each account to talk with: wants it, is free, decides, in this order."""
    rows = np.flatnonzero(people_.decides == 1) if deciders else np.arange(len(people_.account))
    waits = (people_.days[rows] >= 0) & (people_.days[rows] < CONTACT_COOLDOWN)
    order = rows[np.lexsort((rows, -people_.decides[rows], waits, people_.opted_out[rows], people_.account[rows]))]
    return _first_of_each(people_.account, order, accounts)


def _first_of_each(account: Integers, order: Integers, accounts: int) -> Integers:
    """Return the first row of each account in an order that has each account's rows together; -1 for none."""
    found = np.full(accounts, -1)
    first = order[np.flatnonzero(np.diff(account[order], prepend=-1))]
    found[account[first]] = first
    return found


def _of(values: Integers, rows: Integers, nothing: int = -1) -> Integers:
    """Return the values of these rows, and ``nothing`` for a row of -1."""
    return np.append(values, nothing)[rows]


def _accounts(organization: Organization, picture: Picture, teams: Sequence[Team]) -> Accounts:
    """Return the accounts as the plan takes them."""
    of, approached = picture.of, picture.approaches
    owners = {owner.bytes: number for number, team in enumerate(teams) for owner in team.owner_ids}
    names, at = np.unique(of.owner, return_inverse=True)
    team = np.array([owners.get(raw.ljust(16, b"\0"), -1) for raw in names.tolist()] or [-1], dtype=np.int64)[at]
    committed = np.zeros(len(of))
    for row, choice in picture.decided.items():
        if choice.choice == Choice.ACCEPTED:
            committed[row] = choice.hours or SETTLED_HOURS
    # Who has bought often and talks with us is known; of who has not, an estimate may be far off.
    known = np.where(of.gap_days > 0, 4, np.where(of.idle_days >= 0, 1, 0)) + approached.two_way / 2
    untouched = np.where(approached.touched_days >= 0, approached.touched_days, np.maximum(of.known_days, 0))
    tau = np.array([TAU[segment] for segment in SEGMENTS])
    return Accounts(
        key=keys_of(raw.ljust(16, b"\0") for raw in of.ids.tolist()),
        team=team,
        responses=Responses(of.movable, tau[of.segment], approached.hours + committed),
        floor=_floors(organization, picture),
        committed=committed,
        spread=1 / np.sqrt(1 + known),
        untouched=untouched.astype(np.int64),
    )


def _floors(organization: Organization, picture: Picture) -> Floats:
    """Return the hours of service that accounts get in any case: nobody was in touch for as long as their segment may
    wait.
    """
    floors = np.zeros(len(picture.of))
    days = picture.approaches.touched_days
    for segment, rule in dict(organization.setting("service_floors")).items():
        if segment in SEGMENTS and isinstance(rule, Mapping):
            due = (picture.of.segment == SEGMENTS.index(segment)) & ((days < 0) | (days >= int(rule.get("days", 90))))
            floors[due] = float(rule.get("hours", 0))
    floors[list(picture.decided)] = 0.0
    return floors
