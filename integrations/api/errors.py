"""Everything that goes wrong in the API, as `application/problem+json` (RFC 9457)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

import orjson
import redis.exceptions
from django.core.exceptions import PermissionDenied, RequestDataTooBig, SuspiciousOperation
from django.db import DataError, IntegrityError, InterfaceError, OperationalError
from django.http import Http404, HttpResponse
from django.http.request import UnreadablePostError
from rest_framework.exceptions import APIException, ValidationError

from tenancy.http import undo_changes

MEDIA_TYPE = "application/problem+json"
UNAVAILABLE = (OperationalError, InterfaceError, redis.exceptions.ConnectionError, redis.exceptions.TimeoutError)
RETRY_AFTER_SECONDS = 20


# As RFC 9110 has them; Python's names are older.
_TITLES = {413: "Content Too Large", 422: "Unprocessable Content"}


@dataclass(frozen=True)
class FieldProblem:
    """What is wrong with one parameter or field."""

    name: str
    detail: str


class InvalidParameters(APIException):
    """The query string asks for what the address does not offer; all its faults are named at once."""

    status_code = 400
    default_code = "invalid_parameters"

    def __init__(self, problems: Iterable[FieldProblem]) -> None:
        self.problems = tuple(problems)
        super().__init__(" ".join(problem.detail for problem in self.problems))


class InvalidBody(APIException):
    """The body is JSON, but does not say what the address takes; all its faults are named at once, by their path."""

    status_code = 422
    default_code = "invalid_body"

    def __init__(self, problems: Iterable[FieldProblem], *, code: str = "") -> None:
        self.problems = tuple(problems)
        super().__init__(" ".join(problem.detail for problem in self.problems))
        self.default_code = code or self.default_code


class UnreadableBody(APIException):
    """The body is no JSON."""

    status_code = 400
    default_code = "unreadable_body"
    default_detail = "The body is no JSON (RFC 8259) in UTF-8."


class PreconditionRequired(APIException):
    """A change that does not say which version it is based on could undo somebody else's."""

    status_code = 428
    default_code = "precondition_required"
    default_detail = (
        "Say which version you have seen: send the ETag of your last answer in the header If-Match, or the record's "
        'version in quotes, such as If-Match: "4".'
    )


class PreconditionFailed(APIException):
    """Somebody else changed the record since the caller read it."""

    status_code = 412
    default_code = "precondition_failed"

    def __init__(self, version: int | None = None) -> None:
        now = f" It has version {version} by now." if version is not None else ""
        super().__init__(f"The record was changed since you read it.{now} Get it again and repeat your change on that.")


class Conflict(APIException):
    """The change can't stand beside what is there."""

    status_code = 409
    default_code = "conflict"

    def __init__(self, detail: str, *, code: str = "") -> None:
        super().__init__(detail)
        self.default_code = code or self.default_code


class LimitReached(APIException):
    """The token, or its organisation, asked more often than it may."""

    status_code = 429
    default_code = "rate_limit_reached"

    def __init__(self, *, seconds: int) -> None:
        super().__init__(
            f"Too many calls. The next one is free in {seconds} second{'s' if seconds > 1 else ''}; RateLimit-Policy "
            "says how many there are."
        )
        self.wait = seconds


def problem(
    status: int,
    *,
    code: str = "",
    detail: str = "",
    problems: Iterable[FieldProblem] = (),
    reference: str = "",
    headers: Mapping[str, str] | None = None,
) -> HttpResponse:
    """Return a problem. `code` is for programs, `detail` for people, `problems` names the faulty parameters."""
    known = HTTPStatus(status)
    body: dict[str, Any] = {
        "type": "about:blank",
        "title": _TITLES.get(status, known.phrase),
        "status": status,
        "code": code or _TITLES.get(status, known.name).lower().replace(" ", "_"),
    }
    if detail:
        body["detail"] = detail
    if errors := [{"name": one.name, "detail": one.detail} for one in problems]:
        body["errors"] = errors
    if reference:
        body["reference"] = reference
    response = HttpResponse(orjson.dumps(body), status=status, content_type=MEDIA_TYPE, headers=headers)
    response.headers.setdefault("Cache-Control", "no-store")
    return response


