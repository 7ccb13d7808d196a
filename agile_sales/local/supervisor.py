"""Starts the parts of the product, watches them, starts a crashed one again, and stops exactly what it started."""

import contextlib
import json
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from agile_sales.local import processes
from agile_sales.local.problems import LocalProblem

LOG_LIMIT = 5_000_000  # bytes; a log above it is put aside at the next start
LOGS_KEPT = 3
FIRST_PAUSE, LONGEST_PAUSE = 1.0, 30.0  # seconds before a crashed part is started again
STEADY_SECONDS = 60  # a part that ran this long did not crash because of its start
TICK = 0.1
# Time to finish, then a nudge (a Celery worker gives its running tasks back), then the whole session at once.
STOP_SIGNALS = ((signal.SIGTERM, 10.0), (signal.SIGQUIT, 5.0))
STATE_VARIABLE = "AGILE_SALES_STATE_DIR"


class PartFailed(LocalProblem):
    """A part did not come up or a step ended badly; the message has its last words."""


class StopRequested(Exception):
    """Somebody asked us to stop while we were starting."""


@dataclass(frozen=True)
class Part:
    """One long-running process of the product."""

    name: str
    start: Callable[[], subprocess.Popen[bytes]]
    log: Path
    is_ready: Callable[[subprocess.Popen[bytes]], bool] = lambda _: True
    ready_seconds: float = 60
    stop: Callable[[subprocess.Popen[bytes]], None] | None = None  # how a server wants to be stopped
    stops_last: bool = False  # a server that the others need until they have stopped


@dataclass
class _Running:
    part: Part
    process: subprocess.Popen[bytes]
    started: float = field(default_factory=time.monotonic)
    crashes: int = 0
    restart_at: float | None = None


