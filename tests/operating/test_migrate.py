"""Migrating beside a busy table: nobody waits behind us, and it goes through when the table is free."""

import os
import subprocess
import sys
import threading
from collections.abc import Iterator

import psycopg2
import pytest

from tests.manage import run_manage
from tests.servers import ROOT, let_truncate

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def _migrated_again() -> Iterator[None]:
    yield
    run_manage("migrate", "coe")
    let_truncate(os.environ["DATABASE_OWNER_URL"])


@pytest.mark.usefixtures("_migrated_again")
def test_it_steps_back_from_a_busy_table_and_comes_through_later() -> None:
    busy = psycopg2.connect(os.environ["DATABASE_OWNER_URL"])
    with busy.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM coe_rulecard")

    migrating = subprocess.Popen(
        [sys.executable, str(ROOT / "manage.py"), "migrate", "coe", "0001_initial", "--lock-timeout", "100"],
        env={name: text for name, text in os.environ.items() if name != "DATABASE_ROLE"},
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    give_up = threading.Timer(60, migrating.kill)
    give_up.start()
    try:
        assert migrating.stderr is not None
        assert "A table is busy; trying again" in migrating.stderr.readline()
        busy.rollback()
        output, errors = migrating.communicate()
    finally:
        give_up.cancel()
        busy.close()

    assert migrating.returncode == 0, errors
    assert "Unapplying coe.0002_row_security... OK" in output
