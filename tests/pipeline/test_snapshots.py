"""What is recorded of a day is recorded once, and stays as it was."""

import os
import random
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import psycopg2
import pytest
from django.db import ProgrammingError, connection, transaction
from django.db.models import Sum
from django.test.utils import CaptureQueriesContext

from pipeline.models import Opportunity, OpportunitySnapshot, SnapshotDay
from pipeline.operations import (
    close_snapshot_days,
    delete_record,
    make_room_for_snapshots,
    move_stage,
    snapshot_open_opportunities,
    update_opportunity,
)
from pipeline.queries import pipeline_as_of
from tenancy.access import Action
from tenancy.bulk import insert_rows
from tenancy.models import Unit
from tenancy.scoping import organization_scope
from tests.cast import Cast
from tests.isolation.table_probes import insert_row
from tests.pipeline.records import NOON, a_deal, a_stage, an_account

DAY = date(2026, 3, 2)
NIGHT = datetime(2026, 3, 3, 1, 0, tzinfo=UTC)
RECORDED = ("pipeline_opportunitysnapshot", "pipeline_snapshotday")

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def room(acme_scope: None, request: pytest.FixtureRequest) -> None:
    if "owner" not in request.fixturenames:  # whose session makes room, and would wait for ours
        make_room_for_snapshots(first=date(2025, 11, 1), last=date(2026, 3, 31))


def taken(cast: Cast, day: date = DAY, at: datetime = NIGHT) -> dict[Any, OpportunitySnapshot]:
    snapshot_open_opportunities(organization=cast.acme, snapshot_date=day, taken_at=at)
    return {one.opportunity_id: one for one in OpportunitySnapshot.objects.for_organization(cast.acme).on(day)}


def test_it_keeps_all_that_a_look_back_needs(cast: Cast) -> None:
    account = an_account(cast.acme)
    deal = a_deal(cast.acme, account, owner=cast.rui, next_step="Send draft", next_step_date=date(2026, 3, 9))
    for close_date in (date(2026, 7, 31), date(2026, 7, 1), date(2026, 9, 30)):
        deal = update_opportunity(
            organization=cast.acme, opportunity=deal, version=deal.version, actor=None, updated_at=NOON,
            close_date=close_date,
        )  # fmt: skip
    update_opportunity(
        organization=cast.acme, opportunity=deal, version=deal.version, actor=None, updated_at=NOON, amount_minor=7
    )
    nobodys = a_deal(cast.acme, name="Retrofit", stage="Negotiate", amount_minor=None)
    pinned = a_deal(cast.acme, name="Pinned", pinned_category="best_case", amount_minor=None)

    found = taken(cast)

    kept = found[deal.pk]
    squad = Unit.objects.get(code="mobility")
    assert (kept.name, kept.account_name, kept.owner_id, kept.unit_id) == (
        deal.name,
        account.name,
        cast.rui.pk,
        squad.pk,
    )
    assert (kept.amount_minor, kept.currency, kept.close_date) == (7, "EUR", date(2026, 9, 30))
    assert (kept.next_step, kept.next_step_date) == ("Send draft", date(2026, 3, 9))
    assert (kept.probability_bp, kept.forecast_category, kept.stage_entered_at) == (1_000, "pipeline", deal.opened_at)
    assert (kept.pushes, kept.amount_changes) == (2, 1)
    other = found[nobodys.pk]
    assert (other.amount_minor, other.owner_id, other.unit_id, other.account_name) == (None, None, None, "")
    assert (other.probability_bp, other.forecast_category) == (7_500, "commit")
    assert found[pinned.pk].forecast_category == "best_case"
    day = SnapshotDay.objects.get(snapshot_date=DAY)
    assert (day.deals, day.worth, day.taken_at, day.reconstructed) == (3, {"EUR": 7}, NIGHT, False)


