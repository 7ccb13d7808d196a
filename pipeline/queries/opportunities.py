"""The list of deals, and one deal."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from uuid import UUID

from django.db.models import Count, Q, Sum
from django.utils.translation import ngettext

from pipeline.models import Account, Activity, Opportunity, OpportunityHistory, TrackedField
from pipeline.queries.badges import deal_score, score_badge
from pipeline.querysets import ActivityQuerySet, OpportunityQuerySet, in_categories
from tenancy.access import Action, blank_hidden
from tenancy.keyset import Page, Sort, page_of
from tenancy.models import Member, Organization
from tenancy.working_time import WorkingCalendar, first_zone

PAGE_SIZE = 36  # so many rows, each with two scores, stay a light page
SORTS = (
    Sort("closes", "close_date", nullable=True),
    Sort("name", "name_key"),
    Sort("value", "amount_minor", descending=True, nullable=True),
    Sort("entered", "stage_entered_at"),
    Sort("updated", "updated_at", descending=True),
)


@dataclass(frozen=True)
class OpportunityFilter:
    """What the list is narrowed to; empty means everything."""

    name: str = ""
    outcome: str = ""
    stage_id: UUID | None = None
    owner_id: UUID | None = None
    account_id: UUID | None = None
    closed_from: date | None = None
    category: str = ""
    closes_from: date | None = None
    closes_to: date | None = None  # the last day


@dataclass(frozen=True)
class OpportunityTotals:
    """What the list adds up to. Unlike currencies stand beside each other and are never added."""

    count: int
    amounts: Mapping[str, int]  # currency → minor units
    without_next_step: int  # of the open ones
    overdue: int


def opportunities(
    *,
    organization: Organization,
    member: Member,
    today: date,
    narrowed: OpportunityFilter | None = None,
    action: Action = Action.VIEW_OPPORTUNITIES,
) -> OpportunityQuerySet:
    """Return the deals that the member may use for `action`: of list, detail, totals and export alike."""
    found: OpportunityQuerySet = Opportunity.objects.for_organization(organization)
    found = found.alive().visible_to(member, action, as_of=today)
    if narrowed is None:
        return found
    if narrowed.name:
        found = found.named_like(narrowed.name)
    if narrowed.outcome:
        found = found.filter(outcome=narrowed.outcome)
    if narrowed.stage_id:
        found = found.filter(stage=narrowed.stage_id)
    if narrowed.owner_id:
        found = found.filter(owner=narrowed.owner_id)
    if narrowed.account_id:
        found = found.filter(account=narrowed.account_id)
    if narrowed.closed_from:
        begin = datetime.combine(narrowed.closed_from, time.min, first_zone(organization.time_zone))
        found = found.filter(closed_at__gte=begin)
    if narrowed.category:
        found = found.filter(in_categories([narrowed.category]))
    if narrowed.closes_from:
        found = found.filter(close_date__gte=narrowed.closes_from)
    if narrowed.closes_to:
        found = found.filter(close_date__lte=narrowed.closes_to)
    return found


def opportunities_page(
    *,
    organization: Organization,
    member: Member,
    today: date,
    narrowed: OpportunityFilter,
    sort: Sort,
    cursor: str = "",
) -> Page[Opportunity]:
    """Return a page of the list with accounts, stages and owners fetched.

    :raises tenancy.keyset.InvalidCursor: when the cursor was not made for this list and order.
    """
    found = opportunities(organization=organization, member=member, today=today, narrowed=narrowed)
    rows = found.annotate(score_badge=score_badge(), deal_score=deal_score()).select_related(
        "account", "stage", "owner"
    )
    return page_of(rows, sort=sort, size=PAGE_SIZE, scope="opportunities", cursor=cursor)


def opportunity_totals(*, found: OpportunityQuerySet, today: date) -> OpportunityTotals:
    """Return what these deals add up to, by currency."""
    groups = list(
        found.values("currency")
        .annotate(
            all=Count("id"),
            amount=Sum("amount_minor"),
            idle=Count("id", Q(outcome="open", next_step="")),
            late=Count("id", Q(outcome="open", close_date__lt=today)),
        )
        .order_by("currency")
    )
    return OpportunityTotals(
        count=sum(group["all"] for group in groups),
        amounts={group["currency"]: int(group["amount"]) for group in groups if group["amount"] is not None},
        without_next_step=sum(group["idle"] for group in groups),
        overdue=sum(group["late"] for group in groups),
    )


@dataclass(frozen=True)
class StageStay:
    """How long a deal was in a stage."""

    stage_name: str
    entered_at: datetime
    left_at: datetime | None
    days: int  # working days
    expected_days: int
    moved_by: str
    is_open: bool

    @property
    def is_long(self) -> bool:
        """Whether it stayed longer than deals usually do."""
        return self.is_open and self.days > self.expected_days > 0


@dataclass(frozen=True)
class FieldChange:
    """A change of amount, close date, owner or account, as it was kept."""

    row: OpportunityHistory
    old: str  # for owners and accounts their names
    new: str

    @property
    def is_push(self) -> bool:
        """Whether the close date went to a later day, or the amount down: what a forecast loses by."""
        if self.row.field == TrackedField.CLOSE_DATE:
            return self.row.new > self.row.old  # ISO days compare as text
        old, new = self.row.old_amount_minor, self.row.new_amount_minor
        return self.row.field == TrackedField.AMOUNT and old is not None and (new or 0) < old


def stage_stays(history: list[OpportunityHistory], *, as_of: datetime, calendar: WorkingCalendar) -> list[StageStay]:
    """Return the stages that a deal went through, the newest first, from its history in the order of time."""
    moves = [row for row in history if row.field == TrackedField.STAGE and row.new_stage is not None]
    stays = []
    for number, move in enumerate(moves):
        stage = move.new_stage
        assert stage is not None
        left_at = moves[number + 1].occurred_at if number + 1 < len(moves) else None
        stays.append(
            StageStay(
                stage_name=stage.name,
                entered_at=move.occurred_at,
                left_at=left_at,
                days=calendar.days_since(move.occurred_at, calendar.day_of(left_at or as_of)),
                expected_days=stage.usual_days,
                moved_by=move.actor.name if move.actor else "",
                is_open=stage.is_open,
            )
        )
    return stays[::-1]


def opportunity_history(*, organization: Organization, opportunity: Opportunity) -> list[OpportunityHistory]:
    """Return what was kept of a deal, in the order of time."""
    rows = OpportunityHistory.objects.for_organization(organization).filter(opportunity=opportunity)
    return list(rows.select_related("new_stage", "old_stage", "actor").order_by("occurred_at", "id")[:500])


def field_changes(*, organization: Organization, history: list[OpportunityHistory]) -> list[FieldChange]:
    """Return the changes beside the stage, the newest first; what a deal began with is no change."""
    rows = [row for row in history if row.field != TrackedField.STAGE and row.old]
    names = _names(organization, rows)
    return [
        FieldChange(row=row, old=names.get(row.old, row.old), new=names.get(row.new, row.new)) for row in rows[::-1]
    ]


def push_words(changes: list[FieldChange]) -> str:
    """Return how often the close date and the amount of a deal got worse, empty where they never did."""
    pushed = [change.row.field for change in changes if change.is_push]
    later, less = pushed.count(TrackedField.CLOSE_DATE), pushed.count(TrackedField.AMOUNT)
    parts = [
        ngettext("pushed out %s time", "pushed out %s times", later) % later if later else "",
        ngettext("lowered %s time", "lowered %s times", less) % less if less else "",
    ]
    return ", ".join(part for part in parts if part)


def _names(organization: Organization, rows: list[OpportunityHistory]) -> dict[str, str]:
    """Return the names of the owners and accounts that the rows speak of, by id."""
    names: dict[str, str] = {}
    for field, model in ((TrackedField.OWNER, Member), (TrackedField.ACCOUNT, Account)):
        ids = {value for row in rows if row.field == field for value in (row.old, row.new) if _is_id(value)}
        if ids:
            found = model.objects.for_organization(organization).filter(pk__in=ids).values_list("pk", "name")
            names |= {str(pk): name for pk, name in found}
    return names


def _is_id(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True


def opportunity_activities(
    *, organization: Organization, member: Member, opportunity: Opportunity, most: int = 30
) -> list[Activity]:
    """Return what was done about a deal, as much of it as the member may see, the newest first."""
    found: ActivityQuerySet = Activity.objects.for_organization(organization)
    activities = list(
        found.alive()
        .filter(opportunity=opportunity)
        .select_related("member", "contact")
        .order_by("-occurred_at", "-id")[:most]
    )
    blank_hidden(member, activities)
    return activities
