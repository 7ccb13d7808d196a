"""The weekly pipeline review: the exceptions, what each is worth, and how far the week's review is."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import (
    Aggregate,
    Case,
    Count,
    F,
    FloatField,
    IntegerField,
    Max,
    OuterRef,
    Q,
    Subquery,
    Sum,
    Value,
    When,
)
from django.db.models.functions import Cast, Coalesce
from django.utils.translation import gettext as _

from pipeline.models import ForecastCategory, Opportunity, OpportunityScore, ReviewMark, ReviewReason, WarningCode
from pipeline.queries.deal_warnings import Yardstick, warnings_of, with_warnings
from pipeline.queries.opportunities import OpportunityFilter, opportunities
from pipeline.querysets import OpportunityQuerySet
from tenancy.access import Action, reach_of
from tenancy.conversion import Converter
from tenancy.models import Member, Organization

MOST_ROWS = 25
BIG = 0.8  # of all open deals four in five are not worth more than what a big one exceeds
TOO_LOW = {"commit": 50, "best_case": 20}
TOO_HIGH = {"pipeline": 75, "omitted": 75}
"""A chance in per cent below or from which on a category of the forecast says something else than the chance."""


class Percentile(Aggregate):
    """A value that a share of all values does not exceed."""

    function = "percentile_disc"
    template = "%(function)s(%(share)s) WITHIN GROUP (ORDER BY %(expressions)s)"
    output_field = FloatField()

    def __init__(self, expression: Any, *, share: float, **extra: Any) -> None:
        super().__init__(expression, share=float(share), **extra)


@dataclass(frozen=True)
class Review:
    """What waits, the most valuable first, and what was closed this week. `worth` is in the currency of the viewer."""

    rows: Sequence[Opportunity]
    waiting: int
    closed: int
    worth_minor: int
    currency: str
    by_reason: dict[ReviewReason, int] = field(default_factory=dict)

    @property
    def percent(self) -> int:
        """How much of the week's review is done."""
        return round(100 * self.closed / (self.closed + self.waiting)) if self.closed + self.waiting else 100


@dataclass(frozen=True)
class ReviewFilter:
    """What the review is narrowed to; empty means everything."""

    owner_id: UUID | None = None
    reason: str = ""


def reviewed_deals(
    *, organization: Organization, member: Member, yardstick: Yardstick, converter: Converter, narrowed: ReviewFilter
) -> OpportunityQuerySet:
    """Return the open deals that the member answers for, each with `exceptions` (bits) and `expected` (minor units).

    Who may change deals reviews those; who may only look, looks at all of them.
    """
    found = opportunities(
        organization=organization,
        member=member,
        today=yardstick.today,
        narrowed=OpportunityFilter(owner_id=narrowed.owner_id),
        action=_action(member),
    ).open()
    found = found.annotate(converted=_converted(converter), chance=_chance(), category=_category())
    big = found.aggregate(big=Percentile(F("converted"), share=BIG))["big"]
    found = with_warnings(found, yardstick)
    conditions = _conditions(yardstick, big)
    bits = [
        Case(When(condition, then=Value(reason.bit)), default=Value(0), output_field=IntegerField())
        for reason, condition in conditions.items()
    ]
    total: Any = sum(bits[1:], bits[0]) if bits else Value(0, IntegerField())
    found = found.annotate(exceptions=total, expected=F("converted") * F("chance") / 100.0)
    if narrowed.reason:
        found = found.filter(conditions.get(ReviewReason(narrowed.reason), Q(pk__in=[])))
    return found


def exceptions(found: OpportunityQuerySet) -> OpportunityQuerySet:
    """Return those of the reviewed deals that wait: exceptional, and not closed as they are now."""
    marks: Any = ReviewMark.objects.filter(organization=OuterRef("organization"), opportunity=OuterRef("pk"))
    last = marks.order_by("-closed_at", "-id")
    deals: Any = found.annotate(
        seen_version=Subquery(last.values("deal_version")[:1]), seen_reasons=Subquery(last.values("reasons")[:1])
    )
    both: Any = F("seen_reasons")
    as_seen = Q(seen_version=F("version"), seen_reasons=F("exceptions").bitor(both))
    waiting: OpportunityQuerySet = deals.filter(exceptions__gt=0).filter(Q(seen_version=None) | ~as_seen)
    return waiting


