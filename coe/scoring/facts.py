"""What was known about an account at one moment. Every fact carries the records it came from."""

import datetime
import uuid
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RecordRef:
    """A record that a person can open."""

    type: str  # "opportunity", "order", "activity", "contact", "product", "satisfaction_response", "usage_signal"
    id: uuid.UUID
    label: str

    def as_json(self) -> dict[str, str]:
        """Return the reference as it is stored with a score."""
        return {"type": self.type, "id": str(self.id), "label": self.label}


@dataclass(frozen=True, slots=True)
class DatedRecord:
    """Something that happened on a day."""

    date: datetime.date
    kind: str
    record: RecordRef


@dataclass(frozen=True, slots=True)
class OpenDeal:
    """A deal that was open at the time."""

    record: RecordRef
    stage: str
    past_discovery: bool
    opened_date: datetime.date
    amount_minor: int | None
    currency: str


@dataclass(frozen=True, slots=True)
class Purchases:
    """What an account has bought: its orders, or the deals it gave us where no orders are kept."""

    source: str  # "orders" or "deals"
    count: int
    last_date: datetime.date
    median_gap_days: float | None  # None below three days of purchase: one gap is no habit
    latest: tuple[RecordRef, ...]  # the newest three
    amount_minor: int = 0  # of the last 24 months, in the organisation's scoring currency, cut at the 99th percentile
    amount_count: int = 0  # the purchases behind that amount
    recent_half_minor: int = 0  # the last six months, uncut
    earlier_half_minor: int = 0  # the six months before
    year_count: int = 0  # purchases in those twelve months
    trend_basis: str = "revenue"  # "margin" where at least 60 % of the order lines say what they cost
    left_out: tuple[str, ...] = ()  # currencies whose amounts could not be counted


@dataclass(frozen=True, slots=True)
class AccountFacts:
    """Everything the rules may look at, as it was known on ``today``. A fact that nobody recorded is empty."""

    account_id: uuid.UUID
    today: datetime.date
    segment: str = ""
    known_since: datetime.date | None = None
    icp_fit: str = ""  # "a", "b", "c" or not known
    intent: DatedRecord | None = None  # the newest inquiry or sign of intent
    last_reaction_date: datetime.date | None = None  # the last time the customer did anything
    engaged_contacts: tuple[DatedRecord, ...] = ()  # one a contact: the last two-way exchange, newest first
    decision_maker: DatedRecord | None = None  # the newest two-way exchange with somebody who decides
    portal: DatedRecord | None = None  # the newest visit
    open_deals: tuple[OpenDeal, ...] = ()
    lost_to_competitor: DatedRecord | None = None
    purchases: Purchases | None = None
    nps_score: int | None = None
    nps: DatedRecord | None = None
    unowned_relevant_products: tuple[RecordRef, ...] = ()
    contract_end_date: datetime.date | None = None
    open_critical_cases: tuple[RecordRef, ...] = ()
    focus_cell: str = ""
    # What the account would spend if it bought now; see value.py.
    segment_typical_minor: int = 0
    currency: str = ""
