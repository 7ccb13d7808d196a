"""Each list by keyboard: next row, open it, back to it, filter; and the key list itself."""

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tenancy.scoping import organization_scope
from tests.architecture.world import a_scored_account
from tests.browser.conftest import Window
from tests.cast import Cast
from tests.pipeline.records import a_contact, a_deal, a_product, an_account, an_order

Open = Callable[..., Window]

NAME = "th a:not([data-peek])"  # the name beside the score, which explains itself where it has the focus
LISTS = ["accounts", "contacts", "opportunities", "orders", "products", "priorities"]


def two_of_each(people: Cast) -> None:
    with organization_scope(people.acme):
        for number in range(2):
            account = an_account(people.acme, people.lena, name=f"Firm {number}")
            a_contact(people.acme, account, name=f"Person {number}")
            a_deal(people.acme, account, people.lena, name=f"Deal {number}")
            an_order(people.acme, account, number=f"SO-{number}")
            a_product(people.acme, name=f"Drive {number}", code=f"D{number}")
        a_scored_account(people.acme, people.lena)


@pytest.mark.parametrize("name", LISTS)
def test_one_walks_opens_comes_back_and_filters(name: str, people: Cast, open_window: Open) -> None:
    two_of_each(people)
    window = open_window(people.lena)
    page = window.page
    window.open(f"/acme/{name}/")

    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("k")
    row = page.locator("tr.cur")
    expect(row).to_have_count(1)
    expect(row.locator(NAME)).to_be_focused()
    href = row.locator(NAME).get_attribute("href")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**{href}")
    page.go_back()
    expect(page.locator(f"tr.cur {NAME}")).to_have_attribute("href", str(href))
    page.keyboard.press("/")

    expect(page.locator("#main [role=search] :is(input, select):focus")).to_have_count(1)
    window.assert_quiet()


def test_the_cursor_stays_when_the_list_is_drawn_anew(people: Cast, open_window: Open) -> None:
    two_of_each(people)
    window = open_window(people.lena)
    page = window.page
    window.open("/acme/accounts/")
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("/")

    page.keyboard.type("firm 1")

    expect(page.locator("tbody tr")).to_have_count(1)
    expect(page.locator(f"tr.cur {NAME}")).to_have_text("Firm 1")
    expect(page.get_by_label("Name begins with")).to_be_focused()


def test_rows_become_lower_from_the_key_list_and_stay_so(people: Cast, open_window: Open) -> None:
    two_of_each(people)
    window = open_window(people.lena)
    page = window.page
    window.open("/acme/accounts/")
    page.keyboard.press("?")
    window.assert_no_violations()
    window.picture("keys")

    with page.expect_response("**/ui/preferences/"):
        page.get_by_role("dialog", name="Keyboard shortcuts").get_by_role("button", name="Compact").click()
    page.keyboard.press("Escape")

    expect(page.locator("html")).to_have_attribute("data-density", "compact")
    page.reload()
    expect(page.locator("html")).to_have_attribute("data-density", "compact")