class Supervisor:
    """The parts in the order of their start; a crash of one leaves the others running."""

    def __init__(
        self,
        state_dir: Path,
        say: Callable[[str], None],
        *,
        first_pause: float = FIRST_PAUSE,
        stop_signals: Sequence[tuple[int, float]] = STOP_SIGNALS,
    ) -> None:
        self.state_dir = state_dir
        self.logs = state_dir / "logs"
        self._say = say
        self._first_pause = first_pause
        self._stop_signals = stop_signals
        self._records = state_dir / "run"
        self._running: list[_Running] = []
        self._stop_requested = False
        for folder in (self.logs, self._records):
            folder.mkdir(exist_ok=True)

    # --- what a person or the system asks -----------------------------------------------------------------------------

    @contextlib.contextmanager
    def heeding_signals(self) -> Iterator[None]:
        """Take Ctrl-C, SIGTERM and a closed terminal as a request to stop; a second one changes nothing."""
        # Only a mark is set: an exception out of a signal could lose a process between its start and our noting it.
        numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
        before = {number: signal.signal(number, self._request_stop) for number in numbers}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _request_stop(self, *_: object) -> None:
        self._stop_requested = True

    def check_for_stop(self) -> None:
        """Raise StopRequested when somebody asked us to stop."""
        if self._stop_requested or _make_was_interrupted():
            self._stop_requested = True
            raise StopRequested

    # --- starting -----------------------------------------------------------------------------------------------------

    def clear_leftovers(self) -> None:
        """Stop the parts of an earlier start that was killed; a process number alone proves nothing."""
        for record in sorted(self._records.glob("*.json")):
            with contextlib.suppress(ValueError, KeyError, OSError):
                noted = json.loads(record.read_text())
                left = self._left_of(int(noted["pid"]), str(noted["mark"]))
                if left:
                    self._say(f"stopping {record.stem}, left running by an earlier start")
                    processes.stop(left, signals=[(signal.SIGTERM, 3), (signal.SIGKILL, 5)])
            record.unlink(missing_ok=True)

    def _left_of(self, session: int, mark: str) -> list[int]:
        members = processes.in_session(session)
        if processes.started_at(session) == mark:
            return members
        # The leader is gone. Its number can't be used again while members live, but after them it can: ask each one.
        return [pid for pid in members if self._is_ours(pid)]

    def spawn(
        self, argv: Sequence[str | Path], *, cwd: Path, env: Mapping[str, str], log: Path
    ) -> subprocess.Popen[bytes]:
        """Start a process that a later start recognises as this folder's."""
        return processes.spawn(argv, cwd=cwd, env={**env, STATE_VARIABLE: str(self.state_dir)}, log=log)

    def command(
        self,
        name: str,
        argv: Sequence[str | Path],
        *,
        cwd: Path,
        env: Mapping[str, str],
        is_ready: Callable[[subprocess.Popen[bytes]], bool] = lambda _: True,
        ready_seconds: float = 60,
    ) -> Part:
        """Return the part that one command is."""
        log = self.logs / f"{name}.log"
        return Part(name, lambda: self.spawn(argv, cwd=cwd, env=env, log=log), log, is_ready, ready_seconds)

    def start(self, *parts: Part) -> None:
        """Start parts together, and return when every one is ready.

        :raises PartFailed: if one ends or is not ready in its time.
        :raises StopRequested: if somebody asked us to stop meanwhile.
        """
        starting = []
        for part in parts:
            self.check_for_stop()
            running = _Running(part, part.start())
            self._running.append(running)
            self._note(running)
            starting.append(running)
        for running in starting:
            end = running.started + running.part.ready_seconds
            while not running.part.is_ready(running.process):
                self.check_for_stop()
                if running.process.poll() is not None:
                    raise PartFailed(f"{running.part.name} {_ending(running.process)}.{last_words(running.part.log)}")
                if time.monotonic() > end:
                    seconds = f"{running.part.ready_seconds:.0f}"
                    raise PartFailed(
                        f"{running.part.name} is not ready after {seconds} seconds.{last_words(running.part.log)}"
                    )
                time.sleep(TICK)

    def run(
        self, name: str, argv: Sequence[str | Path], *, cwd: Path, env: Mapping[str, str], show: bool = False
    ) -> None:
        """Run one step to its end; `show` passes its words on to the console.

        :raises PartFailed: if it ends badly.
        :raises StopRequested: if somebody asked us to stop meanwhile; the step is stopped then.
        """
        self.check_for_stop()
        log = self.logs / f"{name}.log"
        shown = log.stat().st_size if log.exists() else 0
        process = self.spawn(argv, cwd=cwd, env=env, log=log)
        try:
            while process.poll() is None:
                self.check_for_stop()
                shown = self._pass_on(log, shown) if show else shown
                time.sleep(TICK)
        except StopRequested:
            self._stop_sessions([process])
            raise
        if show:
            self._pass_on(log, shown)
        if process.returncode:
            raise PartFailed(f"{name} {_ending(process)}.{last_words(log)}")

    def _pass_on(self, log: Path, position: int) -> int:
        with log.open("rb") as file:
            file.seek(position)
            whole_lines = file.read().rpartition(b"\n")[0]
        if not whole_lines:
            return position
        for line in whole_lines.decode(errors="replace").splitlines():
            self._say(f"  {line}")
        return position + len(whole_lines) + 1

    def _note(self, running: _Running) -> None:
        mark = processes.started_at(running.process.pid)
        content = json.dumps({"pid": running.process.pid, "mark": mark})
        # A server clears what is left on its own data by itself, and more gently.
        if not running.part.stops_last:
            (self._records / f"{running.part.name}.json").write_text(content)

    # --- watching -----------------------------------------------------------------------------------------------------

    def watch(self) -> None:
        """Keep the parts running until somebody asks us to stop."""
        with contextlib.suppress(StopRequested):
            while True:
                self.check_for_stop()
                for running in self._running:
                    self._look_after(running)
                time.sleep(TICK)

    def _look_after(self, running: _Running) -> None:
        now = time.monotonic()
        if running.restart_at is not None:
            if now >= running.restart_at:
                self._restart(running)
        elif running.process.poll() is not None:
            if now - running.started > STEADY_SECONDS:
                running.crashes = 0
            self._kill_session(running.process.pid)  # what it had started itself must not run beside the next one
            self._report(running, _ending(running.process))

    def _report(self, running: _Running, what: str) -> None:
        pause = min(self._first_pause * 2**running.crashes, LONGEST_PAUSE)
        running.crashes += 1
        running.restart_at = time.monotonic() + pause
        self._say(f"{running.part.name} {what}. It is started again in {pause:.3g} s.{last_words(running.part.log)}")

    def _restart(self, running: _Running) -> None:
        try:
            running.process = running.part.start()
        except (LocalProblem, OSError) as problem:
            self._report(running, f"did not start: {problem}")
            return
        running.started, running.restart_at = time.monotonic(), None
        self._note(running)
        self._say(f"{running.part.name} runs again")

    # --- stopping -----------------------------------------------------------------------------------------------------

    def stop(self) -> None:
        """Stop everything that was started here: first the parts, all at once, then the servers, the last one first."""
        workers = [running for running in self._running if not running.part.stops_last]
        servers = [running for running in self._running if running.part.stops_last]
        self._stop_sessions([running.process for running in workers])
        for running in workers:
            (self._records / f"{running.part.name}.json").unlink(missing_ok=True)
        for running in reversed(servers):
            if running.part.stop is not None:
                running.part.stop(running.process)
            else:
                self._stop_sessions([running.process])
        self._running.clear()

    def _stop_sessions(self, started: Sequence[subprocess.Popen[bytes]]) -> None:
        for number, seconds in self._stop_signals:
            for process in started:
                process.send_signal(number)  # nothing happens when it has ended
            if processes.wait_until(lambda: all(process.poll() is not None for process in started), seconds):
                break
        for process in started:
            self._kill_session(process.pid)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(5)

    def _kill_session(self, session: int) -> None:
        processes.stop(
            [pid for pid in processes.in_session(session) if self._is_ours(pid)], signals=[(signal.SIGKILL, 5)]
        )

    def _is_ours(self, pid: int) -> bool:
        """Say whether a process descends from a part of this folder: a number may be somebody else's later."""
        return processes.environment_of(pid).get(STATE_VARIABLE) == str(self.state_dir)


