"""A real Chromium on the real pages, served from this run's own database."""

import os
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.conf import settings
from django.core.servers.basehttp import ThreadedWSGIServer, WSGIRequestHandler
from django.core.wsgi import get_wsgi_application
from django.db import connection
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, ViewportSize, sync_playwright
from pytest_django import DjangoDbBlocker

from tenancy.models import Member
from tests.cast import Cast, create_cast
from tests.signed_in import signed_in_client

CHROMIUM = Path("/usr/bin/chromium")
SWITCHES = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
]
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
COLOUR_RULES = ["color-contrast", "link-in-text-block"]
# A picture of each page for people to look at, when asked: PICTURES=1 make test PYTEST=tests/browser
PICTURES = Path(settings.BASE_DIR) / "screenshots" if os.environ.get("PICTURES") else None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark these tests; without a browser they are skipped here and fail in CI."""
    for item in items:
        if "/tests/browser/" not in str(item.path).replace(os.sep, "/"):
            continue
        item.add_marker(pytest.mark.browser)
        if not CHROMIUM.exists() and os.environ.get("CI") != "true":
            item.add_marker(pytest.mark.skip(reason=f"{CHROMIUM} is not installed (apt-get install chromium)"))


class _Quiet(WSGIRequestHandler):
    def log_message(self, *args: Any) -> None:
        """Say nothing: the tests look at the answers."""


def _with_quiet_streams(application: Any) -> Any:
    """Answer streams with nothing to tell: what is live has tests of its own, on the server as it runs."""
    never = threading.Event()

    def nothing() -> Iterator[bytes]:
        yield b"event: listening\ndata: {}\n\n"
        while not never.wait(1):
            yield b":\n\n"

    def answer(environ: Any, start: Any) -> Any:
        if not environ["PATH_INFO"].startswith("/live/"):
            return application(environ, start)
        start("200 OK", [("Content-Type", "text/event-stream")])
        return nothing()

    return answer


@pytest.fixture(scope="session")
def server(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[str]:
    """The product on a free port of this machine."""
    # Playwright's loop runs in this thread; Django would take every query of a test for one inside it.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    httpd = ThreadedWSGIServer(("127.0.0.1", 0), _Quiet)
    httpd.daemon_threads = True
    httpd.set_app(_with_quiet_streams(get_wsgi_application()))
    thread = threading.Thread(target=httpd.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{httpd.server_port}"
    httpd.shutdown()
    httpd.server_close()


@pytest.fixture(scope="session")
def chromium(server: str) -> Iterator[Browser]:
    """One browser process for the run."""
    if not CHROMIUM.exists():
        pytest.fail(f"{CHROMIUM} is not installed, and CI has to drive it.")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=SWITCHES)
        yield browser
        browser.close()


@pytest.fixture
def people(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Cast]:
    """The cast, committed, because the server answers from connections of its own; emptied afterwards."""
    with django_db_blocker.unblock():
        try:
            yield create_cast()
        finally:
            empty_database()
            connection.close()


def empty_database() -> None:
    """Take everything away that was committed."""
    kept = {"django_migrations", "django_content_type"}
    with connection.cursor() as cursor:
        # A part of a table goes with the whole, and one that a night made is not the tests' to empty.
        cursor.execute(
            "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')"
            " AND NOT relispartition"
        )
        names = [f'"{name}"' for (name,) in cursor.fetchall() if name not in kept]
        cursor.execute(f"TRUNCATE {', '.join(names)} CASCADE")


@dataclass
class Window:
    """A page in the browser, with all it complained about."""

    page: Page
    server: str
    complaints: list[str] = field(default_factory=list)

    def open(self, path: str, *, status: int = 200) -> None:
        """Go to an address of the product and expect a status."""
        answer = self.page.goto(self.server + path)
        assert answer is not None
        assert answer.status == status, f"{path} answered {answer.status}: {self.page.title()}"
        if status >= 400:
            # Chromium says of the page itself that it failed to load.
            self.complaints[:] = [one for one in self.complaints if "Failed to load resource" not in one]

    def sign_in(self, member: Member) -> None:
        """Sign the member in without the form."""
        assert member.user is not None
        client = signed_in_client(member.user)
        cookie = client.cookies[settings.SESSION_COOKIE_NAME]
        self.page.context.add_cookies([{"name": cookie.key, "value": cookie.value, "url": self.server}])

    def resize(self, size: ViewportSize) -> None:
        """Give the window another size and wait until the page answered: it does so before the next frame."""
        self.page.set_viewport_size(size)
        self.page.evaluate("() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")

    def assert_no_violations(self, *, of_colours: bool = False) -> None:
        """Expect that axe finds nothing, and that neither script nor policy complained.

        `of_colours` is for another theme of a page that was looked at whole: a theme sets colours and nothing else.
        """
        rules = {"type": "rule", "values": COLOUR_RULES} if of_colours else {"type": "tag", "values": RULES}
        found = Axe().run(self.page, options={"runOnly": rules})
        words = [
            f"{one['id']}: {one['help']}: {node['html'][:200]} {node.get('failureSummary', '')[:300]}"
            for one in found.response["violations"]
            for node in one["nodes"][:3]
        ]
        assert not words, "\n".join(words)
        self.assert_quiet()

    def assert_quiet(self) -> None:
        """Expect no console error and no report of the content security policy."""
        reports = self.page.evaluate("() => window.__reports || []")
        assert not self.complaints, self.complaints
        assert not reports, reports

    def assert_no_sideways_scroll(self) -> None:
        """Expect that the page fits into 320 px (WCAG 1.4.10)."""
        size = self.page.viewport_size
        assert size is not None
        self.resize({"width": 320, "height": 800})
        widest = self.page.evaluate(
            """() => document.documentElement.scrollWidth <= 320 ? '' : [...document.querySelectorAll('#main *')]
                .filter(one => one.getBoundingClientRect().right > 321 && !one.closest('.scrollx, .tablewrap, .tabs'))
                .slice(0, 3).map(one => one.outerHTML.slice(0, 160)).join('\\n') || 'something outside #main'"""
        )
        assert not widest, f"The page is wider than 320 px:\n{widest}"
        self.resize(size)

    def picture(self, name: str) -> None:
        """Keep a picture for a person to look at, if one is wanted."""
        if PICTURES:
            PICTURES.mkdir(exist_ok=True)
            self.page.screenshot(path=PICTURES / f"{name}.png", full_page=True, scale="css")

    def assert_good_in_both_themes(self, name: str) -> None:
        """Expect that nobody is shut out of the page, light or dark; the pictures are called by the name."""
        self.assert_no_violations()
        self.picture(f"{name}-light")
        self.page.emulate_media(color_scheme="dark")
        self.assert_no_violations(of_colours=True)
        self.picture(f"{name}-dark")

    def assert_good_on_a_phone(self, name: str) -> None:
        """Expect that nobody is shut out of the page at the width of a phone, and that it fits into 320 px."""
        self.assert_no_violations()
        self.picture(f"{name}-phone")
        self.assert_no_sideways_scroll()


LOOKS: dict[str, dict[str, Any]] = {
    "light": {"viewport": {"width": 1440, "height": 900}, "color_scheme": "light"},
    "dark": {"viewport": {"width": 1440, "height": 900}, "color_scheme": "dark"},
    "phone": {
        "viewport": {"width": 390, "height": 844},
        "color_scheme": "light",
        "has_touch": True,
        "device_scale_factor": 2,
    },
}


@pytest.fixture
def open_window(open_plain_window: Callable[..., Window], people: Cast) -> Callable[..., Window]:
    """Return a function that opens a window of its own (light, dark or phone; signed in or not)."""
    return open_plain_window


@pytest.fixture
def open_plain_window(
    chromium: Browser, server: str, django_db_blocker: DjangoDbBlocker
) -> Iterator[Callable[..., Window]]:
    """The same, for tests that bring data of their own."""
    contexts: list[BrowserContext] = []

    def opened(member: Member | None = None, *, look: str = "light", **options: Any) -> Window:
        context = chromium.new_context(**{**LOOKS[look], "reduced_motion": "reduce", **options})
        contexts.append(context)
        context.set_default_timeout(5000)
        context.add_init_script(
            """window.__reports = [];
            document.addEventListener('securitypolicyviolation',
                event => window.__reports.push(event.violatedDirective + ' ' + event.blockedURI));"""
        )
        page = context.new_page()
        window = Window(page, server)

        def heard(message: ConsoleMessage) -> None:
            if message.type in ("error", "warning"):
                window.complaints.append(message.text)

        page.on("console", heard)
        page.on("pageerror", lambda error: window.complaints.append(str(error)))
        if member is not None:
            window.sign_in(member)
        return window

    with django_db_blocker.unblock():
        yield opened
    for context in contexts:
        context.close()
