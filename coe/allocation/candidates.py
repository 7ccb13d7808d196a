"""What could be done next with each account, from what is known of it: kinds of action, hours, and whom it concerns."""

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from coe.allocation.response import KEY_HOURS, MEDIUM_HOURS, SMALL_HOURS, Floats, Integers
from coe.allocation.week import Accounts, Actions, Block, blocks

Flags = NDArray[np.bool_]


class Kind(IntEnum):
    """What one can do."""

    ANSWER = 1  # the customer has asked and waits
    DEAL = 2  # bring the open deal on
    RECOVER = 3  # talk with somebody who was unhappy
    REORDER = 4  # ask about an order that is overdue
    OFFER = 5  # show a product that those like it have
    MEET = 6  # see who decides
    CALL = 7
    FIND = 8  # find out who decides


HOURS = {
    Kind.ANSWER: 0.5,
    Kind.DEAL: 1.5,
    Kind.RECOVER: 1.0,
    Kind.REORDER: 0.5,
    Kind.OFFER: 1.0,
    Kind.MEET: 2.0,
    Kind.CALL: 0.5,
    Kind.FIND: 1.0,
}
EFFECT = {
    Kind.ANSWER: 1.5,
    Kind.DEAL: 1.25,
    Kind.RECOVER: 1.3,
    Kind.REORDER: 1.1,
    Kind.OFFER: 1.0,
    Kind.MEET: 1.15,
    Kind.CALL: 0.9,
    Kind.FIND: 0.7,
}
"""An hour of it counts as so many ordinary ones. Assumptions, like the hours, until outcomes say better."""

LARGE_HOURS = 24.0
TAU = {"small": SMALL_HOURS, "medium": MEDIUM_HOURS, "large": LARGE_HOURS, "key": KEY_HOURS, "": MEDIUM_HOURS}
"""Hours within 90 days after which 63 % of the effect is reached, by segment."""


@dataclass(frozen=True, slots=True)
class Situation:
    """What is known of each account, one row each. References are rows of the caller's own tables, -1 for none."""

    contact: Integers  # the best one to talk with
    contact_days: Integers  # since they were last approached; -1 for never
    contact_opted_out: Flags
    decider: Integers
    decider_days: Integers
    decider_opted_out: Flags
    account_days: Integers  # since anybody of us approached the account; -1 for never
    deal: Integers
    inquiry: Integers
    product: Integers  # the best one that it has not
    is_detractor: Flags
    is_overdue: Flags
    is_set_aside: Flags  # somebody is at it, or said not now


@dataclass(frozen=True, slots=True)
class Candidates:
    """The actions, and for each the row of the record that it is about: a deal, an inquiry, a product, a contact."""

    actions: Actions
    record: Integers

    def __len__(self) -> int:
        return len(self.record)


def candidates(of: Situation) -> Candidates:
    """Return what could be done, with what stands in the way of it."""
    nobody = np.full(len(of.contact), -1)
    never, free = nobody, np.zeros(len(nobody), dtype=np.bool_)
    contact = (of.contact, of.contact_days, of.contact_opted_out)
    decider = (of.decider, of.decider_days, of.decider_opted_out)
    everybody = (nobody, never, free)
    offered = [
        # Who waits for an answer is not approached but answered: nothing to wait for.
        _of_kind(Kind.ANSWER, of.inquiry >= 0, of.inquiry, everybody, never),
        _of_kind(Kind.DEAL, of.deal >= 0, of.deal, everybody, of.account_days),
        _of_kind(Kind.RECOVER, of.is_detractor & (of.contact >= 0), of.contact, contact, of.account_days),
        _of_kind(Kind.REORDER, of.is_overdue & (of.contact >= 0), of.contact, contact, of.account_days),
        _of_kind(Kind.OFFER, (of.product >= 0) & (of.contact >= 0), of.product, contact, of.account_days),
        _of_kind(Kind.MEET, of.decider >= 0, of.decider, decider, of.account_days),
        _of_kind(Kind.CALL, of.contact >= 0, of.contact, contact, of.account_days),
        _of_kind(Kind.FIND, of.decider < 0, nobody, everybody, of.account_days),
    ]
    account, kind, record, whom, opted_out, days, whom_days = (
        np.concatenate(parts) for parts in zip(*offered, strict=True)
    )
    wanted = ~of.is_set_aside[account]
    account, kind, record, whom = account[wanted], kind[wanted], record[wanted], whom[wanted]
    block, free_in = blocks(
        opted_out=opted_out[wanted],
        skill_missing=np.zeros(len(account), dtype=np.bool_),
        account_days=days[wanted],
        contact_days=whom_days[wanted],
    )
    hours = np.zeros(max(Kind) + 1)
    effect = np.zeros(max(Kind) + 1)
    hours[list(HOURS)], effect[list(EFFECT)] = list(HOURS.values()), list(EFFECT.values())
    return Candidates(Actions(account, kind, whom, hours[kind], effect[kind], block, free_in), record)


def _of_kind(
    kind: Kind, where: Flags, record: Integers, whom: tuple[Integers, Integers, Flags], account_days: Integers
) -> tuple[NDArray[np.generic], ...]:
    rows = np.flatnonzero(where)
    person, days, opted_out = (column[rows] for column in whom)
    return rows, np.full(len(rows), int(kind)), record[rows], person, opted_out, account_days[rows], days


@dataclass(frozen=True, slots=True)
class Best:
    """The best single thing to do by value per hour, one row an account, whether or not it may be done now."""

    action: Integers  # -1 for none
    hours: Floats
    value: Floats
    per_hour: Floats


def best_single(accounts: Accounts, actions: Actions) -> Best:
    """Return what would bring most an hour, customers who don't want it left out: it may wait, but not be refused."""
    count = len(accounts)
    found = Best(np.full(count, -1), np.zeros(count), np.zeros(count), np.zeros(count))
    possible = np.flatnonzero(~np.isin(actions.block, (Block.OPTED_OUT, Block.SKILL_MISSING)))
    if not len(possible):
        return found
    account, hours = actions.account[possible], actions.hours[possible]
    value = accounts.responses.gain(account, hours * actions.effect[possible])
    per_hour = value / hours
    order = np.lexsort((possible, -per_hour, account))
    first = order[np.flatnonzero(np.diff(account[order], prepend=-1))]
    first = first[value[first] > 0]
    rows = account[first]
    found.action[rows], found.hours[rows] = possible[first], hours[first]
    found.value[rows], found.per_hour[rows] = value[first], per_hour[first]
    return found
