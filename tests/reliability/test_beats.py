"""Two beats that are killed in turn: each organisation has its night, and has it once."""

from collections import Counter
from functools import partial

import psycopg2
import pytest

from tests.reliability.faults import BEATS
from tests.reliability.installation import Installation, wait_until

pytestmark = pytest.mark.reliability

EACH_TIME = 3

FOUND = """
INSERT INTO tenancy_organization (id, slug, name, currency, time_zone, locale, fiscal_year_start_month, working_days,
                                  night_starts_at, settings, is_active, created_at)
SELECT gen_random_uuid(), %s || '-' || n, 'Firm', 'EUR', 'UTC', 'en', 1, '12345', '00:00', '{}', true,
       now() - interval '2 days' FROM generate_series(1, %s) n
"""

FACTS = """
SELECT (SELECT count(*) FROM tenancy_run WHERE kind = 'night') AS nights,
       (SELECT count(DISTINCT organization_id) FROM tenancy_run WHERE kind = 'night') AS organizations,
       (SELECT count(*) FROM tenancy_run WHERE status <> 'done') AS undone,
       (SELECT count(*) FROM tenancy_outbox WHERE task = 'agile_sales.tasks.run_night') AS asked_for,
       (SELECT count(*) FROM tenancy_domainevent WHERE type = 'score.published') AS published
"""


def found_organizations(installation: Installation, name: str) -> None:
    """Add some organisations whose night is due at once."""
    connection = psycopg2.connect(installation.owner_url)
    with connection, connection.cursor() as cursor:
        cursor.execute(FOUND, [name, EACH_TIME])
    connection.close()


def has_queued(installation: Installation, nights: int) -> bool:
    ((count,),) = installation.query("SELECT count(*) FROM tenancy_run")
    return bool(count >= nights)


def are_over(installation: Installation, nights: int) -> bool:
    ((_, _, undone, _, published),) = installation.query(FACTS)
    return bool(published == nights and undone == 0)


def test_each_organization_has_one_night_though_beats_are_killed(installation: Installation) -> None:
    installation.start("beat", "second beat", "worker", "relay")

    for number, kind in enumerate(BEATS.faults):
        found_organizations(installation, f"wave-{number}")
        # Each beat dies in turn, at whatever it is doing; what it leaves is the other's, or its successor's.
        installation.strike(kind, ("beat", "second beat")[number % 2])
        wait_until(partial(has_queued, installation, (number + 1) * EACH_TIME), seconds=30, otherwise=installation.logs)
    every = len(BEATS.faults) * EACH_TIME
    wait_until(partial(are_over, installation, every), seconds=120, otherwise=installation.logs)

    assert installation.query(FACTS) == [(every, every, 0, every, every)]
    assert installation.faults == Counter(BEATS.faults)
