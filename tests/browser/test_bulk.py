"""Ticking rows and changing them together, by keyboard and by mouse."""

from collections.abc import Callable

from playwright.sync_api import Page, expect

from pipeline.models import Account
from tenancy.scoping import organization_scope
from tests.browser.conftest import Window
from tests.cast import Cast
from tests.pipeline.records import a_deal, an_account

Open = Callable[..., Window]


def five_accounts(people: Cast) -> None:
    with organization_scope(people.acme):
        for number in range(5):
            an_account(people.acme, people.rui, name=f"Firm {number}", segment="key")


def ticked(page: Page) -> int:
    return page.locator("tbody input[type=checkbox]:checked").count()


def segments(people: Cast) -> list[str]:
    with organization_scope(people.acme):
        return list(Account.objects.order_by("name").values_list("segment", flat=True))


def test_rows_are_ticked_changed_and_changed_back_by_keyboard(people: Cast, open_window: Open) -> None:
    five_accounts(people)
    window = open_window(people.rui)
    page = window.page
    window.open("/acme/accounts/")
    expect(page.locator(".bulk")).to_be_hidden()

    page.keyboard.press("j")
    page.keyboard.press("x")
    expect(page.locator(".bulk")).to_contain_text("1 selected")
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("Shift+X")
    expect(page.locator(".bulk")).to_contain_text("3 selected")
    window.assert_no_violations()
    page.keyboard.press("s")
    expect(page.get_by_label("New segment")).to_be_focused()
    window.assert_no_violations()
    page.get_by_label("New segment").select_option("large")
    page.get_by_role("button", name="Change segment").press("Enter")

    expect(page.locator(".toast")).to_contain_text("3 changed.")
    expect(page.locator(".bulk")).to_be_hidden()
    assert segments(people) == ["large", "large", "large", "key", "key"]
    page.keyboard.press("z")
    expect(page.locator(".toast")).to_contain_text("3 records are as they were.")
    assert segments(people) == ["key"] * 5
    window.assert_quiet()


def test_all_rows_are_ticked_with_the_cursor_in_the_list_and_cleared_with_escape(
    people: Cast, open_window: Open
) -> None:
    five_accounts(people)
    window = open_window(people.rui)
    page = window.page
    window.open("/acme/accounts/")

    page.keyboard.press("Control+a")
    assert ticked(page) == 0
    page.evaluate("getSelection().removeAllRanges()")
    page.keyboard.press("j")
    page.keyboard.press("Control+a")
    expect(page.locator(".bulk")).to_contain_text("5 selected")
    page.keyboard.press("Escape")

    expect(page.locator(".bulk")).to_be_hidden()
    assert ticked(page) == 0


def test_a_key_of_the_bar_works_on_the_row_with_the_cursor(people: Cast, open_window: Open) -> None:
    five_accounts(people)
    window = open_window(people.rui)
    page = window.page
    window.open("/acme/accounts/")
    page.keyboard.press("j")

    page.keyboard.press("o")

    expect(page.get_by_label("New owner")).to_be_focused()
    expect(page.locator(".bulk")).to_contain_text("1 selected")
    page.get_by_label("New owner").press("Enter")
    assert segments(people) == ["key"] * 5


def test_it_works_after_a_swap_of_the_list(people: Cast, open_window: Open) -> None:
    five_accounts(people)
    window = open_window(people.rui)
    page = window.page
    window.open("/acme/accounts/")
    page.keyboard.press("/")
    page.keyboard.type("firm 3")
    expect(page.locator("tbody tr")).to_have_count(1)
    page.get_by_label("Name begins with").blur()

    page.keyboard.press("j")
    page.keyboard.press("x")
    page.keyboard.press("t")
    page.get_by_label("New state").select_option("former")
    page.get_by_role("button", name="Change state").click()

    expect(page.locator(".toast")).to_contain_text("1 changed.")
    expect(page.locator("tbody tr")).to_have_count(1)
    expect(page).to_have_url(window.server + "/acme/accounts/?name=firm+3&sort=name")
    window.assert_quiet()


def test_a_range_is_ticked_by_mouse(people: Cast, open_window: Open) -> None:
    five_accounts(people)
    window = open_window(people.rui)
    page = window.page
    window.open("/acme/accounts/")

    page.get_by_label("Select Firm 1", exact=True).click()
    page.get_by_label("Select Firm 4", exact=True).click(modifiers=["Shift"])
    expect(page.locator(".bulk")).to_contain_text("4 selected")
    page.get_by_role("button", name="Clear").click()

    expect(page.locator(".bulk")).to_be_hidden()
    expect(page.locator("tr[aria-selected=true]")).to_have_count(0)


def test_without_script_the_bar_appears_and_changes(people: Cast, open_window: Open) -> None:
    five_accounts(people)
    window = open_window(people.rui, java_script_enabled=False)
    page = window.page
    window.open("/acme/accounts/")
    page.get_by_label("Select Firm 1", exact=True).check()
    page.get_by_label("Select Firm 2", exact=True).check()

    page.get_by_role("button", name="Segment").click()
    page.get_by_label("New segment").select_option("small")
    page.get_by_role("button", name="Change segment").click()

    expect(page.locator(".toast")).to_contain_text("2 changed.")
    assert segments(people) == ["key", "small", "small", "key", "key"]


def test_deals_are_moved_together_on_a_phone(people: Cast, open_window: Open) -> None:
    with organization_scope(people.acme):
        account = an_account(people.acme, people.rui)
        for number in range(3):
            a_deal(people.acme, account, people.rui, name=f"Deal {number}")
    window = open_window(people.rui, look="phone")
    page = window.page
    window.open("/acme/opportunities/")
    page.get_by_label("Select all on this page").tap()
    expect(page.locator(".bulk")).to_contain_text("3 selected")
    window.assert_no_violations()
    window.assert_no_sideways_scroll()

    page.get_by_role("button", name="Move").first.tap()
    page.get_by_label("New stage").select_option(label="Proposal")
    window.picture("bulk-phone")
    page.locator("#bulk-do-stage").get_by_role("button", name="Move").tap()

    expect(page.locator(".toast")).to_contain_text("3 changed.")
    window.assert_quiet()
