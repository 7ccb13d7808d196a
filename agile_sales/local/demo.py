"""`make demo`: the whole product on this machine, from servers to sign-in, with one command."""

import http.client
import os
import secrets
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import redis

from agile_sales.local import folders, passwords, ports, postgres, preparation, processes, roles, state, valkey
from agile_sales.local.problems import LocalProblem
from agile_sales.local.supervisor import Part, StopRequested, Supervisor, rotate

WORKERS = 2
MIGRATION_FILES = ("*/migrations/*.py", "tenancy/row_security.py", "requirements.lock")
STATIC_FILES = ("static/**/*", "*/static/**/*", "requirements.lock", "agile_sales/settings.py")
WRITTEN_DOWN = (  # what `manage.py` needs in another terminal
    *("DATABASE_URL", "DATABASE_OWNER_URL", "DATABASE_SYSTEM_URL", "REDIS_URL"),
    *("SECRET_KEY", "PORT", "DEMO_PASSWORD", "SECURE", "LOCAL_MAILBOX"),
)
PEOPLE = (
    ("leader@acme.example", "leader of Acme Drives"),
    ("squadlead@acme.example", "leads a squad"),
    ("member@acme.example", "sells in a squad"),
    ("coach@acme.example", "coach"),
    ("expert@acme.example", "expert"),
    ("analyst@acme.example", "analyst"),
    ("admin@acme.example", "administrator"),
    ("auditor@acme.example", "auditor"),
    ("leader@globex.example", "leader of Globex, the other company"),
)
# A word of the password policy's length, without letters that look alike.
PASSWORD_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"  # noqa: S105  (the alphabet of passwords, not one)


class PortTaken(LocalProblem):
    """Another program listens on the port that the product should have."""


@dataclass(frozen=True)
class Demo:
    """One demo: a project folder, its state and its port."""

    project: Path
    port: int

    @property
    def state_dir(self) -> Path:
        """Where everything that this machine keeps for it lives."""
        return self.project / ".local"

    @property
    def url(self) -> str:
        """Where a person opens it: by name, because passkeys need one."""
        return f"http://localhost:{self.port}"


def say(line: str) -> None:
    """Write a line to the console; a closed one stops nothing."""
    try:
        print(line, flush=True)  # noqa: T201  (this is a program's console)
    except (OSError, ValueError):
        return


def run(demo: Demo) -> None:
    """Start everything, say how to sign in, and keep it running until Ctrl-C or SIGTERM.

    :raises LocalProblem: if it can't be started; nothing is left running then.
    """
    began = time.monotonic()
    state_dir = folders.make_state_folder(demo.state_dir)
    with state.held(state_dir, demo.url):
        supervisor = Supervisor(state_dir, say)
        with supervisor.heeding_signals():
            try:
                _start(demo, supervisor, began)
                supervisor.watch()
            except StopRequested:
                pass
            finally:
                say("stopping")
                state.forget(state_dir)
                supervisor.stop()
                say("stopped")


def _start(demo: Demo, supervisor: Supervisor, began: float) -> None:
    supervisor.clear_leftovers()
    if not ports.is_free(demo.port):
        raise PortTaken(
            f"Port {demo.port} is taken by {ports.holder_of(demo.port)}. "
            f"Stop that, or choose another port: PORT={8123 if demo.port != 8123 else 8124} make demo"
        )
    rotate(supervisor.logs)
    urls = _start_database(supervisor)
    environment = _environment(demo, urls, _start_broker(supervisor))
    state.write(supervisor.state_dir, _written_down(environment), given=_given_database())
    _prepare(demo, supervisor, environment, urls)
    say("starting web, worker, relay and beat")
    web, worker, relay, beat = _parts(demo, supervisor, environment)
    supervisor.start(web, worker)
    supervisor.start(relay, beat)  # after the first two: four at once would keep each other from getting ready
    _announce(demo, environment["DEMO_PASSWORD"], time.monotonic() - began)


# --- servers ----------------------------------------------------------------------------------------------------------


