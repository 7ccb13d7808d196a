"""Every page: accessible in light, dark and on a phone, quiet under the strict policy, and never wider than 320 px."""

from collections.abc import Callable

import pytest
from django.template.loader import render_to_string

from tests.browser.conftest import LOOKS, Window
from tests.browser.pages import PAGES, Shown
from tests.cast import Cast


@pytest.mark.parametrize("look", LOOKS)
@pytest.mark.parametrize("shown", PAGES, ids=lambda shown: shown.name)
def test_it_can_be_used_by_everybody(shown: Shown, look: str, people: Cast, open_window: Callable[..., Window]) -> None:
    member = getattr(people, shown.who) if shown.who else None
    address = shown.url(people)
    window = open_window(member, look=look)

    window.open(address, status=shown.status)

    window.assert_no_violations()
    window.picture(f"{shown.name}-{look}")
    if look == "phone":
        window.assert_no_sideways_scroll()


@pytest.mark.parametrize("look", LOOKS)
@pytest.mark.parametrize("status", [400, 409, 429, 500, 503])
def test_what_went_wrong_is_said_to_everybody(status: int, look: str, open_window: Callable[..., Window]) -> None:
    window = open_window(look=look)
    context = {"layout": "bare.html", "product_name": "Agile Sales", "reference": "7F3A11"}
    body = render_to_string(f"errors/{status}.html", context)
    window.page.route("**/oops/", lambda route: route.fulfill(status=status, body=body, content_type="text/html"))

    window.open("/oops/", status=status)

    window.assert_no_violations()
    window.picture(f"error-{status}-{look}")
    if look == "phone":
        window.assert_no_sideways_scroll()
