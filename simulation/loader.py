"""Puts a simulated company into the database: through COPY, a batch at a time, the past marked as such."""

import datetime as dt
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import models, transaction
from uuid_utils.compat import uuid7

from pipeline import operations
from pipeline.models import (
    Account,
    Activity,
    Contact,
    Opportunity,
    OpportunityHistory,
    OpportunitySnapshot,
    Order,
    OrderLine,
    Product,
    SatisfactionResponse,
    Stage,
    UsageSignal,
)
from simulation.beginnings import TASK, new_organization
from simulation.company import SNAPSHOT_DAYS, SNAPSHOT_WEEKS, Company
from simulation.deal_records import STAGES
from simulation.profile import CompanyProfile
from simulation.rows import AccountRow
from tenancy import bulk
from tenancy.models import Member, Organization, Unit, UnitMembership
from tenancy.scoping import organization_scope

SOURCE = "simulation"
YEARS_OF_UNITS = 4
ROWS_AT_ONCE = 20_000  # of a table: as text they take several times the room of the drawn rows

Progress = Callable[[str], None]
_RECORD = ("id", "source", "external_id", "created_at", "updated_at", "recorded_at", "reconstructed")


@dataclass(frozen=True)
class LoadedCompany:
    """A company in the database: where each drawn row went, and how many rows there are of a kind."""

    organization: Organization
    members: list[UUID]
    accounts: list[UUID]
    rows: dict[str, int]


def account_code(place: int) -> str:
    """Return the account's id in the system that the simulation plays."""
    return _CODES[Account].format(place + 1)


def load_company(company: Company, *, slug: str, name: str, progress: Progress = lambda line: None) -> LoadedCompany:
    """Store the company as a new organisation, all of it or nothing.

    :raises UnableToLoad: when the slug is taken or can't be one.
    """
    organization = new_organization(company.profile, slug=slug, name=name)
    make_room(company.end_date)
    with transaction.atomic():
        organization.save(force_insert=True)
        with organization_scope(organization, task=TASK):
            loader = CompanyLoader(company.profile, organization, progress)
            accounts = loader.add(company)
            loader.finish()
    return LoadedCompany(organization, loader.members, accounts, loader.counts)


def make_room(end_date: dt.date) -> None:
    """Have the tables of the months ready of which a company brings pictures; they stay where it is refused."""
    days = SNAPSHOT_DAYS + 7 * SNAPSHOT_WEEKS
    operations.make_room_for_snapshots(first=end_date - dt.timedelta(days=days), last=end_date)


