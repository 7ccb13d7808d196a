"""The headers of the API, as the OpenAPI document describes them."""

from typing import Literal

from drf_spectacular.utils import OpenApiExample, OpenApiParameter

HEADER: Literal["header"] = "header"


def _answer(name: str, kind: type, words: str, statuses: list[int] | bool) -> OpenApiParameter:
    return OpenApiParameter(name, kind, HEADER, description=words, response=statuses)


HEADERS_OF_ANSWERS = (
    _answer("WWW-Authenticate", str, "Bearer, and whether the token was refused (RFC 6750).", [401]),
    _answer("Allow", str, "The methods of the address.", [405]),
    _answer("Retry-After", int, "Seconds to wait.", [429, 503]),
    _answer("ETag", str, "The version of the record and of this answer; send it in If-Match.", [200, 201, 304]),
    _answer("Location", str, "The address of the new record.", [201]),
    _answer("X-Request-Id", str, "Yours, if you sent one, else ours. Quote it when you ask us.", True),
    _answer(
        "RateLimit-Policy",
        str,
        "How many calls in how many seconds: of the token, of its organisation.",
        True,
    ),
    _answer("RateLimit", str, "How many calls are left of each, and in how many seconds one more is free.", True),
)


def _sent(name: str, words: str, example: str, *, required: bool = False) -> OpenApiParameter:
    return OpenApiParameter(
        name, str, HEADER, required=required, description=words, examples=[OpenApiExample("Example", value=example)]
    )


IF_MATCH = _sent(
    "If-Match",
    "The ETag of the answer that the change is based on, or the record's version in quotes. `*` changes it whatever "
    "its version.",
    '"4"',
    required=True,
)
IF_NONE_MATCH = _sent(
    "If-None-Match", "The ETag of the answer that you have: 304 comes back while it still holds.", '"4-8b1a9953c461"'
)
IDEMPOTENCY_KEY = _sent(
    "Idempotency-Key",
    "A key of your own for this one change, such as a UUID. The same request with the same key has its effect once and "
    "gets the same answer for 24 hours.",
    "8e03978e-40d5-43dd-bc93-6894a57f9324",
)
