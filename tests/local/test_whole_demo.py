"""The real `make demo` on a copy of this checkout: first start, sign-in, second start. Part of `make test-long`."""

import http.cookiejar
import os
import re
import shutil
import subprocess
import time
import urllib.parse
import urllib.request
from pathlib import Path

import pytest

from agile_sales.local import ports, processes

pytestmark = [
    pytest.mark.reliability,
    pytest.mark.skipif("AGILE_SALES_LONG" not in os.environ, reason="takes a minute: part of make test-long"),
]
ROOT = Path(__file__).resolve().parent.parent.parent
NOT_COPIED = shutil.ignore_patterns(".venv", ".local", ".git", ".*_cache", "__pycache__", "screenshots")
OURS = re.compile("DATABASE_|AGILE_SALES_|REDIS_|SECRET_|SECURE|HASHED_|LOCAL_MAILBOX|PORT|DEMO_|MAKE|MFLAGS|LONG_WORK")


def make_demo(project: Path, port: int, log: Path) -> subprocess.Popen[bytes]:
    environment = {name: value for name, value in os.environ.items() if not OURS.match(name)}
    with log.open("wb") as output:
        return subprocess.Popen(
            ["make", "demo"], cwd=project, env={**environment, "PORT": str(port)}, stdout=output, stderr=output
        )


def seconds_until_ready(demo: subprocess.Popen[bytes], log: Path, limit: float) -> float:
    began = time.monotonic()
    processes.wait_until(lambda: "Ctrl-C stops everything" in log.read_text() or demo.poll() is not None, limit)
    assert re.search("^ready: http://localhost:", log.read_text(), re.MULTILINE), log.read_text()
    return time.monotonic() - began


def sign_in(port: int, password: str) -> str:
    """Sign in as Acme's leader, and return the address that the browser ends up on."""
    browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar()))
    page = f"http://localhost:{port}/auth/login/"
    form = browser.open(page).read().decode()
    token = re.search(r'csrfmiddlewaretoken" value="([^"]+)', form)
    assert token is not None
    fields = {"csrfmiddlewaretoken": token.group(1), "login": "leader@acme.example", "password": password}
    answer = browser.open(urllib.request.Request(page, urllib.parse.urlencode(fields).encode(), {"Referer": page}))
    return str(answer.url)


def test_a_copy_of_the_project_starts_lets_people_in_and_starts_again_quickly(open_folder: Path) -> None:
    project, port = open_folder / "a clean copy", ports.free_port()
    shutil.copytree(ROOT, project, ignore=NOT_COPIED)
    (project / ".venv").symlink_to((ROOT / ".venv").resolve())
    log = open_folder / "console"
    demo = make_demo(project, port, log)
    try:
        seconds_until_ready(demo, log, 300)
        password = re.search(r"the password {2}(\S+)", log.read_text())
        assert password is not None
        assert sign_in(port, password.group(1)) == f"http://localhost:{port}/acme/"
        demo.terminate()
        demo.wait(60)

        demo = make_demo(project, port, log)

        # 15 seconds on a machine of our own; on a busy one, what it gives us of them.
        busy = max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1))
        assert seconds_until_ready(demo, log, 15 * busy) < 15 * busy
        assert sign_in(port, password.group(1)) == f"http://localhost:{port}/acme/"
    finally:
        demo.terminate()
        demo.wait(60)
    assert processes.working_in(project, os.path.basename(os.path.realpath(ROOT / ".venv" / "bin" / "python"))) == []
