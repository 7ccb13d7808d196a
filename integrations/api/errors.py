"""Everything that goes wrong in the API, as `application/problem+json` (RFC 9457)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

import orjson
import redis.exceptions
from django.core.exceptions import PermissionDenied, RequestDataTooBig, SuspiciousOperation
from django.db import DataError, IntegrityError, InterfaceError, OperationalError, ProgrammingError
from django.http import Http404, HttpResponse
from django.http.request import UnreadablePostError
from rest_framework.exceptions import APIException, ValidationError

from tenancy.http import undo_changes

MEDIA_TYPE = "application/problem+json"
UNAVAILABLE = (OperationalError, InterfaceError, redis.exceptions.ConnectionError, redis.exceptions.TimeoutError)
RETRY_AFTER_SECONDS = 20
# PostgreSQL's code for a row that a policy refuses: to the caller the record is not there.
INSUFFICIENT_PRIVILEGE = "42501"


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
        "title": known.phrase,
        "status": status,
        "code": code or known.name.lower(),
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
    for kinds, status, code, detail in _KNOWN:
        if isinstance(error, kinds):
            headers = {"Retry-After": str(RETRY_AFTER_SECONDS)} if status == 503 else None
            return problem(status, code=code, detail=detail or _words(error), headers=headers)
    if isinstance(error, ProgrammingError) and _sql_state(error) == INSUFFICIENT_PRIVILEGE:
        return problem(404, detail=NOT_HERE)
    return None


NOT_HERE = "There is no such record in your organisation."
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
    if isinstance(error, InvalidParameters):
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
