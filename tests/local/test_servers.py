"""PostgreSQL and Valkey from the wheels: hostile folders, kills, foreign processes, accounts."""

import os
import signal
import socket
import stat
import subprocess
import sys
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg2
import pytest
import redis

from agile_sales.local import accounts, folders, passwords, ports, postgres, processes, valkey
from agile_sales.local.problems import LocalProblem

pytestmark = pytest.mark.reliability
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can change to another account")


def ask(server: postgres.PostgresServer, query: str) -> object:
    connection = psycopg2.connect(server.admin_url)
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute(query)
        row = cursor.fetchone() if cursor.description else None
    connection.close()
    return row[0] if row else None


@pytest.fixture
def start(state_dir: Path) -> Iterator[Callable[[], postgres.PostgresServer]]:
    """Starts PostgreSQL with fsync, as the demo does, on one folder."""
    servers: list[postgres.PostgresServer] = []

    def start() -> postgres.PostgresServer:
        servers.append(postgres.start_postgres(state_dir))
        return servers[-1]

    yield start
    for server in servers:
        server.stop(remove=True)


def test_a_killed_postgres_keeps_what_was_committed(start: Callable[[], postgres.PostgresServer]) -> None:
    first = start()
    ask(first, "CREATE TABLE deals AS SELECT generate_series(1, 1000) AS id")

    os.kill(first.pid, signal.SIGKILL)
    second = start()

    assert ask(second, "SELECT count(*) FROM deals") == 1000
    assert first.process.wait(5) == -signal.SIGKILL


def test_a_server_left_running_on_the_folder_is_replaced(start: Callable[[], postgres.PostgresServer]) -> None:
    first = start()
    ask(first, "CREATE TABLE deals AS SELECT 1 AS id")

    second = start()

    assert first.process.wait(5) == 0
    assert second.pid != first.pid
    assert ask(second, "SELECT count(*) FROM deals") == 1


def test_a_stale_lock_file_that_names_a_living_stranger_harms_nobody(
    start: Callable[[], postgres.PostgresServer],
) -> None:
    first = start()
    lock_file = first.data_dir / "postmaster.pid"
    content = lock_file.read_text()
    os.kill(first.pid, signal.SIGKILL)
    first.process.wait()
    # An account of the servers' own: PostgreSQL takes a number that it may signal for a rival and refuses to start.
    account = first.home.account
    stranger = processes.spawn(
        ["/bin/sleep", "600"], cwd=Path("/"), env={}, log=first.log, account=account, death_signal=signal.SIGKILL
    )
    try:
        lock_file.write_text(content.replace(str(first.pid), str(stranger.pid), 1))

        second = start()

        assert ask(second, "SELECT 1") == 1
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


def test_an_initdb_that_was_killed_is_done_again(state_dir: Path, start: Callable[[], postgres.PostgresServer]) -> None:
    home = folders.server_home(folders.make_state_folder(state_dir))
    half = home.subfolder("postgres.new")
    (half / "PG_VERSION").write_text("18\n")

    assert ask(start(), "SELECT 1") == 1


def test_data_of_another_version_is_left_alone_with_words(start: Callable[[], postgres.PostgresServer]) -> None:
    server = start()
    server.stop()
    version = server.data_dir / "PG_VERSION"
    version.write_text("12\n")

    with pytest.raises(postgres.UnableToStartPostgres, match="made by PostgreSQL 12"):
        start()

    version.write_text("18\n")


def test_only_the_loopback_address_and_only_with_a_password(start: Callable[[], postgres.PostgresServer]) -> None:
    server = start()

    assert ask(server, "SHOW listen_addresses") == "127.0.0.1"
    assert ask(server, "SHOW unix_socket_directories") == ""
    assert ask(server, "SELECT count(*) FROM pg_hba_file_rules WHERE auth_method <> 'scram-sha-256'") == 0
    with pytest.raises(psycopg2.OperationalError):
        psycopg2.connect(f"postgresql://postgres:guess@127.0.0.1:{server.port}/postgres")


def test_secrets_are_for_nobody_else(postgres_server: postgres.PostgresServer) -> None:
    kept = list((postgres_server.state_dir / "secrets").iterdir())

    assert kept
    assert {stat.S_IMODE(path.stat().st_mode) for path in kept} == {0o600}
    assert stat.S_IMODE((postgres_server.state_dir / "secrets").stat().st_mode) == 0o700
    arguments = Path(f"/proc/{postgres_server.pid}/cmdline").read_bytes().decode()
    assert not any(path.read_text() in arguments for path in kept)


