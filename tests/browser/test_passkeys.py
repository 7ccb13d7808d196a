"""The ceremony of passkeys in Chromium, with an authenticator of its own: add, sign in, confirm, remove."""

from collections.abc import Callable

import pytest
from playwright.sync_api import CDPSession, expect

from tests.browser.conftest import Window
from tests.cast import PASSWORD, Cast

Open = Callable[..., Window]


def at_localhost(window: Window) -> Window:
    """Passkeys belong to a name, never to a number."""
    window.server = window.server.replace("127.0.0.1", "localhost")
    return window


def with_authenticator(window: Window, *, verified: bool = True) -> tuple[CDPSession, str]:
    """Give the browser an authenticator that is touched and unlocked by itself."""
    tools = window.page.context.new_cdp_session(window.page)
    tools.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": verified,
        "automaticPresenceSimulation": True,
    }
    return tools, tools.send("WebAuthn.addVirtualAuthenticator", {"options": options})["authenticatorId"]


def keys_in(tools: CDPSession, authenticator: str) -> int:
    return len(tools.send("WebAuthn.getCredentials", {"authenticatorId": authenticator})["credentials"])


def test_a_passkey_is_added_signs_in_and_is_removed(people: Cast, open_window: Open) -> None:
    """ASVS V6.3.3"""
    window = at_localhost(open_window())
    window.sign_in(people.lena)
    page = window.page
    tools, authenticator = with_authenticator(window)

    # Add it.
    window.open("/auth/you/security/")
    page.get_by_role("link", name="Add a passkey").last.click()
    window.assert_no_violations()
    page.get_by_label("What you call it").fill("My laptop")
    page.get_by_role("button", name="Add a passkey").click()
    expect(page.get_by_role("heading", name="Recovery codes")).to_be_visible()
    window.assert_no_violations()
    assert len(page.get_by_label("Recovery codes").input_value().split()) == 10
    page.get_by_role("link", name="I have kept them").click()
    expect(page.get_by_role("link", name="Remove My laptop")).to_be_visible()
    assert keys_in(tools, authenticator) == 1

    # A device has one passkey of a person, not two.
    page.get_by_role("link", name="Add a passkey").click()
    page.get_by_role("button", name="Add a passkey").click()
    expect(page.get_by_text("This device has that passkey already.")).to_be_visible()
    assert keys_in(tools, authenticator) == 1

    # Sign in with nothing else.
    window.open("/auth/logout/")
    page.get_by_role("button", name="Sign out").click()
    window.open("/auth/login/?next=/acme/accounts/")
    window.assert_no_violations()
    page.get_by_role("button", name="Sign in with a passkey").click()
    page.wait_for_url(f"{window.server}/acme/accounts/")

    # As the second step after the password.
    window.open("/auth/logout/")
    page.get_by_role("button", name="Sign out").click()
    page.get_by_label("E-mail address").fill(people.lena.email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.get_by_role("heading", name="One more step")).to_be_visible()
    window.assert_no_violations()
    page.get_by_role("button", name="Use a passkey").click()
    page.wait_for_url(f"{window.server}/acme/")

    # Remove it.
    window.open("/auth/you/security/")
    page.get_by_role("link", name="Remove My laptop").click()
    page.get_by_role("button", name="Remove it").click()
    expect(page.get_by_text("a password and nothing else")).to_be_visible()
    expect(page.get_by_role("link", name="Remove My laptop")).to_have_count(0)
    window.assert_quiet()


def test_a_refused_passkey_is_said_in_words_and_can_be_tried_again(people: Cast, open_window: Open) -> None:
    window = at_localhost(open_window())
    page = window.page
    with_authenticator(window)  # unlocked, and with no passkey in it
    window.open("/auth/login/")

    page.get_by_role("button", name="Sign in with a passkey").click()

    expect(page.get_by_text("Nothing came from the passkey.")).to_be_visible()
    expect(page.get_by_role("button", name="Sign in with a passkey")).to_be_enabled()
    window.assert_no_violations()


@pytest.mark.parametrize("script", [True, False])
def test_where_there_are_none_a_sentence_says_so(people: Cast, open_window: Open, script: bool) -> None:
    window = open_window(java_script_enabled=script)  # by number, or without script
    window.open("/auth/login/")

    expect(window.page.get_by_role("button", name="Sign in with a passkey")).to_be_hidden()
    expect(window.page.get_by_text("Passkeys need a browser")).to_be_visible()
