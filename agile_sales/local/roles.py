"""The three database roles, their database and what each may do; through an administrator's address.

`agile_owner` owns the tables and runs migrations. `agile_app` (web and workers) owns nothing and can't leave the fence
of row-level security. `agile_system` (relay, beat, backup, owner of the few SECURITY DEFINER functions) passes it.
"""

import hashlib
import hmac
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, unquote, urlsplit, urlunsplit

import psycopg2
from psycopg2 import errors, extensions, sql

from agile_sales.local.problems import LocalProblem

OWNER, APP, SYSTEM = "agile_owner", "agile_app", "agile_system"
MINIMUM_VERSION = 15
DEFAULT_DATABASE = "agile_sales"
APP_SETTINGS = {
    "statement_timeout": "10s",
    "lock_timeout": "2s",
    "idle_in_transaction_session_timeout": "15s",
    # Every statement is about one organisation, whose rows an index finds. A plan that reads a whole table instead is
    # good on the day it is made, and gets slower with everybody else's rows.
    "enable_seqscan": "off",
}
EXTENSIONS = ("pg_trgm", "btree_gin")  # similar words, and an index that begins with the organisation
LOCK = 0x4A611E  # any number that every provisioning agrees on


class UnableToProvision(LocalProblem):
    """The database server can't be used as it is; the message says what it lacks."""


@dataclass(frozen=True, repr=False)
class RolePasswords:
    """The passwords of the three roles."""

    owner: str
    app: str
    system: str


@dataclass(frozen=True, repr=False)
class RoleUrls:
    """The addresses of one database, one for each role."""

    owner: str
    app: str
    system: str


def derived_passwords(admin_url: str) -> RolePasswords:
    """Return passwords that follow from the administrator's, so that two installations on one server agree."""
    key = unquote(urlsplit(admin_url).password or "")
    if not key:
        raise UnableToProvision(
            "DATABASE_URL has no password. Write it as postgresql://name:password@host:5432/database."
        )

    def derive(role: str) -> str:
        return hmac.new(key.encode(), f"agile-sales {role}".encode(), hashlib.sha256).hexdigest()

    return RolePasswords(owner=derive(OWNER), app=derive(APP), system=derive(SYSTEM))


def database_in(admin_url: str) -> str:
    """Return the database that an administrator's address means for us: its own, or ours beside `postgres`."""
    name = unquote(urlsplit(admin_url).path.lstrip("/"))
    return DEFAULT_DATABASE if name in ("", "postgres", "template1") else name


def url_for(admin_url: str, role: str, password: str, database: str) -> str:
    """Return the same server's address for another role and database."""
    parts = urlsplit(admin_url)
    place = parts.netloc.rpartition("@")[2]
    netloc = f"{quote(role, safe='')}:{quote(password, safe='')}@{place}"
    return urlunsplit(("postgresql", netloc, "/" + quote(database, safe=""), parts.query, ""))


def urls_for(admin_url: str, database: str, passwords: RolePasswords) -> RoleUrls:
    """Return the three roles' addresses of a database."""
    return RoleUrls(
        owner=url_for(admin_url, OWNER, passwords.owner, database),
        app=url_for(admin_url, APP, passwords.app, database),
        system=url_for(admin_url, SYSTEM, passwords.system, database),
    )


def provision(
    admin_url: str, database: str, passwords: RolePasswords, *, owner_creates_databases: bool = False
) -> RoleUrls:
    """Make the roles, the database and the default privileges, or mend them; return the roles' addresses.

    Safe to run any number of times, also at the same time. Existing tables keep the privileges they have: a migration
    that took one away meant it.

    :raises UnableToProvision: if the server is too old, can't be reached, or the administrator lacks a right.
    """
    urls = urls_for(admin_url, database, passwords)
    try:
        _make_roles_and_database(admin_url, database, passwords, owner_creates_databases=owner_creates_databases)
        _prepare_database(urls.owner)
    except errors.InsufficientPrivilege as error:
        raise UnableToProvision(
            f"The role in DATABASE_URL may not prepare the database ({_first_line(error)}). It has to be a superuser, "
            "or have CREATEDB, CREATEROLE and BYPASSRLS."
        ) from error
    except psycopg2.OperationalError as error:
        raise UnableToProvision(f"The database server does not let us in: {_first_line(error)}") from error
    return urls


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]


def _connect(url: str) -> extensions.connection:
    connection = psycopg2.connect(url, connect_timeout=10, application_name="agile-sales provisioning")
    connection.autocommit = True  # CREATE DATABASE refuses a transaction
    return connection


def _make_roles_and_database(
    admin_url: str, database: str, passwords: RolePasswords, *, owner_creates_databases: bool
) -> None:
    parts = urlsplit(admin_url)
    # Roles belong to the whole server, so everybody meets on one database's lock; the wanted one may not exist yet.
    maintenance = urlunsplit(parts._replace(path="/postgres"))
    connection = _connect(maintenance)
    try:
        if connection.server_version < MINIMUM_VERSION * 10000:
            raise UnableToProvision(
                f"The database server is PostgreSQL {connection.server_version // 10000}; "
                f"version {MINIMUM_VERSION} or later is needed."
            )
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(%s)", [LOCK])
            _make_role(cursor, OWNER, passwords.owner, createdb=owner_creates_databases or None)
            _make_role(cursor, APP, passwords.app)
            _make_role(cursor, SYSTEM, passwords.system, bypassrls=True)
            for name, value in APP_SETTINGS.items():
                cursor.execute(
                    sql.SQL("ALTER ROLE {} SET {} = %s").format(sql.Identifier(APP), sql.Identifier(name)), [value]
                )
            # So that a migration can hand a SECURITY DEFINER function over to the role that passes the fence.
            cursor.execute(sql.SQL("GRANT {} TO {}").format(sql.Identifier(SYSTEM), sql.Identifier(OWNER)))
            _make_database(cursor, database)
    finally:
        connection.close()


