"""The nightly picture of the open pipeline. A day is recorded once; nothing of it is ever written again."""

from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any

from django.db import connection, transaction
from django.db.models import Case, Count, F, IntegerField, OuterRef, Q, Subquery, Sum, TextField, Value, When
from django.db.models.functions import Coalesce, Least

from pipeline.models import Opportunity, OpportunityHistory, OpportunitySnapshot, SnapshotDay, TrackedField
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
    columns = _columns(organization, snapshot_date, taken_at)
    deals = Opportunity.objects.for_organization(organization).alive().open().with_category()
    picture = deals.annotate(**{f"as_{name}": value for name, value in columns.items()})
    select, values = picture.order_by().values(*(f"as_{name}" for name in columns)).query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute(
            f'INSERT INTO "{OpportunitySnapshot._meta.db_table}" ({", ".join(columns)})'  # noqa: S608 # nosec B608 # our names; values are parameters
            f" SELECT {', '.join(f'as_{name}' for name in columns)} FROM ({select}) AS picture",
            values,
        )
        written = cursor.rowcount
    close_snapshot_days(organization=organization, taken_at=lambda _day: taken_at, only=snapshot_date)
    return int(written)


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


def _columns(organization: Organization, day: date, taken_at: datetime) -> Mapping[str, Any]:
    """Return the columns of a picture, each with what a deal has for it."""
    return {
        "organization_id": F("organization_id"),
        "opportunity_id": F("pk"),
        "snapshot_date": Value(day),
        "name": F("name"),
        "stage_id": F("stage_id"),
        "account_id": F("account_id"),
        "account_name": Coalesce(F("account__name"), Value("", output_field=TextField())),
        "owner_id": F("owner_id"),
        "unit_id": _unit_of_owner(organization, day),
        "amount_minor": F("amount_minor"),
        "currency": F("currency"),
        "close_date": F("close_date"),
        "probability_bp": Coalesce(F("probability_bp"), F("stage__probability_bp")),
        "forecast_category": F("category"),
        "next_step": F("next_step"),
        "next_step_date": F("next_step_date"),
        "opened_at": F("opened_at"),
        "stage_entered_at": F("stage_entered_at"),
        # ISO days compare as text.
        "pushes": _changes(organization, TrackedField.CLOSE_DATE, taken_at, Q(new__gt=F("old"))),
        "amount_changes": _changes(organization, TrackedField.AMOUNT, taken_at, Q()),
    }


def _unit_of_owner(organization: Organization, day: date) -> Subquery:
    """Return the unit that the owner of a deal was in on a day: the squad, where they were in one."""
    there = (
        UnitMembership.objects.for_organization(organization)
        .filter(member=OuterRef("owner"), active_from__lte=day)
        .filter(Q(active_to=None) | Q(active_to__gt=day))
    )
    squads_first = Case(When(unit__kind=Unit.Kind.SQUAD, then=0), default=1, output_field=IntegerField())
    return Subquery(there.order_by(squads_first, "-active_from", "id").values("unit_id")[:1])


def _changes(organization: Organization, field: TrackedField, until: datetime, which: Q) -> Any:
    """Return how often a field of a deal was changed; what the deal began with is no change."""
    rows = (
        OpportunityHistory.objects.for_organization(organization)
        .filter(which, opportunity=OuterRef("pk"), field=field, occurred_at__lte=until)
        .exclude(old="")
    )
    counted = rows.order_by().values("opportunity").annotate(times=Count("id")).values("times")
    return Least(Coalesce(Subquery(counted), Value(0)), Value(_MOST))
