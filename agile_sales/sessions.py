"""Who is signed in where: each session with its browser, its address and when it was last seen; and for how long."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from allauth.core.internal.httpkit import get_client_ip
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.auth import logout
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from redis.exceptions import RedisError

from agile_sales.browsers import browser_name
from agile_sales.session_store import SessionStore

SEEN = "seen_at"
BEGAN = "signed_in_at"
SECONDS_BETWEEN_NOTES = 300


@dataclass(frozen=True)
class SessionLine:
    """A session as its owner sees it."""

    row: Any
    browser: str
    is_this_one: bool


def note_activity(get_response: Callable[[HttpRequest], HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """Write down, every few minutes, that a session is used, from where and by which browser; end it when it is old."""

    def answer(request: HttpRequest) -> HttpResponseBase:
        if settings.SESSION_COOKIE_NAME in request.COOKIES and request.user.is_authenticated:
            now = int(time.time())
            if now - request.session.setdefault(BEGAN, now) >= settings.SESSION_LIFETIME:
                _end(request)
            elif now - request.session.get(SEEN, 0) >= SECONDS_BETWEEN_NOTES and get_client_ip(request):
                UserSession.objects.create_from_request(request)
                request.session[SEEN] = now
        return get_response(request)

    return answer


def begin(request: HttpRequest) -> None:
    """Let the time of a sign-in count from now: somebody has just proved who they are."""
    request.session[BEGAN] = int(time.time())


def _end(request: HttpRequest) -> None:
    """Let the rest of the request, and all that follow, be a stranger's."""
    try:
        logout(request)
    except (RedisError, OSError):
        # The session can't be ended for good while the cache is away; nobody gets in with it until it is back either.
        request.session = SessionStore()
        request.user = AnonymousUser()


def sessions_of(request: HttpRequest) -> list[SessionLine]:
    """Return the open sessions of whoever asks: this one first, then the one that was seen last."""
    UserSession.objects.create_from_request(request)
    rows = UserSession.objects.purge_and_list(request.user)
    current = request.session.session_key
    lines = [SessionLine(row, browser_name(row.user_agent), row.session_key == current) for row in rows]
    return sorted(lines, key=lambda line: (not line.is_this_one, -line.row.last_seen_at.timestamp()))
