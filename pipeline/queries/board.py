"""The board: open deals by stage, each column with its first cards and with what all of them add up to."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID

from django.db.models import Count, DecimalField, F, Q, Sum
from django.db.models.functions import Cast

from pipeline.models import Opportunity, Pipeline, Stage
from pipeline.queries.badges import deal_score
from pipeline.queries.opportunities import OpportunityFilter, opportunities
from pipeline.querysets import OpportunityQuerySet
from tenancy.access import Action
from tenancy.conversion import Converter, Total, converter_for, sum_of
from tenancy.models import Member, Organization

MOST_CARDS, MOST_ON_PAGE = 30, 90
"""A column shows 30 cards at first, fewer where all columns together would be more than a page carries lightly."""


@dataclass
class Column:
    """A stage with the deals in it: what they are worth and what that is by their chances, in the viewer's currency."""

    stage: Stage
    worth: Total
    likely: Total
    count: int = 0
    cards: list[Opportunity] = field(default_factory=list)

    @property
    def has_value(self) -> bool:
        """Whether an amount is known of any of them."""
        return bool(self.worth.parts or self.worth.left_out)

    @property
    def more(self) -> int:
        """How many deals the column has beyond its cards."""
        return max(0, self.count - len(self.cards))

    @property
    def last(self) -> Opportunity | None:
        """The card behind which more are asked for."""
        return self.cards[-1] if self.cards else None


@dataclass(frozen=True)
class Board:
    """The columns of one pipeline; won and lost stages are places to drop a deal on."""

    currency: str
    pipeline: Pipeline | None
    pipelines: Sequence[Pipeline]
    columns: Sequence[Column]
    ends: Sequence[Stage]

    @property
    def count(self) -> int:
        """How many deals are open."""
        return sum(column.count for column in self.columns)

    @property
    def worth(self) -> Total:
        """What they are worth."""
        return sum_of((column.worth for column in self.columns), currency=self.currency)

    @property
    def likely(self) -> Total:
        """What that is by their chances."""
        return sum_of((column.likely for column in self.columns), currency=self.currency)


def board(
    *,
    organization: Organization,
    member: Member,
    today: date,
    narrowed: OpportunityFilter,
    pipeline_id: UUID | None,
    with_cards: bool = True,
) -> Board:
    """Return the board of a pipeline, of the default one where none is named; five queries, however many deals."""
    stages = list(
        Stage.objects.for_organization(organization)
        .select_related("pipeline")
        .order_by("-pipeline__is_default", "-pipeline__is_active", "pipeline__name", "position", "id")
    )
    pipelines = list({stage.pipeline_id: stage.pipeline for stage in stages}.values())
    chosen = next((one for one in pipelines if one.pk == pipeline_id), pipelines[0] if pipelines else None)
    own = [stage for stage in stages if chosen is not None and stage.pipeline_id == chosen.pk]
    found = opportunities(organization=organization, member=member, today=today, narrowed=narrowed).open()
    converter = converter_for(member, organization=organization, today=today)
    columns = sums_of(found=found, converter=converter, stages=[stage for stage in own if stage.is_open])
    # A retired stage is a column as long as deals stand in it.
    columns = [column for column in columns if column.count or column.stage.retired_at is None]
    cards = first_cards(found=found, columns=columns, member=member, today=today) if with_cards else {}
    for column in columns:
        column.cards = cards.get(column.stage.pk, [])
    return Board(
        currency=converter.currency,
        pipeline=chosen,
        pipelines=[one for one in pipelines if one.is_active or one is chosen],
        columns=columns,
        ends=[stage for stage in own if not stage.is_open and stage.retired_at is None],
    )


