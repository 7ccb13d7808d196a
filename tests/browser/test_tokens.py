"""An administrator makes a token, copies it, and ends it: by keyboard, and without JavaScript too."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Window
from tests.cast import Cast

Open = Callable[..., Window]


@pytest.mark.parametrize("script", [True, False])
def test_a_token_is_made_shown_once_and_ended(people: Cast, open_window: Open, script: bool) -> None:
    window = open_window(people.ada, java_script_enabled=script)
    page = window.page
    window.open("/acme/tokens/")

    page.get_by_label("Who uses it").fill("ERP")
    page.get_by_label("Read accounts").press("Space")
    page.get_by_role("button", name="Make token").press("Enter")

    shown = page.get_by_label("Token", exact=True)
    expect(shown).to_have_value(re.compile(r"^agsales_\w{46}$"))
    expect(page.get_by_role("button", name="Copy")).to_be_visible(visible=script)
    if script:
        window.assert_no_violations()

    # The row's button opens the question, which is a popover of the browser itself.
    page.get_by_role("button", name="Revoke ERP").press("Enter")
    page.get_by_role("button", name="Revoke it").press("Enter")
    expect(page.get_by_role("cell", name="Revoked")).to_be_visible()
    expect(shown).to_have_count(0)
    if script:
        window.assert_quiet()
