"""What a model may look at: one row an account, one column a feature, as it was known at one moment.

The same block trains, scores and backtests. It also holds what the rule card asks (``signal_points``) and what is at
stake (``stakes``), for many accounts at once; both say exactly what ``RuleCardScorer`` and ``stake_of`` say of the
facts of one account.
"""

import datetime
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from coe.scoring import base_rate, signals
from coe.scoring.card import RuleCard
from coe.scoring.table import Column, Floats, Kind, Table
from coe.scoring.value import OWN_WEIGHT

Flags = NDArray[np.bool_]
Ids = NDArray[np.bytes_]  # sixteen bytes each, in the order of the ids
CUSTOM = "custom."  # before the name of a column that the organisation brought itself


@dataclass(frozen=True, slots=True)
class Feature:
    """One column: its name, the group it belongs to, and what a person calls it."""

    name: str
    group: str
    words: str
    kind: Kind = Kind.NUMBER


FEATURES: tuple[Feature, ...] = (
    Feature("days_since_purchase", "purchases", "Days since the last purchase"),
    Feature("overdue_ratio", "purchases", "Days since the last purchase ÷ the usual gap"),
    Feature("usual_gap_days", "purchases", "Usual days between purchases"),
    Feature("purchases", "purchases", "Purchases ever"),
    Feature("purchases_90d", "purchases", "Purchases in 90 days"),
    Feature("purchases_180d", "purchases", "Purchases in 180 days"),
    Feature("purchases_year", "purchases", "Purchases in 12 months"),
    Feature("spent_90d", "purchases", "Bought for in 90 days"),
    Feature("spent_year", "purchases", "Bought for in 12 months"),
    Feature("trend_half_year", "purchases", "The last six months ÷ the six before"),
    Feature("products_owned", "purchases", "Products bought"),
    Feature("relevant_products_missing", "purchases", "Products that customers like this one buy and this one doesn't"),
    Feature("discount_percent", "purchases", "Discount of the last 12 months, per cent"),
    Feature("engagement", "engagement", "Two-way exchanges, half of their weight lost in 30 days"),
    Feature("meetings_30d", "engagement", "Meetings in 30 days"),
    Feature("meetings_90d", "engagement", "Meetings in 90 days"),
    Feature("answered_share_90d", "engagement", "Share of what we sent in 90 days that was answered"),
    Feature("days_since_reaction", "engagement", "Days since they last did anything"),
    Feature("days_since_inquiry", "engagement", "Days since they asked, or showed that they want to buy"),
    Feature("inquiries_90d", "engagement", "Inquiries and signs of intent in 90 days"),
    Feature("days_since_portal", "engagement", "Days since they used the portal"),
    Feature("portal_visits_90d", "engagement", "Portal visits in 90 days"),
    Feature("people_30d", "relationship", "People in two-way contact, 30 days"),
    Feature("people_90d", "relationship", "People in two-way contact, 90 days"),
    Feature("days_since_decision_maker", "relationship", "Days since an exchange with somebody who decides"),
    Feature("people_known", "relationship", "People known"),
    Feature("buying_roles_known", "relationship", "Buying roles known"),
    Feature("open_deals", "deals", "Open deals"),
    Feature("open_deals_late", "deals", "Open deals past discovery"),
    Feature("open_deals_worth", "deals", "Worth of the open deals"),
    Feature("best_stage_chance", "deals", "Chance of the furthest open deal's stage"),
    Feature("oldest_open_deal_days", "deals", "Days since the oldest open deal began"),
    Feature("close_date_pushes", "deals", "Times that open deals were put off"),
    Feature("deals_won_year", "deals", "Deals won in 12 months"),
    Feature("deals_lost_year", "deals", "Deals lost in 12 months"),
    Feature("days_since_lost_to_competitor", "deals", "Days since a deal was lost to a competitor"),
    Feature("nps", "voice", "Last answer to “would you recommend us”"),
    Feature("nps_days", "voice", "Days since they last said whether they would recommend us"),
    Feature("known_days", "fit", "Days since the account is known"),
    Feature("employees", "fit", "Employees"),
    Feature("revenue", "fit", "Revenue of the firm"),
    Feature("segment", "fit", "Segment", Kind.CATEGORY),
    Feature("icp_fit", "fit", "Fit", Kind.CATEGORY),
    Feature("industry", "fit", "Industry", Kind.CATEGORY),
    Feature("region", "fit", "Region", Kind.CATEGORY),
    Feature("country", "fit", "Country", Kind.CATEGORY),
)
"""Who covers an account, and whether anybody does, is no feature: it would make uncovered accounts look hopeless."""

FEATURE_NAMES = frozenset(feature.name for feature in FEATURES)
WORDS = {feature.name: feature.words for feature in FEATURES}


def words_of(name: str) -> str:
    """Return what a person calls a column."""
    return WORDS.get(name) or name.removeprefix(CUSTOM)


