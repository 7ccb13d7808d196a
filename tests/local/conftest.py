"""Servers and folders for the tests of local running. Nothing here needs Django or the database of the other tests."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from agile_sales.local import postgres, valkey


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder with a space in its path that every account can reach (pytest's own are closed)."""
    folder = Path(tempfile.mkdtemp(prefix="agile sales "))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def state_dir(open_folder: Path) -> Path:
    return open_folder / "state of the demo"


@pytest.fixture(scope="module")
def postgres_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[postgres.PostgresServer]:
    """One server for a file of tests, each with a database of its own; pytest's folder is closed to its account."""
    server = postgres.start_postgres(tmp_path_factory.mktemp("state"), fsync=False)
    yield server
    server.stop(remove=True)


@pytest.fixture
def untouched_postgres_server(state_dir: Path) -> Iterator[postgres.PostgresServer]:
    """A server of its own, on which nobody has made a role yet."""
    server = postgres.start_postgres(state_dir, fsync=False)
    yield server
    server.stop(remove=True)


@pytest.fixture
def valkey_server(state_dir: Path) -> Iterator[valkey.ValkeyServer]:
    server = valkey.start_valkey(state_dir)
    yield server
    server.stop(remove=True)
