"""What changed in the open pipeline between two moments: reads both, and what closed meanwhile."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from fractions import Fraction
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import F
from django.db.models.functions import Coalesce

from pipeline.models import Opportunity, OpportunityHistory, OpportunitySnapshot, SnapshotDay, StageKind, TrackedField
from pipeline.queries.movements import (
    Amounts,
    End,
    Movements,
    Passage,
    State,
    Sum,
    Walk,
    Window,
    movements,
    walk_of,
)
from pipeline.queries.snapshots import recorded_at, recorded_day
from pipeline.querysets import OpportunityQuerySet, SnapshotQuerySet
from tenancy.access import Action, Reach, reach_of
from tenancy.conversion import Converter
from tenancy.models import Member, Organization
from tenancy.working_time import calendar_of, first_zone, local_time

STAND_UP = time(9)
"""When a squad is taken to meet, on its working days, as long as nobody says when."""

_LONGEST_PAUSE = 31  # days without a working one; who has more looks a month back

_FIELDS = (TrackedField.STAGE, TrackedField.AMOUNT, TrackedField.CLOSE_DATE)
_STATE = ("id", "stage", "amount_minor", "currency", "close_date", "chance_bp")


@dataclass(frozen=True)
class Moment:
    """One end of a comparison: a recorded day, and `at`, the moment itself.

    Where `at` is later than the record, what histories say of the time between is laid over it. Without a record it
    is now.
    """

    at: datetime
    recorded: SnapshotDay | None = None

    @property
    def is_now(self) -> bool:
        """Whether it is how the deals stand."""
        return self.recorded is None


@dataclass(frozen=True)
class Viewer:
    """Whose pipeline it is about: what a member may use for `action`; without one, all of the organisation's."""

    organization: Organization
    member: Member | None
    today: date
    action: Action = Action.VIEW_OPPORTUNITIES

    def deals(self) -> OpportunityQuerySet:
        """Return the deals that they may use, deleted ones among them."""
        found: OpportunityQuerySet = Opportunity.objects.for_organization(self.organization)
        return found if self.sees_all else found.visible_to(self._seer, self.action, as_of=self.today)

    def snapshots(self, day: date) -> SnapshotQuerySet:
        """Return them as they stood on a recorded day."""
        found: SnapshotQuerySet = OpportunitySnapshot.objects.for_organization(self.organization).on(day)
        return found if self.sees_all else found.visible_to(self._seer, self.action, as_of=self.today)

    @property
    def sees_all(self) -> bool:
        """Whether no deal is hidden."""
        return self.member is None or reach_of(self.member, self.action) == Reach.ALL

    @property
    def _seer(self) -> Member:
        assert self.member is not None
        return self.member

    def histories(self) -> Any:
        """Return the histories of those deals."""
        found = OpportunityHistory.objects.for_organization(self.organization)
        if self.sees_all:
            return found
        return found.filter(opportunity__in=self.deals().order_by().values("pk"))


def end_of_day(*, organization: Organization, day: date) -> Moment | None:
    """Return how it was at the end of a day, or of the last recorded one before it; None when there is none."""
    recorded = recorded_day(organization=organization, on=day)
    return None if recorded is None else Moment(recorded.taken_at, recorded)


def last_stand_up(*, organization: Organization, now: datetime) -> Moment | None:
    """Return how it was when squads last met: at nine on the last working day. None when nothing was recorded."""
    here = local_time(organization, now)
    day = here.date() if here.time() >= STAND_UP else here.date() - timedelta(days=1)
    calendar = calendar_of(organization)
    for _ago in range(_LONGEST_PAUSE):
        if calendar.days_between(day, day + timedelta(days=1)):
            break
        day -= timedelta(days=1)
    at = datetime.combine(day, STAND_UP, first_zone(organization.time_zone))
    return at_moment(organization=organization, at=at)


def at_moment(*, organization: Organization, at: datetime) -> Moment | None:
    """Return how it was at a moment: the last record before it, and what is known to have happened since."""
    recorded = recorded_at(organization=organization, at=at)
    return None if recorded is None else Moment(at, recorded)


def pipeline_changes(
    *, viewer: Viewer, since: Moment, until: Moment, window: Window, converter: Converter
) -> Movements:
    """Return what changed for the viewer between two moments, of deals that close within a window."""
    opening, passages = passages_between(viewer=viewer, since=since, until=until, window=window)
    factors = converter.factors()

    def worth(amounts: Mapping[str, int]) -> Fraction:
        return sum((minor * factors.get(code, Fraction(0)) for code, minor in amounts.items()), Fraction(0))

    walks: list[Walk] = [walk for one in passages if (walk := walk_of(one, window, worth)) is not None]
    return movements(opening=opening, walks=walks)


