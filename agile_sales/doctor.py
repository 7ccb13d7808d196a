"""What `manage.py doctor` looks at: each check answers with what is wrong and what to do, or with nothing."""

import os
import time
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path

import redis
from celery import current_app
from django.conf import settings
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor

from tenancy import figures
from tenancy.row_security import POLICY

LARGEST_DRIFT_SECONDS = 2.0
LATE_AFTER_SECONDS = {"relay": 60.0, "beat": 180.0}
OLDEST_WORK_SECONDS = 900


def examine() -> Iterator[tuple[str, list[str]]]:
    """Yield each check's name with its problems, none when all is well; one that cannot look says why."""
    for check in CHECKS:
        name = (check.__name__).removeprefix("check_").replace("_", " ")
        try:
            yield name, list(check())
        except DatabaseError as error:
            yield name, [f"The database refused or did not answer: {_first_line(error)}"]
        except redis.RedisError as error:
            yield name, [f"The broker refused or did not answer: {_first_line(error)}"]


def check_configuration() -> Iterator[str]:
    """The settings that would be dear in production."""
    if settings.DEBUG:
        yield "DEBUG is on: error pages show code and settings to everybody. Unset it."
    if len(settings.SECRET_KEY) < 50 or len(set(settings.SECRET_KEY)) < 5:
        yield "SECRET_KEY is short or monotonous. Set 50 random characters."
    if "*" in settings.ALLOWED_HOSTS:
        yield "ALLOWED_HOSTS allows every host; name yours."
    local = settings.LOCAL_MAILBOX
    if not settings.SECURE_SSL_REDIRECT and not local:
        yield "SECURE is False: cookies and pages travel in the clear. Put TLS in front and set SECURE=True."
    if not settings.MAIL_HOST and not local:
        yield "MAIL_HOST is not set: invitations and password mails are never sent."
    if settings.MAIL_HOST and local:
        yield "LOCAL_MAILBOX is True beside MAIL_HOST: mail stays here and anybody on this machine can read it."
    if find_spec("psycopg") is not None:
        yield "psycopg 3 is installed: Django takes it in place of psycopg2. Uninstall it."
    if not settings.WHITENOISE_USE_FINDERS and not (Path(settings.STATIC_ROOT) / "staticfiles.json").exists():
        yield "The static files are not collected: run manage.py collectstatic."


def check_database_role() -> Iterator[str]:
    """Web and workers must not be able to leave row-level security."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT current_user::text, rolsuper, rolbypassrls, rolcreaterole,"
            " current_setting('server_version_num')::int,"
            " EXISTS (SELECT FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
            "   WHERE n.nspname = 'public' AND c.relkind = 'r' AND pg_get_userbyid(c.relowner) = current_user)"
            " FROM pg_roles WHERE rolname = current_user"
        )
        role, superuser, bypass, maker, version, owns = cursor.fetchone()
    expected = os.environ.get("DATABASE_ROLE", "app")
    if superuser:
        yield f"{role} is a superuser, which turns row-level security off. Use agile_app."
    if expected == "app" and bypass:
        yield f"{role} has BYPASSRLS and sees every organisation. Use agile_app, or take the right away."
    if expected == "app" and owns:
        yield f"{role} owns tables, so it could drop their policies. Tables belong to agile_owner."
    if maker:
        yield f"{role} has CREATEROLE; take it away."
    if version < 150000:
        yield f"PostgreSQL {version // 10000} is too old; 15 or later is needed."


def check_policies() -> Iterator[str]:
    """Every table with an organisation is fenced, whatever the models say."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT c.relname, c.relrowsecurity, c.relforcerowsecurity,"
            " ARRAY(SELECT pg_get_expr(p.polqual, p.polrelid) FROM pg_policy p WHERE p.polrelid = c.oid"
            "   AND 'agile_app'::regrole = ANY (p.polroles))"
            " FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
            " JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'organization_id' AND NOT a.attisdropped"
            " WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p') ORDER BY 1"
        )
        rows = cursor.fetchall()
    if not rows:
        yield "There are no tables of organisations: run manage.py migrate as agile_owner."
    for table, enabled, forced, policies in rows:
        if not (enabled and forced):
            yield f"{table}: row-level security is not enabled and forced. Restore it from the migrations."
        if [_plain(policy) for policy in policies] != [_plain(POLICY)]:
            yield f"{table}: its policy is not the one of the migrations, but {policies or 'none'}."


