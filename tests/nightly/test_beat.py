"""When nights are due: each organisation at its own hour, missed ones once, however many beats look."""

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, time, timedelta
from urllib.parse import unquote, urlsplit

import pytest
from celery import current_app
from django.db import connection
from django.utils import timezone

from agile_sales.night_calendar import TASK, queue_due_nights, request_night
from tenancy.models import Organization, Outbox, Run
from tenancy.scoping import organization_scope
from tests.cast import create_cast
from tests.manage import run_manage

pytestmark = pytest.mark.django_db(transaction=True)

LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)


@contextmanager
def as_system() -> Iterator[None]:
    """Do the block as agile_system, as the beat does."""
    url = urlsplit(os.environ["DATABASE_SYSTEM_URL"])
    before = {name: connection.settings_dict[name] for name in ("USER", "PASSWORD")}
    connection.close()
    connection.settings_dict.update(USER=unquote(url.username or ""), PASSWORD=unquote(url.password or ""))
    try:
        yield
    finally:
        connection.close()
        connection.settings_dict.update(before)


def look(now: datetime) -> int:
    with as_system():
        return queue_due_nights(now=now)


def nights(organization: Organization) -> list[str]:
    with organization_scope(organization):
        runs = Run.objects.for_organization(organization).filter(kind=Run.Kind.NIGHT)
        return list(runs.order_by("created_at", "key").values_list("key", flat=True))


def work(organization: Organization) -> list[str]:
    with organization_scope(organization):
        waiting = Outbox.objects.for_organization(organization).filter(task=TASK)
        return [kwargs["run_id"] for kwargs in waiting.values_list("kwargs", flat=True)]


@pytest.fixture
def old_cast():
    """Both organisations, there since long ago: Acme in Berlin, Globex in Chicago, both with nights at two."""
    cast = create_cast()
    Organization.objects.update(created_at=LONG_AGO)
    return cast


def test_each_organisation_has_its_night_at_its_own_hour(old_cast):
    look(datetime(2026, 11, 23, 0, 59, tzinfo=UTC))  # 01:59 in Berlin, 18:59 the day before in Chicago
    before = nights(old_cast.acme), nights(old_cast.globex)
    look(datetime(2026, 11, 23, 1, 0, tzinfo=UTC))  # 02:00 in Berlin

    # What was missed since January is caught up once: the latest night, not three hundred.
    assert before == (["2026-11-22"], ["2026-11-22"])
    assert nights(old_cast.acme) == ["2026-11-22", "2026-11-23"]
    assert nights(old_cast.globex) == ["2026-11-22"]


def test_a_night_that_was_missed_is_caught_up_once(old_cast):
    look(datetime(2026, 11, 20, 3, 0, tzinfo=UTC))
    look(datetime(2026, 11, 23, 12, 0, tzinfo=UTC))  # the machine was off for three nights
    look(datetime(2026, 11, 23, 12, 1, tzinfo=UTC))

    assert nights(old_cast.acme) == ["2026-11-20", "2026-11-23"]
    assert len(work(old_cast.acme)) == 2


def test_two_beats_at_the_same_moment_queue_one_night(old_cast):
    now = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)

    def beat(_: int) -> int:
        try:
            return queue_due_nights(now=now)
        finally:
            connection.close()

    url = urlsplit(os.environ["DATABASE_SYSTEM_URL"])
    connection.settings_dict["USER"], user = unquote(url.username or ""), connection.settings_dict["USER"]
    connection.settings_dict["PASSWORD"], password = unquote(url.password or ""), connection.settings_dict["PASSWORD"]
    try:
        with ThreadPoolExecutor(4) as pool:
            queued = list(pool.map(beat, range(4)))
    finally:
        connection.settings_dict.update(USER=user, PASSWORD=password)
        connection.close()

    assert sum(queued) == 2
    assert nights(old_cast.acme) == ["2026-11-23"]
    assert len(work(old_cast.acme)) == len(work(old_cast.globex)) == 1


def test_the_queued_work_names_the_run(old_cast):
    look(datetime(2026, 11, 23, 1, 0, tzinfo=UTC))

    with organization_scope(old_cast.acme):
        run = Run.objects.for_organization(old_cast.acme).get()
    assert work(old_cast.acme) == [str(run.pk)]
    assert run.as_of == datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
    current_app.loader.import_default_modules()
    assert TASK in current_app.tasks


def test_a_night_before_an_organisation_existed_is_none_of_its_own(old_cast):
    Organization.objects.update(created_at=datetime(2026, 11, 23, 9, 0, tzinfo=UTC))

    assert look(datetime(2026, 11, 23, 10, 0, tzinfo=UTC)) == 0
    assert look(datetime(2026, 11, 24, 1, 0, tzinfo=UTC)) == 1


def test_an_organisation_that_left_has_no_nights(old_cast):
    Organization.objects.filter(pk=old_cast.acme.pk).update(is_active=False)

    look(datetime(2026, 11, 23, 10, 0, tzinfo=UTC))

    assert nights(old_cast.acme) == []
    assert nights(old_cast.globex) == ["2026-11-23"]


def test_an_unknown_time_zone_counts_as_utc_and_stops_nobody_else(old_cast):
    Organization.objects.filter(pk=old_cast.acme.pk).update(time_zone="Mars/Olympus")

    look(datetime(2026, 11, 23, 2, 0, tzinfo=UTC))

    assert nights(old_cast.acme) == ["2026-11-23"]
    assert nights(old_cast.globex) == ["2026-11-22"]


@pytest.mark.parametrize("day", [datetime(2026, 3, 29, tzinfo=UTC), datetime(2026, 10, 25, tzinfo=UTC)])
def test_the_change_of_clocks_neither_skips_nor_doubles_a_night(old_cast, day):
    Organization.objects.filter(pk=old_cast.acme.pk).update(night_starts_at=time(2, 30))

    for half_hours in range(-12, 60):
        look(day + timedelta(minutes=30 * half_hours))

    days = [(day + timedelta(days=number)).date().isoformat() for number in (-1, 0, 1)]
    assert nights(old_cast.acme) == days


def test_asking_twice_for_a_night_gives_the_one_that_waits():
    cast = create_cast()
    with organization_scope(cast.acme):
        first = request_night(organization=cast.acme, requested_by=cast.lena, now=timezone.now())
        second = request_night(organization=cast.acme, requested_by=cast.ada, now=timezone.now())

    assert first == second
    assert first.requested_by == cast.lena
    assert work(cast.acme) == [str(first.pk)]


def test_the_command_looks_once(old_cast):
    done = run_manage("beat", "--once")

    assert "2 nights queued" in done.stdout
    assert len(nights(old_cast.acme)) == 1
