"""What a person does on the pages about people: look as somebody else, come back, open a support session."""

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tenancy.models import Member, User
from tests.browser.conftest import LOOKS, Window
from tests.cast import Cast
from tests.people.second_factor import give_second_factor


@pytest.mark.parametrize("look", LOOKS)
def test_an_administrator_looks_as_a_member_and_comes_back(
    look: str, people: Cast, open_window: Callable[..., Window]
) -> None:
    window = open_window(people.ada, look=look)
    window.open(f"/acme/members/{people.rui.pk}/")

    window.page.get_by_role("button", name="View as Rui Prado").click()
    expect(window.page.get_by_text("You see this as Rui Prado.")).to_be_visible()
    window.assert_no_violations()
    window.picture(f"view-as-{look}")
    if look == "phone":
        window.assert_no_sideways_scroll()

    window.page.get_by_role("button", name="End").click()
    expect(window.page.get_by_role("heading", name="Rui Prado")).to_be_visible()
    expect(window.page.get_by_text("You see this as")).to_have_count(0)


@pytest.mark.parametrize("look", LOOKS)
def test_an_operator_opens_a_session_and_the_administrator_sees_it(
    look: str, people: Cast, open_window: Callable[..., Window]
) -> None:
    olga = Member(user=User.objects.create_user("olga@agile-sales.example", name="Olga Held", is_operator=True))
    give_second_factor(olga)
    window = open_window(olga, look=look)
    window.open("/auth/support/")
    window.assert_no_violations()
    window.picture(f"support-desk-{look}")

    window.page.get_by_label("Organisation").fill("acme")
    window.page.get_by_label("Reason").fill("Ticket 4711: the import of May stops")
    window.page.get_by_role("button", name="Open session").click()
    expect(window.page.get_by_text("Support session.", exact=True)).to_be_visible()
    window.assert_no_violations()
    window.picture(f"support-inside-{look}")

    admin = open_window(people.ada, look=look)
    admin.open("/acme/accounts/")
    expect(admin.page.get_by_text("Our support is looking into this organisation.")).to_be_visible()
    admin.assert_no_violations()
    admin.picture(f"support-notice-{look}")


def test_the_switcher_opens_by_keyboard_and_leads_to_the_settings(
    people: Cast, open_window: Callable[..., Window]
) -> None:
    window = open_window(people.ada)
    window.open("/acme/")

    window.page.get_by_role("button", name="Acme Drives, switch organisation").first.press("Enter")
    menu = window.page.locator("#tenants")
    expect(menu).to_be_visible()
    window.assert_no_violations()
    window.picture("switcher-light")
    menu.get_by_role("link", name="Settings").click()
    expect(window.page.get_by_role("heading", name="Settings")).to_be_visible()