def _make_role(
    cursor: extensions.cursor, role: str, password: str, *, createdb: bool | None = False, bypassrls: bool = False
) -> None:
    """Make one role. An attribute is altered only where it differs: naming one takes rights even without a change."""
    cursor.execute(
        "SELECT rolsuper, rolcreaterole, rolreplication, rolcreatedb, rolbypassrls, rolcanlogin "
        "FROM pg_roles WHERE rolname = %s",
        [role],
    )
    row = cursor.fetchone()
    name = sql.Identifier(role)
    if row is None:
        cursor.execute(sql.SQL("CREATE ROLE {} LOGIN").format(name))
        row = (False, False, False, False, False, True)
    superuser, createrole, replication, has_createdb, has_bypassrls, can_login = row
    if superuser or createrole or replication:
        raise UnableToProvision(
            f"The role {role} exists on this server and has more rights than it may have "
            "(SUPERUSER, CREATEROLE or REPLICATION). Take them away, or use another server."
        )
    changes = []
    if createdb is not None and has_createdb and role != OWNER:
        changes.append("NOCREATEDB")
    if createdb is None and not has_createdb:
        changes.append("CREATEDB")
    if has_bypassrls != bypassrls:
        changes.append("BYPASSRLS" if bypassrls else "NOBYPASSRLS")
    if not can_login:
        changes.append("LOGIN")
    # The verifier is computed here: a password in a statement may end up in the server's log.
    verifier = extensions.encrypt_password(password, role, cursor.connection, "scram-sha-256")
    statement = sql.SQL("ALTER ROLE {} {} PASSWORD {}").format(name, sql.SQL(" ".join(changes)), sql.Literal(verifier))
    cursor.execute(statement)


def _make_database(cursor: extensions.cursor, database: str) -> None:
    owner, name = sql.Identifier(OWNER), sql.Identifier(database)
    # A creator has to be a member of the owner; a superuser is of everything.
    cursor.execute("SELECT rolsuper FROM pg_roles WHERE rolname = current_user")
    if not (cursor.fetchone() or [False])[0]:
        cursor.execute(sql.SQL("GRANT {} TO CURRENT_USER").format(owner))
    cursor.execute(
        "SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = %s",
        [database],
    )
    row = cursor.fetchone()
    if row is None:
        cursor.execute(sql.SQL("CREATE DATABASE {} OWNER {} ENCODING 'UTF8' TEMPLATE template0").format(name, owner))
    elif row[0] != OWNER:
        cursor.execute(sql.SQL("ALTER DATABASE {} OWNER TO {}").format(name, owner))


def _prepare_database(owner_url: str) -> None:
    """Set what each role may do in the database, as its owner."""
    connection = _connect(owner_url)
    names: dict[str, Any] = {
        "owner": sql.Identifier(OWNER),
        "app": sql.Identifier(APP),
        "system": sql.Identifier(SYSTEM),
        "database": sql.Identifier(str(connection.info.dbname)),
    }
    statements = [
        "REVOKE ALL ON DATABASE {database} FROM PUBLIC",
        "GRANT CONNECT, TEMPORARY ON DATABASE {database} TO {app}, {system}",
        "REVOKE ALL ON SCHEMA public FROM PUBLIC",
        "GRANT USAGE ON SCHEMA public TO {app}, {system}",
        "GRANT CREATE ON SCHEMA public TO {system}",  # without it, it can't be given a function
    ]
    # A grant on all tables would miss the next one. No TRUNCATE: it knows no row-level security.
    for maker in ("owner", "system"):
        statements += [
            f"ALTER DEFAULT PRIVILEGES FOR ROLE {{{maker}}} " + grant
            for grant in (
                "GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {app}, {system}",
                "GRANT USAGE, SELECT ON SEQUENCES TO {app}, {system}",
                "REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC",
                "GRANT EXECUTE ON FUNCTIONS TO {app}, {system}",
            )
        ]
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(%s)", [LOCK])
            for statement in statements:
                cursor.execute(sql.SQL(statement).format(**names))
            for extension in EXTENSIONS:
                _add_extension(cursor, extension)
    finally:
        connection.close()


def _add_extension(cursor: extensions.cursor, extension: str) -> None:
    """Add an extension that the search needs. The owner of a database may add these two: they are trusted ones."""
    cursor.execute("SELECT 1 FROM pg_available_extensions WHERE name = %s AND installed_version IS NULL", [extension])
    if cursor.fetchone():
        cursor.execute(sql.SQL("CREATE EXTENSION IF NOT EXISTS {}").format(sql.Identifier(extension)))
    cursor.execute("SELECT 1 FROM pg_extension WHERE extname = %s", [extension])
    if cursor.fetchone() is None:
        raise UnableToProvision(
            f"The database server lacks the extension {extension}. It is part of PostgreSQL's contrib modules: install "
            "them (postgresql-contrib on Debian), then try again."
        )
