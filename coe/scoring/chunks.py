"""Scoring in pieces: what a worker finds of its accounts, and what all pieces together say of each of them.

A piece knows log-odds and amounts. Ranks, bands and, for the rule card, the intercept need everybody; they are a matter
of seconds once all pieces are there.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from coe.scoring.card import RuleCard
from coe.scoring.features import FeatureBlock, Ids, card_probabilities, signal_points, stakes, uuids
from coe.scoring.ranking import Acting, BandCuts, tie_break
from coe.scoring.silence import may_fall_silent, silence_points
from coe.scoring.table import Floats

if TYPE_CHECKING:
    from coe.scoring.selection import Scorer

ROW = np.dtype(
    [
        ("id", "S16"),
        ("points", "<f8"),  # log-odds of a learnt model, points of the rule card without its intercept
        ("typical_minor", "<f8"),
        ("deals_minor", "<f8"),
        ("deal_count", "<i4"),
        ("purchase_count", "<i4"),
        ("left_out", "<i8"),
        ("silence", "<f4"),  # chance to fall silent, NaN where it isn't asked or nothing is learnt of it
    ]
)
SILENCE = np.dtype([("id", "S16"), ("chance", "<f4")])
Rows = NDArray[Any]


@dataclass(frozen=True)
class Ranking:
    """All accounts with their scores, in the order of the rows they were made from."""

    account_ids: Ids
    probability: Floats
    score: NDArray[np.int16]
    rank: NDArray[np.int32]
    band: NDArray[np.int16]  # 0 act, 1 week, 2 steady
    value_minor: NDArray[np.int64]
    per_hour_minor: NDArray[np.int64]
    by_chance_minor: NDArray[np.int64]  # the part of it that grows with the chance
    intercept: float  # 0 for a learnt model


def scored_rows(block: FeatureBlock, card: RuleCard, scorer: "Scorer | None", silence: "Scorer | None" = None) -> Rows:
    """Return what is to be kept of a block: bytes of a fixed size, the same for the same block."""
    points = signal_points(block, card)
    stake = stakes(block)
    rows = np.zeros(len(block), dtype=ROW)
    rows["id"] = block.account_ids
    rows["points"] = points if scorer is None else scorer.log_odds(block.table, points)
    for name in ("typical_minor", "deals_minor", "deal_count", "purchase_count", "left_out"):
        rows[name] = getattr(stake, name)
    rows["silence"] = np.nan
    if silence is not None:
        asked = np.flatnonzero(may_fall_silent(block))
        some = block.take(asked)
        rows["silence"][asked] = silence.probabilities(some.table, silence_points(some))
    return rows


def of_silence(rows: Rows) -> Rows:
    """Return the chances to fall silent of those for whom there is one, in the order of their ids."""
    known = rows[np.isfinite(rows["silence"])]
    found = np.zeros(len(known), dtype=SILENCE)
    found["id"], found["chance"] = known["id"], known["silence"]
    return found[np.argsort(found["id"], kind="stable")]


def chances(rows: Rows, *, rate: float, is_learned: bool) -> tuple[Floats, Floats, float]:
    """Return everybody's probability, log-odds, and the intercept of the rule card (0 for a learnt model)."""
    points = np.ascontiguousarray(rows["points"])
    if is_learned:
        from scipy.special import expit  # a web process never comes here

        from coe.scoring.calibration import clamped

        return clamped(np.asarray(expit(points), dtype=float)), points, 0.0
    probability, intercept = card_probabilities(points, rate=rate)
    return probability, intercept + points, intercept


def ranking(
    rows: Rows, *, rate: float, is_learned: bool, cuts: BandCuts, seed: str, acting: Acting | None = None
) -> Ranking:
    """Return everybody's score and place.

    ``acting`` says what an hour brings at each account. Without it an hour counts the same everywhere: the place is the
    one by value at stake, exactly what ``ranked`` says account by account.
    """
    probability, log_odds, intercept = chances(rows, rate=rate, is_learned=is_learned)
    value = np.rint(probability * (rows["typical_minor"] + rows["deals_minor"]))
    count = len(rows)
    ids = np.ascontiguousarray(rows["id"])
    acts = _of_rows(acting, ids) if acting is not None else None
    per_hour, by_chance = (value, value) if acts is None else (np.rint(acts.per_hour), np.rint(acts.by_chance))
    order = order_of(per_hour, log_odds, ids, seed)
    rank = np.empty(count, dtype=np.int32)
    rank[order] = np.arange(1, count + 1)
    share = 100 * (rank - 1) / max(count, 1)
    by_share = np.where(share < cuts.act_percent, 0, np.where(share < cuts.week_percent, 1, 2)).astype(np.int16)
    by_hours = None if acts is None else acts.bands(order)
    return Ranking(
        account_ids=ids,
        probability=probability,
        score=np.clip(np.floor(100 * probability + 0.5), 1, 99).astype(np.int16),
        rank=rank,
        band=by_share if by_hours is None else by_hours,
        value_minor=value.astype(np.int64),
        per_hour_minor=per_hour.astype(np.int64),
        by_chance_minor=by_chance.astype(np.int64),
        intercept=intercept,
    )


def _of_rows(acting: Acting, ids: Ids) -> Acting:
    """Return what acting adds in the order of these rows; nothing where nothing is known."""
    if not len(acting.account_ids):
        nothing = np.zeros(len(ids))
        return Acting(ids, nothing, nothing, nothing, acting.capacity)
    at = np.minimum(np.searchsorted(acting.account_ids, ids), len(acting.account_ids) - 1)
    known = acting.account_ids[at] == ids

    def of(column: Floats) -> Floats:
        return np.where(known, column[at], 0.0)

    return Acting(ids, of(acting.per_hour), of(acting.by_chance), of(acting.hours), acting.capacity)


def order_of(value: Floats, log_odds: Floats, ids: Ids, seed: str) -> NDArray[np.intp]:
    """Return the rows by value, then log-odds; equals by chance, the same way each night."""
    order = np.lexsort((ids, -log_odds, -value))
    if not len(order):
        return order
    same = (value[order][1:] == value[order][:-1]) & (log_odds[order][1:] == log_odds[order][:-1])
    equal = np.zeros(len(order), dtype=bool)
    equal[1:] |= same
    equal[:-1] |= same
    if not equal.any():
        return order
    # Only equals need to be drawn, and a company has few of them, unless it knows nothing of most of its accounts.
    drawn = np.zeros(len(order), dtype=np.uint64)
    places = order[equal]
    drawn[places] = [int.from_bytes(tie_break(seed, one)) for one in uuids(ids[places])]
    return np.lexsort((drawn, -log_odds, -value))


def first_of_lists(rank: NDArray[np.int32], owners: Ids, *, overall: int, of_owner: int, most: int) -> NDArray[np.intp]:
    """Return the rows that people see first: the first of everybody's list and of each owner's, best places first."""
    by_owner = np.lexsort((rank, owners))
    sorted_owners = owners[by_owner]
    starts = np.flatnonzero(np.r_[True, sorted_owners[1:] != sorted_owners[:-1]]) if len(rank) else np.empty(0, int)
    place = np.arange(len(rank)) - np.repeat(starts, np.diff(np.r_[starts, len(rank)]))
    of_list = np.empty(len(rank), dtype=np.int64)
    of_list[by_owner] = place
    chosen = np.flatnonzero((rank <= overall) | (of_list < of_owner))
    return chosen[np.lexsort((rank[chosen], np.minimum(of_list[chosen], rank[chosen] - 1)))][:most]