def _ending(process: subprocess.Popen[bytes]) -> str:
    code = process.returncode
    return f"was ended by {signal.Signals(-code).name}" if code < 0 else f"ended with code {code}"


def last_words(log: Path, lines: int = 8) -> str:
    """Return the last lines of a log, ready to be put after a sentence."""
    try:
        with log.open("rb") as file:
            file.seek(max(0, log.stat().st_size - 4000))
            tail = file.read().decode(errors="replace").splitlines()[-lines:]
    except OSError:
        tail = []
    return "".join(f"\n    {line}" for line in tail) + f"\n    (whole log: {log})"


def rotate(folder: Path) -> None:
    """Put logs that have grown large aside, keeping the last few."""
    for log in folder.glob("*.log"):
        if log.stat().st_size > LOG_LIMIT:
            for number in range(LOGS_KEPT - 1, 0, -1):
                older = log.with_name(f"{log.name}.{number}")
                if older.exists():
                    older.replace(log.with_name(f"{log.name}.{number + 1}"))
            log.replace(log.with_name(f"{log.name}.1"))


def _make_was_interrupted() -> bool:
    """Say whether the `make` that runs us got a SIGINT.

    A terminal's Ctrl-C reaches both of us. But make does not pass on a SIGINT that was sent to it alone: it sets the
    signal back to its default, blocks it and waits for us, and we would wait for each other.
    """
    try:
        status = Path(f"/proc/{os.getppid()}/status").read_text()
        fields = dict(line.split(":\t", 1) for line in status.splitlines() if ":\t" in line)
    except (OSError, ValueError):
        return False
    bit = 1 << (signal.SIGINT - 1)
    is_make = fields.get("Name") in ("make", "gmake")
    return is_make and not int(fields["SigCgt"], 16) & bit and bool(int(fields["SigBlk"], 16) & bit)