@dataclass(frozen=True, slots=True)
class Stakes:
    """What is at stake with each account, as ``value.Stake`` has it for one."""

    typical_minor: Floats
    deals_minor: Floats
    deal_count: NDArray[np.int32]
    purchase_count: NDArray[np.int32]
    left_out: NDArray[np.int64]  # bits: the places in ``currencies``
    currencies: tuple[str, ...]
    currency: str

    @property
    def expected_minor(self) -> Floats:
        """The amount if it buys."""
        return self.typical_minor + self.deals_minor

    def at_stake_minor(self, probability: Floats) -> Floats:
        """Return the amount times the chance of getting it, in whole minor units, half to even."""
        return np.rint(probability * self.expected_minor)

    def left_out_of(self, row: int) -> tuple[str, ...]:
        """Return the currencies whose amounts could not be counted."""
        bits = int(self.left_out[row])
        return tuple(sorted(code for place, code in enumerate(self.currencies) if bits >> place & 1))


@dataclass(frozen=True, slots=True)
class Money:
    """The amounts of a block that are kept to the unit, beside the features."""

    recent_half_minor: Floats  # the last six months, in the scoring currency, uncut
    earlier_half_minor: Floats
    year_count: Floats
    amount_minor: Floats  # of the last 24 months, cut at the 99th percentile
    amount_count: Floats
    year_minor: Floats  # of the last twelve months, uncut: a baseline for backtests
    deals_minor: Floats
    deal_count: Floats
    segment_typical_minor: Floats
    left_out: NDArray[np.int64]
    currencies: tuple[str, ...]
    currency: str


@dataclass(frozen=True, slots=True)
class FeatureBlock:
    """The features of some accounts as they were known at one moment, in the order of their ids."""

    account_ids: Ids
    table: Table  # ``known_at`` is the day; ``groups`` are for ``training_rows`` to say
    as_of: datetime.datetime
    today: datetime.date
    money: Money

    def __len__(self) -> int:
        """Return how many accounts it has."""
        return len(self.account_ids)

    def uuids(self) -> list[UUID]:
        """Return the accounts' ids as the rest of the product knows them."""
        return uuids(self.account_ids)

    def numbers(self, name: str) -> Floats:
        """Return a column of numbers, NaN where there is nothing."""
        return self.table.columns[name].numbers

    def words(self, name: str) -> list[str]:
        """Return a column of categories, "" where there is nothing."""
        column = self.table.columns[name]
        return [column.words[code] if code >= 0 else "" for code in column.codes.tolist()]

    def is_word(self, name: str, word: str) -> Flags:
        """Tell in which rows a category is this one."""
        column = self.table.columns[name]
        return np.asarray(column.codes == (column.words.index(word) if word in column.words else -2), dtype=bool)

    def with_columns(self, columns: Mapping[str, Column]) -> "FeatureBlock":
        """Return the block with these columns beside its own."""
        return replace(self, table=replace(self.table, columns={**self.table.columns, **columns}))

    def take(self, rows: NDArray[np.intp]) -> "FeatureBlock":
        """Return the block of these rows."""
        amounts: dict[str, Any] = {
            name: value[rows] for name in Money.__slots__ if isinstance(value := getattr(self.money, name), np.ndarray)
        }
        money = replace(self.money, **amounts)
        return replace(self, account_ids=self.account_ids[rows], table=self.table.take(rows), money=money)


def uuids(ids: Ids) -> list[UUID]:
    """Return ids of sixteen bytes as UUIDs. NumPy drops zeros at the end of one; its buffer keeps them."""
    raw = np.ascontiguousarray(ids, dtype="S16").tobytes()
    return [UUID(bytes=raw[start : start + 16]) for start in range(0, len(raw), 16)]


def ids_of(given: Sequence[UUID]) -> Ids:
    """Return UUIDs as an array of sixteen bytes each."""
    return np.frombuffer(b"".join(one.bytes for one in given), dtype="S16")


