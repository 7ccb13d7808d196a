"""What was acknowledged is there, once, whatever was killed meanwhile; what can't be done is a 503 that says when."""

import threading
import time
from collections import Counter
from collections.abc import Callable

import pytest

from tests.reliability.callers import Caller, Journal, is_ready
from tests.reliability.faults import WRITES as PLAN
from tests.reliability.installation import Installation, wait_until

pytestmark = pytest.mark.reliability

WRITES, CALLERS = 5_000, 4
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


def test_every_acknowledged_write_is_found_whatever_is_killed(
    installation: Installation, attempted: Callable[[str, float], None]
) -> None:
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
    waited = []

    for caller in callers:
        caller.start()
    try:
        for number, kind in enumerate(PLAN.faults):
            # A fault strikes when so many more writes are in, so that each meets others on their way.
            share = (number + 1) * WRITES // (len(PLAN.faults) + 1)
            wait_until(lambda: len(journal.acknowledged) >= share, seconds=120, otherwise=installation.logs)  # noqa: B023
            back = installation.strike(kind)
            if kind != "web":  # a new process has to start first
                wait_until(lambda: is_ready(installation.web_port), seconds=30, otherwise=installation.logs)
                waited.append((kind, time.monotonic() - back))
        wait_until(lambda: len(journal.acknowledged) == WRITES, seconds=180, otherwise=installation.logs)
    finally:
        stop.set()
    wait_until(lambda: installation.query(FACTS)[0][4] == 0, seconds=60, otherwise=installation.logs)

    assert journal.other_answers == [], journal.statuses
    assert journal.statuses[503] > 0, "no caller noticed an outage: the faults did nothing"
    attempted("acknowledged writes while parts are killed", len(journal.acknowledged))
    assert journal.without_retry_after == 0
    assert [(kind, seconds) for kind, seconds in waited if seconds > READY_AGAIN_SECONDS] == []
    assert installation.faults == Counter(PLAN.faults)
    assert installation.query(FACTS) == [(WRITES, WRITES, WRITES, WRITES, 0, 0)]
    found = dict(installation.query("SELECT external_id, id::text FROM pipeline_account"))
    assert {name: found.get(name) for name in journal.acknowledged} == journal.acknowledged
