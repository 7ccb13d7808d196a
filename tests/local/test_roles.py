"""What each database role may and may not do after provisioning."""

import contextlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

import psycopg2
import pytest
from psycopg2 import errors

from agile_sales.local import postgres, roles


@contextlib.contextmanager
def cursor_at(url: str) -> Iterator[psycopg2.extensions.cursor]:
    connection = psycopg2.connect(url)
    connection.autocommit = True
    try:
        with connection.cursor() as cursor:
            yield cursor
    finally:
        connection.close()


@pytest.fixture
def database(request: pytest.FixtureRequest) -> str:
    return f"Sales of {hash(request.node.name) % 10**9}"


@pytest.fixture
def urls(postgres_server: postgres.PostgresServer, database: str) -> roles.RoleUrls:
    return roles.provision(postgres_server.admin_url, database, postgres_server.role_passwords)


def test_the_application_reads_and_writes_what_the_owner_makes_later(urls: roles.RoleUrls) -> None:
    with cursor_at(urls.owner) as cursor:
        cursor.execute("CREATE TABLE deals (id serial PRIMARY KEY, name text)")

    for url in (urls.app, urls.system):
        with cursor_at(url) as cursor:
            cursor.execute("INSERT INTO deals (name) VALUES ('pumps') RETURNING id")
            cursor.execute("UPDATE deals SET name = 'valves'")
            cursor.execute("SELECT name FROM deals")
            assert cursor.fetchone() == ("valves",)
            cursor.execute("DELETE FROM deals")


@pytest.mark.parametrize(
    "statement",
    [
        "TRUNCATE deals",
        "CREATE TABLE mine (id int)",
        "ALTER TABLE deals DISABLE ROW LEVEL SECURITY",
        "CREATE DATABASE another",
        "SET ROLE agile_system",
        "SET ROLE agile_owner",
        "CREATE ROLE friend",
    ],
)
def test_the_application_can_not_leave_its_fence(urls: roles.RoleUrls, statement: str) -> None:
    with cursor_at(urls.owner) as cursor:
        cursor.execute("CREATE TABLE deals (id int)")

    with cursor_at(urls.app) as cursor, pytest.raises(errors.InsufficientPrivilege):
        cursor.execute(statement)


def test_only_the_system_role_passes_row_level_security(urls: roles.RoleUrls) -> None:
    with cursor_at(urls.owner) as cursor:
        cursor.execute("CREATE TABLE deals (id int)")
        cursor.execute("INSERT INTO deals VALUES (1)")
        cursor.execute("ALTER TABLE deals ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY")

    seen = {}
    for name, url in (("owner", urls.owner), ("app", urls.app), ("system", urls.system)):
        with cursor_at(url) as cursor:
            cursor.execute("SELECT count(*) FROM deals")
            seen[name] = (cursor.fetchone() or (None,))[0]

    assert seen == {"owner": 0, "app": 0, "system": 1}


def test_the_application_has_time_limits_and_reads_no_table_whole(urls: roles.RoleUrls) -> None:
    with cursor_at(urls.app) as cursor:
        cursor.execute("SELECT name, setting FROM pg_settings WHERE name = ANY(%s)", [list(roles.APP_SETTINGS)])
        assert dict(cursor.fetchall()) == {
            "statement_timeout": "10000",
            "lock_timeout": "2000",
            "idle_in_transaction_session_timeout": "15000",
            "enable_seqscan": "off",
        }


def test_a_migration_can_hand_a_function_to_the_system_role_and_strangers_can_not_call_it(urls: roles.RoleUrls) -> None:
    with cursor_at(urls.owner) as cursor:
        cursor.execute(
            "CREATE FUNCTION door() RETURNS text LANGUAGE sql SECURITY DEFINER AS 'SELECT current_user::text'"
        )
        cursor.execute("ALTER FUNCTION door() OWNER TO agile_system")
        cursor.execute("SELECT has_function_privilege('public', 'door()', 'EXECUTE')")
        assert cursor.fetchone() == (False,)

    with cursor_at(urls.app) as cursor:
        cursor.execute("SELECT door()")
        assert cursor.fetchone() == ("agile_system",)


def test_a_temporary_table_serves_the_bulk_load(urls: roles.RoleUrls) -> None:
    with cursor_at(urls.app) as cursor:
        cursor.execute("CREATE TEMPORARY TABLE staged (id int)")


def test_it_can_be_repeated_at_the_same_time(postgres_server: postgres.PostgresServer) -> None:
    def again(number: int) -> roles.RoleUrls:
        return roles.provision(postgres_server.admin_url, f"company_{number % 2}", postgres_server.role_passwords)

    with ThreadPoolExecutor(4) as threads:
        made = list(threads.map(again, range(4)))

    for urls in made:
        with cursor_at(urls.app) as cursor:
            cursor.execute("SELECT 1")


def test_it_keeps_a_privilege_that_a_migration_took_away(
    postgres_server: postgres.PostgresServer, urls: roles.RoleUrls, database: str
) -> None:
    with cursor_at(urls.owner) as cursor:
        cursor.execute("CREATE TABLE audit (id int)")
        cursor.execute("REVOKE UPDATE, DELETE ON audit FROM agile_app")

    assert roles.provision(postgres_server.admin_url, database, postgres_server.role_passwords).app == urls.app

    with cursor_at(urls.app) as cursor:
        cursor.execute("INSERT INTO audit VALUES (1)")
        with pytest.raises(errors.InsufficientPrivilege):
            cursor.execute("DELETE FROM audit")


def test_a_person_s_own_server_is_provisioned_by_an_administrator_without_superuser(
    untouched_postgres_server: postgres.PostgresServer,
) -> None:
    with cursor_at(untouched_postgres_server.admin_url) as cursor:
        cursor.execute("CREATE ROLE dba LOGIN CREATEDB CREATEROLE BYPASSRLS PASSWORD 'p@ss w/rd'")
    dba = roles.url_for(untouched_postgres_server.admin_url, "dba", "p@ss w/rd", "")

    urls = roles.provision(dba, roles.database_in(dba), roles.derived_passwords(dba))

    assert urlsplit(urls.app).path == "/agile_sales"
    with cursor_at(urls.owner) as cursor:
        cursor.execute("CREATE TABLE deals (id int)")
    with cursor_at(urls.app) as cursor:
        cursor.execute("SELECT * FROM deals")


def test_it_says_which_right_is_missing(postgres_server: postgres.PostgresServer) -> None:
    with cursor_at(postgres_server.admin_url) as cursor:
        cursor.execute("CREATE ROLE clerk LOGIN PASSWORD 'secret'")
    clerk = roles.url_for(postgres_server.admin_url, "clerk", "secret", "postgres")

    with pytest.raises(roles.UnableToProvision, match="CREATEDB, CREATEROLE and BYPASSRLS") as refusal:
        roles.provision(clerk, "agile_sales", roles.derived_passwords(clerk))

    assert "secret" not in str(refusal.value)


def test_two_installations_on_one_server_derive_the_same_passwords() -> None:
    url = "postgresql://admin:geheim@db.example:5432/postgres"

    assert vars(roles.derived_passwords(url)) == vars(roles.derived_passwords(url + "?sslmode=require"))
    assert len(set(vars(roles.derived_passwords(url)).values())) == 3
    assert vars(roles.derived_passwords(url)) != vars(roles.derived_passwords(url.replace("geheim", "other")))


def test_no_password_is_shown_by_accident() -> None:
    assert "geheim" not in repr(roles.RolePasswords(owner="geheim", app="geheim", system="geheim"))
