"""Where the local state lives: `.local/` in the project, and a reachable folder for the servers of root."""

import hashlib
import os
import secrets
import shutil
import stat
from dataclasses import dataclass
from pathlib import Path

from agile_sales.local import accounts, passwords, processes
from agile_sales.local.problems import LocalProblem, words_for

OUTSIDE = (Path("/var/tmp"), Path("/tmp"))  # nosec B108 # noqa: S108  (our folder in it is made 0700 and its owner is checked)


@dataclass(frozen=True)
class ServerHome:
    """A folder that the servers' account owns and can reach."""

    folder: Path
    account: accounts.ServerAccount
    is_outside: bool  # True: not inside the state folder, because that one is closed to the account

    def subfolder(self, name: str) -> Path:
        """Return a folder of the servers' account, made when missing."""
        path = self.folder / name
        try:
            path.mkdir(mode=0o700, exist_ok=True)
            self.account.own(path)
        except OSError as error:
            raise LocalProblem(words_for(error, path)) from error
        return path


def make_state_folder(state_dir: Path) -> Path:
    """Return the state folder as an absolute path, made when missing.

    :raises LocalProblem: if it can't be written to.
    """
    path = Path(os.path.abspath(state_dir))
    try:
        path.mkdir(parents=True, exist_ok=True)
        probe = path / f".probe-{os.getpid()}"
        probe.write_bytes(b"x" * 4096)  # a full disk lets an empty file be made
        probe.unlink()
    except OSError as error:
        raise LocalProblem(words_for(error, path)) from error
    return path


def server_home(state_dir: Path) -> ServerHome:
    """Return the folder for the servers' data: inside the state folder where their account can reach it."""
    account = accounts.server_account()
    inside = state_dir / "servers"
    if inside.is_dir():
        account = accounts.account_of(inside)
    if account.can_reach(state_dir):
        home = ServerHome(inside, account, is_outside=False)
        if not inside.is_dir():
            inside.mkdir(mode=0o700)
            account.own(inside)
        return home
    return _outside_home(state_dir, accounts.server_account())


def _outside_home(state_dir: Path, account: accounts.ServerAccount) -> ServerHome:
    """Return `/var/tmp/agile-sales-<hash of the state folder's path>`, private to the account."""
    digest = hashlib.sha256(os.fsencode(state_dir.resolve())).hexdigest()[:16]
    parent = next((folder for folder in OUTSIDE if os.access(folder, os.W_OK | os.X_OK)), OUTSIDE[-1])
    folder = parent / f"agile-sales-{digest}"
    # The state folder names its servers' home. Without the same name in there, the state folder was deleted for a
    # clean start, and what is left outside goes with it.
    instance = passwords.read_or_make(state_dir, "instance", lambda: secrets.token_hex(16))
    try:
        folder.mkdir(mode=0o700)
        account.own(folder)
    except FileExistsError:
        _refuse_foreign(folder)
        account = accounts.account_of(folder)
        marker = folder / "instance"
        if not marker.is_file() or marker.read_text() != instance:
            processes.stop_all_inside(folder)
            for entry in folder.iterdir():
                shutil.rmtree(entry) if entry.is_dir() and not entry.is_symlink() else entry.unlink()
    except OSError as error:
        raise LocalProblem(words_for(error, folder)) from error
    (folder / "instance").write_text(instance)
    (folder / "made-for").write_text(f"{state_dir}\n")  # for a person who finds this folder and wonders
    return ServerHome(folder, account, is_outside=True)


def _refuse_foreign(folder: Path) -> None:
    """Anybody may make folders in /var/tmp: use only one that we made and nobody else could have changed."""
    entry = folder.lstat()
    is_private = stat.S_ISDIR(entry.st_mode) and not entry.st_mode & 0o077
    if not is_private or entry.st_uid not in accounts.possible_ids():
        raise LocalProblem(
            f"{folder} exists but was not made by this program. Remove or rename it, then start again: "
            "the database needs that place, because the project folder is closed to its account."
        )


def remove_data(home: ServerHome, data_dir: Path) -> None:
    """Delete the data of a stopped server, and the home with the last of them."""
    shutil.rmtree(data_dir, ignore_errors=True)
    if not any((home.folder / name).exists() for name in ("postgres", "valkey")):
        shutil.rmtree(home.folder, ignore_errors=True)
