"""The shell: signing in, moving about, and what happens when something fails."""

from collections.abc import Callable

from playwright.sync_api import Route, expect

from tenancy.models import Member
from tenancy.scoping import organization_scope
from tests.browser.conftest import Window
from tests.cast import PASSWORD, Cast

Open = Callable[..., Window]


class TestSignIn:
    def test_a_person_signs_in_and_out_with_the_keyboard(self, people: Cast, open_window: Open) -> None:
        window = open_window()
        page = window.page
        window.open("/acme/")
        expect(page.get_by_label("E-mail address")).to_be_focused()

        page.keyboard.type("lena@acme.example")
        page.keyboard.press("Tab")
        page.keyboard.type(PASSWORD)
        page.keyboard.press("Enter")

        page.wait_for_url("**/acme/")
        page.get_by_role("button", name="Lena Vogt").press("Enter")
        page.get_by_role("button", name="Sign out").press("Enter")
        page.wait_for_url("**/auth/login/**")
        window.assert_quiet()

    def test_a_wrong_password_says_so_and_takes_the_focus(self, people: Cast, open_window: Open) -> None:
        window = open_window()
        page = window.page
        window.open("/auth/login/")

        page.get_by_label("E-mail address").fill("lena@acme.example")
        page.get_by_label("Password").fill("wrong")
        page.get_by_role("button", name="Sign in").click()

        expect(page.get_by_role("alert")).to_be_visible()
        window.assert_no_violations()

    def test_fields_are_named_for_password_managers(self, people: Cast, open_window: Open) -> None:
        window = open_window()
        window.open("/auth/login/")

        assert window.page.get_by_label("E-mail address").get_attribute("autocomplete") == "username"
        assert window.page.get_by_label("Password").get_attribute("autocomplete") == "current-password"


