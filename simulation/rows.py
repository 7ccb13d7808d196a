"""The rows of a simulated company, as plain data. Other rows are referred to by their place in their list."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple


@dataclass(frozen=True, slots=True)
class UnitRow:
    """A node of the organisation's tree; parents come first."""

    code: str
    name: str
    kind: str
    parent: int | None


@dataclass(frozen=True, slots=True)
class MemberRow:
    """A person of the selling organisation."""

    name: str
    email: str
    title: str
    role: str
    units: tuple[int, ...]
    is_active: bool = True
    persona: str = ""  # of the demo, else empty


@dataclass(frozen=True, slots=True)
class ProductRow:
    """Something to sell."""

    code: str
    name: str
    family: str
    business_unit: str
    list_price_minor: int


@dataclass(slots=True)
class AccountRow:
    """A customer, a prospect or a former customer."""

    name: str
    short: str  # of its web address
    parent: int | None
    segment: str
    industry: str
    region: int
    country: str
    city: str
    employees: int
    annual_revenue_minor: int
    potential_minor: int
    currency: str
    owner: int
    icp_fit: str
    created_on: date
    lifecycle: str = "prospect"
    customer_since: date | None = None


class ContactRow(NamedTuple):
    """A person at a customer."""

    account: int
    name: str
    email: str
    phone: str
    title: str
    role: str
    opted_out: bool


@dataclass(slots=True)
class OpportunityRow:
    """A deal as it stands at the end of the simulated time."""

    account: int
    name: str
    owner: int
    product: int
    currency: str
    opened_at: datetime
    stage: int
    stage_entered_at: datetime
    outcome: str
    amount_minor: int
    close_date: date
    closed_at: datetime | None = None
    lost_reason: str = ""
    next_step: str = ""
    next_step_date: date | None = None


class HistoryRow(NamedTuple):
    """One change of a deal's field."""

    opportunity: int
    field: str
    old: str
    new: str
    old_stage: int | None
    new_stage: int | None
    old_amount_minor: int | None
    new_amount_minor: int | None
    occurred_at: datetime
    actor: int


class SnapshotRow(NamedTuple):
    """An open deal as it stood at the end of a day."""

    opportunity: int
    day: date
    stage: int
    amount_minor: int
    close_date: date
    owner: int
    stage_entered_at: datetime
    pushes: int
    amount_changes: int


class ActivityRow(NamedTuple):
    """Something that was said or written between us and a customer."""

    account: int
    contact: int | None
    opportunity: int | None
    kind: str
    direction: str
    subject: str
    body: str
    occurred_at: datetime
    member: int | None
    is_two_way: bool


class OrderRow(NamedTuple):
    """A purchase; the exact amount is the sum of its lines, in hundred-millionths of the currency's unit."""

    account: int
    status: str
    order_date: date
    promised_date: date
    shipped_date: date | None
    currency: str
    amount_minor: int
    amount_exact_e8: int
    owner: int
    opportunity: int | None  # the won deal that it came from; the product keeps no such reference


class OrderLineRow(NamedTuple):
    """A line of an order."""

    order: int
    position: int
    product: int
    quantity: int
    unit_price_e4: int
    discount_bp: int
    cost_minor: int


class SatisfactionRow(NamedTuple):
    """An answer to the question whether one would recommend us."""

    account: int
    contact: int
    score: int
    comment: str
    responded_at: datetime
    survey: str


class UsageRow(NamedTuple):
    """A week's signals of one kind from the customer portal."""

    account: int
    kind: str
    quantity: int
    occurred_at: datetime


@dataclass(frozen=True, slots=True)
class AccountTruth:
    """What really happens to an account in the horizon after the end; never stored in the product."""

    account: int
    propensity: float  # the chance to buy, knowing what only the simulation knows
    bought: bool
    value_minor: int  # bought in the horizon, in the account's currency
    first_bought_on: date | None
