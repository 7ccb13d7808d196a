"""Two people at one board: what one does the other sees within a second, and nobody overwrites anybody."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from http.client import HTTPConnection
from typing import Any

import pytest
import redis
import uvicorn
from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.utils import timezone
from playwright.sync_api import Locator, Page, expect

from agile_sales.bridge import Bridge
from agile_sales.live import Live
from pipeline.models import Opportunity
from tenancy import figures
from tenancy.scoping import organization_scope
from tests.browser.conftest import Window
from tests.cast import Cast
from tests.pipeline.records import a_deal, an_account
from tests.servers import ROOT

Open = Callable[..., Window]


@pytest.fixture
def product(server: str) -> Iterator[str]:
    """The product as it runs: the server with its streams, and the relay that tells them what changed."""
    redis.Redis.from_url(settings.REDIS_URL).flushdb()
    django_wsgi: Any = get_wsgi_application()
    application = Live(Bridge(django_wsgi, workers=4))
    web = uvicorn.Server(uvicorn.Config(application, host="127.0.0.1", port=0, log_level="warning", loop="asyncio"))
    thread = threading.Thread(target=web.run, daemon=True)
    thread.start()
    relay = subprocess.Popen(
        [sys.executable, "manage.py", "relay"],
        cwd=ROOT,
        env={**os.environ, "DATABASE_ROLE": "system"},
        start_new_session=True,
    )
    # A relay that is still starting tells nothing: its first figures say that it goes round.
    _until(lambda: web.started and "relay" in figures.published(), seconds=60)
    port = web.servers[0].sockets[0].getsockname()[1]
    # The first page of a process compiles what all of them share: not within the patience of a browser's test.
    first = HTTPConnection("127.0.0.1", port, timeout=60)
    first.request("GET", "/auth/login/")
    assert first.getresponse().status == 200
    yield f"http://127.0.0.1:{port}"
    web.should_exit = web.force_exit = True
    thread.join(10)
    os.killpg(relay.pid, signal.SIGTERM)
    relay.wait(10)


def _until(holds: Callable[[], bool], *, seconds: float) -> None:
    ends = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < ends
        time.sleep(0.01)


@pytest.fixture
def boards(people: Cast, open_window: Open, product: str) -> tuple[Window, Window]:
    """One board in the browsers of Rui and Sil, both live."""
    with organization_scope(people.acme):
        account = an_account(people.acme, owner=people.rui)
        for name in ("Hull fans", "Spare drives"):
            a_deal(people.acme, account, owner=people.rui, name=name, opened_at=timezone.now())
    windows = (open_window(people.rui), open_window(people.sil))
    for window in windows:
        window.server = product
        window.open("/acme/board/")
        expect(window.page.locator("[data-live-mark]")).to_have_text("Live")
    return windows


def column(page: Page, name: str) -> Locator:
    return page.get_by_role("region", name=name, exact=True)


def card(page: Page, name: str, at: str) -> Locator:
    return column(page, at).locator(".kcard").filter(has_text=name)


def test_a_move_in_one_browser_shows_in_the_other_within_a_second(boards: tuple[Window, Window]) -> None:
    rui, sil = boards
    rui.page.keyboard.press("j")
    rui.page.keyboard.press("]")
    expect(rui.page.locator(".toast")).to_contain_text("moved to Discover")
    moved_at = time.monotonic()

    expect(card(sil.page, "Hull fans", "Discover")).to_be_visible(timeout=5000)
    seconds = time.monotonic() - moved_at

    expect(column(sil.page, "Qualify").locator(".badge")).to_have_text("1")
    expect(column(sil.page, "Discover").locator("header")).to_contain_text("€1.2m")
    expect(card(sil.page, "Hull fans", "Qualify")).to_have_count(0)
    assert seconds <= 1.0, f"{seconds:.2f} s"
    rui.page.keyboard.press("z")
    expect(card(sil.page, "Hull fans", "Qualify")).to_be_visible()
    for window in boards:
        window.assert_no_violations()


def test_of_two_who_move_one_card_one_wins_the_other_is_told_and_the_sums_are_right(
    people: Cast, boards: tuple[Window, Window]
) -> None:
    rui, sil = boards
    # Sil's browser hears nothing for a moment, and does not know that Rui was faster.
    sil.page.context.route("**/board/changes/**", lambda route: route.abort())
    rui.page.keyboard.press("j")
    rui.page.keyboard.press("]")
    expect(card(rui.page, "Hull fans", "Discover")).to_be_visible()
    expect(rui.page.locator(".toast")).to_contain_text("Hull fans moved to Discover.")

    sil.page.get_by_role("button", name="Move Hull fans").click()
    sil.page.get_by_role("button", name="Proposal", exact=True).click()

    expect(column(sil.page, "Discover").get_by_role("alert")).to_contain_text("is in “Discover”")
    for window in boards:
        expect(card(window.page, "Hull fans", "Discover")).to_have_count(1)
        expect(window.page.locator(".kcard").filter(has_text="Hull fans")).to_have_count(1)
        expect(column(window.page, "Discover").locator(".badge")).to_have_text("1")
        expect(column(window.page, "Discover").locator("header")).to_contain_text("€1.2m")
        expect(column(window.page, "Proposal").locator(".badge")).to_have_text("0")
    with organization_scope(people.acme):
        deal = Opportunity.objects.select_related("stage").get(name="Hull fans")
    assert (deal.stage.name, deal.version) == ("Discover", 2)


def test_a_stream_that_dies_is_amber_and_catches_up_without_a_gap_or_double(
    people: Cast, boards: tuple[Window, Window]
) -> None:
    rui, sil = boards
    mark = sil.page.locator("[data-live-mark]")
    sil.page.context.route("**/acme/live/", lambda route: route.abort())
    redis.Redis.from_url(settings.REDIS_URL).client_kill_filter(_type="pubsub")
    expect(mark).to_have_text("Reconnecting", timeout=10_000)
    expect(mark).to_have_class("live lost")

    rui.page.keyboard.press("j")
    rui.page.keyboard.press("]")
    expect(rui.page.locator(".toast")).to_contain_text("moved to Discover")
    with organization_scope(people.acme):
        a_deal(people.acme, owner=people.mia, name="Bow thrusters", opened_at=timezone.now())
    sil.page.context.unroute("**/acme/live/")

    expect(card(sil.page, "Hull fans", "Discover")).to_have_count(1, timeout=20_000)
    expect(card(sil.page, "Bow thrusters", "Qualify")).to_have_count(1)
    expect(mark).to_have_text("Live")
    expect(sil.page.locator(".kcard")).to_have_count(3)
    expect(column(sil.page, "Qualify").locator(".badge")).to_have_text("2")


def test_a_page_that_is_left_listens_no_more(boards: tuple[Window, Window]) -> None:
    rui, _sil = boards
    asked: list[str] = []
    rui.page.on("request", lambda request: asked.append(request.url))
    rui.page.get_by_role("link", name="List", exact=True).first.click()
    expect(rui.page.get_by_role("heading", level=1)).to_have_text("Deals")
    rui.page.go_back()
    expect(rui.page.locator("[data-live-mark]")).to_have_text("Live")
    assert len([address for address in asked if address.endswith("/acme/live/")]) == 1
    rui.assert_quiet()
