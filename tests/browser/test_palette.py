"""The palette as a person meets it: keys, pointer and touch, slow and broken answers, what it remembers."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Route, expect

from tenancy.scoping import organization_scope
from tests.browser.conftest import Window
from tests.cast import Cast
from tests.pipeline import records

Open = Callable[..., Window]
NAME = "Search accounts, deals, people, or type a command"


@pytest.fixture
def velora(people: Cast) -> str:
    """The page of an account with a deal and a contact."""
    with organization_scope(people.acme):
        account = records.an_account(people.acme, people.rui, name="Velora E-Bikes", city="Linz")
        records.a_deal(people.acme, account, owner=people.rui)
        records.a_contact(people.acme, account)
        return f"/acme/accounts/{account.pk}/"


class TestKeys:
    @pytest.mark.parametrize("look", ["light", "dark", "phone"])
    def test_it_finds_an_account_while_one_types(self, look: str, people: Cast, velora: str, open_window: Open) -> None:
        window = open_window(people.rui, look=look)
        page = window.page
        window.open("/acme/")

        page.keyboard.press("Control+k")
        field = page.get_by_role("combobox", name=NAME)
        expect(field).to_be_focused()
        page.keyboard.type("bikes vel")
        option = page.get_by_role("option", name="Velora E-Bikes").first
        expect(option).to_have_attribute("aria-selected", "true")
        assert field.get_attribute("aria-activedescendant") == option.get_attribute("id")
        expect(field).to_be_focused()
        expect(page.locator("#say")).to_contain_text("results")
        window.assert_no_violations()
        window.picture(f"palette-{look}")
        page.keyboard.press("Enter")

        page.wait_for_url(f"**{velora}")
        expect(page.locator("#palette")).to_be_hidden()
        window.assert_quiet()

    def test_the_arrows_go_round_and_the_height_stays(self, people: Cast, velora: str, open_window: Open) -> None:
        window = open_window(people.rui)
        page = window.page
        window.open("/acme/")
        page.keyboard.press("Control+k")
        before = page.locator("#palette").bounding_box()
        page.keyboard.type("velora")
        expect(page.get_by_role("group", name="Accounts")).to_be_visible()

        page.keyboard.press("ArrowUp")
        expect(page.get_by_role("option").last).to_have_attribute("aria-selected", "true")
        page.keyboard.press("ArrowDown")
        expect(page.get_by_role("option").first).to_have_attribute("aria-selected", "true")
        page.keyboard.type(" zzzz")
        expect(page.get_by_text("Nothing that you may open has these words.")).to_be_visible()

        assert page.locator("#palette").bounding_box() == before
        expect(page.get_by_role("combobox", name=NAME)).not_to_have_attribute("aria-activedescendant", "pal-1-1")

    def test_who_types_faster_than_it_answers_goes_where_the_answer_says(
        self, people: Cast, velora: str, open_window: Open
    ) -> None:
        window = open_window(people.rui)
        page = window.page
        window.open("/acme/")
        page.keyboard.press("Control+k")

        page.keyboard.type("velora")
        page.keyboard.press("Enter")

        page.wait_for_url(f"**{velora}")

    def test_it_works_after_back_and_leaves_reload_alone(self, people: Cast, velora: str, open_window: Open) -> None:
        window = open_window(people.rui)
        page = window.page
        window.open("/acme/")
        page.keyboard.press("Control+k")
        page.keyboard.type("velora")
        page.keyboard.press("Enter")
        page.wait_for_url(f"**{velora}")

        page.go_back()
        expect(page.locator(".side a[aria-current=page]")).to_have_text("Home")
        page.wait_for_load_state("load")
        page.keyboard.press("Control+k")
        expect(page.get_by_role("combobox", name=NAME)).to_be_focused()
        page.keyboard.press("Escape")
        kept = page.evaluate(
            """() => document.body.dispatchEvent(
                new KeyboardEvent('keydown', {key: 'r', ctrlKey: true, bubbles: true, cancelable: true}))"""
        )
        assert kept, "Ctrl R is the browser's"

    def test_it_opens_where_single_keys_are_off(self, people: Cast, velora: str, open_window: Open) -> None:
        """A key with a modifier is no single key (WCAG 2.1.4)."""
        assert people.rui.user is not None
        people.rui.user.single_keys = False
        people.rui.user.save()
        window = open_window(people.rui)
        window.open("/acme/")

        window.page.keyboard.press("j")
        window.page.keyboard.press("Control+k")

        expect(window.page.get_by_role("combobox", name=NAME)).to_be_focused()

    def test_a_command_knows_the_page(self, people: Cast, velora: str, open_window: Open) -> None:
        window = open_window(people.rui)
        page = window.page
        window.open(velora)
        page.keyboard.press("Control+k")

        page.keyboard.type("log call")
        expect(page.locator("#palette [aria-selected=true]")).to_contain_text("Log a call with Velora E-Bikes")
        page.keyboard.press("Enter")

        page.wait_for_url(f"**{velora}activities/new/")


class TestAnswers:
    def test_an_answer_to_earlier_words_is_dropped(self, people: Cast, velora: str, open_window: Open) -> None:
        window = open_window(people.rui)
        page = window.page
        window.open("/acme/")
        held: list[Route] = []

        def hold(route: Route) -> None:
            held.append(route)

        page.route("**/acme/palette?q=lumen*", hold)
        page.keyboard.press("Control+k")
        with page.expect_request("**/acme/palette?q=lumen*"):
            page.keyboard.type("lumen")
        page.get_by_role("combobox", name=NAME).fill("velora")
        expect(page.get_by_role("group", name="Accounts")).to_be_visible()
        for route in held:
            route.fulfill(body='<div role="group"><div role="option" id="old">Stale</div></div><p data-says>1</p>')

        expect(page.get_by_role("group", name="Accounts")).to_be_visible()
        expect(page.get_by_text("Stale")).to_have_count(0)

    def test_when_the_search_does_not_answer_the_pages_still_do(
        self, people: Cast, velora: str, open_window: Open
    ) -> None:
        window = open_window(people.rui)
        page = window.page
        window.open("/acme/")
        page.route("**/acme/palette?*", lambda route: route.fulfill(status=503, body=""))

        page.keyboard.press("Control+k")
        page.keyboard.type("deals")
        expect(page.get_by_text("The search does not answer.")).to_be_visible()
        page.wait_for_load_state("networkidle")
        # Chromium says of each answer that it failed.
        window.complaints[:] = [one for one in window.complaints if "Failed to load resource" not in one]
        window.assert_no_violations()
        page.keyboard.press("Enter")

        page.wait_for_url("**/acme/opportunities/")

    def test_by_mouse_and_by_touch(self, people: Cast, velora: str, open_window: Open) -> None:
        mouse = open_window(people.rui)
        mouse.open("/acme/")
        mouse.page.get_by_role("link", name="Search or jump to").first.click()
        mouse.page.get_by_role("combobox", name=NAME).fill("velora")
        mouse.page.get_by_role("option", name="Velora E-Bikes").first.click()
        mouse.page.wait_for_url(f"**{velora}")

        phone = open_window(people.rui, look="phone")
        phone.open("/acme/")
        phone.page.get_by_role("link", name="Search or jump to").last.tap()
        phone.page.get_by_role("combobox", name=NAME).fill("velora")
        phone.page.get_by_role("option", name="Velora E-Bikes").first.tap()
        phone.page.wait_for_url(f"**{velora}")


class TestMemory:
    def test_what_was_visited_is_offered_by_name_and_forgotten_at_sign_out(
        self, people: Cast, velora: str, open_window: Open
    ) -> None:
        window = open_window(people.rui)
        page = window.page
        window.open(velora)
        window.open("/acme/")

        page.keyboard.press("Control+k")
        visited = page.get_by_role("group", name="Visited")
        expect(visited.get_by_role("option").first).to_contain_text("Velora E-Bikes")
        kept = page.evaluate("JSON.stringify(localStorage)")
        assert "Velora" not in kept, "the browser keeps addresses and no names"
        page.keyboard.press("Escape")
        page.get_by_role("button", name="Rui Prado").press("Enter")
        page.get_by_role("button", name="Sign out").press("Enter")
        page.wait_for_url("**/auth/login/**")

        assert "visited" not in page.evaluate("JSON.stringify(localStorage)")

    def test_without_script_the_field_leads_to_the_search_page(
        self, people: Cast, velora: str, open_window: Open
    ) -> None:
        window = open_window(people.rui, java_script_enabled=False)
        page = window.page
        window.open("/acme/")

        page.get_by_role("link", name="Search or jump to").first.click()
        page.get_by_role("searchbox").fill("velroa")
        page.get_by_role("searchbox").press("Enter")
        page.get_by_role("link", name="Velora E-Bikes").click()

        page.wait_for_url(f"**{velora}")


class TestPriorities:
    def test_enter_opens_the_account_and_w_says_why(self, people: Cast, open_window: Open) -> None:
        from tests.architecture.world import a_scored_account

        with organization_scope(people.acme):
            account = a_scored_account(people.acme, people.rui)
        window = open_window(people.rui)
        page = window.page
        window.open("/acme/priorities/")

        page.keyboard.press("j")
        page.keyboard.press("w")
        why = page.get_by_role("dialog", name="Why this score")
        expect(why).to_contain_text("Why 71")
        page.keyboard.press("Escape")
        expect(why).to_be_hidden()
        page.keyboard.press("Enter")

        page.wait_for_url(f"**/acme/accounts/{account.pk}/")
