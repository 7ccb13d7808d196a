"""What the deals of a period add up to, by how firmly they count: the one place that says it for grid, form and API."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.db.models import BigIntegerField, Case, Count, DecimalField, F, Func, Q, Sum, TextField, Value, When
from django.db.models.functions import Coalesce

from pipeline.models import ForecastCategory, Opportunity
from pipeline.queries.money import totals_and_more
from pipeline.querysets import OpportunityQuerySet
from tenancy.access import Action
from tenancy.conversion import Converter, Total, sum_of
from tenancy.models import Member, Organization
from tenancy.periods import Period

COMMIT, BEST_CASE, PIPELINE, OMITTED, WON, LOST = "commit", "best_case", "pipeline", "omitted", "won", "lost"
COLUMNS = (COMMIT, BEST_CASE, PIPELINE, OMITTED, WON, LOST)
"""Where a deal stands in the grid: an open one by its forecast category, a closed one by how it ended. Single."""

OVERDUE, UNDATED = "overdue", "undated"
"""Open deals that were due before the period, or have no day: they are counted, and stand in no column."""

CUMULATIVE: Mapping[str, tuple[str, ...]] = {
    COMMIT: (WON, COMMIT),
    BEST_CASE: (WON, COMMIT, BEST_CASE),
    PIPELINE: (WON, COMMIT, BEST_CASE, PIPELINE),
}
"""What a column holds where the columns are shown cumulatively; the others stay single."""


class Digest(Func):
    """A number that stands for the values of a row; the sum of those of several rows stands for all of them."""

    function = "concat_ws"
    template = "('x' || left(md5(concat_ws('|', %(expressions)s)), 15))::bit(60)::bigint"
    output_field = BigIntegerField()


@dataclass
class DealSums:
    """Deals added up: what they come to by column, exact, and how many they are."""

    totals: dict[str, Total] = field(default_factory=dict)
    counts: Counter[str] = field(default_factory=Counter)
    fingerprint: int = 0

    def add(self, other: "DealSums") -> None:
        """Take the deals of another into this one."""
        for column, total in other.totals.items():
            self.totals[column] = self.totals[column] + total if column in self.totals else total
        self.counts.update(other.counts)
        self.fingerprint += other.fingerprint

    @property
    def deals(self) -> int:
        """How many they are."""
        return sum(self.counts[one] for one in COLUMNS)

    def worth(self, columns: Iterable[str], *, currency: str) -> Total:
        """Return what these columns come to together; `currency` is the one that they were counted in."""
        return sum_of((self.totals[one] for one in columns if one in self.totals), currency=currency)


def period_deals(
    *,
    organization: Organization,
    period: Period,
    member: Member | None,
    today: date,
    owners: Iterable[Any] | None = None,
    with_left_out: bool = False,
) -> OpportunityQuerySet:
    """Return the deals that are due, or closed, in a period, each with its `column`.

    `member` is who looks (None for the organisation itself), `owners` narrows to their deals. `with_left_out` brings
    the open ones along that were due before, or have no day.
    """
    found: OpportunityQuerySet = Opportunity.objects.for_organization(organization).alive()
    if member is not None:
        found = found.visible_to(member, Action.VIEW_OPPORTUNITIES, as_of=today)
    if owners is not None:
        found = found.filter(owner__in=list(owners))
    within = Q(close_date__gte=period.start, close_date__lt=period.end)
    if with_left_out:
        within |= Q(outcome="open") & (Q(close_date__lt=period.start) | Q(close_date=None))
    return (
        found.filter(within)
        .with_category()
        .annotate(
            column=Case(
                When(close_date=None, then=Value(UNDATED)),
                When(close_date__lt=period.start, then=Value(OVERDUE)),
                When(outcome="won", then=Value(WON)),
                When(outcome="lost", then=Value(LOST)),
                # A stage of open deals that somebody calls closed is as firm as a promise, and not won.
                When(category=ForecastCategory.CLOSED.value, then=Value(COMMIT)),
                default=F("category"),
                output_field=TextField(),
            )
        )
    )


def sums_by(
    *, organization: Organization, deals: OpportunityQuerySet, key: str, converter: Converter
) -> dict[Any, DealSums]:
    """Return what these deals add up to for each value of a field; one query, however many there are."""
    exact: DecimalField[Any, Any] = DecimalField(max_digits=40, decimal_places=0)
    digest = Digest(F("pk"), Coalesce("amount_minor", Value(-1)), F("currency"), F("column"))
    totals, more = totals_and_more(
        organization=organization,
        found=deals,
        converter=converter,
        by=(key, "column"),
        more={"deals": Count("pk"), "fingerprint": Sum(digest, output_field=exact)},
    )
    found: dict[Any, DealSums] = {}
    for (value, column), total in totals.items():
        one, known = found.setdefault(value, DealSums()), more[value, column]
        one.counts[column] = known["deals"]
        if column in COLUMNS:
            one.totals[column] = total
            one.fingerprint += known["fingerprint"]
    return found


def all_of(sums: Iterable[DealSums]) -> DealSums:
    """Return all of them together."""
    total = DealSums()
    for one in sums:
        total.add(one)
    return total