def test_a_day_is_recorded_once_and_later_changes_do_not_reach_it(cast: Cast) -> None:
    account = an_account(cast.acme)
    deal = a_deal(cast.acme, account, owner=cast.rui)
    won, gone = a_deal(cast.acme, name="Cargo frames"), a_deal(cast.acme, name="Hoists")
    before = {key: vars(one) for key, one in taken(cast).items()}

    update_opportunity(
        organization=cast.acme, opportunity=deal, version=1, actor=None, updated_at=NOON, amount_minor=5, name="Renamed"
    )
    move_stage(
        organization=cast.acme, opportunity=won, stage=a_stage(cast.acme, "Won"), version=1, actor=None, moved_at=NOON
    )
    delete_record(organization=cast.acme, record=gone, version=1, actor=None, deleted_at=NOON)
    account.name = "Merged"
    account.save(update_fields=["name"])
    a_deal(cast.acme, name="Later")
    again = {key: vars(one) for key, one in taken(cast, at=NIGHT + timedelta(hours=1)).items()}

    def told(pictures: dict[Any, dict[str, Any]]) -> dict[Any, dict[str, Any]]:
        return {key: {k: v for k, v in one.items() if k != "_state"} for key, one in pictures.items()}

    assert told(again) == told(before)
    assert SnapshotDay.objects.get(snapshot_date=DAY).taken_at == NIGHT
    Opportunity.objects.filter(pk=gone.pk).delete()  # as if it had never been
    found = pipeline_as_of(organization=cast.acme, member=cast.lena, day=DAY, today=DAY)
    assert found is not None
    assert set(found.deals.values_list("name", flat=True)) == {"2027 drive framework", "Cargo frames", "Hoists"}


@pytest.fixture
def owner() -> Iterator[Any]:
    """A cursor of agile_owner, whom no right stops, in an organisation with a recorded day; all of it is undone."""
    session = psycopg2.connect(os.environ["DATABASE_OWNER_URL"])
    with session.cursor() as cursor:
        cursor.execute("SELECT pipeline_make_snapshot_months('2026-03-01', '2026-03-01')")
        acme = insert_row(cursor, "tenancy_organization", {"slug": "recorded", "time_zone": "UTC"})["id"]
        for table in RECORDED:
            insert_row(cursor, table, {"organization_id": acme})
        yield cursor
    session.rollback()
    session.close()


@pytest.mark.parametrize("statement", ['UPDATE "{}" SET snapshot_date = snapshot_date', 'DELETE FROM "{}"'])
@pytest.mark.parametrize("table", RECORDED)
def test_nobody_rewrites_what_was_recorded(owner: Any, table: str, statement: str) -> None:
    with connection.cursor() as application, pytest.raises(ProgrammingError, match="denied"), transaction.atomic():
        application.execute(statement.format(table))
    with pytest.raises(psycopg2.errors.RestrictViolation, match="stays as it was"):
        owner.execute(statement.format(table))


def test_the_picture_asks_nothing_deal_by_deal(cast: Cast) -> None:
    """Where the planner has no figures of a table yet, a question a deal took a quarter of an hour for 100,000."""
    a_deal(cast.acme, owner=cast.rui)
    with CaptureQueriesContext(connection) as asked:
        taken(cast)
    (statement,) = [one["sql"] for one in asked if one["sql"].startswith('INSERT INTO "pipeline_opportunitysnapshot"')]

    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN {statement}")
        plan = "\n".join(row[0] for row in cursor.fetchall())
    assert "pipeline_opportunityhistory" in plan
    assert "SubPlan" not in plan


def test_a_month_gets_its_table_once_and_within_limits(cast: Cast) -> None:
    assert make_room_for_snapshots(first=date(2024, 12, 31), last=date(2025, 2, 1)) == 3
    assert make_room_for_snapshots(first=date(2025, 1, 15), last=date(2025, 3, 1)) == 1
    for first, last in ((date(1999, 1, 1), date(2000, 1, 1)), (date(2026, 1, 1), date(2036, 1, 1))):
        with pytest.raises(Exception, match="year"), transaction.atomic():
            make_room_for_snapshots(first=first, last=last)