def signal_flags(block: FeatureBlock) -> dict[str, Flags]:
    """Return in which rows each signal of the card is found. A comparison with what isn't known is false."""
    n, money = block.numbers, block.money
    with np.errstate(invalid="ignore", divide="ignore"):
        late, open_deals = n("open_deals_late") > 0, n("open_deals") > 0
        overdue, bought = n("overdue_ratio"), n("purchases") > 0
        nps, answered = n("nps"), n("nps_days") <= signals.NPS_DAYS
        silent = ~bought & ~open_deals & (n("known_days") >= signals.SILENT_DAYS)
        trend = money.recent_half_minor / money.earlier_half_minor
        trending = (money.year_count >= signals.TREND_PURCHASES) & (money.earlier_half_minor > 0)
        nothing = np.zeros(len(block), dtype=bool)
        return {
            "inquiry_recent": n("days_since_inquiry") <= signals.INTENT_DAYS,
            "open_deal_late": late,
            "open_deal_early": open_deals & ~late,
            "contract_ending": nothing,  # contracts, cases and focus cells aren't kept yet
            "contacts_engaged": n("people_30d") >= signals.ENGAGED_CONTACTS,
            "decision_maker_contact": n("days_since_decision_maker") <= signals.DECISION_MAKER_DAYS,
            "nps_promoter": answered & (nps >= 9),
            "nps_detractor": answered & (nps <= 6),
            "critical_case_open": nothing,
            "portal_active": n("days_since_portal") <= signals.PORTAL_DAYS,
            "order_on_rhythm": (overdue > -1) & (overdue <= 1),
            "order_due": (overdue > 1) & (overdue <= 2),
            "order_long_overdue": overdue > 3,
            "never_bought_silent": silent & ~(n("days_since_reaction") < signals.SILENT_DAYS),
            "margin_up": trending & (trend > signals.TREND_UP),
            "margin_down": trending & (trend < signals.TREND_DOWN),
            "fit_a": block.is_word("icp_fit", "a"),
            "fit_b": block.is_word("icp_fit", "b"),
            "fit_c": block.is_word("icp_fit", "c"),
            "whitespace": n("relevant_products_missing") >= signals.RELEVANT_PRODUCTS,
            "lost_to_competitor": n("days_since_lost_to_competitor") <= signals.LOST_TO_COMPETITOR_DAYS,
            "focus_cell": nothing,
        }


def signal_points(block: FeatureBlock, card: RuleCard) -> Floats:
    """Return the card's points of each account, to the bit what ``RuleCardScorer`` adds up from its facts."""
    pattern = np.zeros(len(block), dtype=np.int64)
    flags = signal_flags(block)
    weighed = [(code, card.points.get(code, 0.0)) for code in flags]
    for place, (code, _) in enumerate(weighed):
        pattern |= flags[code].astype(np.int64) << place
    # There are a few hundred patterns at most: adding each up once, exactly, costs nothing.
    distinct, of_row = np.unique(pattern, return_inverse=True)
    sums = [
        math.fsum(points for place, (_, points) in enumerate(weighed) if bits >> place & 1)
        for bits in distinct.tolist()
    ]
    return np.asarray(sums, dtype=np.float64)[of_row.ravel()]


def stakes(block: FeatureBlock) -> Stakes:
    """Return what is at stake with each account, to the unit what ``stake_of`` says of its facts."""
    money = block.money
    typical = (money.amount_minor + OWN_WEIGHT * money.segment_typical_minor) / (money.amount_count + OWN_WEIGHT)
    return Stakes(
        typical_minor=np.rint(typical),
        deals_minor=money.deals_minor,
        deal_count=money.deal_count.astype(np.int32),
        purchase_count=money.amount_count.astype(np.int32),
        left_out=money.left_out,
        currencies=money.currencies,
        currency=money.currency,
    )


def card_probabilities(points: Floats, *, rate: float) -> tuple[Floats, float]:
    """Return the card's probability of each account, and the intercept by which they meet the base rate."""
    intercept = base_rate.intercept_for(points, rate=rate)
    distinct, of_row = np.unique(points, return_inverse=True)
    found = [base_rate.logistic(intercept + one) for one in distinct.tolist()]
    return np.asarray(found, dtype=np.float64)[of_row.ravel()], intercept


def joined(tables: Sequence[Table]) -> Table:
    """Return tables of the same columns one below the other; the words of categories are put together.

    A column that one of them lacks is missing in its rows.
    """
    kinds: dict[str, Kind] = {}
    for table in tables:
        kinds |= {name: column.kind for name, column in table.columns.items() if name not in kinds}
    dated = all(table.known_at is not None for table in tables)
    grouped = all(table.groups is not None for table in tables)
    return Table(
        rows=sum(table.rows for table in tables),
        columns={name: _below(name, kind, tables) for name, kind in kinds.items()},
        known_at=np.concatenate([table.known_at for table in tables if table.known_at is not None])
        if dated and tables
        else None,
        groups=np.concatenate([table.groups for table in tables if table.groups is not None])
        if grouped and tables
        else None,
    )


def _below(name: str, kind: Kind, tables: Sequence[Table]) -> Column:
    parts = [column if (column := table.columns.get(name)) and column.kind is kind else None for table in tables]
    if kind is not Kind.CATEGORY:
        numbers = [
            np.full(table.rows, np.nan) if part is None else part.numbers
            for part, table in zip(parts, tables, strict=True)
        ]
        return Column(name, kind, np.concatenate(numbers), np.empty(0, dtype=np.int32))
    words = tuple(sorted({word for part in parts if part is not None for word in part.words}))
    places = {word: place for place, word in enumerate(words)}
    codes = [
        np.full(table.rows, -1, dtype=np.int32)
        if part is None
        else np.asarray([*(places[word] for word in part.words), -1], dtype=np.int32)[part.codes]
        for part, table in zip(parts, tables, strict=True)
    ]
    return Column(name, kind, np.empty(0), np.concatenate(codes), words)