def passages_between(
    *, viewer: Viewer, since: Moment, until: Moment, window: Window
) -> tuple[dict[UUID, Sum], list[Passage]]:
    """Return what was open at first inside the window, by stage, and each deal that differs at the two moments."""
    before, values = _state_at(viewer, since)
    after, later_values = _state_at(viewer, until)
    columns = ", ".join(f"{side}.{name}" for side in "ab" for name in _STATE)
    own = ", ".join(f"{{0}}.{name}" for name in _STATE[1:])
    with connection.cursor() as cursor:
        # The deals that differ, and beside them, without any deal's id, what the earlier ones come to by stage.
        cursor.execute(
            f"WITH a AS ({before}), b AS ({after})"  # noqa: S608 # nosec B608 # our names; values are parameters
            f" SELECT {columns} FROM a FULL JOIN b ON a.id = b.id"
            f" WHERE a.id IS NULL OR b.id IS NULL OR ({own.format('a')}) IS DISTINCT FROM ({own.format('b')})"
            " UNION ALL SELECT NULL, stage, sum(amount_minor), currency, NULL, count(*)::int,"
            " NULL, NULL, NULL, NULL, NULL, NULL FROM a"
            " WHERE %s OR (close_date >= %s AND close_date < %s) GROUP BY stage, currency",
            [*values, *later_values, window.first is None, window.first, window.beyond],
        )
        rows = cursor.fetchall()
    opening: dict[UUID, Sum] = {}
    was: dict[UUID, State] = {}
    still: dict[UUID, State] = {}
    for row in rows:
        if row[0] is None and row[6] is None:
            amounts: Amounts = {row[3]: int(row[2])} if row[2] else {}
            opening.setdefault(row[1], Sum()).add(amounts, amounts, row[5])
        if row[0] is not None:
            was[row[0]] = _state(row[1:6])
        if row[6] is not None:
            still[row[6]] = _state(row[7:])
    return opening, _passages(viewer, since, until, was, still)


def _state(row: Sequence[Any]) -> State:
    stage, amount, *rest = row
    return State(stage, None if amount is None else int(amount), *rest)


def _passages(
    viewer: Viewer, since: Moment, until: Moment, was: Mapping[UUID, State], still: Mapping[UUID, State]
) -> list[Passage]:
    """Return the deals that differ, with how those ended that are open no more."""
    passages = [Passage(deal, was.get(deal), state, End.OPEN) for deal, state in still.items()]
    ended = was.keys() - still.keys()
    briefly = _closed_between(viewer, since, until) - was.keys() - still.keys()
    known = _known_of(viewer, [*ended, *briefly], until)
    for deal in ended:
        found = known.get(deal)
        after = None if found is None or found.end == End.OPEN else _closed_state(found, was[deal])
        passages.append(Passage(deal, was[deal], after, End.GONE if after is None or found is None else found.end))
    for deal in briefly:
        found = known.get(deal)
        # Imported together with its past: it was closed already at first, or its history says no more than that.
        if found is None or found.end == End.OPEN or found.is_deleted or found.closed_at <= since.at:
            continue
        passages.append(Passage(deal, None, _closed_state(found, None), found.end))
    return passages


@dataclass(frozen=True)
class _Known:
    """What histories say of a deal at a moment."""

    stage: UUID
    end: End
    closed_at: datetime
    amount_minor: int | None
    close_date: date | None
    currency: str
    is_deleted: bool
    chance_bp: int


def _closed_state(found: _Known, before: State | None) -> State:
    currency = found.currency or (before.currency if before else "")
    return State(found.stage, found.amount_minor, currency, found.close_date, 10_000 if found.end == End.WON else 0)


def _known_of(viewer: Viewer, ids: Collection[UUID], until: Moment) -> dict[UUID, _Known]:
    """Return how deals stood at a moment by their histories; a field without one is as it is now."""
    if not ids:
        return {}
    now = ("amount_minor", "close_date", "currency", "deleted_at", "probability_bp", "stage__probability_bp")
    rows = (
        OpportunityHistory.objects.for_organization(viewer.organization)
        .filter(opportunity__in=list(ids), field__in=_FIELDS, occurred_at__lte=until.at)
        .order_by("opportunity", "field", "-occurred_at", "-id")
        .distinct("opportunity", "field")
        .values(
            *("opportunity", "field", "new", "new_stage", "new_stage__kind", "new_amount_minor", "occurred_at"),
            *(f"opportunity__{name}" for name in now),
        )
    )
    latest: dict[UUID, dict[str, Any]] = {}
    for row in rows:
        latest.setdefault(row["opportunity"], {})[row["field"]] = row
    return {deal: _known(of, until) for deal, of in latest.items() if TrackedField.STAGE in of}


