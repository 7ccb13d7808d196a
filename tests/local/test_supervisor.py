"""Starting, watching and stopping parts, seen from outside: processes, exit codes and the console."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from agile_sales.local import processes

pytestmark = pytest.mark.reliability
ROOT = Path(__file__).resolve().parent.parent.parent
SECONDS = 30


class Console:
    """A small product in a process of its own, with what it has said so far."""

    def __init__(self, folder: Path, *parts: str, argv: list[str] | None = None) -> None:
        self.folder = folder
        self.log = folder / f"console-{len(list(folder.glob('console-*')))}"
        command = argv or [sys.executable, "-m", "tests.local.small_product", str(folder), *parts]
        with self.log.open("wb") as output:
            self.process = subprocess.Popen(command, cwd=ROOT, stdout=output, stderr=output, start_new_session=True)

    def said(self) -> str:
        return self.log.read_text()

    def wait_for(self, pattern: str) -> None:
        def is_said() -> bool:
            return re.search(pattern, self.said()) is not None or self.process.poll() is not None

        assert processes.wait_until(is_said, SECONDS), self.said()
        assert re.search(pattern, self.said()), self.said()

    def pids(self, part: str) -> list[int]:
        """The part's process and the child that it started itself."""
        return [int(pid) for pid in (self.folder / f"{part}.pids").read_text().split()]

    def ends_with(self, code: int) -> None:
        assert self.process.wait(SECONDS) == code, self.said()


def gone(*pids: int) -> bool:
    return processes.wait_until(lambda: not any(processes.started_at(pid) for pid in pids), SECONDS)


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Callable[..., Console]]:
    folder = tmp_path / "a folder with spaces"
    folder.mkdir()
    consoles: list[Console] = []

    def start(*parts: str, argv: list[str] | None = None) -> Console:
        consoles.append(Console(folder, *parts, argv=argv))
        return consoles[-1]

    yield start
    for console in consoles:
        if console.process.poll() is None:
            console.process.terminate()
            console.process.wait(SECONDS)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_stops_every_part_and_what_the_parts_started(run: Callable[..., Console], number: int) -> None:
    console = run("web:steady", "worker:steady")
    console.wait_for("ready")
    pids = console.pids("web") + console.pids("worker")

    console.process.send_signal(number)

    console.ends_with(0)
    assert not any(processes.started_at(pid) for pid in pids)


def test_nobody_else_is_stopped(run: Callable[..., Console]) -> None:
    stranger = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], start_new_session=True)
    try:
        console = run("web:steady")
        console.wait_for("ready")
        console.process.terminate()
        console.ends_with(0)

        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


def test_more_signals_while_it_stops_change_nothing(run: Callable[..., Console]) -> None:
    console = run("web:stubborn")
    console.wait_for("ready")
    pids = console.pids("web")

    for _ in range(20):
        console.process.send_signal(signal.SIGINT)
        console.process.send_signal(signal.SIGTERM)

    console.ends_with(0)
    assert not any(processes.started_at(pid) for pid in pids)


def test_a_crashed_part_is_named_with_its_last_words_and_started_again(run: Callable[..., Console]) -> None:
    console = run("web:steady", "worker:crashing")

    console.wait_for("worker runs again")

    said = console.said()
    assert re.search(r"worker ended with code 3\. It is started again in 0\.05 s\.", said)
    assert "no such table: deals" in said
    assert str(console.folder / "state" / "logs" / "worker.log") in said
    assert "web ended" not in said


def test_a_killed_part_is_started_again_without_what_it_left(run: Callable[..., Console]) -> None:
    console = run("worker:steady")
    console.wait_for("ready")
    leader, child = console.pids("worker")

    os.kill(leader, signal.SIGKILL)

    console.wait_for("worker was ended by SIGKILL")
    console.wait_for("worker runs again")
    assert gone(child)
    assert processes.wait_until(lambda: console.pids("worker")[0] != leader, SECONDS)


def test_nothing_outlives_a_killed_supervisor_and_the_next_start(run: Callable[..., Console]) -> None:
    first = run("web:steady")
    first.wait_for("ready")
    leader, child = first.pids("web")

    first.process.kill()
    first.process.wait()

    assert gone(leader)  # tied to its supervisor's life
    assert processes.started_at(child) is not None  # its own child is not
    second = run("web:steady")
    second.wait_for("stopping web, left running by an earlier start")
    second.wait_for("ready")
    assert gone(child)


def test_a_note_of_a_number_that_is_somebody_else_s_by_now_harms_nobody(run: Callable[..., Console]) -> None:
    stranger = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], start_new_session=True)
    try:
        first = run("web:steady")
        first.wait_for("ready")
        first.process.terminate()
        first.ends_with(0)
        notes = first.folder / "state" / "run"
        (notes / "web.json").write_text(f'{{"pid": {stranger.pid}, "mark": "1"}}')

        second = run("web:steady")
        second.wait_for("ready")

        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


def test_a_second_start_in_the_folder_says_who_is_there(run: Callable[..., Console]) -> None:
    first = run("web:steady")
    first.wait_for("ready")

    second = run("web:steady")

    second.ends_with(1)
    assert f"already runs at http://localhost:8000 (process {first.process.pid})" in second.said()
    assert first.process.poll() is None


def test_make_interrupted_alone_does_not_hang(run: Callable[..., Console], tmp_path: Path) -> None:
    folder = tmp_path / "a folder with spaces"
    makefile = tmp_path / "Makefile"
    makefile.write_text(f'demo:\n\t@exec "{sys.executable}" -m tests.local.small_product "{folder}" web:steady\n')
    console = run(argv=["make", "-f", str(makefile), "demo"])
    console.wait_for("ready")
    pids = console.pids("web")

    console.process.send_signal(signal.SIGINT)

    console.process.wait(SECONDS)
    assert gone(*pids)