class CompanyLoader:
    """Stores a company, one table after the other; rows refer to each other by place, the database by id.

    The first batch brings people and products with it. Places begin anew in each batch, the numbers in external ids
    go on.
    """

    def __init__(self, profile: CompanyProfile, organization: Organization, progress: Progress) -> None:
        self.organization, self.progress = organization, progress
        self.zone = ZoneInfo(profile.time_zone)
        self.counts: dict[str, int] = {}
        self.members: list[UUID] = []
        self.units: list[UUID] = []
        self.products: list[UUID] = []
        self.stages: list[Stage] = []

    def add(self, company: Company) -> list[UUID]:
        """Store a batch, referred rows first, inside the caller's transaction and scope; return its accounts' ids."""
        self.company = company
        self.before = dict(self.counts)
        self.accounts = _ids(company.accounts)
        self.contacts = _ids(company.contacts)
        self.opportunities = _ids(company.opportunities)
        self.orders = _ids(company.orders)
        self.account_made = [self._noon(account.created_on) for account in company.accounts]
        if not self.members:
            self._begin()
        self._store(Account, (*_RECORD, *_ACCOUNT), self._accounts())
        self._store(Contact, (*_RECORD, *_CONTACT), self._contacts())
        self._store(Opportunity, (*_RECORD, *_OPPORTUNITY), self._opportunities())
        self._store(OpportunityHistory, _HISTORY, self._histories())
        self._store(OpportunitySnapshot, _SNAPSHOT, self._snapshots())
        self._store(Activity, (*_RECORD, *_ACTIVITY), self._activities())
        self._store(Order, (*_RECORD, *_ORDER), self._orders())
        self._store(OrderLine, (*_RECORD, *_LINE), self._lines())
        self._store(SatisfactionResponse, (*_RECORD, *_SATISFACTION), self._satisfaction())
        self._store(UsageSignal, (*_RECORD, *_USAGE), self._usage())
        accounts = self.accounts
        # Free before the next batch is drawn, so that there is never more than one.
        del self.company, self.accounts, self.contacts, self.opportunities, self.orders, self.account_made
        return accounts

    def finish(self) -> None:
        """Note the days that the pictures of all batches are of: each is of the evening of its day."""
        midnight = dt.timedelta(hours=12)
        operations.close_snapshot_days(
            organization=self.organization, taken_at=lambda day: self._noon(day) + midnight, reconstructed=True
        )

    def _begin(self) -> None:
        self.members, self.products = _ids(self.company.staff.members), _ids(self.company.products)
        self._people()
        self.pipeline = operations.create_default_pipeline(organization=self.organization).pk
        stages = Stage.objects.for_organization(self.organization).filter(pipeline=self.pipeline)
        self.stages = list(stages.order_by("position"))
        assert len(self.stages) == STAGES + 2, "the default pipeline has other stages than the simulation knows"
        self._store(Product, (*_RECORD, *_PRODUCT), self._products())

    def _store(self, model: type[models.Model], columns: Sequence[str], rows: Iterator[Sequence[Any]]) -> None:
        count = 0
        while some := list(islice(rows, ROWS_AT_ONCE)):
            count += bulk.insert_rows(organization=self.organization, model=model, columns=columns, rows=some)
        label = _LABELS[model]
        self.counts[label] = self._number(model, count)
        self.progress(f"{count:>8,} {label}")

    def _number(self, model: type[models.Model], place: int) -> int:
        """Return the place in the whole company of a place in this batch."""
        return self.before.get(_LABELS[model], 0) + place

    def _code(self, model: type[models.Model], place: int) -> str:
        """Return the id that the row has in the system that the simulation plays."""
        return _CODES[model].format(self._number(model, place) + 1)

    def _noon(self, day: dt.date) -> dt.datetime:
        return dt.datetime.combine(day, dt.time(12), self.zone).astimezone(dt.UTC)

    def _record(self, row_id: UUID, code: str, at: dt.datetime, updated: dt.datetime | None = None) -> tuple[Any, ...]:
        """Return the values of the columns that every customer record has."""
        return row_id, SOURCE, code, at, updated or at, at, True

    def _people(self) -> None:
        staff = self.company.staff
        since = self.company.end_date - dt.timedelta(days=365 * YEARS_OF_UNITS)
        since_noon = self._noon(since)
        units = self.units = _ids(staff.units)
        self._store(
            Unit,
            ("id", "code", "name", "kind", "parent_id", "active_from"),
            (
                (units[i], unit.code, unit.name, unit.kind, None if unit.parent is None else units[unit.parent], since)
                for i, unit in enumerate(staff.units)
            ),
        )
        columns = ("id", "source", "external_id", "name", "email", "title", "role", "is_active", "version")
        self._store(
            Member,
            (*columns, "created_at", "updated_at"),
            (
                (
                    *(self.members[i], SOURCE, f"M-{i + 1:03d}", member.name, member.email, member.title),
                    *(member.role, member.is_active, 1, since_noon, since_noon),
                )
                for i, member in enumerate(staff.members)
            ),
        )
        self._store(
            UnitMembership,
            ("unit_id", "member_id", "active_from"),
            ((units[unit], self.members[i], since) for i, m in enumerate(staff.members) for unit in m.units),
        )

    def _products(self) -> Iterator[Sequence[Any]]:
        first_day = min(self.account_made)
        for row_id, product in zip(self.products, self.company.products, strict=True):
            yield (
                *self._record(row_id, product.code, first_day),
                *(product.code, product.name, product.family, product.list_price_minor),
                *(self.company.profile.currency, True),
            )

    def _accounts(self) -> Iterator[Sequence[Any]]:
        for i, account in enumerate(self.company.accounts):
            yield (
                *self._record(self.accounts[i], self._code(Account, i), self.account_made[i]),
                *(account.name, None if account.parent is None else self.accounts[account.parent]),
                *(self.members[account.owner], account.lifecycle, account.segment, account.industry),
                *(self._region(account), account.country, account.city, f"https://{account.short}.example"),
                *(account.employees, account.annual_revenue_minor, account.potential_minor, account.currency),
                *(account.customer_since, account.icp_fit),
            )

    def _region(self, account: AccountRow) -> str:
        return self.company.profile.regions[account.region].name

    def _contacts(self) -> Iterator[Sequence[Any]]:
        for i, contact in enumerate(self.company.contacts):
            owner = self.members[self.company.accounts[contact.account].owner]
            yield (
                *self._record(self.contacts[i], self._code(Contact, i), self.account_made[contact.account]),
                *(self.accounts[contact.account], owner, contact.name, contact.email, contact.phone, contact.title),
                *(contact.role, contact.role == "decides", contact.opted_out),
            )

    def _opportunities(self) -> Iterator[Sequence[Any]]:
        changed: dict[int, dt.datetime] = {}
        for change in self.company.histories:
            changed[change.opportunity] = max(change.occurred_at, changed.get(change.opportunity, change.occurred_at))
        for i, deal in enumerate(self.company.opportunities):
            yield (
                *self._record(self.opportunities[i], self._code(Opportunity, i), deal.opened_at, changed[i]),
                *(self.accounts[deal.account], self.members[deal.owner], self.products[deal.product], self.pipeline),
                *(self.stages[deal.stage].pk, deal.name, deal.amount_minor, deal.currency, deal.close_date),
                deal.opened_at,
                *(deal.closed_at, deal.stage_entered_at, deal.outcome, deal.lost_reason, deal.next_step),
                deal.next_step_date,
            )

    def _histories(self) -> Iterator[Sequence[Any]]:
        for change in self.company.histories:
            old, new = change.old, change.new
            if change.field == "stage":
                old = "" if change.old_stage is None else self.stages[change.old_stage].name
                new = "" if change.new_stage is None else self.stages[change.new_stage].name
            elif change.field == "owner":
                old = str(self.members[int(old)]) if old else ""
                new = str(self.members[int(new)])
            elif change.field == "account":
                new = str(self.accounts[int(new)])
            yield (
                *(self.opportunities[change.opportunity], change.field, old, new),
                None if change.old_stage is None else self.stages[change.old_stage].pk,
                None if change.new_stage is None else self.stages[change.new_stage].pk,
                *(change.old_amount_minor, change.new_amount_minor, self.members[change.actor]),
                *(change.occurred_at, change.occurred_at, True),
            )

    def _snapshots(self) -> Iterator[Sequence[Any]]:
        for snapshot in self.company.snapshots:
            deal = self.company.opportunities[snapshot.opportunity]
            stage, owner = self.stages[snapshot.stage], self.company.staff.members[snapshot.owner]
            yield (
                *(self.opportunities[snapshot.opportunity], snapshot.day, deal.name, stage.pk),
                *(self.accounts[deal.account], self.company.accounts[deal.account].name),
                *(self.members[snapshot.owner], self.units[owner.units[0]] if owner.units else None),
                *(snapshot.amount_minor, deal.currency, snapshot.close_date, stage.probability_bp),
                *(stage.forecast_category, deal.next_step, deal.next_step_date, deal.opened_at),
                *(snapshot.stage_entered_at, snapshot.pushes, snapshot.amount_changes),
            )

    def _activities(self) -> Iterator[Sequence[Any]]:
        for i, activity in enumerate(self.company.activities):
            yield (
                *self._record(uuid7(), self._code(Activity, i), activity.occurred_at),
                self.accounts[activity.account],
                None if activity.contact is None else self.contacts[activity.contact],
                None if activity.opportunity is None else self.opportunities[activity.opportunity],
                None if activity.member is None else self.members[activity.member],
                *(activity.kind, activity.direction, activity.subject, activity.body, activity.occurred_at),
                activity.is_two_way,
            )

    def _orders(self) -> Iterator[Sequence[Any]]:
        for i, order in enumerate(self.company.orders):
            number = self._order_number(i)
            yield (
                *self._record(self.orders[i], number, self._noon(order.order_date)),
                *(self.accounts[order.account], self.members[order.owner], number, order.status),
                *(order.order_date, order.promised_date, order.shipped_date, order.currency, order.amount_minor),
                _scaled(order.amount_exact_e8),
            )

    def _order_number(self, place: int) -> str:
        return f"SO-{self.company.orders[place].order_date:%y}-{self._number(Order, place) + 1:06d}"

    def _lines(self) -> Iterator[Sequence[Any]]:
        for line in self.company.lines:
            order, number = self.company.orders[line.order], self._order_number(line.order)
            yield (
                *self._record(uuid7(), f"{number}-{line.position}", self._noon(order.order_date)),
                *(self.orders[line.order], self.products[line.product], line.position),
                *(self.company.products[line.product].name, line.quantity, line.unit_price_e4, line.discount_bp),
                line.cost_minor,
            )

    def _satisfaction(self) -> Iterator[Sequence[Any]]:
        for i, answer in enumerate(self.company.satisfaction):
            yield (
                *self._record(uuid7(), self._code(SatisfactionResponse, i), answer.responded_at),
                *(self.accounts[answer.account], self.contacts[answer.contact], answer.score, answer.comment),
                *(answer.survey, answer.responded_at),
            )

    def _usage(self) -> Iterator[Sequence[Any]]:
        for i, signal in enumerate(self.company.usage):
            yield (
                *self._record(uuid7(), self._code(UsageSignal, i), signal.occurred_at),
                *(self.accounts[signal.account], signal.kind, signal.quantity, signal.occurred_at),
            )


