"""The order of the list, and where "act today" ends."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from coe.scoring.card import ScoredAccount
from coe.scoring.value import Stake

ACT, WEEK, STEADY = "act", "week", "steady"


class BandCutsError(ValueError):
    """The cuts overlap, or are no shares."""


@dataclass(frozen=True, slots=True)
class BandCuts:
    """Where the bands end, as shares of the ranked list in per cent: a list is cut where people's time ends."""

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
    """Return the accounts by value at stake, the largest first; equal values by chance, then by the seeded hash."""
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