def problem_response(error: Exception, context: Mapping[str, Any]) -> HttpResponse | None:
    """Answer an exception of a view and undo what the request changed.

    Returns None for what nobody foresaw: Django logs it, and `agile_sales.error_views` answers with a reference.
    """
    undo_changes(context["request"])
    if isinstance(error, APIException):
        return _api_problem(error)
    if told := _DATABASE.get(_sql_state(error)):
        status, code, detail, wait = told
        return problem(status, code=code, detail=detail, headers={"Retry-After": str(wait)} if wait else None)
    for kinds, status, code, detail in _KNOWN:
        if isinstance(error, kinds):
            headers = {"Retry-After": str(RETRY_AFTER_SECONDS)} if status == 503 else None
            return problem(status, code=code, detail=detail or _words(error), headers=headers)
    return None


NOT_HERE = "There is no such record in your organisation."
_BUSY = (503, "record_busy", "Somebody else is changing the same record. Nothing was changed; try again.", 1)
_DATABASE: Mapping[str, tuple[int, str, str, int]] = {
    # A row that a policy refuses is not there for the caller.
    "42501": (404, "", NOT_HERE, 0),
    "57014": (
        503,
        "took_too_long",
        "This took longer than a request may and was stopped. Nothing was changed; ask for less at once, or narrow "
        "the list by a filter.",
        RETRY_AFTER_SECONDS,
    ),
    "55P03": _BUSY,
    "40P01": _BUSY,
    "23505": (409, "already_exists", "There is a record with this source and external_id, or this name, already.", 0),
    "23503": (409, "", "The change refers to a record that is not there, or that others refer to.", 0),
}
"""What PostgreSQL's codes mean to a caller: status, code, words, seconds to wait."""
_KNOWN: tuple[tuple[type[Exception] | tuple[type[Exception], ...], int, str, str], ...] = (
    (Http404, 404, "", ""),
    (PermissionDenied, 403, "", ""),
    (RequestDataTooBig, 413, "", "The body is larger than this address takes; send less at once."),
    (UnreadablePostError, 400, "unreadable_body", "The connection ended before the whole body had come."),
    (SuspiciousOperation, 400, "", "The request is malformed."),
    (IntegrityError, 409, "", "The change contradicts a record that is there already, or that it refers to."),
    (DataError, 400, "value_out_of_range", "A value is larger or longer than can be kept."),
    (UNAVAILABLE, 503, "", "A server behind this one does not answer. Try again in a moment."),
)


def _api_problem(error: APIException) -> HttpResponse:
    headers = {}
    if challenge := getattr(error, "auth_header", None):
        headers["WWW-Authenticate"] = challenge
    if wait := getattr(error, "wait", None):
        headers["Retry-After"] = str(int(wait) or 1)
    if isinstance(error, InvalidParameters | InvalidBody):
        problems: Iterable[FieldProblem] = error.problems
        detail = str(error.detail)
    elif isinstance(error, ValidationError):
        problems, detail = list(_flattened(error.detail)), "Some values can't be taken as they are."
    else:
        problems, detail = (), str(error.detail)
    return problem(
        error.status_code, code=str(error.default_code), detail=detail, problems=problems, headers=headers or None
    )


def _flattened(detail: Any, name: str = "") -> Iterable[FieldProblem]:
    """Yield each fault of a nested description with the path to its field, say `lines.2.quantity`."""
    if isinstance(detail, Mapping):
        for key, inner in detail.items():
            yield from _flattened(inner, f"{name}.{key}" if name else str(key))
    elif isinstance(detail, list | tuple) and any(isinstance(inner, Mapping | list) for inner in detail):
        for position, inner in enumerate(detail):
            if inner:
                yield from _flattened(inner, f"{name}.{position}" if name else str(position))
    elif isinstance(detail, list | tuple):
        for inner in detail:
            yield FieldProblem(name, str(inner))
    else:
        yield FieldProblem(name, str(detail))


def _words(error: Exception) -> str:
    """Return what the view said, but nothing of Django's own words about addresses and patterns."""
    words = error.args[0] if error.args else ""
    return words if isinstance(words, str) else ""


def _sql_state(error: Exception) -> str:
    return str(getattr(error.__cause__, "pgcode", "") or "")