def _given_database() -> str | None:
    return os.environ.get("DATABASE_URL") or None


def _start_database(supervisor: Supervisor) -> roles.RoleUrls:
    """Return the three roles' addresses, on the server that DATABASE_URL names or on our own."""
    owner, system = os.environ.get("DATABASE_OWNER_URL"), os.environ.get("DATABASE_SYSTEM_URL")
    if given := _given_database():
        if owner and system:
            return roles.RoleUrls(owner=owner, app=given, system=system)
        say("preparing the database at DATABASE_URL")
        return roles.provision(given, roles.database_in(given), roles.derived_passwords(given))
    for name in [name for name in os.environ if name.startswith("PG")]:
        del os.environ[name]  # PGSSLMODE and its like are about some other server
    say("starting PostgreSQL")
    server: postgres.PostgresServer | None = None

    def start() -> subprocess.Popen[bytes]:
        nonlocal server
        server = postgres.start_postgres(supervisor.state_dir, port=server.port if server else None)
        return server.process

    log = supervisor.logs / "postgres.log"
    supervisor.start(Part("PostgreSQL", start, log, stop=postgres.stop, stops_last=True))
    assert server is not None
    return roles.provision(server.admin_url, roles.DEFAULT_DATABASE, server.role_passwords)


def _start_broker(supervisor: Supervisor) -> str:
    """Return the address of the broker, cache and live events: the one REDIS_URL names or our own."""
    if given := os.environ.get("REDIS_URL"):
        try:
            with redis.Redis.from_url(given, socket_connect_timeout=5, socket_timeout=5) as client:
                client.ping()
        except (redis.RedisError, OSError, ValueError) as error:
            raise LocalProblem(f"The server at REDIS_URL does not let us in: {error}") from error
        return given
    say("starting Valkey")
    server: valkey.ValkeyServer | None = None

    def start() -> subprocess.Popen[bytes]:
        nonlocal server
        server = valkey.start_valkey(supervisor.state_dir, port=server.port if server else None)
        return server.process

    supervisor.start(Part("Valkey", start, supervisor.logs / "valkey.log", stop=valkey.stop, stops_last=True))
    assert server is not None
    return server.url


# --- environment ------------------------------------------------------------------------------------------------------


def _environment(demo: Demo, urls: roles.RoleUrls, redis_url: str) -> dict[str, str]:
    """Return the environment of the product's processes, all three addresses included."""
    kept = {name: value for name, value in os.environ.items() if name != "DATABASE_ROLE"}
    return kept | {
        "DJANGO_SETTINGS_MODULE": "agile_sales.settings",
        "DATABASE_URL": urls.app,
        "DATABASE_OWNER_URL": urls.owner,
        "DATABASE_SYSTEM_URL": urls.system,
        "REDIS_URL": redis_url,
        "SECRET_KEY": os.environ.get("SECRET_KEY") or passwords.read_or_make(demo.state_dir, "secret-key"),
        "PORT": str(demo.port),
        "DEMO_PASSWORD": os.environ.get("DEMO_PASSWORD") or passwords.read_or_make(demo.state_dir, "demo", _word),
        "SECURE": os.environ.get("SECURE", "False"),  # no certificate for a person's own machine
        "LOCAL_MAILBOX": os.environ.get("LOCAL_MAILBOX", "True"),
        "LOG_FORMAT": os.environ.get("LOG_FORMAT", "plain"),  # a person reads these logs
        "OMP_NUM_THREADS": "1",
        "PYTHONUNBUFFERED": "1",
    }


def _written_down(environment: Mapping[str, str]) -> dict[str, str]:
    return {name: environment[name] for name in WRITTEN_DOWN}


def _for_role(environment: Mapping[str, str], role: str) -> dict[str, str]:
    """Return the environment of a process that needs one role only: it never sees the others' passwords."""
    variables = {"app": "DATABASE_URL", "owner": "DATABASE_OWNER_URL", "system": "DATABASE_SYSTEM_URL"}
    hidden = {variable for name, variable in variables.items() if name not in (role, "app")} | {"DEMO_PASSWORD"}
    return {name: value for name, value in environment.items() if name not in hidden} | {"DATABASE_ROLE": role}


