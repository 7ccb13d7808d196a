"""What can come back beside the good answer: each status with its meaning and an example, and which calls have it."""

from collections.abc import Mapping
from typing import Any

from integrations.api.parameters import LARGEST_LIMIT

_FAULTY = [{"name": "limit", "detail": f"limit takes a whole number from 1 to {LARGEST_LIMIT}."}]
_WRONG = [{"name": "owner_id", "detail": "There is no member with this owner_id in your organisation."}]
PROBLEMS: Mapping[int, tuple[str, dict[str, Any]]] = {
    400: (
        "A parameter or header is unknown, given twice, or not readable, or the body is no JSON. All the faults are "
        "named at once.",
        {"title": "Bad Request", "code": "invalid_parameters", "detail": _FAULTY[0]["detail"], "errors": _FAULTY},
    ),
    401: (
        "There is no token, or it is malformed, unknown, expired or revoked.",
        {
            "title": "Unauthorized",
            "code": "authentication_failed",
            "detail": "The token is not known, has expired, or was revoked.",
        },
    ),
    403: (
        "The token lacks the scope that this needs.",
        {
            "title": "Forbidden",
            "code": "missing_scope",
            "detail": "This needs a token with the scope accounts:read. An administrator of your organisation can "
            "make one.",
        },
    ),
    404: (
        "The organisation of the token has no such record, or it was deleted.",
        {"title": "Not Found", "code": "not_found", "detail": "There is no such record in your organisation."},
    ),
    405: (
        "The address does not take this method; Allow names those that it takes.",
        {"title": "Method Not Allowed", "code": "method_not_allowed", "detail": 'Method "DELETE" not allowed.'},
    ),
    406: (
        "The Accept header asks for something other than JSON.",
        {
            "title": "Not Acceptable",
            "code": "not_acceptable",
            "detail": "Could not satisfy the request Accept header.",
        },
    ),
    409: (
        "The change can't stand beside what is there: another record has the same source and external_id, or a request "
        "with the same Idempotency-Key is still running.",
        {
            "title": "Conflict",
            "code": "already_exists",
            "detail": "There is a record with this source and external_id, or this name, already.",
        },
    ),
    412: (
        "The record was changed since you read it, or was never as If-Match says. Get it again.",
        {
            "title": "Precondition Failed",
            "code": "precondition_failed",
            "detail": "The record was changed since you read it. It has version 5 by now. Get it again and repeat your "
            "change on that.",
        },
    ),
    413: (
        "The body is larger than an address takes.",
        {
            "title": "Content Too Large",
            "code": "content_too_large",
            "detail": "The body is larger than this address takes; send less at once.",
        },
    ),
    415: (
        "The body is not sent as JSON.",
        {
            "title": "Unsupported Media Type",
            "code": "unsupported_media_type",
            "detail": 'Unsupported media type "text/csv" in request.',
        },
    ),
    422: (
        "The body is JSON, but says what can't be taken: a field is unknown, missing or not readable, an id means no "
        "record of yours, or a rule refuses the change. All the faults are named at once. Also for an Idempotency-Key "
        "that was used for something else.",
        {
            "title": "Unprocessable Content",
            "code": "invalid_body",
            "detail": _WRONG[0]["detail"],
            "errors": _WRONG,
        },
    ),
    428: (
        "The change does not say which version it is based on.",
        {
            "title": "Precondition Required",
            "code": "precondition_required",
            "detail": "Say which version you have seen: send the ETag of your last answer in the header If-Match, or "
            "the record's version in quotes.",
        },
    ),
    429: (
        "The token, or its organisation, called more often than it may. Retry-After says how long to wait.",
        {
            "title": "Too Many Requests",
            "code": "rate_limit_reached",
            "detail": "Too many calls. The next one is free in 7 seconds; RateLimit-Policy says how many there are.",
        },
    ),
    500: (
        "Something broke on our side. Nothing was changed; quote the reference when you ask us about it.",
        {"title": "Internal Server Error", "code": "internal_server_error", "reference": "4F9C02"},
    ),
    503: (
        "A server behind this one does not answer. Try again after the seconds in Retry-After.",
        {
            "title": "Service Unavailable",
            "code": "service_unavailable",
            "detail": "A server behind this one does not answer. Try again in a moment.",
        },
    ),
}
"""Every answer but the good one: what it means, and an example."""

_ALWAYS = (400, 401, 403, 405, 406, 429, 500, 503)
_OF_CHANGES = (409, 413, 422)
_OF_BODIES = (415,)
_OF_ONE = (404,)
_OF_VERSIONS = (412, 428)


def problems_of(method: str, *, is_one: bool) -> list[int]:
    """Return the statuses that a call can be refused with; `is_one`: the address has the id of a record."""
    found = set(_ALWAYS)
    if is_one:
        found.update(_OF_ONE)
    if method in ("POST", "PATCH", "DELETE"):
        found.update(_OF_CHANGES)
    if method in ("POST", "PATCH"):
        found.update(_OF_BODIES)
    if method in ("PATCH", "DELETE"):
        found.update(_OF_VERSIONS)
    return sorted(found)
