"""Moving cards: by key, menu and drag; what the server refuses goes back with its reason."""

import gzip
from collections.abc import Callable
from uuid import uuid4

import pytest
from django.utils import timezone
from playwright.sync_api import Locator, Page, Route, expect

from pipeline.models import Opportunity, Stage
from pipeline.operations import create_stage, move_stage
from tenancy.scoping import organization_scope
from tests.browser.conftest import Window
from tests.cast import Cast
from tests.pipeline.records import a_deal, a_stage, an_account

Open = Callable[..., Window]


@pytest.fixture
def board(people: Cast, open_window: Open) -> Window:
    """The board of two deals, as Rui sees it."""
    with organization_scope(people.acme):
        account = an_account(people.acme, owner=people.rui)
        for name in ("Hull fans", "Spare drives"):
            a_deal(people.acme, account, owner=people.rui, name=name, opened_at=timezone.now())
    window = open_window(people.rui)
    window.open("/acme/board/")
    expect(window.page.locator("script[src*='/board.']")).to_have_count(1)
    return window


def column(page: Page, name: str) -> Locator:
    return page.get_by_role("region", name=name, exact=True)


def stage_of(people: Cast, name: str) -> str:
    with organization_scope(people.acme):
        return str(Opportunity.objects.select_related("stage").get(name=name).stage.name)


def test_a_card_moves_by_key_menu_and_drag_and_comes_back_by_z(people: Cast, board: Window) -> None:
    page = board.page
    page.keyboard.press("j")
    page.keyboard.press("]")
    expect(page.locator(".toast")).to_contain_text("Hull fans moved to Discover.")
    expect(column(page, "Discover").locator("header")).to_contain_text("€1.2m")
    expect(column(page, "Qualify").locator(".badge")).to_have_text("1")
    assert stage_of(people, "Hull fans") == "Discover"
    page.keyboard.press("]")
    expect(column(page, "Solution").get_by_text("Hull fans")).to_be_visible()
    expect(page.locator(".toast")).to_contain_text("Hull fans moved to Solution.")
    board.assert_no_violations()

    page.get_by_role("button", name="Move Spare drives").click()
    page.get_by_role("button", name="Proposal", exact=True).click()
    expect(page.locator(".toast")).to_contain_text("Spare drives moved to Proposal.")
    page.locator(".kcard", has_text="Spare drives").drag_to(column(page, "Negotiate"))
    expect(page.locator(".toast")).to_contain_text("Spare drives moved to Negotiate.")
    page.keyboard.press("z")
    expect(page.locator(".toast")).to_contain_text("as it was")
    assert stage_of(people, "Spare drives") == "Proposal"

    page.get_by_role("button", name="Move Spare drives").click()
    page.get_by_label("Lost: why?").fill("No budget")
    page.get_by_role("button", name="Lost", exact=True).click()
    expect(page.locator(".toast")).to_contain_text("Spare drives moved to Lost.")
    expect(page.locator("#board-says")).to_contain_text("1 open deal")
    board.assert_quiet()


def test_a_move_that_is_not_kept_goes_back_and_says_why(people: Cast, board: Window) -> None:
    page = board.page
    card = page.locator(".kcard", has_text="Hull fans")
    page.keyboard.press("j")

    page.route("**/move/**", lambda route: route.fulfill(status=500, body="broken"))
    page.keyboard.press("]")
    expect(column(page, "Qualify").get_by_role("alert")).to_contain_text("not saved. The deal is back")

    def cut_off(route: Route) -> None:
        route.abort()

    page.unroute("**/move/**")
    page.route("**/move/**", cut_off)
    page.keyboard.press("]")
    expect(column(page, "Qualify").get_by_role("alert")).to_contain_text("did not answer")
    page.unroute("**/move/**")

    with organization_scope(people.acme):
        deal = Opportunity.objects.get(name="Hull fans")
        assert deal.version == 1
        move_stage(
            organization=people.acme,
            opportunity=deal,
            stage=a_stage(people.acme, "Proposal"),
            version=1,
            actor=people.sil,
            moved_at=timezone.now(),
        )
    page.keyboard.press("]")
    expect(column(page, "Proposal").get_by_role("alert")).to_contain_text("is in “Proposal”")
    expect(column(page, "Proposal").locator(".badge")).to_have_text("1")
    expect(card).to_have_count(1)


def test_the_fullest_board_is_light(people: Cast, open_window: Open) -> None:
    with organization_scope(people.acme):
        account = an_account(people.acme, owner=people.rui, name="Ulmower Verfahrenstechnik und Söhne")
        deal = a_deal(people.acme, account, owner=people.rui)
        for name in ("Trial", "Pilot"):
            create_stage(
                organization=people.acme,
                pipeline=deal.pipeline,
                kind="open",
                name=name,
                actor=people.ada,
                at=timezone.now(),
            )
        columns = ("organization", "owner", "account", "pipeline", "opened_at", "stage_entered_at", "close_date")
        said = {column: getattr(deal, column) for column in columns}
        Opportunity.objects.bulk_create(
            Opportunity(**said, stage=stage, external_id=str(uuid4()), name=f"Lot {uuid4()}", next_step=str(uuid4()))
            for stage in Stage.objects.filter(kind="open")
            for _ in range(31)
        )
    window = open_window(people.rui)
    window.open("/acme/board/")

    assert window.page.locator(".kcard").count() == 84  # twelve in each of seven columns
    assert window.page.locator("*").count() <= 1_500
    page = window.page.request.get(window.page.url).body()
    assert len(gzip.compress(page)) <= 20 * 1024
    window.page.get_by_role("button", name="more Trial").click()
    expect(column(window.page, "Trial").locator(".kcard")).to_have_count(31)
