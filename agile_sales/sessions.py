"""Who is signed in where: each session with its browser, its address and when it was last seen."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from allauth.core.internal.httpkit import get_client_ip
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from agile_sales.browsers import browser_name

SEEN = "seen_at"
SECONDS_BETWEEN_NOTES = 300


@dataclass(frozen=True)
class SessionLine:
    """A session as its owner sees it."""

    row: Any
    browser: str
    is_this_one: bool


def note_activity(get_response: Callable[[HttpRequest], HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """Write down, every few minutes, that a session is used, from where and by which browser."""

    def answer(request: HttpRequest) -> HttpResponseBase:
        if settings.SESSION_COOKIE_NAME in request.COOKIES and request.user.is_authenticated:
            now = int(time.time())
            if now - request.session.get(SEEN, 0) >= SECONDS_BETWEEN_NOTES and get_client_ip(request):
                UserSession.objects.create_from_request(request)
                request.session[SEEN] = now
        return get_response(request)

    return answer


def sessions_of(request: HttpRequest) -> list[SessionLine]:
    """Return the open sessions of whoever asks: this one first, then the one that was seen last."""
    UserSession.objects.create_from_request(request)
    rows = UserSession.objects.purge_and_list(request.user)
    current = request.session.session_key
    lines = [SessionLine(row, browser_name(row.user_agent), row.session_key == current) for row in rows]
    return sorted(lines, key=lambda line: (not line.is_this_one, -line.row.last_seen_at.timestamp()))
