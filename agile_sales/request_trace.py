"""Around every request: its id, one log line, and the figures of `/metrics`."""

import logging
import time
from collections.abc import Callable

from django.http import HttpRequest
from django.http.response import HttpResponseBase

from agile_sales.metrics import REQUEST_SECONDS, REQUESTS
from agile_sales.security_log import note_refusal
from tenancy.trace import trace_from, trace_scope

logger = logging.getLogger("agile_sales.requests")
HEADER = "X-Request-Id"
QUIET = frozenset({"health-live", "health-ready", "metrics"})


class RequestTrace:
    """Gives the request an id (the caller's own, when it is sane), says it in the answer, and logs how it went.

    The line names the route and never the address: an address may carry what somebody searched for or a signed link.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        started = time.perf_counter()
        trace = trace_from(request.headers.get(HEADER, ""))
        with trace_scope(trace):
            response = self.get_response(request)
            response.headers[HEADER] = trace
            self.note(request, response, seconds=time.perf_counter() - started)
        return response

    def note(self, request: HttpRequest, response: HttpResponseBase, *, seconds: float) -> None:
        """Count the request and write its line."""
        route = getattr(request.resolver_match, "view_name", "") or "none"
        # A method is whatever the caller wrote: unknown ones would fill the memory of whoever keeps the figures.
        method = request.method if request.method in ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE") else "other"
        REQUESTS.labels(method, route, str(response.status_code)).inc()
        REQUEST_SECONDS.labels(route).observe(seconds)
        if route in QUIET:
            return
        note_refusal(request, response, method=method, route=route)
        owner = getattr(request, "token_owner", None) or getattr(request, "member", None)
        logger.info(
            "%s %s %s",
            method,
            route,
            response.status_code,
            extra={
                "method": method,
                "route": route,
                "status": response.status_code,
                "milliseconds": round(seconds * 1000, 1),
                "organization_id": str(owner.organization_id) if owner else "",
            },
        )
