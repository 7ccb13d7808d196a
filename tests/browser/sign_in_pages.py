"""The pages of signing in and of a person's own account, with something to show."""

from collections.abc import Callable

from django.core import signing
from django.urls import reverse
from django.utils import timezone

from tenancy.models import Member, SignInRecord
from tests.cast import Cast
from tests.sign_in.codes import set_up_app, set_up_recovery_codes
from tests.sign_in.soft_passkey import SoftPasskey
from tests.sign_in.test_mailbox import keep


def named(name: str) -> Callable[[Cast], str]:
    """Return the builder of an address without parameters."""
    return lambda _: reverse(name)


def protected(name: str) -> Callable[[Cast], str]:
    """Return the builder of an address for somebody who has all the second factors there are."""

    def build(cast: Cast) -> str:
        _protect(cast.lena)
        return reverse(name)

    return build


def _protect(member: Member) -> None:
    set_up_app(member)
    set_up_recovery_codes(member)
    SoftPasskey().add_to(member)
    SoftPasskey().add_to(member, name="The key on my key ring, which is blue")
    agent = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
    for outcome, method in (("succeeded", "passkey"), ("code_refused", "totp"), ("refused", "password")):
        SignInRecord.objects.create(
            user=member.user,
            at=timezone.now(),
            outcome=outcome,
            method=method,
            address="2001:db8:85a3:8d3:1319:8a2e:370:7348",
            user_agent=agent,
        )


def _passkey(name: str) -> Callable[[Cast], str]:
    return lambda cast: reverse(name, args=[SoftPasskey().add_to(cast.lena).pk])


def sign_up_link() -> str:
    """Return the address that the mail of a sign-up leads to."""
    return reverse("sign-up-finish", args=[signing.dumps("new@nordwind.example", salt="sign-up")])


def _address_link(cast: Cast) -> str:
    user = cast.lena.user
    assert user is not None
    token = signing.dumps([user.pk.hex, user.email, "lena@nordwind.example"], salt="another address")
    return reverse("you-address-confirm", args=[token])


def mail_kept() -> str:
    """Return the address of a message in the local mailbox, which is not the only one."""
    keep("sam@globex.example", subject="Your Agile Sales password was changed", minutes_ago=4000)
    link = "http://localhost:8000/auth/signup/ImxlbmFAYWNtZS5leGFtcGxlIg:1wXyZ0:q8vY3c5Zt0dYh3YJ5f0J9hM1kQ2s7uVn4bXw6eRrTzA/"
    mail = keep("lena@acme.example", subject="Begin with Agile Sales", text=f"If that is you, go on here:\n\n{link}")
    return reverse("mailbox-message", args=[mail.pk])


SIGN_IN_PAGES = [
    ("organization-new", named("you-organization-new")),
    ("you-address", named("you-address")),
    ("you-address-confirm", _address_link),
    ("you-profile", named("you")),
    ("you-organizations", named("you-organizations")),
    ("you-security-bare", named("mfa_index")),
    ("you-security", protected("mfa_index")),
    ("app-set-up", named("mfa_activate_totp")),
    ("app-remove", protected("mfa_deactivate_totp")),
    ("recovery-codes", protected("mfa_view_recovery_codes")),
    ("recovery-codes-new", protected("mfa_generate_recovery_codes")),
    ("passkey-new", named("mfa_add_webauthn")),
    ("passkey-rename", _passkey("mfa_edit_webauthn")),
    ("passkey-remove", _passkey("mfa_remove_webauthn")),
    ("reauthenticate", protected("account_reauthenticate")),
    ("reauthenticate-code", protected("mfa_reauthenticate")),
    ("reauthenticate-passkey", protected("mfa_reauthenticate_webauthn")),
]
