"""Nights that are killed anywhere end whole: nothing lost, nothing doubled."""

from collections import Counter
from functools import partial

import pytest

from tests.reliability.faults import NIGHTS as PLAN
from tests.reliability.installation import Installation, wait_until

pytestmark = pytest.mark.reliability

ACCOUNTS, PIECE = 150, 30
NIGHTS = len(PLAN.faults) + 1

REQUEST = f"""
from datetime import timedelta
from django.utils import timezone
from tenancy.models import Organization
from tenancy.scoping import organization_scope
from tenancy.jobs import enqueue
from agile_sales.night_calendar import TASK, new_night
organization = Organization.objects.get(slug="faults")
now = timezone.now()
for days in range({NIGHTS}, 0, -1):
    with organization_scope(organization):
        run = new_night(organization=organization, requested_by=None, as_of=now - timedelta(days=days), now=now)
        enqueue(TASK, organization=organization, run_id=str(run.pk))
"""


FACTS = """
SELECT (SELECT count(*) FROM tenancy_run WHERE kind = 'night' AND status = 'done') AS nights,
       (SELECT count(*) FROM tenancy_runstep WHERE status <> 'done') AS steps_undone,
       (SELECT count(*) FROM tenancy_outbox WHERE done_at IS NULL) AS work_undone,
       (SELECT count(*) FROM tenancy_domainevent WHERE type = 'score.published') AS published,
       (SELECT count(*) - count(DISTINCT (run_id, account_id)) FROM pipeline_accountscorehistory) AS doubled,
       (SELECT count(*) FROM pipeline_accountscore) AS scores,
       (SELECT count(*) FROM coe_scoringchunk) AS pieces_left,
       (SELECT count(*) FROM tenancy_outbox WHERE task = 'coe.tasks.score_chunk') AS pieces
"""


CHECKSUMS = """
SELECT s.detail->>'checksum' FROM tenancy_run r JOIN tenancy_runstep s ON s.run_id = r.id AND s.name = 'plan_week'
 WHERE r.kind = 'night' ORDER BY r.as_of DESC, r.created_at DESC LIMIT 2
"""

AGAIN = """
from tenancy.models import Organization, Run
from tenancy.scoping import organization_scope
from agile_sales.night_calendar import new_night
from agile_sales.nightly import run_night
organization = Organization.objects.get(slug="faults")
with organization_scope(organization):
    last = Run.objects.filter(kind="night").order_by("-as_of").first()
    again = new_night(organization=organization, requested_by=None, as_of=last.as_of, now=last.created_at)
run_night(organization=organization, run_id=again.pk)
"""


def are_done(installation: Installation, count: int) -> bool:
    ((done,),) = installation.query("SELECT count(*) FROM tenancy_run WHERE kind = 'night' AND status = 'done'")
    return bool(done >= count)


def test_it_loses_and_doubles_nothing_when_every_part_is_killed(installation: Installation) -> None:
    installation.environment["SCORING_CHUNK"] = str(PIECE)
    installation.manage("simulate_company", "--slug", "faults", "--accounts", str(ACCOUNTS), "--seed", "1")
    installation.manage("shell", "-c", REQUEST)
    installation.start("worker", "relay")

    for number, kind in enumerate(PLAN.faults):
        # A fault strikes as soon as the work has moved on, so that each one meets another stage of it.
        wait_until(partial(are_done, installation, number), seconds=60, otherwise=installation.logs)
        installation.strike(kind)
    wait_until(partial(are_done, installation, NIGHTS), seconds=90, otherwise=installation.logs)

    # Pieces that one worker did while another was told of them are found done.
    wait_until(
        lambda: installation.query("SELECT count(*) FROM tenancy_outbox WHERE done_at IS NULL") == [(0,)],
        seconds=60,
        otherwise=installation.logs,
    )
    (facts,) = installation.query(FACTS)
    assert facts == (NIGHTS, 0, 0, NIGHTS, 0, ACCOUNTS, 0, NIGHTS * ACCOUNTS // PIECE)
    assert installation.faults == Counter(PLAN.faults)
    # What the killed workers made of the last night in pieces is to the bit what one process makes of it in one.
    installation.environment["SCORING_CHUNK"] = str(ACCOUNTS)
    installation.manage("shell", "-c", AGAIN)
    in_one, in_pieces = installation.query(CHECKSUMS)
    assert in_one == in_pieces
