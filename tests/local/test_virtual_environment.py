"""The first thing that runs on a machine nobody has prepared."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
SCRIPT = ROOT / "agile_sales" / "local" / "virtual_environment.py"


def test_a_python_that_is_too_old_says_so() -> None:
    pretend = (
        f"import sys, runpy; sys.version_info = (3, 9, 2, 'final', 0);runpy.run_path({str(SCRIPT)!r}, {{}}, '__main__')"
    )

    done = subprocess.run([sys.executable, "-c", pretend], env={"PATH": "/nowhere"}, capture_output=True, text=True)

    assert done.returncode == 1
    assert "Python 3.11 or later is needed" in done.stderr
    assert "PYTHON=" in done.stderr


def test_it_makes_an_environment_once_and_again_when_the_folder_was_moved(tmp_path: Path) -> None:
    project = tmp_path / "a new clone"
    script = project / "agile_sales" / "local" / SCRIPT.name
    script.parent.mkdir(parents=True)
    shutil.copy(SCRIPT, script)
    (project / "requirements.lock").write_text("")
    run = [sys.executable, str(script)]

    first = subprocess.run(run, capture_output=True, text=True, check=True)
    second = subprocess.run(run, capture_output=True, text=True, check=True)
    moved = project.rename(tmp_path / "moved")
    run[1] = str(moved / "agile_sales" / "local" / SCRIPT.name)
    third = subprocess.run(run, capture_output=True, text=True, check=True)

    assert "making .venv" in first.stdout
    assert second.stdout == ""
    assert "making .venv" in third.stdout
    assert os.access(moved / ".venv" / "bin" / "python", os.X_OK)


def test_the_lock_names_hashes_and_no_index() -> None:
    lock = (ROOT / "requirements.lock").read_text()
    requirements = re.findall(r"^([a-z0-9][^\s=]*==\S+)(?: ;.*)? \\$", lock, re.MULTILINE)

    assert len(requirements) > 60
    assert lock.count("==") >= len(requirements)
    assert not re.search(r"://|--index|--extra-index|--find-links|^-i ", lock, re.MULTILINE)
    for line in lock.splitlines():
        assert line.startswith("    --hash=sha256:") or "==" in line, line
    assert "psycopg-" not in lock.replace("psycopg2", ""), "Django would pick psycopg 3"
