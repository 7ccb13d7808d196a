"""The doctor finds what is wrong with an installation, and says what to do."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import psycopg2
import pytest

from agile_sales.local import passwords
from tests.manage import run_manage
from tests.servers import ROOT

pytestmark = pytest.mark.django_db(transaction=True)


def examined(**environment: str) -> dict[str, Any]:
    """Run the doctor as a process of a production-like installation and return what it found."""
    done = subprocess.run(
        [sys.executable, str(ROOT / "manage.py"), "doctor", "--json"],
        env=os.environ | {"SECRET_KEY": "0123456789abcdefghij" * 3} | environment,
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
    )
    found: dict[str, Any] = json.loads(done.stdout)
    assert done.returncode == (0 if found["healthy"] else 1)
    return found


@pytest.fixture
def owner() -> Iterator[Any]:
    connection = psycopg2.connect(os.environ["DATABASE_OWNER_URL"])
    connection.autocommit = True
    with connection.cursor() as cursor:
        yield cursor
    connection.close()


def test_it_finds_nothing_wrong_with_what_is_well() -> None:
    run_manage("relay", "--once")
    run_manage("beat", "--once")

    checks = examined()["checks"]

    healthy = ("configuration", "database role", "policies", "migrations", "clock", "queues")
    assert {name: checks[name] for name in healthy} == {name: [] for name in healthy}
    # The tests' broker keeps nothing on disk, and no worker runs beside them: both are named.
    assert [problem.split(";")[0] for problem in checks["broker"]] == [
        "The broker keeps nothing on disk (appendonly no)"
    ]
    assert checks["processes"] == ["No worker answers: start celery -A agile_sales worker."]


def test_the_key_that_a_local_installation_makes_is_long_enough() -> None:
    assert examined(SECRET_KEY=passwords.generate())["checks"]["configuration"] == []
    assert "SECRET_KEY is short" in examined(SECRET_KEY=passwords.generate()[:43])["checks"]["configuration"][0]


def test_it_finds_a_table_whose_policy_was_dropped(owner: Any) -> None:
    owner.execute("DROP POLICY tenant_isolation ON pipeline_account")
    try:
        problems = examined()["checks"]["policies"]
    finally:
        owner.execute(
            "CREATE POLICY tenant_isolation ON pipeline_account TO agile_app"
            " USING (organization_id = current_setting('app.organization')::uuid)"
            " WITH CHECK (organization_id = current_setting('app.organization')::uuid)"
        )

    assert problems == ["pipeline_account: its policy is not the one of the migrations, but none."]


def test_it_finds_an_almighty_role() -> None:
    problems = examined(DATABASE_URL=os.environ["DATABASE_SYSTEM_URL"], DATABASE_ROLE="app")["checks"]["database role"]

    assert any("BYPASSRLS" in problem for problem in problems)


def test_it_finds_a_migration_that_is_not_applied(owner: Any) -> None:
    owner.execute(
        "DELETE FROM django_migrations WHERE id ="
        " (SELECT max(id) FROM django_migrations WHERE app = 'coe') RETURNING name"
    )
    (name,) = owner.fetchone()
    try:
        problems = examined()["checks"]["migrations"]
    finally:
        owner.execute("INSERT INTO django_migrations (app, name, applied) VALUES ('coe', %s, now())", [name])

    assert len(problems) == 1
    assert f"coe.{name}" in problems[0]


def test_it_goes_on_looking_when_servers_are_away() -> None:
    found = examined(DATABASE_URL="postgresql://agile_app:x@127.0.0.1:9/nowhere", REDIS_URL="redis://127.0.0.1:9/0")

    assert "did not answer" in found["checks"]["database role"][0]
    assert "did not answer" in found["checks"]["broker"][0]


def test_it_reads_as_a_list_for_people() -> None:
    done = run_manage("doctor", check=False)

    assert "ok    policies" in done.stdout