_LABELS: dict[type[models.Model], str] = {
    Unit: "units",
    Member: "people",
    UnitMembership: "places in units",
    Product: "products",
    Account: "accounts",
    Contact: "contacts",
    Opportunity: "deals",
    OpportunityHistory: "changes of deals",
    OpportunitySnapshot: "snapshots of deals",
    Activity: "activities",
    Order: "orders",
    OrderLine: "order lines",
    SatisfactionResponse: "answers to surveys",
    UsageSignal: "portal signals",
}


_CODES: dict[type[models.Model], str] = {
    Account: "A-{:05d}",
    Contact: "C-{:06d}",
    Opportunity: "D-{:05d}",
    Activity: "T-{:06d}",
    SatisfactionResponse: "N-{:05d}",
    UsageSignal: "U-{:06d}",
}


def _ids(rows: Sequence[object]) -> list[UUID]:
    return [uuid7() for _ in rows]


def _scaled(hundred_millionths: int) -> str:
    """Return the exact decimal text; a float would lose the last digits of large amounts."""
    whole, rest = divmod(hundred_millionths, 10**8)
    return f"{whole}.{rest:08d}"


_PRODUCT = ("code", "name", "family", "list_price_minor", "currency", "is_active")
_ACCOUNT = (
    *("name", "parent_id", "owner_id", "lifecycle", "segment", "industry", "region", "country", "city", "website"),
    *("employees", "annual_revenue_minor", "potential_minor", "currency", "customer_since", "icp_fit"),
)
_CONTACT = ("account_id", "owner_id", "name", "email", "phone", "title", "role", "is_decision_maker", "opted_out")
_OPPORTUNITY = (
    *("account_id", "owner_id", "product_id", "pipeline_id", "stage_id", "name", "amount_minor", "currency"),
    *("close_date", "opened_at", "closed_at", "stage_entered_at", "outcome", "lost_reason", "next_step"),
    "next_step_date",
)
_HISTORY = (
    *("opportunity_id", "field", "old", "new", "old_stage_id", "new_stage_id", "old_amount_minor"),
    *("new_amount_minor", "actor_id", "occurred_at", "recorded_at", "reconstructed"),
)
_SNAPSHOT = (
    *("opportunity_id", "snapshot_date", "name", "stage_id", "account_id", "account_name", "owner_id", "unit_id"),
    *("amount_minor", "currency", "close_date", "probability_bp", "forecast_category", "next_step", "next_step_date"),
    *("opened_at", "stage_entered_at", "pushes", "amount_changes"),
)
_ACTIVITY = (
    *("account_id", "contact_id", "opportunity_id", "member_id", "kind", "direction", "subject", "body"),
    *("occurred_at", "is_two_way"),
)
_ORDER = (
    *("account_id", "owner_id", "number", "status", "order_date", "promised_date", "shipped_date", "currency"),
    *("amount_minor", "amount_exact"),
)
_LINE = (
    *("order_id", "product_id", "position", "product_name", "quantity", "unit_price_e4", "discount_bp"),
    "cost_minor",
)
_SATISFACTION = ("account_id", "contact_id", "score", "comment", "survey", "responded_at")
_USAGE = ("account_id", "kind", "quantity", "occurred_at")
