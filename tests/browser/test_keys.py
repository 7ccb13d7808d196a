"""The shell: keys, layers, and what a person prefers."""

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Window
from tests.cast import Cast

Open = Callable[..., Window]


class TestKeys:
    def test_the_palette_opens_filters_and_goes(self, people: Cast, open_window: Open) -> None:
        window = open_window(people.lena)
        page = window.page
        window.open("/acme/")

        page.keyboard.press("Control+k")
        expect(page.get_by_role("combobox", name="Search accounts, deals, people, or type a command")).to_be_focused()
        window.assert_no_violations()
        page.keyboard.type("acc")
        expect(page.locator("#palette [aria-selected=true]")).to_contain_text("Accounts")
        page.keyboard.press("Enter")

        page.wait_for_url("**/acme/accounts/")
        expect(page.locator("#palette")).to_be_hidden()
        window.assert_quiet()

    def test_the_palette_opens_from_an_input_and_closes_with_escape(self, people: Cast, open_window: Open) -> None:
        window = open_window(people.lena)
        page = window.page
        window.open("/ui/")
        page.get_by_label("Deal name").focus()

        page.keyboard.press("Control+k")
        expect(page.locator("#palette")).to_be_visible()
        page.keyboard.press("Escape")

        expect(page.locator("#palette")).to_be_hidden()
        expect(page.get_by_label("Deal name")).to_be_focused()

    def test_g_and_a_letter_goes_there(self, people: Cast, open_window: Open) -> None:
        window = open_window(people.lena)
        window.open("/acme/")

        window.page.keyboard.press("g")
        window.page.keyboard.press("a")

        window.page.wait_for_url("**/acme/accounts/")

    def test_j_k_x_walk_and_select_rows(self, people: Cast, open_window: Open) -> None:
        window = open_window(people.lena)
        page = window.page
        window.open("/ui/")

        for key in "jjkj":
            page.keyboard.press(key)
        expect(page.locator("#row-2")).to_have_class("cur")
        expect(page.locator("#row-2 a")).to_be_focused()
        page.keyboard.press("x")

        expect(page.locator("#row-2")).to_have_attribute("aria-selected", "true")
        page.keyboard.press("Escape")
        expect(page.locator("#row-2")).to_have_attribute("aria-selected", "false")

    def test_the_cursor_is_where_it_was_after_back(self, people: Cast, open_window: Open) -> None:
        window = open_window(people.lena)
        page = window.page
        window.open("/ui/")
        page.keyboard.press("j")
        page.keyboard.press("j")
        page.goto(window.server + "/acme/")

        page.go_back()

        expect(page.locator("#row-2")).to_have_class("cur")

    def test_letters_in_a_field_are_letters(self, people: Cast, open_window: Open) -> None:
        window = open_window(people.lena)
        page = window.page
        window.open("/ui/")
        page.get_by_label("Deal name").fill("")
        page.get_by_label("Deal name").focus()

        page.keyboard.type("jgx?/")

        expect(page.get_by_label("Deal name")).to_have_value("jgx?/")
        expect(page.locator(".cur")).to_have_count(0)

    @pytest.mark.parametrize("keys", ["Control+j", "Alt+j", "Meta+j"])
    def test_the_browsers_own_keys_stay_its_own(self, keys: str, people: Cast, open_window: Open) -> None:
        window = open_window(people.lena)
        window.open("/ui/")

        window.page.keyboard.press(keys)

        expect(window.page.locator(".cur")).to_have_count(0)

    def test_the_slash_goes_to_the_filter_and_the_question_mark_to_the_list(
        self, people: Cast, open_window: Open
    ) -> None:
        window = open_window(people.lena)
        page = window.page
        window.open("/ui/")

        page.keyboard.press("?")
        expect(page.get_by_role("dialog", name="Keyboard shortcuts")).to_be_visible()
        window.assert_no_violations()
        page.keyboard.press("Escape")
        page.keyboard.press("/")

        expect(page.get_by_label("Name begins with")).to_be_focused()

    def test_single_keys_can_be_switched_off_and_stay_off(self, people: Cast, open_window: Open) -> None:
        window = open_window(people.lena)
        page = window.page
        window.open("/ui/")
        page.keyboard.press("?")
        with page.expect_response("**/ui/preferences/"):
            page.get_by_role("dialog", name="Keyboard shortcuts").get_by_label("Single-key shortcuts").uncheck()
        page.keyboard.press("Escape")

        page.keyboard.press("j")
        expect(page.locator(".cur")).to_have_count(0)
        page.reload()
        page.keyboard.press("j")
        expect(page.locator(".cur")).to_have_count(0)


