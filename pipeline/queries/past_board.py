"""The board of a day that has passed: what was recorded then, in the columns of the process."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any
from uuid import UUID

from django.db.models import Count, DecimalField, Exists, F, OuterRef, Sum, Window
from django.db.models.functions import Cast, RowNumber

from pipeline.models import Opportunity, OpportunitySnapshot, Pipeline, SnapshotDay, Stage
from pipeline.queries.snapshots import pipeline_as_of
from pipeline.querysets import SnapshotQuerySet
from tenancy.conversion import Total, converter_for, sum_of
from tenancy.models import Member, Organization
from tenancy.working_time import calendar_of

MOST_CARDS = 30


@dataclass(frozen=True)
class PastCard:
    """A deal as it was recorded: for how many working days it had been in its stage, and whether it can be opened."""

    deal: OpportunitySnapshot
    days: int | None
    is_there: bool


@dataclass
class PastColumn:
    """A stage with the deals that were in it, by the rates of that day."""

    stage: Stage
    worth: Total
    likely: Total
    count: int = 0
    cards: list[PastCard] = field(default_factory=list)

    @property
    def more(self) -> int:
        """How many deals it had beyond its cards."""
        return max(0, self.count - len(self.cards))


@dataclass(frozen=True)
class PastBoard:
    """The columns of one pipeline at the end of a recorded day; `earlier` and `later` are recorded days beside it."""

    recorded: SnapshotDay
    pipeline: Pipeline | None
    pipelines: Sequence[Pipeline]
    columns: Sequence[PastColumn]
    currency: str
    earlier: date | None
    later: date | None

    @property
    def count(self) -> int:
        """How many deals were open."""
        return sum(column.count for column in self.columns)

    @property
    def worth(self) -> Total:
        """What they were worth."""
        return sum_of((column.worth for column in self.columns), currency=self.currency)


def past_board(
    *,
    organization: Organization,
    member: Member,
    day: date,
    today: date,
    pipeline_id: UUID | None,
    most: int = MOST_CARDS,
) -> PastBoard | None:
    """Return the board at the end of a day, or of the last recorded one before it; None when there is none."""
    found = pipeline_as_of(organization=organization, member=member, day=day, today=today)
    if found is None:
        return None
    stages = list(
        Stage.objects.for_organization(organization)
        .select_related("pipeline")
        .order_by("-pipeline__is_default", "-pipeline__is_active", "pipeline__name", "position", "id")
    )
    pipelines = list({stage.pipeline_id: stage.pipeline for stage in stages}.values())
    chosen = next((one for one in pipelines if one.pk == pipeline_id), pipelines[0] if pipelines else None)
    own = [stage for stage in stages if chosen is not None and stage.pipeline_id == chosen.pk and stage.is_open]
    converter = converter_for(member, organization=organization, today=found.day)
    nothing = Total(converter.currency)
    columns = {stage.pk: PastColumn(stage, nothing, nothing) for stage in own}
    exact: DecimalField[Any, Any] = DecimalField(max_digits=30, decimal_places=0)
    groups = found.deals.filter(stage__in=columns).order_by().values("stage", "currency")
    by_chance = Sum(Cast("amount_minor", exact) * F("probability_bp"), output_field=exact)
    for group in groups.annotate(deals=Count("id"), worth=Sum("amount_minor"), by_chance=by_chance):
        column = columns[group["stage"]]
        column.count += group["deals"]
        if group["worth"] is not None:
            likely = converter.total({group["currency"]: int(group["by_chance"])})
            column.worth += converter.total({group["currency"]: int(group["worth"])})
            column.likely += replace(likely, exact=likely.exact / 10_000)
    for stage, cards in _first_cards(organization, found.deals.filter(stage__in=columns), most).items():
        columns[stage].cards = cards
    earlier, later = _beside(organization, found.recorded)
    return PastBoard(
        recorded=found.recorded,
        pipeline=chosen,
        pipelines=[one for one in pipelines if one.is_active or one is chosen],
        columns=[column for column in columns.values() if column.count or column.stage.retired_at is None],
        currency=converter.currency,
        earlier=earlier,
        later=later,
    )


def _first_cards(organization: Organization, deals: SnapshotQuerySet, most: int) -> Mapping[UUID, list[PastCard]]:
    alive = Opportunity.objects.for_organization(organization).alive()
    place = Window(RowNumber(), partition_by="stage", order_by=[F("close_date").asc(nulls_last=True), "id"])
    shown: Any = (  # with what is annotated
        deals.annotate(place=place, is_there=Exists(alive.filter(pk=OuterRef("opportunity_id"))))
        .filter(place__lte=most)
        .select_related("owner")
        .order_by("stage", "place")
    )
    calendar = calendar_of(organization)
    cards: dict[UUID, list[PastCard]] = {}
    for deal in shown:
        entered = deal.stage_entered_at
        days = None if entered is None else calendar.days_since(entered, deal.snapshot_date)
        cards.setdefault(deal.stage_id, []).append(PastCard(deal, days, deal.is_there))
    return cards


def _beside(organization: Organization, recorded: SnapshotDay) -> tuple[date | None, date | None]:
    days = SnapshotDay.objects.for_organization(organization).values_list("snapshot_date", flat=True)
    earlier = days.filter(snapshot_date__lt=recorded.snapshot_date).order_by("-snapshot_date").first()
    later = days.filter(snapshot_date__gt=recorded.snapshot_date).order_by("snapshot_date").first()
    return earlier, later
