"""Every page: accessible in light, dark and on a phone, quiet under the strict policy, and never wider than 320 px."""

from collections.abc import Callable

import pytest

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