class TestLayers:
    def test_reasons_open_on_hover_and_on_focus_and_close_with_escape(self, people: Cast, open_window: Open) -> None:
        window = open_window(people.lena)
        page = window.page
        window.open("/ui/")
        why = page.locator("#c-why")

        page.get_by_role("button", name="Explain score of Velora").hover()
        expect(why).to_be_visible()
        window.assert_no_violations()
        page.mouse.move(5, 5)
        expect(why).to_be_hidden()
        page.locator("#c-form").scroll_into_view_if_needed()
        page.evaluate("document.querySelector('[popovertarget=c-menu]').focus()")
        for _ in range(8):
            page.keyboard.press("Tab")
            if page.evaluate("document.activeElement.matches('[data-peek]')"):
                break
        expect(why).to_be_visible()
        page.keyboard.press("Escape")
        expect(why).to_be_hidden()

    def test_a_click_pins_the_reasons(self, people: Cast, open_window: Open) -> None:
        window = open_window(people.lena)
        page = window.page
        window.open("/ui/")
        button, why = page.get_by_role("button", name="Explain score of Velora"), page.locator("#c-why")

        button.hover()
        expect(why).to_be_visible()
        button.click()
        page.mouse.move(5, 5)
        page.wait_for_timeout(500)

        expect(why).to_be_visible()

    def test_reasons_open_by_tap(self, people: Cast, open_window: Open) -> None:
        window = open_window(people.lena, look="phone")
        page = window.page
        window.open("/ui/")

        page.get_by_role("button", name="Explain score of Velora").tap()

        expect(page.locator("#c-why")).to_be_visible()
        box = page.locator("#c-why").bounding_box()
        assert box is not None
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= 390

    def test_the_scores_of_a_page_share_one_layer_that_is_filled_once_for_each(
        self, people: Cast, open_window: Open
    ) -> None:
        window = open_window(people.lena)
        page = window.page
        window.open("/ui/")
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url) if "/ui/reasons/" in request.url else None)
        lumen, tramont = (page.get_by_role("link", name=f"Explain score of {name}") for name in ("Lumen", "Tramont"))
        why = page.locator("#why")

        lumen.hover()
        expect(why).to_contain_text("Framework price request")
        window.assert_no_violations()
        lumen.click()
        page.mouse.move(5, 5)
        page.wait_for_timeout(500)
        expect(why).to_be_visible()
        lumen.click()
        expect(why).to_be_hidden()
        assert len(asked) == 1
        tramont.click()
        expect(why).to_contain_text("Framework price request")

        assert len(asked) == 2
        assert page.url.endswith("/ui/")

    def test_a_score_is_explained_by_key_and_escape_leads_back_to_it(self, people: Cast, open_window: Open) -> None:
        window = open_window(people.lena)
        page = window.page
        window.open("/ui/")
        lumen, why = page.get_by_role("link", name="Explain score of Lumen"), page.locator("#why")

        lumen.focus()
        expect(why).to_be_visible()
        page.keyboard.press("Enter")
        expect(why).to_be_focused()
        page.keyboard.press("Escape")

        expect(why).to_be_hidden()
        expect(lumen).to_be_focused()

    def test_a_score_is_explained_by_tap(self, people: Cast, open_window: Open) -> None:
        window = open_window(people.lena, look="phone")
        page = window.page
        window.open("/ui/")

        page.get_by_role("link", name="Explain score of Lumen").tap()

        expect(page.locator("#why")).to_contain_text("Framework price request")

    def test_a_menu_answers_the_arrows(self, people: Cast, open_window: Open) -> None:
        window = open_window(people.lena)
        page = window.page
        window.open("/ui/")
        page.locator("[popovertarget=c-menu]").press("Enter")

        page.keyboard.press("ArrowDown")
        expect(page.get_by_role("button", name="Edit")).to_be_focused()
        page.keyboard.press("ArrowDown")
        expect(page.get_by_role("button", name="Export")).to_be_focused()
        page.keyboard.press("Escape")

        expect(page.locator("[popovertarget=c-menu]")).to_be_focused()

    def test_the_phone_has_everything_behind_more(self, people: Cast, open_window: Open) -> None:
        window = open_window(people.lena, look="phone")
        page = window.page
        window.open("/acme/")
        expect(page.locator(".side")).to_be_hidden()

        page.get_by_role("button", name="More").last.tap()
        sheet = page.get_by_role("dialog", name="More")
        expect(sheet).to_be_visible()
        window.assert_no_violations()
        window.picture("more-phone")
        sheet.get_by_role("link", name="Orders").tap()

        page.wait_for_url("**/acme/orders/")
        expect(sheet).to_be_hidden()


class TestPreferences:
    def test_the_theme_changes_at_once_and_is_kept(self, people: Cast, open_window: Open) -> None:
        window = open_window(people.lena)
        page = window.page
        window.open("/ui/")

        with page.expect_response("**/ui/preferences/"):
            page.get_by_role("button", name="Switch theme").click()
        expect(page.locator("html")).to_have_attribute("data-theme", "dark")
        page.reload()
        expect(page.locator("html")).to_have_attribute("data-theme", "dark")

        page.get_by_role("button", name="Lena Vogt").click()
        with page.expect_response("**/ui/preferences/"):
            page.get_by_role("button", name="System").click()
        assert page.locator("html").get_attribute("data-theme") is None
        window.assert_quiet()

    def test_without_script_the_theme_changes_too(self, people: Cast, open_window: Open) -> None:
        window = open_window(people.lena, java_script_enabled=False)
        page = window.page
        window.open("/ui/")

        page.get_by_role("button", name="Switch theme").click()

        page.wait_for_url("**/ui/")
        expect(page.locator("html")).to_have_attribute("data-theme", "dark")

    def test_a_refused_change_is_taken_back(self, people: Cast, open_window: Open) -> None:
        window = open_window(people.lena)
        page = window.page
        window.open("/ui/")
        page.route("**/ui/preferences/", lambda route: route.fulfill(status=500, body=""))

        page.get_by_role("button", name="Switch theme").click()

        expect(page.locator("html")).not_to_have_attribute("data-theme", "dark")

    def test_rows_become_lower(self, people: Cast, open_window: Open) -> None:
        window = open_window(people.lena)
        page = window.page
        window.open("/ui/")
        before = page.locator("#row-1").bounding_box()

        page.get_by_role("button", name="Lena Vogt").click()
        page.get_by_role("button", name="Compact").click()

        after = page.locator("#row-1").bounding_box()
        assert before is not None
        assert after is not None
        assert after["height"] < before["height"]
