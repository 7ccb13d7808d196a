"""Accounts and actions for the tests of plans."""

from typing import Any

import numpy as np

from coe.allocation.response import Responses
from coe.allocation.week import Accounts, Actions, keys_of


def accounts(count, **columns):
    """Return accounts of one team with a stake of 10,000 and nothing special about them."""
    given: dict[str, Any] = {
        "stake": np.full(count, 10_000.0),
        "tau": np.full(count, 4.0),
        "spent": np.zeros(count),
        "key": keys_of(f"account {number}".encode() for number in range(count)),
        "team": np.zeros(count, dtype=np.int64),
        "floor": np.zeros(count),
        "committed": np.zeros(count),
        "spread": np.zeros(count),
        "untouched": np.zeros(count, dtype=np.int64),
        "curve": None,
        **{name: np.asarray(column) for name, column in columns.items()},
    }
    responses = Responses(*(given.pop(name) for name in ("stake", "tau", "spent", "curve")))
    return Accounts(responses=responses, **given)


def actions(*rows, **columns):
    """Return actions of these (account, hours), each of a kind of its own within the account."""
    account, hours = (
        (np.array(column) for column in zip(*rows, strict=True)) if rows else (np.zeros(0, int), np.zeros(0))
    )
    count = len(rows)
    kind = np.array(
        [sum(1 for other in rows[:number] if other[0] == rows[number][0]) for number in range(count)], dtype=int
    )
    given: dict[str, Any] = {
        "kind": kind,
        "contact": np.full(count, -1),
        "effect": np.ones(count),
        "block": np.zeros(count, dtype=np.int64),
        "free_in": np.full(count, -1),
        **{name: np.asarray(column) for name, column in columns.items()},
    }
    return Actions(account=account.astype(np.int64), hours=hours.astype(np.float64), **given)


def random_company(count, *, seed, teams=1, per_account=4, **columns):
    """Return accounts of many sizes, with some things that could be done for each."""
    random = np.random.default_rng(seed)
    of = accounts(
        count,
        **{
            "stake": random.lognormal(8, 1.2, count),
            "tau": random.choice([4.0, 12.0, 40.0], count),
            "spent": random.exponential(2.0, count) * (random.random(count) < 0.5),
            "team": np.arange(count) % teams,
            **columns,
        },
    )
    account = np.repeat(np.arange(count), per_account)
    much = Actions(
        account=account,
        kind=np.tile(np.arange(per_account), count),
        contact=np.full(len(account), -1),
        hours=random.choice([0.5, 1.0, 1.5, 2.0, 4.0, 8.0], len(account)),
        effect=random.uniform(0.6, 1.6, len(account)),
        block=(random.random(len(account)) < 0.1) * 4,
        free_in=np.full(len(account), -1),
    )
    return of, much