def test_any_past_day_answers_with_what_was_recorded_by_then(cast: Cast) -> None:
    """Of ten days drawn at random, a week among them without nights, each sum is that of its day."""
    drawn = random.Random(5)  # noqa: S311 # the same days each time
    recorded: dict[date, tuple[int, int]] = {}
    deals = [a_deal(cast.acme, name=f"Deal {n}", amount_minor=1_000_000 * n) for n in range(1, 6)]
    for offset in range(60):
        day = DAY - timedelta(days=90 - offset)
        at = NIGHT - timedelta(days=90 - offset)
        deal = drawn.choice(deals)
        Opportunity.objects.filter(pk=deal.pk).update(amount_minor=drawn.randrange(10**9))
        if 20 <= offset < 27:
            continue
        snapshot_open_opportunities(organization=cast.acme, snapshot_date=day, taken_at=at)
        sums = Opportunity.objects.open().aggregate(worth=Sum("amount_minor"))
        recorded[day] = (len(deals), sums["worth"])

    for _ in range(10):
        day = DAY - timedelta(days=drawn.randrange(20, 90))
        found = pipeline_as_of(organization=cast.acme, member=cast.lena, day=day, today=DAY)
        assert found is not None
        assert found.day == max(one for one in recorded if one <= day)
        sums = found.deals.aggregate(worth=Sum("amount_minor"))
        assert (found.deals.count(), sums["worth"]) == recorded[found.day]
        assert (found.recorded.deals, found.recorded.worth) == (len(deals), {"EUR": recorded[found.day][1]})
    before = DAY - timedelta(days=91)
    assert pipeline_as_of(organization=cast.acme, member=cast.lena, day=before, today=DAY) is None


def test_a_day_without_deals_is_recorded_too(cast: Cast) -> None:
    taken(cast)

    found = pipeline_as_of(organization=cast.acme, member=cast.lena, day=DAY, today=DAY)

    assert found is not None
    assert (found.day, found.recorded.deals, found.deals.count()) == (DAY, 0, 0)


def test_the_past_is_for_those_who_may_use_the_deal_today(cast: Cast) -> None:
    deal = a_deal(cast.acme, owner=cast.rui)
    a_deal(cast.acme, name="Mia's", owner=cast.mia)
    taken(cast)

    def exported(member: Any) -> set[str]:
        found = pipeline_as_of(
            organization=cast.acme, member=member, day=DAY, today=DAY, action=Action.EXPORT_OPPORTUNITIES
        )
        assert found is not None
        return set(found.deals.values_list("name", flat=True))

    assert exported(cast.lena) == {deal.name, "Mia's"}
    assert exported(cast.rui) == {deal.name}
    assert exported(cast.mia) == {"Mia's"}
    Opportunity.objects.filter(pk=deal.pk).update(owner=cast.mia)
    assert (exported(cast.rui), exported(cast.mia)) == (set(), {deal.name, "Mia's"})
    assert exported(cast.cora) == set()
    with organization_scope(cast.globex):
        assert pipeline_as_of(organization=cast.globex, member=cast.sam, day=DAY, today=DAY) is None
        assert not OpportunitySnapshot.objects.exists()


def test_days_that_were_drawn_afterwards_are_noted_as_such(cast: Cast) -> None:
    deal = a_deal(cast.acme)
    taken(cast)
    rows = [
        (deal.pk, DAY - timedelta(days=ago), deal.stage_id, amount, "EUR", 1_000) for ago, amount in ((3, 5), (2, None))
    ]
    columns = ("opportunity", "snapshot_date", "stage", "amount_minor", "currency", "probability_bp")
    insert_rows(organization=cast.acme, model=OpportunitySnapshot, columns=columns, rows=rows)

    def midnight(day: date) -> datetime:
        return datetime(day.year, day.month, day.day, 23, tzinfo=UTC)

    assert close_snapshot_days(organization=cast.acme, taken_at=midnight, reconstructed=True) == 2
    assert close_snapshot_days(organization=cast.acme, taken_at=midnight, reconstructed=True) == 0

    days = SnapshotDay.objects.order_by("snapshot_date").values_list("snapshot_date", "deals", "worth", "reconstructed")
    assert list(days) == [
        (DAY - timedelta(days=3), 1, {"EUR": 5}, True),
        (DAY - timedelta(days=2), 1, {}, True),
        (DAY, 1, {"EUR": 120_000_000}, False),
    ]