def _word() -> str:
    return "-".join("".join(secrets.choice(PASSWORD_LETTERS) for _ in range(4)) for _ in range(3))


# --- preparation ------------------------------------------------------------------------------------------------------


def _prepare(demo: Demo, supervisor: Supervisor, environment: dict[str, str], urls: roles.RoleUrls) -> None:
    """Bring tables, static files and the two companies up to date; what is done already takes no time."""
    marks = preparation.Marks(urls.owner)
    manage: tuple[str | Path, ...] = (sys.executable, demo.project / "manage.py")

    migrations = preparation.files_mark(demo.project, MIGRATION_FILES)
    if not marks.is_done("migrate", migrations):
        say("making the tables")
        owner = _for_role(environment, "owner")
        supervisor.run("migrate", [*manage, "migrate", "--no-input"], cwd=demo.project, env=owner)
        marks.note("migrate", migrations)

    static = preparation.files_mark(demo.project, STATIC_FILES)
    noted = supervisor.state_dir / "static.mark"
    if not noted.exists() or noted.read_text() != static or not (supervisor.state_dir / "static").is_dir():
        say("collecting styles, scripts and pictures")
        collect = [*manage, "collectstatic", "--no-input", "--clear"]
        supervisor.run("collectstatic", collect, cwd=demo.project, env=_for_role(environment, "app"))
        noted.write_text(static)

    seeded = preparation.keyed_mark(environment["SECRET_KEY"], environment["DEMO_PASSWORD"])
    if not marks.is_done("seed", seeded):
        say("filling two companies, acme and globex, and running their first night")
        seeding = environment | {"DATABASE_ROLE": "app"}
        supervisor.run("seed", [*manage, "seed_demo"], cwd=demo.project, env=seeding, show=True)
        marks.note("seed", seeded)


# --- parts ------------------------------------------------------------------------------------------------------------


def _parts(demo: Demo, supervisor: Supervisor, environment: dict[str, str]) -> list[Part]:
    app, system = _for_role(environment, "app"), _for_role(environment, "system")
    python, manage = sys.executable, demo.project / "manage.py"
    web = [python, "-m", "uvicorn", "agile_sales.asgi:application", "--host", ports.LOOPBACK, "--port", str(demo.port)]
    web += ["--no-access-log", "--no-server-header", "--no-proxy-headers", "--timeout-graceful-shutdown", "5"]
    worker = [python, "-m", "celery", "--app", "agile_sales", "worker", "--concurrency", str(WORKERS)]
    worker += ["--loglevel", "INFO", "--without-gossip", "--without-mingle"]
    return [
        supervisor.command("web", web, cwd=demo.project, env=app, is_ready=lambda _: _answers(demo.port)),
        supervisor.command("worker", worker, cwd=demo.project, env=app | {"LONG_WORK": "True"}, is_ready=_has_children),
        supervisor.command("relay", [python, manage, "relay"], cwd=demo.project, env=system),
        supervisor.command("beat", [python, manage, "beat"], cwd=demo.project, env=system),
    ]


def _answers(port: int) -> bool:
    connection = http.client.HTTPConnection(ports.LOOPBACK, port, timeout=10)
    try:
        connection.request("GET", "/health/ready", headers={"Host": "localhost"})
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _has_children(process: subprocess.Popen[bytes]) -> bool:
    """Say whether a worker has started its children, which it does when it is able to take work."""
    return not processes.PROC.is_dir() or len(processes.in_session(process.pid)) > WORKERS


def _announce(demo: Demo, password: str, seconds: float) -> None:
    say("")
    say(f"ready: {demo.url}")
    say("")
    say(f"Sign in with one of these addresses and the password  {password}")
    for address, role in PEOPLE:
        say(f"  {address:<24}{role}")
    say("")
    say(f"Started in {seconds:.1f} s. Logs: {demo.state_dir / 'logs'}. Ctrl-C stops everything.")
