"""The few figures that say where an organisation stands. Unlike currencies stand beside each other."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Aggregate, Case, Count, F, Q, QuerySet, Subquery, Sum, When
from django.db.models.functions import JSONObject

from pipeline import rules
from pipeline.models import IN_PLAN, Account, AccountScore, Opportunity, SatisfactionResponse
from pipeline.queries.badges import score_badge
from pipeline.queries.next_actions import WEEK_SUMS, Week, newest_plans, next_action, week_of
from pipeline.queries.priorities import priorities
from pipeline.querysets import RecordQuerySet
from tenancy.access import Action, owner_filter
from tenancy.keyset import Page, Sort, page_of
from tenancy.models import Member, Organization

PAGE_SIZE = 50
NEWEST_FIRST = Sort("answered", "responded_at", descending=True)
NPS_DAYS = 365
SOON_DAYS = 14


@dataclass(frozen=True)
class DealFigures:
    """What is open, and what was won in a period."""

    open_count: int = 0
    open_amounts: Mapping[str, int] = field(default_factory=dict)  # currency → minor units
    overdue_count: int = 0
    won_count: int = 0
    won_amounts: Mapping[str, int] = field(default_factory=dict)


def deal_figures(
    *, organization: Organization, member: Member, today: date, won_from: datetime, won_before: datetime
) -> DealFigures:
    """Return the open deals, and those won in [won_from, won_before), that the member may see, by currency."""
    deals = Opportunity.objects.for_organization(organization).alive()
    deals = deals.visible_to(member, Action.VIEW_OPPORTUNITIES, as_of=today)
    is_open = Q(outcome="open")
    won = Q(outcome="won", closed_at__gte=won_from, closed_at__lt=won_before)
    groups = list(
        deals.filter(is_open | won)
        .values("currency")
        .annotate(
            open_count=Count("pk", filter=is_open),
            open_amount=Sum("amount_minor", filter=is_open),
            overdue=Count("pk", filter=is_open & Q(close_date__lt=today)),
            won_count=Count("pk", filter=won),
            won_amount=Sum("amount_minor", filter=won),
        )
        .order_by("currency")
    )
    return DealFigures(
        open_count=sum(group["open_count"] for group in groups),
        open_amounts={group["currency"]: int(group["open_amount"]) for group in groups if group["open_amount"]},
        overdue_count=sum(group["overdue"] for group in groups),
        won_count=sum(group["won_count"] for group in groups),
        won_amounts={group["currency"]: int(group["won_amount"]) for group in groups if group["won_amount"]},
    )


@dataclass(frozen=True)
class Satisfaction:
    """What customers answered in the past year."""

    promoters: int
    passives: int
    detractors: int

    @property
    def answers(self) -> int:
        """How many there are."""
        return self.promoters + self.passives + self.detractors

    @property
    def nps(self) -> float | None:
        """The net promoter score, or None without answers."""
        return rules.nps(promoters=self.promoters, passives=self.passives, detractors=self.detractors)


ANSWERED = {
    "promoters": Count("pk", filter=Q(score__gte=9)),
    "passives": Count("pk", filter=Q(score__in=(7, 8))),
    "detractors": Count("pk", filter=Q(score__lte=6)),
}


def satisfaction(*, organization: Organization, member: Member, today: date, as_of: datetime) -> Satisfaction:
    """Return the answers of the past year from accounts that the member may see."""
    return Satisfaction(**_answers(organization, member, today, as_of).aggregate(**ANSWERED))


def answers_page(
    *, organization: Organization, member: Member, today: date, as_of: datetime, cursor: str = ""
) -> Page[SatisfactionResponse]:
    """Return a page of the answers that the satisfaction figures are made of, the newest first.

    :raises tenancy.keyset.InvalidCursor: when the cursor was not made for this list.
    """
    answers = _answers(organization, member, today, as_of)
    rows = answers.annotate(score_badge=score_badge()).select_related("account", "contact")
    return page_of(rows, sort=NEWEST_FIRST, size=PAGE_SIZE, scope="answers", cursor=cursor)


def _answers(
    organization: Organization, member: Member, today: date, as_of: datetime
) -> RecordQuerySet[SatisfactionResponse]:
    answers = SatisfactionResponse.objects.for_organization(organization).alive()
    answers = answers.filter(owner_filter(member, Action.VIEW_ACCOUNTS, as_of=today, field="account__owner"))
    return answers.filter(responded_at__gt=as_of - timedelta(days=NPS_DAYS), responded_at__lte=as_of)


@dataclass(frozen=True)
class AccountFigures:
    """How many accounts there are, and how many of them want attention."""

    total: int
    scored: int
    act: int


def customer_figures(
    *, organization: Organization, member: Member, today: date, as_of: datetime
) -> tuple[AccountFigures, Satisfaction, Week | None]:
    """Return what there is to say of the accounts that the member may see, of their answers and of the week.

    One statement. The week is the member's own, or everybody's for who owns no account.
    """
    accounts = Account.objects.for_organization(organization).alive()
    counted = _in_one_row(
        accounts.visible_to(member, Action.VIEW_ACCOUNTS, as_of=today),
        total=Count("pk"),
        scored=Count("score"),
        act=Count("score", filter=Q(score__band="act")),
    )
    answered = _in_one_row(_answers(organization, member, today, as_of), **ANSWERED)
    plans = newest_plans(organization=organization, member=member, today=today)
    weeks = [_in_one_row(some, **WEEK_SUMS) for some in (plans.filter(member=member), plans)]
    asked = (counted, answered, *weeks)
    row = Organization.objects.filter(pk=organization.pk).values_list(*(Subquery(one) for one in asked)).get()
    nobody, nothing = {"total": 0, "scored": 0, "act": 0}, dict.fromkeys(ANSWERED, 0)
    filled = row[2] or row[3]
    return (
        AccountFigures(**(row[0] or nobody)),
        Satisfaction(**(row[1] or nothing)),
        week_of(filled, is_own=bool(row[2])) if filled else None,
    )


def _in_one_row(rows: QuerySet[Any, Any], **counts: Aggregate) -> QuerySet[Any, Any]:
    grouped = rows.order_by().values("organization").annotate(**counts)
    return grouped.values(figures=JSONObject(**{name: F(name) for name in counts}))


def first_accounts(
    *, organization: Organization, member: Member, today: date, week: Week | None, most: int = 6
) -> list[AccountScore]:
    """Return the first accounts of the ranked list: of the member's own those that are planned for the week, if any."""
    scores = priorities(organization=organization, member=member, today=today)
    scores = scores.annotate(score_badge=score_badge(), planned=next_action()).select_related("account__owner")
    if week is None or not week.is_own:
        return list(scores.order_by("rank")[:most])
    own = scores.filter(account__owner=member)
    later = ~Q(account__next_action__place__in=IN_PLAN) | Q(account__next_action=None)
    return list(own.order_by(Case(When(later, then=1), default=0), "rank")[:most])


def deals_to_close(*, organization: Organization, member: Member, today: date, most: int = 8) -> list[Opportunity]:
    """Return the open deals that should close within two weeks, or should have, the earliest date first."""
    deals = Opportunity.objects.for_organization(organization).alive().open()
    deals = deals.visible_to(member, Action.VIEW_OPPORTUNITIES, as_of=today)
    due = deals.filter(close_date__lte=today + timedelta(days=SOON_DAYS))
    due = due.annotate(score_badge=score_badge()).select_related("account", "stage")
    return list(due.order_by("close_date", "pk")[:most])