def check_migrations() -> Iterator[str]:
    """The tables are those that this code expects."""
    executor = MigrationExecutor(connection)
    waiting = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if waiting:
        names = ", ".join(f"{migration.app_label}.{migration.name}" for migration, _ in waiting[:5])
        yield f"{len(waiting)} migrations are not applied ({names}): run manage.py migrate as agile_owner."
    unknown = set(executor.loader.applied_migrations) - set(executor.loader.disk_migrations)
    ours = sorted(f"{app}.{name}" for app, name in unknown if app in executor.loader.migrated_apps)
    if ours:
        yield f"The database is newer than this code: it has {', '.join(ours[:5])}."


def check_months_of_snapshots() -> Iterator[str]:
    """Tonight's picture of the pipeline, and those of the month to come, have a table to go into."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT to_char(month, 'YYYY-MM') FROM generate_series("
            "   date_trunc('month', current_date), current_date + 31, interval '1 month') month"
            " WHERE to_regclass('public.pipeline_opportunitysnapshot_' || to_char(month, 'YYYYMM')) IS NULL"
        )
        missing = [row[0] for row in cursor.fetchall()]
    if missing:
        yield (
            f"Snapshots of {' and '.join(missing)} have no table yet. Each night makes those of three months ahead: "
            "look why none ran, or run manage.py run_night."
        )


def check_broker() -> Iterator[str]:
    """The broker keeps what it is given."""
    client = figures.valkey()
    client.ping()
    policy = _setting(client, "maxmemory-policy")
    if policy not in ("noeviction", ""):
        yield f"The broker may throw work away when its memory is full (maxmemory-policy {policy}). Set noeviction."
    if _setting(client, "appendonly") == "no":
        yield "The broker keeps nothing on disk (appendonly no); the sweeper would mend it, late. Set appendonly yes."


def check_clock() -> Iterator[str]:
    """Database, broker and this machine agree about the time: limits and expiries compare them."""
    with connection.cursor() as cursor:
        before = time.time()
        cursor.execute("SELECT extract(epoch FROM clock_timestamp())::float8")
        database = cursor.fetchone()[0]
        middle = (before + time.time()) / 2
    if abs(database - middle) > LARGEST_DRIFT_SECONDS:
        yield f"The database's clock differs by {database - middle:+.1f} s from this machine's. Run NTP on both."
    before = time.time()
    seconds, microseconds = figures.valkey().time()
    drift = seconds + microseconds / 1e6 - (before + time.time()) / 2
    if abs(drift) > LARGEST_DRIFT_SECONDS:
        yield f"The broker's clock differs by {drift:+.1f} s from this machine's. Run NTP on both."


def check_processes() -> Iterator[str]:
    """Relay, beat and a worker run."""
    noted = figures.published()
    for part, late in LATE_AFTER_SECONDS.items():
        if part not in noted:
            yield f"{part} has never been seen: start manage.py {part}."
        elif (age := time.time() - noted[part]["at"]) > late:
            yield f"{part} was last seen {age:.0f} s ago: look at its log, start it again."
    if not current_app.control.inspect(timeout=2).ping():
        yield "No worker answers: start celery -A agile_sales worker."


def check_queues() -> Iterator[str]:
    """Nothing was given up, nothing waits for long."""
    relay = figures.published().get("relay", {})
    if given_up := int(relay.get("outbox_given_up", 0)):
        yield f"{given_up} tasks failed too often and were given up; tenancy_outbox has their errors (dead_at)."
    if (oldest := relay.get("outbox_oldest_seconds", 0)) > OLDEST_WORK_SECONDS:
        yield f"The oldest waiting task is {oldest:.0f} s old: are there enough workers?"


CHECKS: tuple[Callable[[], Iterator[str]], ...] = (
    check_configuration,
    check_database_role,
    check_policies,
    check_migrations,
    check_months_of_snapshots,
    check_broker,
    check_clock,
    check_processes,
    check_queues,
)


def _plain(expression: str) -> str:
    """Return an expression without what PostgreSQL adds when it prints one: casts of literals, brackets, blanks."""
    return expression.replace("::text", "").replace("(", "").replace(")", "").replace(" ", "")


def _setting(client: redis.Redis, name: str) -> str:
    """Return a setting of the broker, or "" where a managed one does not tell."""
    try:
        answer = client.config_get(name)
    except redis.ResponseError:
        return ""
    return str(answer.get(name, ""))


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