class TestMovingAbout:
    def test_a_link_swaps_the_page_and_keeps_the_shell(self, people: Cast, open_window: Open) -> None:
        window = open_window(people.lena)
        page = window.page
        window.open("/acme/")
        page.evaluate("() => { document.querySelector('.side').dataset.same = 'yes'; }")

        page.locator(".side").get_by_role("link", name="Accounts").click()

        page.wait_for_url("**/acme/accounts/")
        expect(page.locator(".side a[aria-current=page]")).to_have_text("Accounts")
        expect(page.locator("#main")).to_be_focused()
        assert page.evaluate("document.querySelector('.side').dataset.same") == "yes"
        assert page.locator("main").count() == 1
        assert page.locator("header.top").count() == 1
        window.assert_no_violations()

    def test_back_shows_the_page_before(self, people: Cast, open_window: Open) -> None:
        window = open_window(people.lena)
        page = window.page
        window.open("/acme/")
        page.locator(".side").get_by_role("link", name="Accounts").click()
        page.wait_for_url("**/acme/accounts/")

        page.go_back()

        page.wait_for_url("**/acme/")
        expect(page.locator(".side a[aria-current=page]")).to_have_text("Home")
        window.assert_quiet()

    def test_a_link_to_nowhere_shows_the_designed_page(self, people: Cast, open_window: Open) -> None:
        window = open_window(people.lena)
        page = window.page
        window.open("/acme/")
        page.evaluate(
            """() => { const a = document.createElement('a'); a.href = '/acme/nowhere/'; a.textContent = 'nowhere';
            document.querySelector('#main').prepend(a); htmx.process(a); a.click(); }"""
        )

        expect(page.get_by_role("heading", level=1)).to_have_text("There’s no such page here")
        expect(page.locator(".side")).to_be_visible()
        assert page.url.endswith("/acme/nowhere/")

    def test_a_session_that_ended_leads_to_the_sign_in_page(self, people: Cast, open_window: Open) -> None:
        window = open_window(people.lena)
        page = window.page
        window.open("/acme/")
        page.context.clear_cookies()

        page.locator(".side").get_by_role("link", name="Accounts").click()

        page.wait_for_url("**/auth/login/?next=/acme/accounts/")
        expect(page.locator(".side")).to_have_count(0)

    def test_a_broken_page_says_so_with_a_reference(self, people: Cast, open_window: Open) -> None:
        window = open_window(people.lena)
        page = window.page
        window.open("/acme/")
        body = "<!doctype html><title>x</title><main><h1>That went wrong on our side</h1></main>"
        page.route("**/acme/accounts/", lambda route: route.fulfill(status=500, body=body, content_type="text/html"))

        page.locator(".side").get_by_role("link", name="Accounts").click()

        expect(page.get_by_role("heading", level=1)).to_have_text("That went wrong on our side")

    def test_a_fragment_that_fails_leaves_the_page_and_says_so(self, people: Cast, open_window: Open) -> None:
        window = open_window(people.lena)
        page = window.page
        window.open("/acme/")
        page.route("**/broken/", lambda route: route.fulfill(status=500, body="no"))

        page.evaluate(
            """() => { const b = document.createElement('button'); b.setAttribute('hx-get', '/acme/broken/');
            b.id = 'probe'; document.querySelector('#main').prepend(b); htmx.process(b); b.click(); }"""
        )

        expect(page.get_by_role("alert").filter(has_text="That did not work")).to_be_visible()
        expect(page.locator("#probe")).to_have_count(1)

    def test_without_a_connection_it_says_so_and_keeps_what_was_written(self, people: Cast, open_window: Open) -> None:
        window = open_window(people.lena)
        page = window.page
        window.open("/ui/")
        page.get_by_label("Deal name").fill("half a sen")

        def cut(route: Route) -> None:
            route.abort("internetdisconnected")

        page.route("**/acme/**", cut)
        page.evaluate(
            """() => { const a = document.createElement('a'); a.href = '/acme/accounts/'; a.textContent = 'go';
            document.querySelector('#main').prepend(a); htmx.process(a); a.click(); }"""
        )

        expect(page.get_by_role("alert").filter(has_text="did not answer")).to_be_visible()
        expect(page.get_by_label("Deal name")).to_have_value("half a sen")

    def test_the_skip_link_is_the_first_stop(self, people: Cast, open_window: Open) -> None:
        window = open_window(people.lena)
        window.open("/ui/")

        window.page.keyboard.press("Tab")
        expect(window.page.get_by_role("link", name="Skip to content")).to_be_focused()
        window.page.keyboard.press("Enter")

        expect(window.page.locator("#main")).to_be_focused()

    def test_a_filter_keeps_the_focus(self, people: Cast, open_window: Open) -> None:
        window = open_window(people.lena)
        page = window.page
        window.open("/ui/")
        page.get_by_label("Stage").focus()

        page.evaluate("document.querySelector('#id_stage').form.requestSubmit()")

        page.wait_for_url("**/ui/?**stage=qualify**")
        expect(page.get_by_label("Stage")).to_be_focused()
        window.assert_quiet()

    def test_a_person_of_two_organizations_switches(self, people: Cast, open_window: Open) -> None:
        with organization_scope(people.globex):
            Member.objects.create(
                organization=people.globex, user=people.lena.user, name="Lena Vogt", role="auditor", external_id="lena"
            )
        window = open_window(people.lena)
        page = window.page
        window.open("/acme/")

        page.get_by_role("button", name="Acme Drives").click()
        page.get_by_role("link", name="Globex").click()

        page.wait_for_url("**/globex/")
        expect(page.locator(".tenant").first).to_contain_text("Globex")
        expect(page.locator(".side-foot")).to_contain_text("Auditor")

    def test_outside_the_side_bar_leads_back_in(self, people: Cast, open_window: Open) -> None:
        window = open_window(people.lena)
        page = window.page
        window.open("/auth/password/change/")

        page.locator(".side").get_by_role("link", name="Acme Drives").click()

        page.wait_for_url("**/acme/")
        expect(page.locator(".tenant").first).to_contain_text("Acme Drives")
