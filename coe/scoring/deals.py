"""What a deal's score may look at, and the points that a deal's signals give before anything is learnt (5.2).

A row is a deal at one moment of its open life. To learn from, each closed deal gives one row, at a moment drawn from
its life: so many outcomes, so many rows, and the deal is seen as a night would have seen it.
"""

import datetime
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from coe.scoring.features import Feature
from coe.scoring.table import Floats, Kind, Table

FEATURES: tuple[Feature, ...] = (
    Feature("stage", "stage", "Stage", Kind.CATEGORY),
    Feature("stage_place", "stage", "Steps from the first stage"),
    Feature("days_open", "stage", "Days since it was opened"),
    Feature("days_in_stage", "stage", "Days since it came into its stage"),
    Feature("days_to_close_date", "dates", "Days to the planned close date"),
    Feature("close_date_pushes", "dates", "Times that the close date was put off"),
    Feature("amount", "amount", "Amount"),
    Feature("amount_change", "amount", "Amount ÷ the first amount"),
    Feature("two_way_14d", "engagement", "Two-way exchanges in 14 days"),
    Feature("two_way_28d", "engagement", "Two-way exchanges in 28 days"),
    Feature("days_since_two_way", "engagement", "Days since the last two-way exchange"),
    Feature("people_90d", "engagement", "People in contact, 90 days"),
    Feature("decision_maker_60d", "engagement", "Exchanges with somebody who decides, 60 days"),
    Feature("meetings_90d", "engagement", "Meetings in 90 days"),
    Feature("deals_won_before", "account", "Deals won at the account before"),
    Feature("deals_lost_before", "account", "Deals lost at the account before"),
    Feature("orders_before", "account", "Orders of the account in 12 months"),
    Feature("product", "deal", "Product", Kind.CATEGORY),
    Feature("segment", "account", "Segment", Kind.CATEGORY),
    Feature("icp_fit", "account", "Fit", Kind.CATEGORY),
    Feature("industry", "account", "Industry", Kind.CATEGORY),
    Feature("region", "account", "Region", Kind.CATEGORY),
    Feature("country", "account", "Country", Kind.CATEGORY),
)
"""Who owns the deal is no feature: a score of the deal is not to be one of the person."""

SHIPPED_POINTS: Mapping[str, float] = {
    "close_date_passed": -1.2,
    "each_push_beyond_one": -0.3,
    "most_for_pushes": -1.2,
    "stage_long": -0.6,
    "stage_very_long": -1.2,
    "no_two_way_21d": -0.7,
    "single_contact": -0.4,
    "three_contacts": 0.4,
    "decision_maker": 0.4,
    "amount_up_late": -0.2,
}
SILENT_DAYS, AMOUNT_UP = 21, 1.2


@dataclass(frozen=True, slots=True)
class DealBlock:
    """Some deals, each at one moment, with what their score may look at."""

    ids: list[UUID]
    account_ids: list[UUID | None]
    moments: list[datetime.datetime]
    table: Table
    stage_log_odds: Floats  # of the chance that the stage is given
    stage_usual_days: Floats  # how long won deals stay in that stage at most, in eight of ten cases; NaN if unknown
    segments: list[str]
    territories: list[str]
    close_dates: list[datetime.date | None]  # as planned then
    is_engaged: bool  # whether activities are kept at all: where nobody keeps them, silence says nothing

    def __len__(self) -> int:
        """Return how many rows it has."""
        return len(self.ids)


def drawn_moment(deal_id: UUID, opened_at: datetime.datetime, closed_at: datetime.datetime) -> datetime.datetime:
    """Return the moment of its open life at which a closed deal is learnt from, always the same.

    Never the day on which it closed: what is written then knows the outcome.
    """
    last = closed_at - datetime.timedelta(days=1)
    if last <= opened_at:
        return opened_at
    share = int.from_bytes(hashlib.sha256(deal_id.bytes).digest()[:6], "big") / 2**48
    return opened_at + share * (last - opened_at)


def deal_points(block: DealBlock, points: Mapping[str, float] = SHIPPED_POINTS) -> Floats:
    """Return the log-odds points of each deal's signals, with those of the chance that its stage is given."""

    sums = block.stage_log_odds.copy()
    for places, weights, _ in deal_signals(block, points).values():
        sums[places] += weights
    return sums


def deal_signals(
    block: DealBlock, points: Mapping[str, float] = SHIPPED_POINTS
) -> dict[str, tuple[NDArray[np.intp], Floats, str]]:
    """Return for each signal the rows that have it, its points there, and the words for it."""

    def n(name: str) -> Floats:
        return block.table.columns[name].numbers

    pushes, long, usual, people = n("close_date_pushes"), n("days_in_stage"), block.stage_usual_days, n("people_90d")
    engaged = np.full(len(block), block.is_engaged)
    with np.errstate(invalid="ignore"):
        flags = {
            "close_date_passed": (n("days_to_close_date") < 0, "The close date has passed"),
            "each_push_beyond_one": (pushes > 1, "The close date was put off more than once"),
            "stage_long": ((long > usual) & (long <= 2 * usual), "Longer in its stage than deals that were won"),
            "stage_very_long": (long > 2 * usual, "More than twice as long in its stage as deals that were won"),
            "amount_up_late": (n("amount_change") > AMOUNT_UP, "The amount has grown by more than a fifth"),
            "no_two_way_21d": (engaged & ~(n("days_since_two_way") <= SILENT_DAYS), "No exchange for three weeks"),
            "single_contact": (engaged & (people == 1), "Only one person is in contact"),
            "three_contacts": (engaged & (people >= 3), "Three people or more are in contact"),
            "decision_maker": (engaged & (n("decision_maker_60d") > 0), "Somebody who decides is in contact"),
        }
    found = {}
    for code, (flag, words) in flags.items():
        places = np.flatnonzero(flag)
        weights = np.full(len(places), points[code])
        if code == "each_push_beyond_one":
            weights = np.maximum(points["most_for_pushes"], points[code] * (pushes[places] - 1))
        found[code] = (places, weights, words)
    return found


def quarter_end(day: datetime.date) -> datetime.date:
    """Return the last day of the quarter that a day lies in."""
    month = (day.month - 1) // 3 * 3 + 3
    first_after = datetime.date(day.year + month // 12, month % 12 + 1, 1)
    return first_after - datetime.timedelta(days=1)


def slips_after(close_date: datetime.date | None, moment: datetime.date) -> datetime.date | None:
    """Return the last day on which a deal closes in time: of the quarter it is planned for, or that it has reached."""
    return None if close_date is None else quarter_end(max(close_date, moment))


def words_of(name: str) -> str:
    """Return what a person calls a column of a deal."""
    known = next((feature.words for feature in FEATURES if feature.name == name), None)
    return known if known is not None else name.removeprefix("custom.")
