"""Runs `manage.py` as a person would: in a process of its own, with the database role that the command takes."""

import os
import subprocess
import sys

from tests.servers import ROOT


def run_manage(command: str, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
    """Run a command against the test's database and return what it printed; what the test wrote must be committed."""
    environment = {name: value for name, value in os.environ.items() if name != "DATABASE_ROLE"}
    done = subprocess.run(
        [sys.executable, str(ROOT / "manage.py"), command, *arguments],
        env=environment,
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
    )
    if check and done.returncode:
        raise AssertionError(f"manage.py {command} failed:\n{done.stdout}\n{done.stderr}")
    return done
