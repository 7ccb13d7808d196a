"""The doctor finds what is wrong with an installation, and says what to do."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import psycopg2
import pytest
import redis
from django.conf import settings

from agile_sales.local import passwords
from tenancy import figures
from tests.manage import run_manage
from tests.reliability.installation import wait_until
from tests.servers import ROOT, with_database

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


def test_it_finds_a_month_without_a_table_for_snapshots(owner: Any) -> None:
    make = "SELECT pipeline_make_snapshot_months(current_date, current_date + 93)"
    owner.execute(make)
    assert examined()["checks"]["months of snapshots"] == []
    owner.execute("SELECT to_char(current_date, 'YYYYMM'), to_char(current_date, 'YYYY-MM')")
    part, month = owner.fetchone()
    owner.execute(f"DROP TABLE pipeline_opportunitysnapshot_{part}")
    try:
        problems = examined()["checks"]["months of snapshots"]
    finally:
        owner.execute(make)

    assert [problem.split(".")[0] for problem in problems] == [f"Snapshots of {month} have no table yet"]


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


class TestARelayThatDoesNotRun:
    """Seen with real processes, on a broker of their own so that no other test's relay is taken for this one."""

    @pytest.fixture
    def broker(self) -> Iterator[redis.Redis]:
        own = int(urlsplit(settings.REDIS_URL).path.removeprefix("/"))
        address = with_database(settings.REDIS_URL, str((own + 7) % 16))  # up to seven workers have those below
        client = redis.Redis.from_url(address)
        client.flushdb()
        run(address, "beat", "--once")
        yield client
        client.flushdb()

    def test_one_that_was_never_started_is_named_with_what_to_do(self, broker: redis.Redis) -> None:
        done = run(address_of(broker), "doctor")

        assert done.returncode == 1
        assert "relay has never been seen: start manage.py relay." in done.stdout
        assert "beat has never" not in done.stdout

    def test_one_that_was_killed_is_named_with_how_long_ago(self, broker: redis.Redis) -> None:
        relay = subprocess.Popen(
            [sys.executable, str(ROOT / "manage.py"), "relay"], env=environment(address_of(broker)), cwd=ROOT
        )
        try:
            wait_until(
                lambda: bool(broker.hexists(figures.KEY, "relay")),
                seconds=60,
                otherwise=lambda: "The relay said nothing.",
            )
            assert "relay" not in words_of(broker)
        finally:
            relay.kill()
            relay.wait()
        kept: Any = broker.hget(figures.KEY, "relay")
        note = json.loads(kept)
        broker.hset(figures.KEY, "relay", json.dumps(note | {"at": note["at"] - 3600}))

        done = run(address_of(broker), "doctor")

        assert done.returncode == 1
        assert re.search(r"relay was last seen 36\d\d s ago: look at its log, start it again\.", done.stdout)
        assert "relay was last seen" in words_of(broker)


def environment(broker: str) -> dict[str, str]:
    own = {name: value for name, value in os.environ.items() if name != "DATABASE_ROLE"}
    return own | {"REDIS_URL": broker, "SECRET_KEY": "0123456789abcdefghij" * 3}


def run(broker: str, *command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(ROOT / "manage.py"), *command],
        env=environment(broker),
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
    )


def address_of(broker: redis.Redis) -> str:
    return with_database(settings.REDIS_URL, str(broker.connection_pool.connection_kwargs["db"]))


def words_of(broker: redis.Redis) -> str:
    """Return what the doctor says of the processes."""
    found = json.loads(run(address_of(broker), "doctor", "--json").stdout)
    return " ".join(found["checks"]["processes"])


def test_it_reads_as_a_list_for_people() -> None:
    done = run_manage("doctor", check=False)

    assert "ok    policies" in done.stdout