def test_two_run_beside_each_other(state_dir: Path, start: Callable[[], postgres.PostgresServer]) -> None:
    other = postgres.start_postgres(state_dir.with_name("another folder"), fsync=False)
    try:
        one = start()
        assert one.port != other.port
        assert ask(one, "SELECT 1") == ask(other, "SELECT 1") == 1
    finally:
        other.stop(remove=True)


def test_a_wanted_port_that_is_taken_is_named(state_dir: Path) -> None:
    with socket.socket() as rival:
        rival.bind((ports.LOOPBACK, 0))
        rival.listen()
        port = rival.getsockname()[1]

        with pytest.raises(postgres.UnableToStartPostgres, match=f"Port {port} is taken"):
            postgres.start_postgres(state_dir, fsync=False, port=port)
        with pytest.raises(valkey.UnableToStartValkey, match=f"Port {port} is taken"):
            valkey.start_valkey(state_dir, port=port)


# --- Valkey -----------------------------------------------------------------------------------------------------------


def test_a_killed_valkey_keeps_what_it_wrote_a_second_ago(state_dir: Path) -> None:
    first = valkey.start_valkey(state_dir)
    with redis.Redis.from_url(first.url) as client:
        client.set("queue", "work")
        # "everysec" promises a second: wait until Valkey says that nothing is waiting for the disk.
        written = lambda: client.info("persistence")["aof_pending_bio_fsync"] == 0  # noqa: E731
        assert processes.wait_until(written, 5)

    os.kill(first.pid, signal.SIGKILL)
    second = valkey.start_valkey(state_dir)

    try:
        with redis.Redis.from_url(second.url) as client:
            assert client.get("queue") == b"work"
            assert client.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}
            assert client.config_get("appendfsync") == {"appendfsync": "everysec"}
    finally:
        second.stop(remove=True)


def test_valkey_wants_its_password_and_shows_it_to_nobody(valkey_server: valkey.ValkeyServer) -> None:
    with (
        redis.Redis(host=ports.LOOPBACK, port=valkey_server.port) as stranger,
        pytest.raises(redis.AuthenticationError),
    ):
        stranger.get("queue")
    assert valkey_server.password not in Path(f"/proc/{valkey_server.pid}/cmdline").read_text()
    assert stat.S_IMODE((valkey_server.data_dir / "valkey.conf").stat().st_mode) == 0o600


def test_the_servers_die_with_the_process_that_started_them(state_dir: Path) -> None:
    script = (
        "import sys, time, pathlib; from agile_sales.local import postgres, valkey; folder = pathlib.Path(sys.argv[1]);"
        "a = postgres.start_postgres(folder, fsync=False); b = valkey.start_valkey(folder);"
        "print(a.pid, b.pid, flush=True); time.sleep(600)"
    )
    starter = subprocess.Popen(
        [sys.executable, "-c", script, str(state_dir)], cwd=Path(__file__).parents[2], stdout=subprocess.PIPE, text=True
    )
    assert starter.stdout is not None
    pids = [int(pid) for pid in starter.stdout.readline().split()]
    assert len(pids) == 2
    assert all(processes.started_at(pid) for pid in pids)

    starter.kill()
    starter.wait()
    starter.stdout.close()

    assert processes.wait_until(lambda: not any(processes.started_at(pid) for pid in pids), 20)


# --- accounts and closed folders --------------------------------------------------------------------------------------


@as_root
def test_root_s_servers_run_as_somebody_else_inside_an_open_project(
    start: Callable[[], postgres.PostgresServer], state_dir: Path
) -> None:
    server = start()

    assert Path(f"/proc/{server.pid}").stat().st_uid == accounts.server_account().uid != 0
    assert server.data_dir == state_dir / "servers" / "postgres"


@as_root
def test_under_a_closed_home_folder_root_s_servers_live_outside_and_no_permission_is_changed(tmp_path: Path) -> None:
    home = tmp_path / "home of root"
    home.mkdir(mode=0o700)
    project = home / "project"
    project.mkdir(mode=0o755)
    before = {folder: folder.stat().st_mode for folder in (home, project, *home.parents)}

    server = postgres.start_postgres(project / ".local", fsync=False)

    try:
        outside = server.home.folder
        assert outside.parent in folders.OUTSIDE
        assert stat.S_IMODE(outside.stat().st_mode) == 0o700
        assert ask(server, "SELECT 1") == 1
        assert {folder: folder.stat().st_mode for folder in before} == before
    finally:
        server.stop(remove=True)
    assert not outside.exists()


