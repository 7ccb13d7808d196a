"""What can be asked of customer records, in the words of the domain.

Filters live here and not in managers, so that they chain; each list, total and export is built from the same ones.
"""

from collections.abc import Collection
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Self, TypeVar
from uuid import UUID

from django.db import models
from django.db.models import Case, Exists, F, Func, OuterRef, Q, TextField, Value, When
from django.db.models.functions import Lower

from tenancy import access
from tenancy.models import Member
from tenancy.tenant_model import TenantQuerySet

if TYPE_CHECKING:  # the names in quotes below
    from pipeline.models import (  # noqa: F401
        Account,
        Activity,
        Contact,
        Inquiry,
        Opportunity,
        OpportunitySnapshot,
        Order,
        OrderLine,
        Product,
        SatisfactionResponse,
        UsageSignal,
    )

M = TypeVar("M", bound=models.Model)


class StartsWith(Func):
    """PostgreSQL's starts_with: unlike LIKE it is leakproof, so row-level security leaves it the index."""

    function = "STARTS_WITH"
    output_field = models.BooleanField()


def starting_with(field: str, prefix: str) -> StartsWith:
    """Return the condition that the lower-cased key column `field` begins with `prefix`, whatever its case."""
    return StartsWith(F(field), Lower(Value(prefix, output_field=TextField())))


class RecordQuerySet(TenantQuerySet[M]):
    """Customer records of one organisation."""

    def alive(self) -> Self:
        """Leave out records that were deleted (they are kept for 30 days)."""
        return self.filter(deleted_at__isnull=True)

    def deleted(self) -> Self:
        """Return only the deleted records."""
        return self.filter(deleted_at__isnull=False)

    def by_external_id(self, *, source: str, external_ids: Collection[str]) -> Self:
        """Return the records that `source` knows by `external_ids`."""
        return self.filter(source=source, external_id__in=external_ids)


class OwnedQuerySet(RecordQuerySet[M]):
    """Records with an owner: who may see them follows from the owner's place."""

    def visible_to(self, member: Member, action: access.Action, *, as_of: date) -> Self:
        """Return what `member` may use for `action`: the one predicate of list, detail, total and export."""
        return self.filter(access.owner_filter(member, action, as_of=as_of))

    def with_editable(self, member: Member, action: access.Action, *, as_of: date) -> Self:
        """Add `is_editable`: whether `member` may do `action` with each record, in the query that reads it."""
        manager: Any = self.model._default_manager
        same = manager.for_organization(member.organization_id).filter(pk=OuterRef("pk"))
        return self.annotate(is_editable=Exists(same.visible_to(member, action, as_of=as_of)))

    def owned_by(self, member: Member) -> Self:
        """Return the records of one owner."""
        return self.filter(owner=member)


class AccountQuerySet(OwnedQuerySet["Account"]):
    """Accounts: customers and prospects."""

    def named_like(self, prefix: str) -> Self:
        """Return the accounts whose name begins with `prefix`."""
        return self.filter(starting_with("name_key", prefix))

    def called(self, name: str) -> Self:
        """Return the accounts of exactly that name, whatever its case."""
        return self.filter(name_key=Lower(Value(name, output_field=TextField())))


class OfAccountQuerySet(OwnedQuerySet[M]):
    """Records that hang on an account: its owner sees them like their own."""

    def visible_to(self, member: Member, action: access.Action, *, as_of: date) -> Self:
        """Return what `member` may use for `action`, as owner of the record or of its account."""
        own = access.owner_filter(member, action, as_of=as_of)
        if not own:
            return self
        return self.filter(own | access.owner_filter(member, action, as_of=as_of, field="account__owner"))

    def of_account(self, account_id: UUID) -> Self:
        """Return the records of one account."""
        return self.filter(account_id=account_id)


class ContactQuerySet(OfAccountQuerySet["Contact"]):
    """People at accounts."""

    def named_like(self, prefix: str) -> Self:
        """Return the contacts whose name begins with `prefix`."""
        return self.filter(starting_with("name_key", prefix))


PINNED = Q(outcome="open") & ~Q(pinned_category="")
"""Deals of which a person, and not their stage, says how firmly they count."""


