"""How people sign in: django-allauth, with our rules."""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.internal.userkit import filter_users_by_email
from django.conf import settings
from django.contrib.auth import HASH_SESSION_KEY
from django.core.mail import EmailMessage
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from agile_sales import security_log, sessions, sign_in_records
from agile_sales.sign_in_limits import count_password_guess
from tenancy import doors
from tenancy.identity import is_recently_authenticated

WAYS_TO_CONFIRM = {
    "reauthenticate": _("Use your password"),
    "mfa_reauthenticate": _("Use a code of your app, or a recovery code"),
    "mfa_reauthenticate:webauthn": _("Use a passkey"),
}


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """Limits, records and words of ours around what the library does."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Return False: our own sign-up proves the address first (agile_sales.sign_up)."""
        return False

    def get_login_redirect_url(self, request: HttpRequest) -> str:
        """Return the home of the person's first organisation, or the page that says they have none."""
        memberships = doors.memberships_of(request.user.pk) if request.user.pk else []
        return reverse("home", args=[memberships[0].slug]) if memberships else reverse("front-door")

    def render_mail(
        self,
        template_prefix: str,
        email: str | list[str],
        context: dict[str, Any],
        headers: dict[str, str] | None = None,
    ) -> EmailMessage:
        """Return the mail. Its subject is drawn without a request, so what every template has is put beside it."""
        context = {"product_name": settings.PRODUCT_NAME, **context}
        mail: EmailMessage = super().render_mail(template_prefix, email, context, headers)
        return mail

    def authenticate(self, request: HttpRequest, **credentials: Any) -> Any:
        """Return whose password it is. The guess is counted before the password is looked at, and not when it fits."""
        guess = count_password_guess(request, email=credentials.get("email", ""))
        user = super().authenticate(request, **credentials)
        if user is not None:
            guess.was_right()
        return user

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        """Leave the library's own count out: it reads and writes in two steps."""

    def authentication_failed(self, request: HttpRequest, **credentials: Any) -> None:
        """Write a wrong password down for the person to see."""
        users = filter_users_by_email(credentials.get("email", ""), prefer_verified=True, for_login=True)
        sign_in_records.note_wrong_password(request, users[0] if users else None)

    def post_login(self, request: HttpRequest, user: Any, **options: Any) -> HttpResponse:
        """Write down that somebody signed in, and when."""
        sessions.begin(request)
        sign_in_records.note_success(request, user)
        return super().post_login(request, user, **options)

    def respond_user_inactive(self, request: HttpRequest, user: Any) -> HttpResponse:
        """Write down that somebody whose account is closed proved who they are, and stays outside."""
        security_log.note_refused_proof(means="account", user=user, outcome="closed")
        return super().respond_user_inactive(request, user)

    def logout(self, request: HttpRequest) -> None:
        """Write down who signs out."""
        if request.user.is_authenticated:
            security_log.note_sign_out(request.user)
        super().logout(request)

    def reauthenticate(self, user: Any, password: str) -> bool:
        """Return whether the password is the person's.

        Checking it may renew its hash, when hashes became costlier; that must not end the session that asked.
        """
        matches = bool(super().reauthenticate(user, password))
        if matches:
            user.refresh_from_db(fields=["password"])
            self.request.session[HASH_SESSION_KEY] = user.get_session_auth_hash()
        return matches

    def is_reauthentication_required(self, *, app: str, **kwargs: Any) -> bool:
        """Return whether it has been too long: signing in counts as well as confirming later."""
        return not is_recently_authenticated(self.request)

    def get_reauthentication_methods(self, user: Any) -> list[dict[str, Any]]:
        """Return the ways to prove who one is, the password first, in our words."""
        ways = super().get_reauthentication_methods(user)
        return [{**way, "description": WAYS_TO_CONFIRM[way["id"]]} for way in ways]
