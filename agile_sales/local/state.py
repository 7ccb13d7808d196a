"""How `manage.py` finds the local servers: the addresses are written down while they run."""

import contextlib
import fcntl
import hashlib
import json
import os
import socket
import tempfile
from collections.abc import Iterator, Mapping, MutableMapping
from pathlib import Path
from urllib.parse import urlsplit

from agile_sales.local.problems import LocalProblem

ENVIRONMENT_FILE = "environment.json"
LOCK_FILE = "lock"


class AlreadyRunning(LocalProblem):
    """Another start holds this folder."""


@contextlib.contextmanager
def held(state_dir: Path, url: str) -> Iterator[None]:
    """Keep every other start out of the folder; the lock ends with the process, however that ends.

    :raises AlreadyRunning: if another start holds it.
    """
    with (state_dir / LOCK_FILE).open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            who = file.read().strip() or "by another process"
            raise AlreadyRunning(
                f"The demo of this folder already runs {who}. Stop that one with Ctrl-C; "
                "a second demo at the same time needs a copy of the project and another PORT."
            ) from None
        file.truncate(0)
        file.write(f"at {url} (process {os.getpid()})")
        file.flush()
        yield
        file.truncate(0)


def write(state_dir: Path, environment: Mapping[str, str], *, given: str | None = None) -> None:
    """Write down the environment of the running servers, for nobody but their owner.

    `given` is the administrator's address that a person set as DATABASE_URL, if they did.
    """
    content = {"environment": dict(environment), "made_from": _digest(given) if given else None}
    descriptor, aside = tempfile.mkstemp(dir=state_dir, prefix=".environment-")  # mkstemp makes it 0600
    with os.fdopen(descriptor, "w") as file:
        json.dump(content, file, indent=1)
    os.replace(aside, state_dir / ENVIRONMENT_FILE)


def forget(state_dir: Path) -> None:
    """Take the addresses away: the servers have stopped."""
    with contextlib.suppress(OSError):
        (state_dir / ENVIRONMENT_FILE).unlink()


def fill(environ: MutableMapping[str, str], state_dir: Path) -> None:
    """Add to `environ` what it lacks to reach the local servers.

    Addresses that a person set win; except an administrator's address that the demo was started with, which stands for
    the three roles' addresses made from it.
    """
    try:
        content = json.loads((state_dir / ENVIRONMENT_FILE).read_text())
    except (OSError, ValueError):
        return
    given = environ.get("DATABASE_URL")
    if given is not None:
        if "DATABASE_OWNER_URL" in environ or content["made_from"] != _digest(given):
            return
        del environ["DATABASE_URL"]
    for name, value in content["environment"].items():
        environ.setdefault(name, value)


def words_when_down(environ: Mapping[str, str]) -> str | None:
    """Say what to do when the database in `environ` does not answer; None when it does."""
    url = urlsplit(environ.get("DATABASE_URL", ""))
    if not url.hostname:
        return None
    try:
        with socket.create_connection((url.hostname, url.port or 5432), timeout=2):
            return None
    except OSError:
        return (
            f"The database at {url.hostname}:{url.port or 5432} does not answer. `make demo` starts the local servers "
            "(leave it running in another terminal); or set DATABASE_URL to a server of your own."
        )


def _digest(url: str) -> str:
    return hashlib.sha256(url.encode()).hexdigest()