def review(
    *,
    organization: Organization,
    member: Member,
    yardstick: Yardstick,
    converter: Converter,
    narrowed: ReviewFilter,
) -> Review:
    """Return the review as its page shows it."""
    found = reviewed_deals(
        organization=organization, member=member, yardstick=yardstick, converter=converter, narrowed=narrowed
    )
    waiting = exceptions(found)
    flags = {f"has_{reason.value}": F("exceptions").bitand(reason.bit) for reason in ReviewReason}
    counts = {reason.value: Count("pk", filter=Q(**{f"has_{reason.value}__gt": 0})) for reason in ReviewReason}
    seen = opportunities(
        organization=organization,
        member=member,
        today=yardstick.today,
        narrowed=OpportunityFilter(owner_id=narrowed.owner_id),
        action=_action(member),
    )
    marks = ReviewMark.objects.for_organization(organization).filter(closed_at__gte=week_of(yardstick))
    done = marks.filter(opportunity__in=seen.values("pk")).order_by().values("organization")
    done = done.annotate(count=Count("opportunity", distinct=True)).values_list("count", flat=True)
    sums = waiting.annotate(**flags).aggregate(
        all=Count("pk"), worth=Sum("expected"), closed=Max(Subquery(done, IntegerField())), **counts
    )
    # Where nothing waits there is no row that could say how much was closed, and none to be read.
    rows: list[Opportunity] = []
    if sums["all"]:
        editable = waiting.with_editable(member, Action.EDIT_OPPORTUNITIES, as_of=yardstick.today)
        by_worth = editable.order_by(F("expected").desc(nulls_last=True), "id")
        rows = list(by_worth.select_related("account", "stage", "owner")[:MOST_ROWS])
    closed = sums["closed"] if sums["all"] else next(iter(done), 0)
    return Review(
        rows=rows,
        waiting=sums["all"],
        closed=int(closed or 0),
        worth_minor=round(sums["worth"] or 0),
        currency=converter.currency,
        by_reason={reason: sums[reason.value] for reason in ReviewReason if sums[reason.value]},
    )


def reviewed_deal(found: OpportunityQuerySet, deal_id: UUID) -> Opportunity | None:
    """Return one of the reviewed deals as a row of the page, whether it waits or not."""
    row: Opportunity | None = found.select_related("account", "stage", "owner").filter(pk=deal_id).first()
    return row


def reason_words(deal: Any, yardstick: Yardstick) -> list[str]:
    """Return what is exceptional about a reviewed deal, each in a sentence."""
    said = {one.code.value: one.words for one in warnings_of(deal, yardstick)}
    category = str(ForecastCategory(deal.category).label)
    said[ReviewReason.BIG_AND_IDLE] = _("One of the biggest deals, and nothing is planned.")
    said[ReviewReason.CATEGORY] = _("The forecast says “%(category)s”, and the chance is %(chance)s %%.") % {
        "category": category,
        "chance": round(deal.chance),
    }
    return [said[reason.value] for reason in ReviewReason if deal.exceptions & reason.bit]


def week_of(yardstick: Yardstick) -> datetime:
    """Return when the week of the review began: Monday, on the organisation's clock."""
    return yardstick.calendar.begin_of(monday_of(yardstick.today))


def monday_of(day: date) -> date:
    """Return the Monday of a day's week."""
    return day - timedelta(days=day.weekday())


def _action(member: Member) -> Action:
    """Return what a member reviews: the deals that they may change; who may only look, looks at all they see."""
    may_edit = reach_of(member, Action.EDIT_OPPORTUNITIES) is not None
    return Action.EDIT_OPPORTUNITIES if may_edit else Action.VIEW_OPPORTUNITIES


def _converted(converter: Converter) -> Case:
    """Return what each deal is worth in the viewer's currency; null where there is no rate."""
    factors = converter.factors()
    return Case(
        *(
            When(currency=code, then=Cast("amount_minor", FloatField()) * Value(float(factor)))
            for code, factor in factors.items()
        ),
        default=Value(None),
        output_field=FloatField(),
    )


def _chance() -> Coalesce:
    """Return the chance of each deal in per cent: its model's, else its own, else that of its stage."""
    scores: Any = OpportunityScore.objects.filter(organization=OuterRef("organization"), opportunity=OuterRef("pk"))
    own = Cast("probability_bp", FloatField()) / 100.0
    usual = Cast("stage__probability_bp", FloatField()) / 100.0
    return Coalesce(Cast(Subquery(scores.values("score")[:1]), FloatField()), own, usual, output_field=FloatField())


def _category() -> Case:
    return Case(When(pinned_category="", then=F("stage__forecast_category")), default=F("pinned_category"))


def _conditions(yardstick: Yardstick, big: float | None) -> dict[ReviewReason, Q]:
    warned = yardstick.conditions()
    found = {
        reason: warned[code]
        for reason, code in (
            (ReviewReason.STALLED, WarningCode.STALLED),
            (ReviewReason.OVERDUE, WarningCode.OVERDUE),
            (ReviewReason.PUSHED, WarningCode.PUSHED),
        )
        if code in warned
    }
    if big:
        found[ReviewReason.BIG_AND_IDLE] = Q(converted__gt=big) & yardstick.lacks_step()
    disagree = Q(pk__in=[])
    for code, least in TOO_LOW.items():
        disagree |= Q(category=code, chance__lt=least)
    for code, most in TOO_HIGH.items():
        disagree |= Q(category=code, chance__gte=most)
    found[ReviewReason.CATEGORY] = disagree
    return found
