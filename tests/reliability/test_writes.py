"""What was acknowledged is there, once, whatever was killed meanwhile; what can't be done is a 503 that says when."""

import os
import threading
import time
from collections.abc import Callable
from functools import partial

import pytest

from tests.reliability.callers import Caller, Journal, is_ready
from tests.reliability.installation import Installation, wait_until

pytestmark = pytest.mark.reliability

LONG = "AGILE_SALES_LONG" in os.environ
WRITES, CALLERS = 5_000, 4
ROUNDS = 3 if LONG else 1
OUTAGE_SECONDS = 5.0
READY_AGAIN_SECONDS = 5.0

TOKEN = """
from django.utils import timezone
from tenancy.models import Organization
from tenancy.scoping import organization_scope
from tenancy.tokens import issue_token
organization = Organization.objects.create(slug="faults", name="Faults", currency="EUR")
with organization_scope(organization):
    print(issue_token(organization=organization, name="erp", scopes=["accounts:write"], issued_at=timezone.now())[1])
"""

FACTS = """
SELECT (SELECT count(*) FROM pipeline_account) AS accounts,
       (SELECT count(DISTINCT external_id) FROM pipeline_account) AS different,
       (SELECT count(*) FROM tenancy_domainevent WHERE type = 'account.created') AS told,
       (SELECT count(*) FROM tenancy_auditentry WHERE table_name = 'pipeline_account' AND action = 'insert') AS audited,
       (SELECT count(*) FROM tenancy_domainevent WHERE position IS NULL) AS unplaced,
       (SELECT max(position) - count(*) FROM tenancy_domainevent) AS gaps
"""


def survive_an_outage(installation: Installation) -> None:
    """PostgreSQL is away for five seconds; soon after it is back the web process is ready."""
    installation.lose_postgres()
    threading.Event().wait(OUTAGE_SECONDS)
    installation.regain_postgres()
    back = time.monotonic()
    wait_until(lambda: is_ready(installation.web_port), seconds=30, otherwise=installation.logs)
    assert time.monotonic() - back <= READY_AGAIN_SECONDS


def test_every_acknowledged_write_is_found_whatever_is_killed(installation: Installation) -> None:
    token = installation.manage("shell", "-v", "0", "-c", TOKEN).split()[-1]
    installation.start("web", "relay")
    wait_until(lambda: is_ready(installation.web_port), seconds=60, otherwise=installation.logs)
    journal, stop = Journal(), threading.Event()
    callers = [
        Caller(
            port=installation.web_port,
            token=token,
            names=[f"A{number}" for number in range(first, WRITES, CALLERS)],
            journal=journal,
            stop=stop,
        )
        for first in range(CALLERS)
    ]
    one_round: list[Callable[[], None]] = [
        partial(installation.replace, "web"),
        installation.crash_postgres,
        installation.crash_valkey,
        partial(installation.replace, "relay"),
        installation.wipe_valkey,
        partial(survive_an_outage, installation),
    ]
    faults = ROUNDS * one_round

    for caller in callers:
        caller.start()
    try:
        for number, fault in enumerate(faults):
            # A fault strikes when so many more writes are in, so that each meets others on their way.
            share = (number + 1) * WRITES // (len(faults) + 1)
            wait_until(lambda: len(journal.acknowledged) >= share, seconds=120, otherwise=installation.logs)  # noqa: B023
            fault()
        wait_until(lambda: len(journal.acknowledged) == WRITES, seconds=180, otherwise=installation.logs)
    finally:
        stop.set()
    wait_until(lambda: installation.query(FACTS)[0][4] == 0, seconds=60, otherwise=installation.logs)

    assert journal.other_answers == [], journal.statuses
    assert journal.statuses[503] > 0, "no caller noticed an outage: the faults did nothing"
    assert journal.without_retry_after == 0
    assert installation.query(FACTS) == [(WRITES, WRITES, WRITES, WRITES, 0, 0)]
    found = dict(installation.query("SELECT external_id, id::text FROM pipeline_account"))
    assert {name: found.get(name) for name in journal.acknowledged} == journal.acknowledged
