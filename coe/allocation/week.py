"""What a week's plan is made from: accounts, what could be done for them, hours, and the rules that hold."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from coe.allocation.response import Floats, Integers, Responses


class Block(IntEnum):
    """Why an action may not be done now; what ends soonest comes first."""

    NONE = 0
    CONTACT_COOLDOWN = 1
    ACCOUNT_COOLDOWN = 2
    SKILL_MISSING = 3
    OPTED_OUT = 4


@dataclass(frozen=True, slots=True)
class Accounts:
    """One row an account."""

    key: NDArray[np.uint64]  # of the account for ever; equals are ordered by it and the seed
    team: Integers  # whose hours it takes, as a row of the capacities; -1 for nobody's
    responses: Responses
    floor: Floats  # hours of service that it gets in any case
    committed: Floats  # hours promised to it this week, part of ``responses.spent``
    spread: Floats  # how uncertain its value is, as a share of it
    untouched: Integers  # days since anybody was in touch

    def __len__(self) -> int:
        return len(self.key)


@dataclass(frozen=True, slots=True)
class Actions:
    """One row a thing that could be done, in any order."""

    account: Integers  # row of the account
    kind: Integers
    contact: Integers  # whom it concerns; -1 for nobody in particular
    hours: Floats
    effect: Floats  # an hour of it counts as so many hours; 1 is the ordinary
    block: Integers  # a ``Block``
    free_in: Integers  # days until the block ends; -1 if it does not, or there is none

    def __len__(self) -> int:
        return len(self.account)


@dataclass(frozen=True, slots=True)
class Rules:
    """What an organisation may change about its plans."""

    step_hours: float = 0.25  # hours are planned in multiples of it, rounded up
    most_of_one: float = 0.40  # of a team's hours, for one account
    exploration: float = 0.10  # of a team's hours, for accounts that we know little about
    wide_spread: float = 0.5
    long_untouched: int = 180  # days
    incompatible: frozenset[tuple[int, int]] = field(
        default_factory=frozenset
    )  # kinds that don't go together in a week

    def units(self, hours: Floats) -> Integers:
        """Return hours as planned in steps, rounded up; what is no number or below 0 is none."""
        return np.ceil(_sound(hours) / self.step_hours - 1e-9).astype(np.int64)

    def capacity_units(self, hours: Floats) -> Integers:
        """Return capacity in whole steps, rounded down; what is no number or below 0 is none."""
        return np.floor(_sound(hours) / self.step_hours + 1e-9).astype(np.int64)


def _sound(hours: Floats) -> Floats:
    return np.where(np.isfinite(hours) & (hours > 0), hours, 0.0)


def blocks(
    *,
    opted_out: NDArray[np.bool_],
    skill_missing: NDArray[np.bool_],
    account_days: Integers,
    contact_days: Integers,
    account_cooldown: int = 7,
    contact_cooldown: int = 14,
) -> tuple[Integers, Integers]:
    """Return for each action why it may not be done now, and in how many days it may.

    ``account_days`` and ``contact_days`` are the days since the account and the contact of the action were last
    approached; a negative number says never.
    """
    account_left = np.where(account_days >= 0, np.maximum(account_cooldown - account_days, 0), 0)
    contact_left = np.where(contact_days >= 0, np.maximum(contact_cooldown - contact_days, 0), 0)
    cooling = np.where(contact_left >= account_left, Block.CONTACT_COOLDOWN, Block.ACCOUNT_COOLDOWN)
    left = np.maximum(account_left, contact_left)
    why = np.select(
        [opted_out, skill_missing, left > 0],
        [np.full_like(left, Block.OPTED_OUT), np.full_like(left, Block.SKILL_MISSING), cooling],
        Block.NONE,
    )
    return why.astype(np.int64), np.where((why == Block.NONE) | opted_out | skill_missing, -1, left).astype(np.int64)


def chances(seed: str, keys: NDArray[np.uint64], purpose: str) -> Floats:
    """Return a number between 0 and 1 for each key: random, the same for the same seed, whoever else is there."""
    salt = hashlib.blake2b(f"{purpose}:{seed}".encode(), digest_size=8).digest()
    mixed = keys ^ np.frombuffer(salt, dtype="<u8")[0].astype(np.uint64)
    # SplitMix64 (Steele, Lea, Flood 2014): three rounds of a good hash, without a loop over the keys.
    with np.errstate(over="ignore"):
        mixed = mixed + np.uint64(0x9E3779B97F4A7C15)
        mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        mixed = mixed ^ (mixed >> np.uint64(31))
    return ((mixed >> np.uint64(11)).astype(np.float64) + 0.5) / 2.0**53


def keys_of(ids: Iterable[bytes]) -> NDArray[np.uint64]:
    """Return the keys of accounts by the bytes of their ids."""
    return np.array(
        [int.from_bytes(hashlib.blake2b(one, digest_size=8).digest(), "little") for one in ids], dtype=np.uint64
    )
