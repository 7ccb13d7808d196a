"""The system account that the embedded servers run as.

PostgreSQL refuses to run as root. When we are root, an existing unprivileged account is used; no account is created.
"""

import contextlib
import os
import pwd
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

# `postgres` first: its processes are understood by whoever looks at the machine. The number is what `nobody` has on
# every Linux; an account needs no name to run a process.
PREFERRED_NAMES = ("postgres", "nobody")
NAMELESS_ID = 65534


@dataclass(frozen=True)
class ServerAccount:
    """Whose processes the servers are."""

    uid: int
    gid: int
    is_other: bool  # True: we are root and change to this account; False: it is the account we run as

    def own(self, path: Path) -> None:
        """Give one file or folder of ours to this account."""
        if self.is_other:
            os.chown(path, self.uid, self.gid, follow_symlinks=False)

    def can_reach(self, path: Path) -> bool:
        """Say whether this account may enter every folder down to `path`, itself included."""
        if not self.is_other:
            return True  # what we can't enter ourselves fails with words of its own
        resolved = path.resolve()
        return all(self._can_enter(folder) for folder in (resolved, *resolved.parents) if folder.is_dir())

    def _can_enter(self, folder: Path) -> bool:
        entry = folder.stat()
        if entry.st_uid == self.uid:
            return bool(entry.st_mode & stat.S_IXUSR)
        if entry.st_gid == self.gid:
            return bool(entry.st_mode & stat.S_IXGRP)
        return bool(entry.st_mode & stat.S_IXOTH)


def server_account() -> ServerAccount:
    """Return the account for the servers: ourselves, or an unprivileged one when we are root."""
    if os.geteuid() != 0:
        return ServerAccount(uid=os.geteuid(), gid=os.getegid(), is_other=False)
    return next(_unprivileged())


def possible_ids() -> set[int]:
    """Return every user id that `server_account` could have chosen, at an earlier start too."""
    return {os.geteuid()} if os.geteuid() != 0 else {account.uid for account in _unprivileged()}


def _unprivileged() -> Iterator[ServerAccount]:
    for name in PREFERRED_NAMES:
        with contextlib.suppress(KeyError):
            entry = pwd.getpwnam(name)
            if entry.pw_uid != 0:
                yield ServerAccount(uid=entry.pw_uid, gid=entry.pw_gid, is_other=True)
    yield ServerAccount(uid=NAMELESS_ID, gid=NAMELESS_ID, is_other=True)


def account_of(folder: Path) -> ServerAccount:
    """Return the account that owns a server's data, so that an account installed later does not lock us out."""
    entry = folder.stat()
    return ServerAccount(uid=entry.st_uid, gid=entry.st_gid, is_other=os.geteuid() == 0 and entry.st_uid != 0)
