"""Who signed in and who tried, for the person to see."""

from datetime import datetime, timedelta
from typing import Any

from allauth.account.internal.flows.login import get_authentication_records
from allauth.core.internal.httpkit import get_client_ip
from allauth.mfa.models import Authenticator
from django.http import HttpRequest
from django.utils import timezone

from agile_sales.security_log import note_sign_in
from tenancy.models import SignInRecord, User

KEPT = timedelta(days=180)
KEPT_OF_NOBODY = timedelta(days=30)


def note_success(request: HttpRequest, user: User) -> None:
    """Write down that somebody signed in, and forget what is long ago."""
    now = timezone.now()
    _note(request, user, SignInRecord.Outcome.SUCCEEDED, method_of(get_authentication_records(request, user)), now)
    SignInRecord.objects.filter(user=user, at__lt=now - KEPT).delete()
    SignInRecord.objects.filter(user=None, at__lt=now - KEPT_OF_NOBODY).delete()


def note_wrong_password(request: HttpRequest, user: User | None) -> None:
    """Write a wrong password down. For an address of nobody too: it takes as long, and says that somebody is trying."""
    _note(request, user, SignInRecord.Outcome.REFUSED, SignInRecord.Method.PASSWORD, timezone.now())


def note_wrong_code(request: HttpRequest, user: User) -> None:
    """Write down that the password was right and the code was not: it concerns its owner."""
    _note(request, user, SignInRecord.Outcome.CODE_REFUSED, SignInRecord.Method.CODE, timezone.now())


def recent_sign_ins(user: User, *, most: int = 10) -> list[SignInRecord]:
    """Return the person's newest records."""
    return list(SignInRecord.objects.filter(user=user).order_by("-at")[:most])


def method_of(records: list[dict[str, Any]]) -> str:
    """Return how somebody signed in, from what the session knows of it: the last step says most."""
    last = records[-1] if records else {}
    if last.get("method") == "mfa":
        if last.get("passwordless"):
            return SignInRecord.Method.PASSKEY
        known = {
            Authenticator.Type.TOTP: SignInRecord.Method.CODE,
            Authenticator.Type.WEBAUTHN: SignInRecord.Method.SECOND_PASSKEY,
            Authenticator.Type.RECOVERY_CODES: SignInRecord.Method.RECOVERY_CODE,
        }
        return known.get(last.get("type"), SignInRecord.Method.CODE)
    return SignInRecord.Method.LINK if last.get("method") == "link" else SignInRecord.Method.PASSWORD


def _note(request: HttpRequest, user: User | None, outcome: str, method: str, at: datetime) -> None:
    record = SignInRecord.objects.create(
        user=user,
        at=at,
        outcome=outcome,
        method=method,
        address=get_client_ip(request),
        user_agent=request.headers.get("User-Agent", "")[:300],
    )
    note_sign_in(record)
