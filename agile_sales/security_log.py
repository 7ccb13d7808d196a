"""The log's lines about who proved who they are, and about who was refused. Ids only: names stand in the database."""

import logging
from typing import Any

from allauth.account.signals import authentication_step_completed
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from tenancy.models import SignInRecord, User

logger = logging.getLogger("agile_sales.security")


def listen() -> None:
    """Have every proof that django-allauth accepts written down, whichever page took it."""
    authentication_step_completed.connect(_note_step, dispatch_uid="agile_sales.security_log")


def note_sign_in(record: SignInRecord) -> None:
    """Write down how a sign-in ended; the record of that id says to whom it belongs and where it came from."""
    good = record.outcome == SignInRecord.Outcome.SUCCEEDED
    _write("sign_in", record.outcome, record.method, good=good, user_id=record.user_id, record_id=record.pk)


def note_refused_proof(*, means: str, user: User | None, outcome: str = "refused") -> None:
    """Write down that a password, a code or a passkey was not accepted, or not even looked at."""
    _write("proof", outcome, means, good=False, user_id=user.pk if user else None)


def note_sign_out(user: Any) -> None:
    """Write down that somebody signed out."""
    _write("sign_out", "succeeded", "session", good=True, user_id=user.pk)


def note_refusal(request: HttpRequest, response: HttpResponseBase, *, method: str, route: str) -> None:
    """Write down that somebody was refused. What one may not see is answered with 404, so those of people who are
    signed in and of programs with a token count as well.
    """
    member, owner = getattr(request, "member", None), getattr(request, "token_owner", None)
    user_id = request.user.pk if hasattr(request, "memberships") else None
    status = response.status_code
    if status not in (401, 403) and not (status == 404 and (owner or user_id)):
        return
    known = {
        "organization_id": getattr(owner or member, "organization_id", None),
        "user_id": user_id,  # of whoever is there, also where they look on as somebody else
        "token_id": getattr(owner, "token_id", None),
    }
    ids = {name: str(value) for name, value in known.items() if value}
    logger.warning(
        "Access denied: %s %s %s",
        *(method, route, status),
        extra={"event": "access_denied", "method": method, "route": route, "status": status, **ids},
    )


def _note_step(*, user: User, method: str, **told: Any) -> None:
    again = " again" if told.get("reauthenticated") else ""
    _write("proof", f"accepted{again}", told.get("type") or method, good=True, user_id=user.pk)


def _write(event: str, outcome: str, means: str, *, good: bool, **ids: Any) -> None:
    extra = {"event": event, "outcome": outcome, "means": means}
    extra |= {name: str(value) for name, value in ids.items() if value}
    words = event.replace("_", "-").capitalize()
    logger.log(logging.INFO if good else logging.WARNING, "%s %s: %s", words, outcome, means, extra=extra)
