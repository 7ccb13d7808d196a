"""Generated passwords, kept in `.local/secrets` for nobody but their owner."""

import contextlib
import os
import secrets
import tempfile
from collections.abc import Callable
from pathlib import Path


def generate() -> str:
    """Return a new password that needs no quoting in an address or a configuration file."""
    # 64 characters: `manage.py doctor` finds a SECRET_KEY of less than 50 too short, and it looks at the demo as well.
    return secrets.token_urlsafe(48)


def read_or_make(state_dir: Path, name: str, make: Callable[[], str] = generate) -> str:
    """Return the secret called `name`, made at first use."""
    folder = state_dir / "secrets"
    folder.mkdir(mode=0o700, exist_ok=True)
    path = folder / name
    try:
        if kept := path.read_text():
            return kept
    except FileNotFoundError:
        pass
    # Written aside, then linked: a kill or a full disk never leaves half a password behind, and of two that make it at
    # the same time the first one wins for both.
    descriptor, aside = tempfile.mkstemp(dir=folder, prefix=f".{name}-")
    try:
        with os.fdopen(descriptor, "w") as file:
            file.write(make())
            file.flush()
            os.fsync(file.fileno())
        with contextlib.suppress(FileExistsError):
            os.link(aside, path)
    finally:
        os.unlink(aside)
    return path.read_text()
