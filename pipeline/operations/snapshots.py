"""The nightly picture of the open pipeline. A day is recorded once; nothing of it is ever written again."""

from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any

from django.db import connection, transaction
from django.db.models import Case, Count, F, IntegerField, Q, Sum, TextField, Value, When
from django.db.models.functions import Coalesce

from pipeline.models import Opportunity, OpportunityHistory, OpportunitySnapshot, SnapshotDay, TrackedField
from tenancy.bulk import whole_tables
from tenancy.locks import hold
from tenancy.models import Organization, Unit, UnitMembership

_MOST = 32_767  # of the small counters


def make_room_for_snapshots(*, first: date, last: date) -> int:
    """Make the tables of the months from `first` to `last` that are missing, and return how many those were.

    Takes short locks: call it in a transaction of its own.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pipeline_make_snapshot_months(%s, %s)", [first, last])
        (made,) = cursor.fetchone()
    return int(made)


@transaction.atomic
def snapshot_open_opportunities(*, organization: Organization, snapshot_date: date, taken_at: datetime) -> int:
    """Keep how every open deal stands, as the picture of `snapshot_date`, and return how many are in it.

    A day that has its picture keeps that one.
    """
    hold(organization=organization, purpose="snapshots")
    days = SnapshotDay.objects.for_organization(organization)
    if (taken := days.filter(snapshot_date=snapshot_date).first()) is not None:
        return int(taken.deals)
    with whole_tables():
        written = _take(organization, snapshot_date, taken_at)
    close_snapshot_days(organization=organization, taken_at=lambda _day: taken_at, only=snapshot_date)
    return written


@transaction.atomic
def close_snapshot_days(
    *,
    organization: Organization,
    taken_at: Callable[[date], datetime],
    only: date | None = None,
    reconstructed: bool = False,
) -> int:
    """Note what the pictures without a note of their day come to, and return how many days those are.

    With `only` it is about that day alone, which is noted also when no deal was open.
    """
    pictures = OpportunitySnapshot.objects.for_organization(organization)
    if only is not None:
        pictures = pictures.filter(snapshot_date=only)
    by_day = pictures.order_by().values("snapshot_date", "currency")
    groups = by_day.annotate(deals=Count("id"), worth=Sum("amount_minor"))
    counts: dict[date, int] = {} if only is None else {only: 0}
    worth: dict[date, dict[str, int]] = {}
    for group in groups:
        day = group["snapshot_date"]
        counts[day] = counts.get(day, 0) + group["deals"]
        if group["worth"] is not None:
            worth.setdefault(day, {})[group["currency"]] = int(group["worth"])
    noted = set(SnapshotDay.objects.for_organization(organization).values_list("snapshot_date", flat=True))
    new = sorted(counts.keys() - noted)
    SnapshotDay.objects.bulk_create(
        SnapshotDay(
            organization=organization,
            snapshot_date=day,
            taken_at=taken_at(day),
            deals=counts[day],
            worth=worth.get(day, {}),
            reconstructed=reconstructed,
        )
        for day in new
    )
    return len(new)


def _take(organization: Organization, day: date, taken_at: datetime) -> int:
    """Write the picture of a day in one statement, and return how many deals are in it.

    Units and counts are gathered for all deals and joined by hashing: asked for deal by deal they would take hours
    where the planner does not know yet how large the tables are.
    """
    deals = Opportunity.objects.for_organization(organization).alive().open().with_category()
    picture, values = _parts(deals.annotate(**{f"as_{name}": value for name, value in _COLUMNS.items()}))
    units, unit_values = _parts(_units_of_owners(organization, day))
    counts, count_values = _parts(_counted_changes(organization, taken_at))
    columns = ["snapshot_date", *_COLUMNS, "unit_id", "pushes", "amount_changes"]
    taken = ", ".join(f"picture.as_{name}" for name in _COLUMNS)
    with connection.cursor() as cursor:
        cursor.execute(
            f'INSERT INTO "{OpportunitySnapshot._meta.db_table}" ({", ".join(columns)})'  # noqa: S608 # nosec B608 # our names; values are parameters
            f" SELECT %s, {taken}, units.as_unit, least(coalesce(counts.as_pushes, 0), {_MOST}),"
            f" least(coalesce(counts.as_amounts, 0), {_MOST})"
            f" FROM ({picture}) AS picture"
            f" LEFT JOIN ({units}) AS units ON units.as_member = picture.as_owner_id"
            f" LEFT JOIN ({counts}) AS counts ON counts.as_deal = picture.as_opportunity_id",
            [day, *values, *unit_values, *count_values],
        )
        return int(cursor.rowcount)


_COLUMNS: Mapping[str, Any] = {
    "organization_id": F("organization_id"),
    "opportunity_id": F("pk"),
    "name": F("name"),
    "stage_id": F("stage_id"),
    "account_id": F("account_id"),
    "account_name": Coalesce(F("account__name"), Value("", output_field=TextField())),
    "owner_id": F("owner_id"),
    "amount_minor": F("amount_minor"),
    "currency": F("currency"),
    "close_date": F("close_date"),
    "probability_bp": Coalesce(F("probability_bp"), F("stage__probability_bp")),
    "forecast_category": F("category"),
    "next_step": F("next_step"),
    "next_step_date": F("next_step_date"),
    "opened_at": F("opened_at"),
    "stage_entered_at": F("stage_entered_at"),
}
"""The columns of a picture that a deal has itself."""


def _parts(rows: Any) -> tuple[str, Any]:
    """Return the statement that reads the annotations named `as_…`, and its parameters."""
    names = [name for name in rows.query.annotations if name.startswith("as_")]
    statement, values = rows.values(*names).query.sql_with_params()
    return statement, values


def _units_of_owners(organization: Organization, day: date) -> Any:
    """Return the unit that each member was in on a day: the squad, where they were in one."""
    there = (
        UnitMembership.objects.for_organization(organization)
        .filter(active_from__lte=day)
        .filter(Q(active_to=None) | Q(active_to__gt=day))
    )
    squads_first = Case(When(unit__kind=Unit.Kind.SQUAD, then=0), default=1, output_field=IntegerField())
    ordered = there.order_by("member", squads_first, "-active_from", "id").distinct("member")
    return ordered.annotate(as_member=F("member_id"), as_unit=F("unit_id"))


def _counted_changes(organization: Organization, until: datetime) -> Any:
    """Return how often date and amount of each deal were changed; what it began with is no change."""
    rows = (
        OpportunityHistory.objects.for_organization(organization)
        .filter(field__in=(TrackedField.CLOSE_DATE, TrackedField.AMOUNT), occurred_at__lte=until)
        .exclude(old="")
        .order_by()
        .annotate(as_deal=F("opportunity_id"))
        .values("as_deal")
    )
    moved_out = Q(field=TrackedField.CLOSE_DATE, new__gt=F("old"))  # ISO days compare as text
    return rows.annotate(
        as_pushes=Count("id", filter=moved_out), as_amounts=Count("id", filter=Q(field=TrackedField.AMOUNT))
    )
