"""How sure we are of who is there: a second factor, and how long ago the person proved who they are."""

import time
from collections.abc import Callable
from functools import wraps
from typing import Any
from urllib.parse import urlencode, urlsplit

from allauth.account import app_settings
from allauth.account.adapter import get_adapter
from allauth.account.internal.flows.login import get_authentication_records
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext

from tenancy.access import AccessPolicy
from tenancy.models import User

SUSPENDED = "suspended_form"
WANTED = "wanted_page"
_MOST_FIELDS = 200


def has_second_factor(user: User) -> bool:
    """Return whether the person signs in with more than a password: by an app's codes, or with a passkey."""
    from allauth.mfa.models import Authenticator

    kinds = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)
    return Authenticator.objects.filter(user_id=user.pk, type__in=kinds).exists()


def is_recently_authenticated(request: HttpRequest) -> bool:
    """Return whether this session proved who it is, by signing in or anew, within ACCOUNT_REAUTHENTICATION_TIMEOUT."""
    if not request.user.is_authenticated:
        return False
    records = get_authentication_records(request, request.user)
    latest = max((float(record["at"]) for record in records), default=0.0)
    return time.time() - latest < app_settings.REAUTHENTICATION_TIMEOUT


def recently_authenticated(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """Guard what changes security: somebody who finds an open screen must prove who they are.

    It stands below `@member_can(…)` or `@signed_in`. A form that was sent too late isn't lost: it waits in the session,
    and is sent on with one click when the person has confirmed. (It can't be run from here: it belongs into the
    request of its organisation.)
    """

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if is_recently_authenticated(request):
            return view(request, *args, **kwargs)
        ways = get_adapter().get_reauthentication_methods(request.user)
        if not ways:
            raise PermissionDenied(gettext("Choose a password first: this asks you to prove who you are."))
        target = f"{ways[0]['url']}?{urlencode({'next': _way_back(request)})}"
        if request.headers.get("HX-Request") and not request.headers.get("HX-Boosted"):
            # A fragment has no place for a page: the browser goes there as a whole.
            return HttpResponse(status=204, headers={"HX-Redirect": target})
        return HttpResponseRedirect(target)

    policy = getattr(view, "access_policy", None)
    if isinstance(policy, AccessPolicy):
        guarded.access_policy = policy  # type: ignore[attr-defined]
    return guarded


def keep_in_mind(request: HttpRequest) -> None:
    """Keep which page somebody wanted who is sent to set up a second factor first; of a form, the page that has it."""
    is_fragment = request.headers.get("HX-Request") and not request.headers.get("HX-Boosted")
    is_page = request.method in ("GET", "HEAD") and not is_fragment
    request.session[WANTED] = request.get_full_path() if is_page else _page_of(request)


def page_in_mind(request: HttpRequest) -> str | None:
    """Return, once, the page that was kept."""
    return safe_page(request, request.session.pop(WANTED, None))


def safe_page(request: HttpRequest, address: str | None) -> str | None:
    """Return the address if it is one of ours."""
    is_ours = url_has_allowed_host_and_scheme(address, allowed_hosts=None, require_https=request.is_secure())
    return address if address and is_ours else None


def _way_back(request: HttpRequest) -> str:
    """Return where the person goes on after confirming, and keep what a form sent."""
    if request.method in ("GET", "HEAD"):
        if request.headers.get("HX-Request") and not request.headers.get("HX-Boosted"):
            return _page_of(request)
        return request.get_full_path()
    fields = [(name, value) for name, values in request.POST.lists() for value in values]
    fields = [pair for pair in fields if pair[0] != "csrfmiddlewaretoken"]
    if request.FILES or len(fields) > _MOST_FIELDS or any("password" in name for name, _ in fields):
        return _page_of(request)
    request.session[SUSPENDED] = {"path": request.get_full_path(), "fields": fields}
    return reverse("account_go_on")


def _page_of(request: HttpRequest) -> str:
    """Return the page that a form or a fragment belongs to, as far as the browser says so."""
    said = urlsplit(request.headers.get("HX-Current-URL") or request.headers.get("Referer", ""))
    same = said.netloc == request.get_host()
    return f"{said.path}?{said.query}" if same and said.query else said.path if same else "/"