def sums_of(*, found: OpportunityQuerySet, converter: Converter, stages: Sequence[Stage]) -> list[Column]:
    """Return the columns of these stages with their sums and without cards.

    A deal weighs what it is worth by its own chance, else by that of its stage, as everywhere.
    """
    columns = {stage.pk: Column(stage, Total(converter.currency), Total(converter.currency)) for stage in stages}
    exact: DecimalField[Any, Any] = DecimalField(max_digits=30, decimal_places=0)
    groups = (
        found.filter(stage__in=columns)
        .order_by()
        .values("stage", "currency")
        .annotate(
            deals=Count("id"),
            worth=Sum("amount_minor"),
            usual=Sum("amount_minor", filter=Q(probability_bp=None)),
            own=Sum(
                Cast("amount_minor", exact) * F("probability_bp"), filter=~Q(probability_bp=None), output_field=exact
            ),
        )
    )
    for group in groups:
        column = columns[group["stage"]]
        column.count += group["deals"]
        if group["worth"] is not None:
            by_chance = int(group["usual"] or 0) * column.stage.probability_bp + int(group["own"] or 0)
            column.worth += converter.total({group["currency"]: int(group["worth"])})
            column.likely += converter.total({group["currency"]: by_chance}).divided(10_000)
    return list(columns.values())


def first_cards(
    *, found: OpportunityQuerySet, columns: Sequence[Column], member: Member, today: date
) -> Mapping[UUID, list[Opportunity]]:
    """Return the first cards of each column: what closes first stands at the top."""
    filled = [column for column in columns if column.count]
    if not filled:
        return {}
    size = min(MOST_CARDS, max(1, MOST_ON_PAGE // len(columns)))
    tops = [_in_order(found.filter(stage=column.stage)).values("pk")[:size] for column in filled]
    # Each top is a walk through a few rows of an index; one statement for all of them.
    top, *others = tops
    ids = [row["pk"] for row in (top.union(*others, all=True) if others else top)]
    cards: dict[UUID, list[Opportunity]] = {}
    for deal in _as_cards(_in_order(found.filter(pk__in=ids)), member, today):
        cards.setdefault(deal.stage_id, []).append(deal)
    return cards


def more_cards(
    *,
    organization: Organization,
    member: Member,
    today: date,
    narrowed: OpportunityFilter,
    stage: Stage,
    after: UUID,
) -> list[Opportunity]:
    """Return up to 31 cards of a column that stand behind one; the last of them only says that there are more."""
    found = opportunities(organization=organization, member=member, today=today, narrowed=narrowed).open()
    last = Opportunity.objects.for_organization(organization).filter(pk=after).values("close_date", "pk").first()
    if last is None:
        return []
    behind = Q(close_date=last["close_date"], pk__gt=last["pk"])
    if last["close_date"] is not None:
        behind |= Q(close_date__gt=last["close_date"]) | Q(close_date=None)
    return list(_as_cards(_in_order(found.filter(behind, stage=stage)), member, today)[: MOST_CARDS + 1])


def card_of(*, organization: Organization, member: Member, today: date, deal: Opportunity) -> Opportunity:
    """Return one deal as a card shows it."""
    found = opportunities(organization=organization, member=member, today=today)
    card: Opportunity = _as_cards(found.filter(pk=deal.pk), member, today).get()
    return card


def cards_of(
    *, organization: Organization, member: Member, today: date, narrowed: OpportunityFilter, wanted: Iterable[UUID]
) -> list[Opportunity]:
    """Return those of some deals that are on a board narrowed so, as its cards; one query."""
    found = opportunities(organization=organization, member=member, today=today, narrowed=narrowed).open()
    return list(_as_cards(_in_order(found.filter(pk__in=list(wanted))), member, today))


def _in_order(found: OpportunityQuerySet) -> OpportunityQuerySet:
    return found.order_by(F("close_date").asc(), "id")


def _as_cards(found: OpportunityQuerySet, member: Member, today: date) -> OpportunityQuerySet:
    editable = found.with_editable(member, Action.EDIT_OPPORTUNITIES, as_of=today)
    return editable.annotate(deal_score=deal_score()).select_related("account", "owner", "stage")
