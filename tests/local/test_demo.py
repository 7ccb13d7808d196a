"""`make demo` as a person meets it: the console, the processes, a second start, kills, servers of one's own."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import psycopg2
import pytest

from agile_sales.local import ports, postgres, processes, roles, state, valkey
from tests.local import small_project

pytestmark = pytest.mark.reliability
ROOT = Path(__file__).resolve().parent.parent.parent
SECONDS = 60
EXPECTED = ("DATABASE_URL", "DATABASE_OWNER_URL", "DATABASE_SYSTEM_URL", "REDIS_URL", "SECRET_KEY", "DEMO_PASSWORD")


class Demo:
    """A demo in a process of its own."""

    def __init__(self, project: Path, port: int, environment: Mapping[str, str] | None = None) -> None:
        self.project, self.port = project, port
        self.log = project / f"console-{len(list(project.glob('console-*')))}"
        clean = {name: value for name, value in os.environ.items() if name not in (*EXPECTED, "DATABASE_ROLE", "PORT")}
        clean["PYTHONPATH"] = str(ROOT)
        command = [sys.executable, "-P", str(project / "start.py"), str(project), str(port)]
        with self.log.open("wb") as output:
            self.process = subprocess.Popen(
                command, cwd=ROOT, env={**clean, **(environment or {})}, stdout=output, stderr=output
            )

    def said(self) -> str:
        return self.log.read_text()

    def wait_for(self, pattern: str) -> "Demo":
        def is_said() -> bool:
            return re.search(pattern, self.said(), re.MULTILINE) is not None or self.process.poll() is not None

        assert processes.wait_until(is_said, SECONDS), self.said()
        assert re.search(pattern, self.said(), re.MULTILINE), self.said()
        return self

    def is_ready(self) -> "Demo":
        return self.wait_for(f"^ready: http://localhost:{self.port}$")

    def commands(self) -> list[str]:
        file = self.project / "commands"
        return file.read_text().splitlines() if file.exists() else []

    def environment(self) -> dict[str, str]:
        """What `manage.py` is given in another terminal."""
        found: dict[str, str] = {}
        state.fill(found, self.project / ".local")
        return found

    def family(self) -> list[int]:
        """Every process of it, servers included."""
        children = subprocess.run(["ps", "-eo", "pid=,ppid="], capture_output=True, text=True, check=True).stdout
        pairs = [tuple(map(int, line.split())) for line in children.splitlines()]
        found = [self.process.pid]
        for pid in found:
            found += [child for child, parent in pairs if parent == pid]
        return found

    def stop(self) -> None:
        self.process.send_signal(signal.SIGTERM)
        assert self.process.wait(SECONDS) == 0, self.said()


def answers(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/health/ready", timeout=5) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


@pytest.fixture
def project(open_folder: Path) -> Path:
    return small_project.make(open_folder / "the project")


@pytest.fixture
def start(project: Path) -> Iterator[Callable[..., Demo]]:
    demos: list[Demo] = []

    def start(folder: Path = project, port: int | None = None, **environment: str) -> Demo:
        demos.append(Demo(folder, port or ports.free_port(), environment))
        return demos[-1]

    yield start
    for demo in demos:
        if demo.process.poll() is None:
            demo.process.terminate()
            demo.process.wait(SECONDS)


def test_it_says_where_to_sign_in_and_a_second_start_repeats_no_preparation(start: Callable[..., Demo]) -> None:
    first = start().is_ready()
    said = first.said()
    password = first.environment()["DEMO_PASSWORD"]

    assert "  acme: 3 deals" in said
    for person in ("leader", "squadlead", "member", "coach", "expert", "analyst", "admin", "auditor"):
        assert f"{person}@acme.example" in said
    assert "leader@globex.example" in said
    assert password in said
    assert first.commands()[:3] == ["migrate as owner", "collectstatic as app", "seed_demo as app"]
    assert processes.wait_until(lambda: set(first.commands()[3:]) == {"relay as system", "beat as system"}, SECONDS)
    first.stop()
    (first.project / "commands").unlink()

    second = start().is_ready()

    assert processes.wait_until(lambda: set(second.commands()) == {"relay as system", "beat as system"}, SECONDS)
    assert second.environment()["DEMO_PASSWORD"] == password


def test_what_changed_is_prepared_again(start: Callable[..., Demo], project: Path) -> None:
    start().is_ready().stop()
    (project / "commands").unlink()
    (project / "pipeline" / "migrations" / "0002_deals.py").write_text("# the second")
    (project / "static" / "base.css").write_text("body { margin: 0 }")

    demo = start(DEMO_PASSWORD="another word").is_ready()

    assert demo.commands()[:3] == ["migrate as owner", "collectstatic as app", "seed_demo as app"]
    assert "another word" in demo.said()


def test_after_a_signal_no_process_is_left_and_manage_py_finds_nothing(start: Callable[..., Demo]) -> None:
    demo = start().is_ready()
    family = demo.family()
    assert len(family) >= 8  # itself, PostgreSQL, Valkey, web, worker with two children, relay, beat

    demo.stop()

    assert not any(processes.started_at(pid) for pid in family)
    assert demo.environment() == {}
    assert not answers(demo.port)


def test_it_starts_again_after_everything_was_killed(start: Callable[..., Demo]) -> None:
    first = start().is_ready()
    family = first.family()
    first.process.kill()
    first.process.wait()

    second = start(port=first.port).is_ready()

    assert not set(family) & set(second.family())
    assert processes.wait_until(lambda: not any(processes.started_at(pid) for pid in family), 20)


def test_killed_servers_come_back_at_the_same_address(start: Callable[..., Demo], project: Path) -> None:
    demo = start().is_ready()
    before = demo.environment()
    servers = [pid for pid in demo.family() if os.readlink(f"/proc/{pid}/cwd").startswith("/")]
    data = {name: process_of(servers, name) for name in ("postgres", "valkey-server")}

    for pid in data.values():
        os.kill(pid, signal.SIGKILL)

    demo.wait_for("PostgreSQL was ended by SIGKILL").wait_for("Valkey was ended by SIGKILL")
    demo.wait_for("PostgreSQL runs again").wait_for("Valkey runs again")
    assert demo.environment() == before
    connection = psycopg2.connect(before["DATABASE_URL"])
    connection.close()


def process_of(pids: list[int], program: str) -> int:
    return next(
        pid for pid in pids if os.path.basename(os.readlink(f"/proc/{pid}/exe").removesuffix(" (deleted)")) == program
    )


def test_passwords_reach_nobody_who_does_not_need_them(start: Callable[..., Demo], project: Path) -> None:
    demo = start().is_ready()

    with urllib.request.urlopen(f"http://127.0.0.1:{demo.port}/environment", timeout=5) as answer:
        names = set(json.load(answer))

    assert {"DATABASE_URL", "REDIS_URL", "SECRET_KEY"} <= names
    assert not {"DATABASE_OWNER_URL", "DATABASE_SYSTEM_URL", "DEMO_PASSWORD"} & names
    assert (project / ".local" / state.ENVIRONMENT_FILE).stat().st_mode & 0o777 == 0o600


def test_a_taken_port_is_named_with_its_holder_and_the_way_out(start: Callable[..., Demo], project: Path) -> None:
    with socket.socket() as rival:
        rival.bind((ports.LOOPBACK, 0))
        rival.listen()
        port = rival.getsockname()[1]

        demo = start(port=port)

        assert demo.process.wait(SECONDS) == 1
        assert f"Port {port} is taken by" in demo.said()
        assert f"(process {os.getpid()})" in demo.said()
        assert "PORT=8123 make demo" in demo.said()
        assert not (project / ".local" / "servers").exists()  # nothing was started for nothing


def test_two_folders_run_at_once_and_one_folder_does_not(start: Callable[..., Demo], open_folder: Path) -> None:
    one = start().is_ready()
    other = start(folder=small_project.make(open_folder / "a copy")).is_ready()
    again = start()

    assert again.process.wait(SECONDS) == 1
    assert f"already runs at http://localhost:{one.port}" in again.said()
    assert answers(one.port)
    assert answers(other.port)
    assert one.environment()["DATABASE_URL"] != other.environment()["DATABASE_URL"]


def test_a_failing_step_shows_its_words_and_leaves_nothing_running(start: Callable[..., Demo], project: Path) -> None:
    (project / "seeding-fails").touch()

    demo = start()

    assert demo.process.wait(SECONDS) == 1
    assert "seed ended with code 1" in demo.said()
    assert "the simulation has no currency" in demo.said()
    assert demo.environment() == {}
    (project / "seeding-fails").unlink()
    assert "seed_demo as app" in start().is_ready().commands()


def test_servers_of_one_s_own_are_used(
    start: Callable[..., Demo],
    project: Path,
    postgres_server: postgres.PostgresServer,
    valkey_server: valkey.ValkeyServer,
) -> None:
    demo = start(DATABASE_URL=postgres_server.admin_url, REDIS_URL=valkey_server.url).is_ready()

    assert not (project / ".local" / "servers").exists()
    assert demo.environment()["REDIS_URL"] == valkey_server.url
    # In another terminal DATABASE_URL is still the administrator's: it stands for the three roles.
    terminal = {"DATABASE_URL": postgres_server.admin_url}
    state.fill(terminal, project / ".local")
    assert f"{roles.APP}:" in terminal["DATABASE_URL"]
    # A third address is a person's decision, and is kept.
    elsewhere = {"DATABASE_URL": "postgresql://agile_app:x@db.example/agile_sales"}
    state.fill(elsewhere, project / ".local")
    assert elsewhere == {"DATABASE_URL": "postgresql://agile_app:x@db.example/agile_sales"}
    demo.stop()
    assert postgres_server.is_running()
    assert valkey_server.is_running()


def test_a_server_that_does_not_answer_gets_words(start: Callable[..., Demo]) -> None:
    nobody = f"127.0.0.1:{ports.free_port()}"

    demo = start(DATABASE_URL=f"postgresql://postgres:x@{nobody}/postgres")

    assert demo.process.wait(SECONDS) == 1
    assert "The database server does not let us in" in demo.said()
    assert "Traceback" not in demo.said()


def test_pg_variables_of_the_shell_lead_nobody_astray(start: Callable[..., Demo]) -> None:
    start(PGHOST="db.example", PGPORT="1", PGSSLMODE="require", PGDATABASE="else").is_ready()