def _known(of: Mapping[str, Mapping[str, Any]], until: Moment) -> _Known:
    """Return how a deal stood by the last row of each field."""
    moved = of[TrackedField.STAGE]
    day = of[TrackedField.CLOSE_DATE]["new"] if TrackedField.CLOSE_DATE in of else None
    chance, deleted_at = moved["opportunity__probability_bp"], moved["opportunity__deleted_at"]
    return _Known(
        stage=moved["new_stage"],
        end=End(moved["new_stage__kind"]),
        closed_at=moved["occurred_at"],
        amount_minor=of.get(TrackedField.AMOUNT, {"new_amount_minor": moved["opportunity__amount_minor"]})[
            "new_amount_minor"
        ],
        close_date=moved["opportunity__close_date"] if day is None else date.fromisoformat(day) if day else None,
        currency=moved["opportunity__currency"],
        is_deleted=deleted_at is not None and deleted_at <= until.at,
        chance_bp=moved["opportunity__stage__probability_bp"] if chance is None else chance,
    )


def _closed_between(viewer: Viewer, since: Moment, until: Moment) -> set[UUID]:
    rows = viewer.histories().filter(
        field=TrackedField.STAGE,
        occurred_at__gt=since.at,
        occurred_at__lte=until.at,
        new_stage__kind__in=(StageKind.WON, StageKind.LOST),
    )
    return set(rows.order_by().values_list("opportunity", flat=True).distinct())


def _state_at(viewer: Viewer, moment: Moment) -> tuple[str, Sequence[Any]]:
    """Return the statement that reads the open deals at a moment, and its parameters."""
    if moment.recorded is None:
        deals = (
            viewer.deals()
            .alive()
            .open()
            .annotate(
                as_id=F("pk"),
                as_stage=F("stage_id"),
                as_amount_minor=F("amount_minor"),
                as_currency=F("currency"),
                as_close_date=F("close_date"),
                as_chance_bp=Coalesce(F("probability_bp"), F("stage__probability_bp")),
            )
        )
        return _as_state(deals)
    seen = viewer.snapshots(moment.recorded.snapshot_date).annotate(
        as_id=F("opportunity_id"),
        as_stage=F("stage_id"),
        as_amount_minor=F("amount_minor"),
        as_currency=F("currency"),
        as_close_date=F("close_date"),
        as_chance_bp=F("probability_bp"),
    )
    recorded, values = _as_state(seen)
    if moment.at <= moment.recorded.taken_at:
        return recorded, values
    return _laid_over(viewer, moment, recorded, values)


def _as_state(rows: Any) -> tuple[str, Sequence[Any]]:
    statement, values = rows.order_by().values(*(f"as_{name}" for name in _STATE)).query.sql_with_params()
    names = ", ".join(f"as_{name} AS {name}" for name in _STATE)
    return f"SELECT {names} FROM ({statement}) AS states", values  # noqa: S608 # nosec B608 # our names; values are parameters


def _laid_over(viewer: Viewer, moment: Moment, recorded: str, values: Sequence[Any]) -> tuple[str, Sequence[Any]]:
    """Return the states of a record with what happened to some of its deals until later laid over them."""
    assert moment.recorded is not None
    changed = viewer.histories().filter(
        field__in=_FIELDS,
        occurred_at__gt=moment.recorded.taken_at,
        occurred_at__lte=moment.at,
    )
    deleted = viewer.deals().filter(deleted_at__gt=moment.recorded.taken_at, deleted_at__lte=moment.at)
    touched = {*changed.values_list("opportunity", flat=True), *deleted.values_list("pk", flat=True)}
    if not touched:
        return recorded, values
    known = _known_of(viewer, touched, moment)
    open_ones = [(deal, one) for deal, one in known.items() if one.end == End.OPEN and not one.is_deleted]
    laid = [
        [deal for deal, _one in open_ones],
        [one.stage for _deal, one in open_ones],
        [one.amount_minor for _deal, one in open_ones],
        [one.currency for _deal, one in open_ones],
        [one.close_date for _deal, one in open_ones],
        [one.chance_bp for _deal, one in open_ones],
    ]
    own = ", ".join(_STATE)
    return (
        f"SELECT {own} FROM ({recorded}) AS recorded WHERE id <> ALL (%s::uuid[])"  # noqa: S608 # nosec B608 # our names; values are parameters
        f" UNION ALL SELECT * FROM unnest(%s::uuid[], %s::uuid[], %s::bigint[], %s::text[], %s::date[], %s::int[])"
        f" AS laid({own})",
        [*values, list(touched), *laid],
    )
