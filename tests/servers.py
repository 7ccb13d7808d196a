"""The servers of a test run: a real PostgreSQL and a real Valkey, on free ports, started once for all workers.

A pytest plugin (`-p tests.servers` in pyproject.toml), because Django's settings are read before conftest files are.
The cluster stays under `.local/test/` between runs, with one migrated template database per state of the migrations;
each worker gets a copy of it. A second run in the same folder meanwhile uses a cluster of its own.
"""

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import psycopg2
import pytest
from psycopg2 import sql

ROOT = Path(__file__).resolve().parent.parent
ADMIN = "AGILE_SALES_TEST_ADMIN_URL"
TEMPLATE = "AGILE_SALES_TEST_TEMPLATE"


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_load_initial_conftests() -> Iterator[None]:
    """Start the servers before Django reads its settings; workers of xdist find the addresses in the environment."""
    if ADMIN not in os.environ:
        _start()
    # Each worker has a broker and cache of its own: a numbered database of the one Valkey.
    number = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")) % 15 + 1
    os.environ["REDIS_URL"] = with_database(os.environ["REDIS_URL"], str(number))
    yield


def pytest_unconfigure(config: pytest.Config) -> None:
    """Stop what this process started."""
    while _cleanups:
        _cleanups.pop()()


_cleanups: list[Any] = []


def _start() -> None:
    from agile_sales.local import postgres, roles, valkey

    state_dir = _state_dir()
    # Empty, and not the folder of the servers: every test client would look at thousands of their files.
    static_root = state_dir / "static"
    static_root.mkdir(parents=True, exist_ok=True)
    database = postgres.start_postgres(state_dir, fsync=False)
    _cleanups.append(database.stop)
    broker = valkey.start_valkey(state_dir, persistent=False)
    _cleanups.append(broker.stop)
    os.environ.update(
        {
            ADMIN: database.admin_url,
            "REDIS_URL": broker.url,
            "SECRET_KEY": "a fixed key of the tests " * 3,
            "SECURE": "False",
            "HASHED_STATIC": "False",
            "STATIC_ROOT": str(static_root),
            "LOCAL_MAILBOX": "True",
            "DATABASE_ROLE": "app",
            "PYTHONHASHSEED": "0",
        }
    )
    template = f"template_{_migrations_hash()}"
    os.environ[TEMPLATE] = template
    connection = psycopg2.connect(database.admin_url)
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", [template])
        exists = cursor.fetchone() is not None
        urls = roles.provision(database.admin_url, template + ("" if exists else "_new"), database.role_passwords)
        if not exists:
            _migrate(urls)
            name, new = sql.Identifier(template), sql.Identifier(template + "_new")
            cursor.execute(sql.SQL("ALTER DATABASE {} RENAME TO {}").format(new, name))
    connection.close()
    os.environ.update(_addresses(urls, template))


def _state_dir() -> Path:
    folder = ROOT / ".local" / "test"
    folder.mkdir(parents=True, exist_ok=True)
    lock = (folder / "lock").open("w")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        _cleanups.append(lock.close)
        return folder / "shared"
    except BlockingIOError:
        lock.close()
        alone = folder / f"run-{os.getpid()}"
        _cleanups.append(lambda: shutil.rmtree(alone, ignore_errors=True))
        return alone


def _migrations_hash() -> str:
    digest = hashlib.sha256()
    for path in sorted(
        [*ROOT.glob("*/migrations/*.py"), ROOT / "tenancy" / "row_security.py", ROOT / "requirements.lock"]
    ):
        if path.exists():
            digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def _migrate(urls: Any) -> None:
    environment = {
        **os.environ,
        "DATABASE_URL": urls.app,
        "DATABASE_OWNER_URL": urls.owner,
        "DATABASE_SYSTEM_URL": urls.system,
        "DATABASE_ROLE": "owner",
    }
    command = [sys.executable, str(ROOT / "manage.py"), "migrate", "--verbosity", "0"]
    done = subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True)
    if done.returncode:
        raise pytest.UsageError(f"The migrations fail, so no test can run:\n{done.stdout}{done.stderr}")


def _addresses(urls: Any, database: str) -> dict[str, str]:
    return {
        "DATABASE_URL": with_database(urls.app, database),
        "DATABASE_OWNER_URL": with_database(urls.owner, database),
        "DATABASE_SYSTEM_URL": with_database(urls.system, database),
    }


def with_database(url: str, database: str) -> str:
    """Return the address of another database on the same server."""
    return urlunsplit(urlsplit(url)._replace(path=f"/{database}"))


def make_database(name: str) -> None:
    """Make a fresh copy of the migrated template, owned by agile_owner; tests may TRUNCATE in it."""
    connection = psycopg2.connect(os.environ[ADMIN])
    connection.autocommit = True
    target, template = sql.Identifier(name), sql.Identifier(os.environ[TEMPLATE])
    with connection.cursor() as cursor:
        cursor.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(target))
        cursor.execute(sql.SQL("CREATE DATABASE {} TEMPLATE {} OWNER agile_owner").format(target, template))
        # Privileges of a database are not copied with it.
        cursor.execute(sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(target))
        cursor.execute(sql.SQL("GRANT CONNECT, TEMPORARY ON DATABASE {} TO agile_app, agile_system").format(target))
    connection.close()
    let_truncate(with_database(os.environ["DATABASE_OWNER_URL"], name))


def let_truncate(owner_url: str) -> None:
    """Let the tests' role empty the tables that are there now; one that is made anew needs it again."""
    owner = psycopg2.connect(owner_url)
    owner.autocommit = True
    with owner.cursor() as cursor:
        cursor.execute("GRANT TRUNCATE ON ALL TABLES IN SCHEMA public TO agile_app")
    owner.close()


def drop_database(name: str) -> None:
    """Drop a database that `make_database` made."""
    connection = psycopg2.connect(os.environ[ADMIN])
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))
    connection.close()
