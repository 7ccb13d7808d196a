"""Every page: accessible in light, dark and on a phone, quiet under the strict policy, and never wider than 320 px."""

from collections.abc import Callable

import pytest
from django.template.loader import render_to_string

from tests.browser.conftest import Window
from tests.browser.pages import PAGES, Shown
from tests.cast import Cast


@pytest.mark.parametrize("shown", PAGES, ids=lambda shown: shown.name)
def test_it_can_be_used_by_everybody(shown: Shown, people: Cast, open_window: Callable[..., Window]) -> None:
    member = getattr(people, shown.who) if shown.who else None
    address = shown.url(people)
    window = open_window(member)
    window.open(address, status=shown.status)
    window.assert_good_in_both_themes(shown.name)

    phone = open_window(member, look="phone")
    phone.open(address, status=shown.status)
    phone.assert_good_on_a_phone(shown.name)


@pytest.mark.parametrize("status", [400, 409, 429, 500, 503])
def test_what_went_wrong_is_said_to_everybody(status: int, open_window: Callable[..., Window]) -> None:
    context = {"layout": "bare.html", "product_name": "Agile Sales", "reference": "7F3A11"}
    body = render_to_string(f"errors/{status}.html", context)
    window, phone = open_window(), open_window(look="phone")
    for one in (window, phone):
        one.page.route("**/oops/", lambda route: route.fulfill(status=status, body=body, content_type="text/html"))
        one.open("/oops/", status=status)

    window.assert_good_in_both_themes(f"error-{status}")
    phone.assert_good_on_a_phone(f"error-{status}")