def in_categories(categories: Collection[str]) -> Q:
    """Return the condition that a deal counts in one of these forecast categories."""
    by_hand = PINNED & Q(pinned_category__in=categories)
    return by_hand | (~PINNED & Q(stage__forecast_category__in=categories))


class OpportunityQuerySet(OfAccountQuerySet["Opportunity"]):
    """Deals."""

    def open(self) -> Self:
        """Return the deals that are neither won nor lost."""
        return self.filter(outcome="open")

    def closed(self) -> Self:
        """Return the deals that were won or lost."""
        return self.exclude(outcome="open")

    def overdue(self, today: date) -> Self:
        """Return the open deals whose close date has passed."""
        return self.open().filter(close_date__lt=today)

    def with_category(self) -> Self:
        """Add `category`: how firmly each counts in the forecast, as `Opportunity.forecast_category` says."""
        return self.annotate(
            category=Case(When(PINNED, then=F("pinned_category")), default=F("stage__forecast_category"))
        )

    def without_next_step(self) -> Self:
        """Return the open deals that nobody has planned anything for."""
        return self.open().filter(next_step="")

    def named_like(self, prefix: str) -> Self:
        """Return the deals whose name begins with `prefix`."""
        return self.filter(starting_with("name_key", prefix))


class SnapshotQuerySet(TenantQuerySet["OpportunitySnapshot"]):
    """Deals as they stood on days that have passed."""

    def on(self, day: date) -> Self:
        """Return the picture of one day."""
        return self.filter(snapshot_date=day)

    def visible_to(self, member: Member, action: access.Action, *, as_of: date) -> Self:
        """Return what `member` may use for `action` of deals as they stood: those that they may use it of today.

        Who a deal was taken from sees its past no longer, and who has it now sees all of it.
        """
        if access.reach_of(member, action) == access.Reach.ALL:
            return self
        deals: Any = self.model._meta.get_field("opportunity").related_model
        found = deals._default_manager.for_organization(member.organization_id)
        return self.filter(opportunity__in=found.visible_to(member, action, as_of=as_of).order_by().values("pk"))


class OrderQuerySet(OfAccountQuerySet["Order"]):
    """Orders."""

    def undelivered(self) -> Self:
        """Return the orders that the customer still waits for."""
        return self.filter(status__in=("open", "shipped"))

    def numbered_like(self, prefix: str) -> Self:
        """Return the orders whose number begins with `prefix`."""
        return self.filter(starting_with("number_key", prefix))


class ProductQuerySet(RecordQuerySet["Product"]):
    """Products: everyone in the organisation may see them."""

    def with_editable(self, member: Member, action: access.Action, *, as_of: date) -> Self:
        """Add `is_editable`: nobody owns a product, so who may do `action` may do it with all."""
        return self.annotate(is_editable=Value(access.reach_of(member, action) is not None))

    def active(self) -> Self:
        """Return the products that can be sold."""
        return self.filter(is_active=True)

    def named_like(self, prefix: str) -> Self:
        """Return the products whose name begins with `prefix`."""
        return self.filter(starting_with("name_key", prefix))


class ActivityQuerySet(RecordQuerySet["Activity"]):
    """What people did with customers."""

    def two_way(self) -> Self:
        """Return the activities in which the customer took part."""
        return self.filter(is_two_way=True)


class InquiryQuerySet(OfAccountQuerySet["Inquiry"]):
    """What prospects and customers ask."""

    def waiting(self) -> Self:
        """Return those that the customer still waits for."""
        return self.filter(state__in=("new", "open"))


class OrderLineQuerySet(RecordQuerySet["OrderLine"]):
    """Lines of orders."""

    def in_order(self) -> Self:
        """Return them as the order has them."""
        return self.order_by("position", "id")


class SatisfactionQuerySet(RecordQuerySet["SatisfactionResponse"]):
    """Answers of customers."""

    def since(self, moment: datetime) -> Self:
        """Return the answers given at or after `moment`."""
        return self.filter(responded_at__gte=moment)


class UsageQuerySet(RecordQuerySet["UsageSignal"]):
    """What customers did by themselves."""

    def since(self, moment: datetime) -> Self:
        """Return what happened at or after `moment`."""
        return self.filter(occurred_at__gte=moment)
