"""The pages that a person sees. A part adds its own with one line; every test of pages runs over all of them."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from django.urls import reverse
from django.utils import timezone

from tenancy.scoping import organization_scope
from tenancy.tokens import issue_token
from tests.browser.audit_pages import AUDIT_PAGES
from tests.browser.customer_pages import CUSTOMER_PAGES
from tests.browser.forecast_pages import FORECAST_PAGES
from tests.browser.import_pages import before_undoing, half_way, kept_columns, several_files, undone_with_some_left
from tests.browser.night_pages import NIGHT_PAGES
from tests.browser.people_pages import PEOPLE_PAGES
from tests.browser.sign_in_pages import SIGN_IN_PAGES, mail_kept, sign_up_link
from tests.cast import Cast


@dataclass(frozen=True)
class Shown:
    """A page: how it is called in pictures, where it is, who looks at it, and what it answers.

    `url` gets the cast and returns the address; it may write the records that the page needs first.
    """

    name: str
    url: Callable[[Cast], str]
    who: str = "lena"  # a name of the cast, or "" for nobody
    status: int = 200


def in_acme(url_name: str, **kwargs: object) -> Callable[[Cast], str]:
    """Return the builder of an address in Acme."""
    return lambda cast: reverse(url_name, kwargs={"organization": cast.acme.slug, **kwargs})


def _reset_link(cast: Cast) -> str:
    from allauth.account.forms import default_token_generator as allauth_tokens
    from allauth.account.utils import user_pk_to_url_str

    key = allauth_tokens.make_token(cast.lena.user)
    return reverse("account_reset_password_from_key", kwargs={"uidb36": user_pk_to_url_str(cast.lena.user), "key": key})


def _tokens(cast: Cast) -> str:
    now = timezone.now()
    with organization_scope(cast.acme):
        for name, days in [("ERP", 90), ("Nightly copy", -1)]:
            issue_token(
                organization=cast.acme,
                name=name,
                scopes=["accounts:read", "scores:read"],
                issued_at=now,
                expires_at=now + timedelta(days=days),
                issued_by=cast.ada,
            )
    return reverse("integrations:tokens", kwargs={"organization": cast.acme.slug})


PAGES = [
    Shown("components", lambda _: reverse("ui-components")),
    Shown("import-of-several-files", several_files, who="ada"),
    Shown("import-kept-columns", kept_columns, who="ada"),
    Shown("import-half-way", half_way, who="ada"),
    Shown("import-before-undoing", before_undoing, who="ada"),
    Shown("import-undone", undone_with_some_left, who="ada"),
    Shown("sign-in", lambda _: reverse("account_login"), who=""),
    Shown("sign-out", lambda _: reverse("account_logout")),
    Shown("sign-up", lambda _: reverse("account_signup"), who=""),
    Shown("mailbox", lambda _: mail_kept() and reverse("mailbox"), who=""),
    Shown("mailbox-empty", lambda _: reverse("mailbox"), who=""),
    Shown("mailbox-message", lambda _: mail_kept(), who=""),
    Shown("sign-up-sent", lambda _: reverse("sign-up-sent"), who=""),
    Shown("sign-up-finish", lambda _: sign_up_link(), who=""),
    Shown("sign-up-stale", lambda _: reverse("sign-up-finish", args=["x"]), who="", status=410),
    Shown("password-reset", lambda _: reverse("account_reset_password"), who=""),
    Shown("password-reset-done", lambda _: reverse("account_reset_password_done"), who=""),
    Shown("password-reset-key", _reset_link, who=""),
    Shown("password-reset-key-bad", lambda _: "/auth/password/reset/key/1-bad/", who=""),
    Shown("password-reset-key-done", lambda _: reverse("account_reset_password_from_key_done"), who=""),
    Shown("password-change", lambda _: reverse("account_change_password")),
    Shown("sign-in-closed", lambda _: reverse("account_inactive"), who=""),
    Shown("api-reference", lambda _: reverse("api:docs"), who=""),
    Shown("api-tokens", _tokens, who="ada"),
    *(Shown(name, url) for name, url in CUSTOMER_PAGES),
    *(Shown(name, url) for name, url in FORECAST_PAGES),
    *(Shown(name, url) for name, url in NIGHT_PAGES),
    *(Shown(name, url, who) for name, url, who in PEOPLE_PAGES),
    *(Shown(name, url) for name, url in SIGN_IN_PAGES),
    *(Shown(name, url, who) for name, url, who in AUDIT_PAGES),
    Shown("no-such-page", lambda cast: f"/{cast.acme.slug}/nowhere/", status=404),
    Shown("no-such-page-outside", lambda _: "/nowhere/at/all/", who="", status=404),
]
