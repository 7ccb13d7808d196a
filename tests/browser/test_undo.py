"""Taking back what one did: by the button, by Z on any page later, and without script."""

from collections.abc import Callable
from typing import Any

from playwright.sync_api import expect

from pipeline.models import Account
from tenancy.scoping import organization_scope
from tests.browser.conftest import Window
from tests.cast import Cast
from tests.pipeline.records import an_account

Open = Callable[..., Window]


def velora(people: Cast) -> Account:
    with organization_scope(people.acme):
        return an_account(people.acme, people.rui, segment="key")


def change_the_segment(window: Window, account: Account) -> None:
    page = window.page
    window.open(f"/acme/accounts/{account.pk}/")
    page.get_by_role("link", name="Edit").click()
    page.get_by_label("Segment").select_option("small")
    page.get_by_role("button", name="Save").click()
    expect(page.locator(".toast")).to_contain_text("Saved.")


def segment_of(people: Cast, account: Account) -> Any:
    with organization_scope(people.acme):
        account.refresh_from_db()
    return account.segment


def test_the_toast_takes_a_change_back(people: Cast, open_window: Open) -> None:
    account, window = velora(people), open_window(people.rui)
    page = window.page
    change_the_segment(window, account)
    window.assert_no_violations()

    page.locator(".toast").get_by_role("button", name="Undo").click()

    expect(page.locator(".toast")).to_contain_text("Undone. Velora E-Bikes is as it was.")
    expect(page.locator(".toast button")).to_have_count(0)
    expect(page.locator("#timeline")).to_contain_text("took back a change: segment")
    assert segment_of(people, account) == "key"
    window.assert_quiet()


def test_z_takes_it_back_on_another_page_after_the_toast_is_gone(people: Cast, open_window: Open) -> None:
    account, window = velora(people), open_window(people.rui)
    page = window.page
    change_the_segment(window, account)
    page.locator(".side").get_by_role("link", name="Deals").click()
    page.wait_for_url("**/acme/opportunities/")
    expect(page.locator(".toast")).to_have_count(0)

    page.keyboard.press("z")

    page.wait_for_url(f"**/acme/accounts/{account.pk}/")
    expect(page.locator(".toast")).to_contain_text("Undone.")
    assert segment_of(people, account) == "key"
    page.keyboard.press("z")
    expect(page.locator(".toast")).to_contain_text("Undone.")
    window.assert_quiet()


def test_z_brings_back_what_was_deleted(people: Cast, open_window: Open) -> None:
    account, window = velora(people), open_window(people.rui)
    page = window.page
    window.open(f"/acme/accounts/{account.pk}/edit/")
    page.get_by_role("button", name="Delete").click()
    expect(page.get_by_role("status").filter(has_text="was deleted")).to_be_visible()

    page.keyboard.press("z")

    page.wait_for_url(f"**/acme/accounts/{account.pk}/")
    expect(page.locator(".toast")).to_contain_text("Undone.")


def test_without_script_the_button_stands_in_the_page(people: Cast, open_window: Open) -> None:
    account, window = velora(people), open_window(people.rui, java_script_enabled=False)
    page = window.page
    change_the_segment(window, account)

    page.locator(".toast").get_by_role("button", name="Undo").click()

    expect(page.locator(".toast")).to_contain_text("Undone.")
    assert segment_of(people, account) == "key"


def test_a_refusal_says_who_was_there_since(people: Cast, open_window: Open) -> None:
    account, window = velora(people), open_window(people.rui)
    page = window.page
    change_the_segment(window, account)
    other = open_window(people.lena)
    other.open(f"/acme/accounts/{account.pk}/edit/")
    other.page.get_by_label("Segment").select_option("large")
    other.page.get_by_role("button", name="Save").click()
    expect(other.page.locator(".toast")).to_contain_text("Saved.")

    page.keyboard.press("z")

    expect(page.get_by_role("alert")).to_contain_text("Not undone: Velora E-Bikes was changed by Lena Vogt")
    assert segment_of(people, account) == "large"
