"""Imports that are killed anywhere end exact: every row once."""

import os
from collections import Counter
from functools import partial

import pytest

from tests.reliability.faults import IMPORTS
from tests.reliability.installation import Installation, wait_until

pytestmark = pytest.mark.reliability

ROWS = 80_000 if "AGILE_SALES_LONG" in os.environ else 24_000

UPLOAD = f"""
from django.utils import timezone
from integrations.operations.checking import request_check
from integrations.operations.uploads import Upload, start_import
from tenancy.models import Organization
from tenancy.scoping import organization_scope
organization = Organization.objects.create(slug="faults", name="Faults", currency="EUR")
lines = ["account_id,name,industry,country"] + [f"A{{n}},Company {{n}},machinery,DE" for n in range({ROWS})]
content = "\\n".join(lines).encode()
with organization_scope(organization):
    made = start_import(
        organization=organization, uploads=[Upload("accounts.csv", [content])], source_name="erp",
        requested_by=None, now=timezone.now(),
    )
    request_check(organization=organization, made=made)
"""

COMMIT = """
from django.utils import timezone
from integrations.models import Import
from integrations.operations.committing import request_commit
from tenancy.models import Organization
from tenancy.scoping import organization_scope
organization = Organization.objects.get(slug="faults")
with organization_scope(organization):
    request_commit(organization=organization, made=Import.objects.get(), requested_by=None, now=timezone.now())
"""

FACTS = """
SELECT (SELECT count(*) FROM pipeline_account) AS accounts,
       (SELECT count(DISTINCT external_id) FROM pipeline_account) AS different,
       (SELECT count(*) FROM tenancy_auditentry WHERE table_name = 'pipeline_account') AS audited,
       (SELECT count(*) FROM tenancy_domainevent WHERE type = 'import.committed') AS told,
       (SELECT count(*) FROM tenancy_outbox WHERE done_at IS NULL) AS work_undone
"""


def is_in_state(installation: Installation, state: str) -> bool:
    return installation.query("SELECT state FROM integrations_import") == [(state,)]


def has_written(installation: Installation, rows: int) -> bool:
    ((count,),) = installation.query("SELECT count(*) FROM pipeline_account")
    return bool(count >= rows)


def test_it_loses_and_doubles_no_row_when_every_part_is_killed(installation: Installation) -> None:
    installation.manage("shell", "-c", UPLOAD)
    installation.start("worker", "relay")
    wait_until(partial(is_in_state, installation, "checked"), seconds=90, otherwise=installation.logs)
    installation.manage("shell", "-c", COMMIT)

    for number, kind in enumerate(IMPORTS.faults):
        # Each fault strikes when some more rows are in, so that each meets another chunk.
        wait_until(partial(has_written, installation, number * 4_000), seconds=90, otherwise=installation.logs)
        assert is_in_state(installation, "committing"), "it was over before it was killed"
        installation.strike(kind)
    wait_until(partial(is_in_state, installation, "done"), seconds=180, otherwise=installation.logs)
    wait_until(
        lambda: installation.query("SELECT count(*) FROM tenancy_outbox WHERE done_at IS NULL") == [(0,)],
        seconds=30,
        otherwise=installation.logs,
    )

    (facts,) = installation.query(FACTS)
    assert facts == (ROWS, ROWS, ROWS, 1, 0)
    assert installation.faults == Counter(IMPORTS.faults)
