"""The pages for when something is refused, missing or broken."""

import logging
import secrets
import sys

from django.conf import settings
from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template import loader
from django.views.decorators.csrf import requires_csrf_token

from integrations.api.errors import RETRY_AFTER_SECONDS, UNAVAILABLE, problem
from tenancy.access import public

logger = logging.getLogger(__name__)


def _page(request: HttpRequest, template: str, status: int, **context: object) -> HttpResponse:
    """Answer inside the person's shell where there is one, else on a page of its own."""
    layout = "base.html" if getattr(request, "organization", None) is not None else "bare.html"
    return render(request, template, {"layout": layout, **context}, status=status)


def _route(request: HttpRequest) -> str:
    """Return the name of the address, and not the address: that may be somebody's signed link."""
    return getattr(request.resolver_match, "view_name", "") or "none"


def _wants_json(request: HttpRequest) -> bool:
    return request.path_info.startswith("/api/")


@requires_csrf_token
def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    """403: says who can."""
    if _wants_json(request):
        return problem(403)
    return _page(request, "errors/403.html", 403, who=str(exception))


@requires_csrf_token
def page_not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """404: never tells whether it exists elsewhere."""
    if _wants_json(request):
        return problem(404)
    return _page(request, "errors/404.html", 404)


@requires_csrf_token
def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """400: the request itself was malformed."""
    if _wants_json(request):
        return problem(400)
    # Only what we refuse in words of our own; others' speak of headers and parsers.
    return _alone("errors/400.html", 400, why=str(exception) if isinstance(exception, BadRequest) else "")


def too_many_requests(request: HttpRequest) -> HttpResponse:
    """429: somebody tries passwords, or presses a button in a hurry."""
    return _page(request, "errors/429.html", 429)


def unavailable(request: HttpRequest) -> HttpResponse:
    """503 from a view that knows what it can't do without; a person can only wait."""
    reference = secrets.token_hex(3).upper()
    logger.error("Reference %s: %s %s can't be answered now", reference, request.method, _route(request))
    response = _alone("errors/503.html", 503, reference=reference)
    response["Retry-After"] = str(RETRY_AFTER_SECONDS)
    return response


def server_error(request: HttpRequest) -> HttpResponse:
    """500, or 503 when a server behind us does not answer: needs no database, and gives an id to quote."""
    error = sys.exc_info()[1]
    reference = secrets.token_hex(3).upper()
    unavailable = isinstance(error, UNAVAILABLE)
    name = type(error).__name__
    logger.error("Reference %s: %s %s failed: %s", reference, request.method, _route(request), name)
    status = 503 if unavailable else 500
    if _wants_json(request):
        response = problem(status, reference=reference)
    else:
        response = _alone(f"errors/{status}.html", status, reference=reference)
    if unavailable:
        response["Retry-After"] = str(RETRY_AFTER_SECONDS)
    return response


def _alone(template: str, status: int, **context: object) -> HttpResponse:
    """Draw a page without a request, so that no context processor asks the database for anything."""
    text = loader.render_to_string(template, {"layout": "bare.html", "product_name": settings.PRODUCT_NAME, **context})
    return HttpResponse(text, status=status)


@public(reason="Django shows it when a form's token does not match")
@requires_csrf_token
def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """403 for a form whose token does not match: the page was open for too long, or cookies are off."""
    logger.warning("Form token refused at %s: %s", _route(request), reason)
    return _page(request, "errors/csrf.html", 403)
