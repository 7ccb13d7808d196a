"""What every answer of the API has, also one that no view gave: how the limits stand. And how its body is read."""

from collections.abc import Callable

from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest
from django.http.request import UnreadablePostError
from django.http.response import HttpResponseBase

from integrations.api.errors import problem_response
from tenancy.token_limits import Metered

_WITH_BODY = frozenset({"POST", "PATCH", "PUT", "DELETE"})


class ApiMiddleware:
    """Stands in front of everything else, so that no answer under /api/ passes it by."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if not request.path_info.startswith("/api/"):
            return self.get_response(request)
        response = self.answer(request)
        for name, value in limit_headers(getattr(request, "metered", ())):
            response[name] = value
        return response

    def answer(self, request: HttpRequest) -> HttpResponseBase:
        """Read the body, and have the request answered.

        The body is read here, before a transaction is open: who sends a byte a second would hold it. A larger one than
        we take is refused by what its header says, unread.
        """
        if request.method in _WITH_BODY:
            try:
                request.body  # noqa: B018
            except (RequestDataTooBig, UnreadablePostError) as error:
                refused = problem_response(error, {"request": request})
                assert refused is not None
                return refused
        return self.get_response(request)


def limit_headers(metered: "list[Metered] | tuple[()]") -> list[tuple[str, str]]:
    """Return the headers of draft-ietf-httpapi-ratelimit-headers: the policies, and what is left of each."""
    if not metered:
        return []
    policies = (f'"{one.name}";q={one.limit.limit};w={one.limit.seconds}' for one in metered)
    left = (f'"{one.name}";r={one.verdict.remaining};t={one.verdict.resets_in}' for one in metered)
    return [("RateLimit-Policy", ", ".join(policies)), ("RateLimit", ", ".join(left))]