@as_root
def test_deleting_the_state_is_a_clean_start_also_outside(tmp_path: Path) -> None:
    first = postgres.start_postgres(tmp_path / ".local", fsync=False)
    ask(first, "CREATE TABLE deals AS SELECT 1 AS id")
    for name in ("instance", "postgres"):
        (tmp_path / ".local" / "secrets" / name).unlink()

    second = postgres.start_postgres(tmp_path / ".local", fsync=False)

    try:
        assert second.home.is_outside
        assert ask(second, "SELECT to_regclass('deals')") is None
        assert first.process.wait(5) is not None
    finally:
        second.stop(remove=True)


@as_root
def test_a_folder_that_somebody_else_prepared_is_refused(tmp_path: Path) -> None:
    state_dir = folders.make_state_folder(tmp_path / ".local")
    home = folders.server_home(state_dir)
    folders.remove_data(home, home.folder / "postgres")
    home.folder.mkdir(mode=0o777)
    home.folder.chmod(0o777)

    try:
        with pytest.raises(LocalProblem, match="was not made by this program"):
            folders.server_home(state_dir)
    finally:
        home.folder.rmdir()


@as_root
def test_a_wheel_that_the_account_can_not_reach_is_copied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    really = accounts.ServerAccount.can_reach
    monkeypatch.setattr(
        accounts.ServerAccount,
        "can_reach",
        lambda self, path: "site-packages" not in str(path) and really(self, path),
    )

    server = postgres.start_postgres(tmp_path / ".local", fsync=False)
    broker = valkey.start_valkey(tmp_path / ".local")

    try:
        for pid in (server.pid, broker.pid):
            assert Path(os.readlink(f"/proc/{pid}/exe")).is_relative_to(server.home.folder)
        assert ask(server, "SELECT count(*) FROM pg_available_extensions WHERE name = 'pg_trgm'") == 1
    finally:
        broker.stop(remove=True)
        server.stop(remove=True)


@as_root
def test_without_root_everything_stays_in_the_folder(state_dir: Path) -> None:
    os.chown(state_dir.parent, accounts.NAMELESS_ID, accounts.NAMELESS_ID)
    state_dir.parent.chmod(0o700)
    child = os.fork()
    if child == 0:  # a process of its own: what drops its rights can't take them back
        code = 1
        try:
            os.setgroups([])
            os.setgid(accounts.NAMELESS_ID)
            os.setuid(accounts.NAMELESS_ID)
            server = postgres.start_postgres(state_dir, fsync=False)
            broker = valkey.start_valkey(state_dir)
            answers = ask(server, "SELECT 1") == 1 and server.data_dir.is_relative_to(state_dir)
            broker.stop()
            server.stop()
            code = 0 if answers else 2
        except BaseException:  # noqa: BLE001  (printed, and the exit code tells)
            traceback.print_exc()
        finally:
            os._exit(code)

    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


# --- words ------------------------------------------------------------------------------------------------------------


@as_root
def test_a_read_only_folder_and_a_full_disk_get_words(tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", disk], check=False).returncode:
        pytest.skip("this machine lets nobody mount")
    try:
        (disk / "ballast").write_bytes(b"x" * 64 * 1024)
        with pytest.raises(LocalProblem, match=r"The disk is full.*df -h"):
            folders.make_state_folder(disk / ".local")

        (disk / "ballast").unlink()
        subprocess.run(["mount", "-o", "remount,ro", disk], check=True)
        with pytest.raises(LocalProblem, match="read-only file system"):
            folders.make_state_folder(disk / ".local2")
    finally:
        subprocess.run(["umount", disk], check=True)


@as_root
def test_a_disk_that_fills_up_under_initdb_gets_words(state_dir: Path) -> None:
    disk = state_dir.parent / "disk"
    disk.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", disk], check=False).returncode:
        pytest.skip("this machine lets nobody mount")
    try:
        disk.chmod(0o755)
        with pytest.raises(postgres.UnableToStartPostgres, match="The disk is full"):
            postgres.start_postgres(disk / ".local")
    finally:
        subprocess.run(["umount", disk], check=True)


def test_one_password_for_two_who_ask_at_once(tmp_path: Path) -> None:
    made = iter(["one", "two"])

    def slow() -> str:
        # The second asks while the first still makes its own.
        word = next(made)
        if word == "one":
            assert passwords.read_or_make(tmp_path, "demo", slow) == "two"
        return word

    assert passwords.read_or_make(tmp_path, "demo", slow) == "two"
