"""Valkey from the wheel: broker, cache and live events; loopback only, with a password, written to disk each second."""

import contextlib
import os
import signal
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from agile_sales.local import binaries, folders, passwords, ports, processes
from agile_sales.local.problems import LocalProblem, words_for

START_SECONDS = 60
STOP_SIGNALS = [(signal.SIGTERM, 10.0), (signal.SIGKILL, 5.0)]


class UnableToStartValkey(LocalProblem):
    """Valkey did not come up; the message has the reason and its last words."""


@dataclass
class ValkeyServer:
    """A running Valkey of ours."""

    port: int
    data_dir: Path
    log: Path
    home: folders.ServerHome
    password: str = field(repr=False)
    process: subprocess.Popen[bytes] = field(repr=False)

    @property
    def pid(self) -> int:
        """Its process number."""
        return self.process.pid

    @property
    def url(self) -> str:
        """The address with the password, database 0."""
        return url_of(self.port, self.password)

    def is_running(self) -> bool:
        """Say whether it still lives."""
        return self.process.poll() is None

    def stop(self, *, remove: bool = False) -> None:
        """Stop the server; what it holds is on disk. `remove` deletes its data as well."""
        stop(self.process)
        if remove:
            folders.remove_data(self.home, self.data_dir)


def url_of(port: int, password: str) -> str:
    """Return the address of a local Valkey."""
    return f"redis://:{password}@{ports.LOOPBACK}:{port}/0"


def stop(process: subprocess.Popen[bytes]) -> None:
    """Stop a Valkey that we started, and wait for it."""
    for number, seconds in STOP_SIGNALS:
        if process.poll() is not None:
            return
        process.send_signal(number)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(seconds)


def start_valkey(
    state_dir: Path, *, persistent: bool = True, port: int | None = None, log: Path | None = None
) -> ValkeyServer:
    """Start Valkey on the data of `state_dir` and return when it answers.

    A server left there by a start that was killed is stopped first. What is not persistent is for tests.

    :raises UnableToStartValkey: with the reason in words.
    """
    state_dir = folders.make_state_folder(state_dir)
    home = folders.server_home(state_dir)
    program = binaries.find(binaries.VALKEY, home)
    log = log or state_dir / "logs" / "valkey.log"
    try:
        data_dir = home.subfolder("valkey")
        password = passwords.read_or_make(state_dir, "valkey")
        processes.stop(processes.working_in(data_dir, "valkey-server"), signals=STOP_SIGNALS)
        for attempt in range(1, 6):
            chosen = port or ports.free_port()
            _write_configuration(data_dir, home, chosen, password, persistent=persistent)
            process = processes.spawn(
                [program, "valkey.conf"],
                cwd=data_dir,
                env={"PATH": os.defpath, "LC_ALL": "C"},
                log=log,
                account=home.account,
                death_signal=signal.SIGTERM,
            )
            try:
                if _is_ready_in_time(process, chosen, password):
                    return ValkeyServer(chosen, data_dir, log, home, password, process)
                stop(process)
            except BaseException:  # Ctrl-C while it starts must not leave it behind
                stop(process)
                raise
            if ports.is_free(chosen) or attempt == 5:
                break
            if port is not None:
                raise UnableToStartValkey(f"Port {port} is taken by another program, so Valkey can't use it.")
    except OSError as error:
        raise UnableToStartValkey(words_for(error)) from error
    tail = log.read_text(errors="replace")[-4000:]
    if "No space left on device" in tail:
        raise UnableToStartValkey(f"The disk is full: Valkey can't write to {data_dir}. Free some space (`df -h`).")
    last_words = "\n".join(f"    {line}" for line in tail.splitlines()[-8:])
    raise UnableToStartValkey(f"Valkey did not start. Its last words ({log}):\n{last_words}")


def _write_configuration(
    data_dir: Path, home: folders.ServerHome, port: int, password: str, *, persistent: bool
) -> None:
    # A file, not arguments: anybody on the machine can read a process's arguments, and the password is in here.
    # It is started in its data folder, so no path is written down and spaces need no quoting.
    lines = [
        f"port {port}",
        f"bind {ports.LOOPBACK}",
        "protected-mode yes",
        f"requirepass {password}",
        "dir .",
        'save ""',
        f"appendonly {'yes' if persistent else 'no'}",
        "appendfsync everysec",
        "maxmemory-policy noeviction",  # a queue that forgets is worse than one that refuses
        "daemonize no",
        "loglevel notice",
    ]
    path = data_dir / "valkey.conf"
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write("\n".join(lines) + "\n")
    home.account.own(path)


def _is_ready_in_time(process: subprocess.Popen[bytes], port: int, password: str) -> bool:
    # No retries inside the client: between two attempts we want to see whether the process still lives.
    client = redis.Redis(
        host=ports.LOOPBACK, port=port, password=password, socket_timeout=1, retry=Retry(NoBackoff(), retries=0)
    )
    end = time.monotonic() + START_SECONDS
    with client:
        while process.poll() is None and time.monotonic() < end:
            # Loading its file, not listening yet, or (for a moment) somebody else's server on this port.
            with contextlib.suppress(redis.RedisError, OSError):
                if client.ping():
                    return True
            time.sleep(processes.POLL_SECONDS)
    return False
