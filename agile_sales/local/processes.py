"""Starting, recognising and stopping processes, by number and never by name alone."""

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from agile_sales.local.accounts import ServerAccount

PROC = Path("/proc")
PR_SET_PDEATHSIG = 1
POLL_SECONDS = 0.02

# Loaded before any fork: between fork and exec a child must not import or allocate much.
_libc = ctypes.CDLL(None, use_errno=True) if sys.platform.startswith("linux") else None


def spawn(
    argv: Sequence[str | Path],
    *,
    cwd: Path,
    env: Mapping[str, str],
    log: Path,
    account: ServerAccount | None = None,
    death_signal: int = signal.SIGKILL,
) -> subprocess.Popen[bytes]:
    """Start a process in a session of its own, its words appended to `log`.

    Its own session keeps a terminal's Ctrl-C from it: whoever started it says when it stops. `death_signal` is what it
    gets when we are killed (Linux). Call it from a thread that lives as long as the process should.
    """
    other = account if account is not None and account.is_other else None
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as output:
        return subprocess.Popen(  # noqa: S603  (the programs are ours)
            [os.fspath(part) for part in argv],
            cwd=cwd,
            env=dict(env),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=_dies_with_us(death_signal),
            user=other.uid if other else None,
            group=other.gid if other else None,
            extra_groups=[] if other else None,
        )


def _dies_with_us(death_signal: int) -> Callable[[], None] | None:
    """Return the step that ties a child to our life. It runs after the change of account, which would undo it."""
    libc, parent = _libc, os.getpid()
    if libc is None:
        return None

    def tie() -> None:
        libc.prctl(PR_SET_PDEATHSIG, death_signal, 0, 0, 0)
        if os.getppid() != parent:  # we died between the fork and the line above
            os._exit(1)

    return tie


def started_at(pid: int) -> str | None:
    """Return a mark that tells this process from a later one with the same number; None when it has ended."""
    fields = _stat_fields(pid)
    if fields is not None:
        return None if fields[0] in "ZX" else fields[19]
    if PROC.joinpath("self").exists():
        return None
    shown = subprocess.run(["ps", "-o", "lstart=", "-p", str(pid)], capture_output=True, text=True, check=False)  # noqa: S603, S607
    return shown.stdout.strip() or None


def _stat_fields(pid: int) -> list[str] | None:
    """Return the fields of /proc/<pid>/stat from the state on (the program's name before it may hold anything)."""
    try:
        return (PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
    except (OSError, ValueError):
        return None


def working_in(folder: Path, program: str) -> list[int]:
    """Return the processes of that program whose working folder is `folder`, in no order."""
    wanted = os.path.realpath(folder)
    return [
        pid
        for pid in _all()
        if _link(pid, "cwd") == wanted and os.path.basename(_link(pid, "exe").removesuffix(" (deleted)")) == program
    ]


def in_session(session: int) -> list[int]:
    """Return the live processes of one session: what a leader started and what these started."""
    members = []
    for pid in _all():
        fields = _stat_fields(pid)
        if fields is not None and fields[0] not in "ZX" and int(fields[3]) == session:
            members.append(pid)
    return members


def environment_of(pid: int) -> dict[str, str]:
    """Return what a process was started with; empty when that is not ours to see."""
    try:
        entries = (PROC / str(pid) / "environ").read_bytes().split(b"\0")
    except OSError:
        return {}
    return dict(os.fsdecode(entry).split("=", 1) for entry in entries if b"=" in entry)


def _all() -> Iterator[int]:
    return (int(entry) for entry in (os.listdir(PROC) if PROC.is_dir() else ()) if entry.isdigit())


def _link(pid: int, name: str) -> str:
    try:
        return os.readlink(PROC / str(pid) / name)
    except OSError:
        return ""


def wait_until(condition: Callable[[], bool], seconds: float) -> bool:
    """Wait for a condition; False when the time ran out."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(POLL_SECONDS)
    return True


def stop(pids: Sequence[int], *, signals: Sequence[tuple[int, float]]) -> None:
    """Stop processes: each signal in turn, with the seconds it is given, until none is left."""
    alive = {pid: mark for pid in pids if (mark := started_at(pid)) is not None}

    def none_left() -> bool:
        return not any(started_at(pid) == mark for pid, mark in alive.items())

    for number, seconds in signals:
        for pid, mark in alive.items():
            if started_at(pid) == mark:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, number)
        if wait_until(none_left, seconds):
            return


def stop_all_inside(folder: Path) -> None:
    """Stop the servers whose working folder lies inside `folder`, which belongs to us."""
    prefix = os.path.realpath(folder) + os.sep
    pids = [pid for pid in _all() if _link(pid, "cwd").startswith(prefix)]
    stop(pids, signals=[(signal.SIGQUIT, 10), (signal.SIGKILL, 10)])
