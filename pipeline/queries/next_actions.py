"""What is to be done next, how a week is filled with it, and what an account is worth: as pages and the API show it."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Aggregate, Count, Max, OuterRef, QuerySet, Subquery, Sum
from django.db.models.functions import JSONObject

from pipeline.models import AccountValue, NextAction, OrderLine, WeekPlan
from tenancy.access import Action, owner_filter
from tenancy.models import Member, Organization

Next = dict[str, Any]
SHOWN = (
    *("rank", "own_rank", "place", "hours", "value_minor", "per_hour_minor", "currency", "actions", "days_left"),
    *("unmet_hours", "choice", "chosen_until", "owner_id"),
)
VALUED = (
    *("currency", "is_margin", "spend_minor", "wallet_minor", "wallet_basis", "lifetime_value_minor"),
    *("expected_purchases", "active_chance", "repeat_rate", "idle_days", "usual_gap_days"),
    *("silence_chance", "silence_low", "silence_high", "silence_model"),
    *("gain_minor", "deals_minor", "grow_minor", "protect_minor", "movable_minor", "whitespace", "not_counted"),
)


def next_action(account: str = "account_id") -> Subquery:
    """Return what is to be done next with each row's account, None where no night has planned it."""
    actions = NextAction.objects.filter(organization=OuterRef("organization"), account_id=OuterRef(account))
    cut = {"cut_minor": "plan__cut_minor", "week_hours": "plan__hours"}
    return Subquery(actions.order_by().values(json=JSONObject(**{name: name for name in SHOWN}, **cut)))


def account_value(account: str = "account_id") -> Subquery:
    """Return what each row's account is worth, None where no night has valued it."""
    values = AccountValue.objects.filter(organization=OuterRef("organization"), account_id=OuterRef(account))
    return Subquery(values.order_by().values(json=JSONObject(**{name: name for name in VALUED})))


def owned_products(account: str = "pk") -> ArraySubquery:
    """Return the products that each account has ordered, the one ordered last first."""
    lines = OrderLine.objects.filter(
        organization=OuterRef("organization"),
        order__account_id=OuterRef(account),
        order__deleted_at=None,
        deleted_at=None,
    ).exclude(product=None)
    lines = lines.exclude(order__status="cancelled").order_by().values("product_id")
    owned = lines.annotate(last=Max("order__order_date"), orders=Count("order_id", distinct=True)).order_by("-last")
    names = {"product_id": "product_id", "name": "product__name", "last": "last", "orders": "orders"}
    return ArraySubquery(owned.values(json=JSONObject(**names))[:20])


@dataclass(frozen=True)
class Week:
    """How the hours of one person, or of several together, are filled for the next seven days."""

    people: int
    hours: float
    planned: float
    committed: float
    explored: float
    value_minor: int
    cut_minor: int | None  # None for several people: each has a cut of their own
    currency: str
    is_own: bool = False  # the member's who asked

    @property
    def percent(self) -> float:
        """The share of the hours that have something to be done in them."""
        return 100 * self.planned / self.hours if self.hours else 0.0


WEEK_SUMS: dict[str, Aggregate] = {
    "people": Count("id"),
    "cut": Max("cut_minor"),
    "code": Max("currency"),
    **{f"all_{name}": Sum(name) for name in ("hours", "committed", "floors", "ranked", "explored", "value_minor")},
}


def newest_plans(*, organization: Organization, member: Member, today: date) -> QuerySet[WeekPlan]:
    """Return the plans of the newest night that planned, of the people whom the member may see."""
    plans = WeekPlan.objects.for_organization(organization)
    newest = plans.order_by("-as_of", "-id").values("run")[:1]
    seen = owner_filter(member, Action.VIEW_PRIORITIES, as_of=today, field="member")
    found: QuerySet[WeekPlan] = plans.filter(seen, run=Subquery(newest))
    return found


def week(*, organization: Organization, member: Member, today: date, owner_id: uuid.UUID | None = None) -> Week | None:
    """Return the newest week's plan of an owner, or of everybody whom the member may see; None without one."""
    plans = newest_plans(organization=organization, member=member, today=today)
    if owner_id is not None:
        plans = plans.filter(member=owner_id)
    row = plans.aggregate(**WEEK_SUMS)
    return week_of(row) if row["people"] else None


def week_of(row: dict[str, Any], *, is_own: bool = False) -> Week:
    """Return the sums of plans as a week."""
    return Week(
        people=row["people"],
        hours=row["all_hours"],
        planned=row["all_committed"] + row["all_floors"] + row["all_ranked"] + row["all_explored"],
        committed=row["all_committed"],
        explored=row["all_explored"],
        value_minor=int(row["all_value_minor"]),
        cut_minor=row["cut"] if row["people"] == 1 else None,
        currency=row["code"],
        is_own=is_own,
    )


def action_for(*, organization: Organization, member: Member, today: date, account_id: uuid.UUID) -> NextAction:
    """Return what is to be done next with an account, with the account, its owner and the week that it stands in.

    :raises NextAction.DoesNotExist: when no night has planned it, or the member may not see it.
    """
    actions = NextAction.objects.for_organization(organization).filter(account__deleted_at=None)
    visible = actions.filter(owner_filter(member, Action.VIEW_PRIORITIES, as_of=today, field="account__owner"))
    found: NextAction = visible.select_related("account__owner", "plan", "chosen_by").get(account_id=account_id)
    return found


def may_choose(*, member: Member, today: date, actions: Sequence[NextAction]) -> set[uuid.UUID]:
    """Return the accounts of these actions whose next step the member may accept, put off or set aside."""
    allowed = owner_filter(member, Action.EDIT_ACCOUNTS, as_of=today, field="account__owner")
    accounts = [one.account_id for one in actions]
    found = NextAction.objects.for_organization(member.organization_id).filter(allowed, account__in=accounts)
    return set(found.values_list("account_id", flat=True))
