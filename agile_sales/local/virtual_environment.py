"""Makes `.venv` from `requirements.lock`: `python3 agile_sales/local/virtual_environment.py`.

The Makefile runs this file with whatever `python3` the machine has, so it imports nothing of ours and uses no syntax
newer than Python 3.6: an old Python has to get as far as saying that it is too old.
"""
# ruff: noqa: S603, S606, T201  (a program that starts programs and talks to a console)

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys

MINIMUM = (3, 11)
NEWER = ("python3.14", "python3.13", "python3.12", "python3.11")
LOCK = "requirements.lock"
FOLDER = ".venv"
STAMP = os.path.join(FOLDER, "agile-sales.stamp")
PYTHON = os.path.join(FOLDER, "bin", "python")
VERSION = ".".join(str(part) for part in sys.version_info[:3])


def main() -> None:
    """Make the environment, or do nothing when it is up to date."""
    os.chdir(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))
    if sys.version_info < MINIMUM:
        _continue_with_a_newer_one()
    with open(LOCK, "rb") as lock_file:
        # Two commands in a fresh folder: the second waits until the first has installed everything.
        fcntl.flock(lock_file, fcntl.LOCK_EX)
        # The place belongs to the mark: programs in an environment hold its path, so a moved one is made again.
        wanted = f"{hashlib.sha256(lock_file.read()).hexdigest()} {os.path.realpath(FOLDER)}"
        made = _made_as()
        if made == wanted and _works():
            return
        try:
            if not _works() or (made and made.partition(" ")[2] != os.path.realpath(FOLDER)):
                _make()
            _install()
            with open(STAMP, "w") as file:
                file.write(wanted)
        except OSError as error:
            sys.exit(f"\n{FOLDER} can't be made: {error}. Is the disk full (`df -h`), or the folder read-only?")


def _continue_with_a_newer_one() -> None:
    for name in NEWER:
        path = shutil.which(name)
        if path:
            os.execv(path, [path, os.path.abspath(__file__)])
    sys.exit(
        f"Python 3.11 or later is needed; {sys.executable} is {VERSION}. Install one (python.org, pyenv, or your "
        "system's packages), or name it: `make PYTHON=/path/to/python3.12 demo`."
    )


def _made_as() -> str:
    try:
        with open(STAMP) as file:
            return file.read()
    except OSError:
        return ""


def _works() -> bool:
    """Say whether the environment's Python starts: the one that it was made from may be gone."""
    check = f"import sys; sys.exit(sys.version_info < {MINIMUM})"
    return os.access(PYTHON, os.X_OK) and subprocess.call([PYTHON, "-c", check], stderr=subprocess.DEVNULL) == 0


def _make() -> None:
    if os.path.islink(FOLDER):
        sys.exit(f"{FOLDER} is a link to an environment that does not work here; mend it or remove the link.")
    try:
        import ensurepip
        import venv  # noqa: F401
    except ImportError:
        sys.exit(
            "This Python can't make virtual environments. On Debian and Ubuntu "
            f"`apt install python3.{sys.version_info[1]}-venv` mends that; then start again."
        )
    print(f"making {FOLDER} with Python {VERSION} (pip {ensurepip.version()})", flush=True)
    if subprocess.call([sys.executable, "-m", "venv", "--clear", FOLDER]):
        sys.exit(f"\n{FOLDER} could not be made; the lines above say why.")


def _install() -> None:
    print("installing the requirements (a minute or two, once)", flush=True)
    command = [PYTHON, "-m", "pip", "install", "-qq", "--disable-pip-version-check", "--no-input"]
    # The lock names everything, so nothing is left to resolve.
    if subprocess.call([*command, "--no-deps", "--require-hashes", "--requirement", LOCK]):
        sys.exit(
            "\nThe requirements could not be installed; the lines above say why. They come from the package index that "
            "pip is set up for (`pip config list`): is the network there, and is there room on the disk?"
        )


if __name__ == "__main__":
    main()
