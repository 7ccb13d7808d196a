"""The order of the list, and where "act today" ends.

An account's place is its place by what an hour of acting is expected to add: of its best first step, over the hours
that the step takes. Bands end where the hours of the week end. Both are one statement about all accounts of an
organisation, made once a night.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from coe.scoring.card import ScoredAccount
from coe.scoring.value import Stake

ACT, WEEK, STEADY = "act", "week", "steady"
BANDS = (ACT, WEEK, STEADY)
WORKING_DAYS = 5  # of a week's hours a fifth is today's


class BandCutsError(ValueError):
    """The cuts overlap, or are no shares."""


@dataclass(frozen=True, slots=True)
class BandCuts:
    """Where the bands end while nobody's hours are known, as shares of the ranked list in per cent."""

    act_percent: float = 5
    week_percent: float = 20

    def __post_init__(self) -> None:
        if not 0 <= self.act_percent <= self.week_percent <= 100:
            raise BandCutsError(f"0 ≤ act {self.act_percent} ≤ week {self.week_percent} ≤ 100 doesn't hold")

    @classmethod
    def from_settings(cls, chosen: Mapping[str, Any]) -> "BandCuts":
        """Return an organisation's cuts, with those shipped where it has set none.

        :raises BandCutsError: if what is set can't be used.
        """
        if not isinstance(chosen, Mapping):
            raise BandCutsError(f"The band cuts {chosen!r} can't be used: they need names")
        try:
            return cls(**{name: float(chosen[name]) for name in ("act_percent", "week_percent") if name in chosen})
        except (TypeError, ValueError) as error:
            raise BandCutsError(f"The band cuts {chosen!r} can't be used: {error}") from error

    def band(self, *, rank: int, accounts: int) -> str:
        """Return the band of the account at this rank; rank 1 of a short list is always worth acting on."""
        place = 100 * (rank - 1) / accounts
        if place < self.act_percent:
            return ACT
        return WEEK if place < self.week_percent else STEADY


@dataclass(frozen=True, slots=True)
class Acting:
    """What acting adds at each account, one row each, and the hours that all people together have for a week."""

    account_ids: NDArray[np.bytes_]  # sixteen bytes each, in ascending order
    per_hour: NDArray[np.float64]  # money that an hour of the best first step adds
    by_chance: NDArray[np.float64]  # the part of it that grows with the chance to buy
    hours: NDArray[np.float64]  # that the step takes of this week; 0 where it has to wait
    capacity: float

    def bands(self, order: NDArray[np.intp]) -> NDArray[np.int16] | None:
        """Return each account's band as a place in ``BANDS``, if ``order`` has the rows from the first place on.

        The hours are given out along the list: a fifth of them is today's. None where there are no hours, or nothing
        would add anything.
        """
        if not self.capacity > 0 or not (self.per_hour > 0).any():
            return None
        hours = self.hours[order]
        before = np.cumsum(hours) - hours
        found = np.empty(len(order), dtype=np.int16)
        within = np.where(before < self.capacity / WORKING_DAYS, 0, np.where(before < self.capacity, 1, 2))
        found[order] = np.where(self.per_hour[order] > 0, within, 2)
        return found


@dataclass(frozen=True, slots=True)
class RankedAccount:
    """A scored account in its place."""

    scored: ScoredAccount
    stake: Stake
    value_minor: int
    rank: int
    band: str


def tie_break(seed: str, account_id: UUID) -> bytes:
    """Return a key that orders equals at random, yet the same way each night, so that no name is always first."""
    return hashlib.blake2b(account_id.bytes, key=seed.encode()[:64], digest_size=8).digest()


def ranked(
    scored: Sequence[ScoredAccount], stakes: Mapping[UUID, Stake], *, cuts: BandCuts, seed: str
) -> list[RankedAccount]:
    """Return the accounts by value at stake, the largest first; equal values by chance, then by the seeded hash.

    This is the order while an hour counts the same everywhere: before anybody has planned what to do.
    """
    valued = [(account, stakes[account.account_id]) for account in scored]
    order = sorted(
        (
            (-stake.at_stake_minor(account.probability), -account.log_odds, tie_break(seed, account.account_id), index)
            for index, (account, stake) in enumerate(valued)
        ),
    )
    return [
        RankedAccount(
            scored=valued[index][0],
            stake=valued[index][1],
            value_minor=-negative_value,
            rank=rank,
            band=cuts.band(rank=rank, accounts=len(valued)),
        )
        for rank, (negative_value, _, _, index) in enumerate(order, start=1)
    ]
