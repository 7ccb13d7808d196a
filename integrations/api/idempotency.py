"""Idempotency-Key: a change that is sent again has its effect once, and is answered again byte for byte.

The key is written in the transaction of the effect. While a change runs, an advisory lock of its transaction holds the
key: who sends it meanwhile is told so at once and does not wait. PostgreSQL gives the lock back after others can see
what was committed, and the unique key would stop a second effect in any case.
"""

import re
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from hashlib import blake2b
from typing import Any, cast

from django.db import IntegrityError, connection
from django.db.models import QuerySet
from django.http import HttpResponse
from django.utils import timezone
from rest_framework.request import Request

from integrations.api.errors import Conflict, FieldProblem, InvalidBody, InvalidParameters
from integrations.api.statements import record_of
from integrations.models import IdempotencyKey
from tenancy.http import TokenOwner

KEPT_FOR = timedelta(hours=24)
LONGEST_KEY = 200
REPLAYED = "Idempotent-Replayed"
_KEPT_HEADERS = ("Content-Type", "Location", "ETag")


def once(request: Request, effect: Callable[[], HttpResponse]) -> HttpResponse:
    """Return the answer of `effect`, or the one that was given to the same request before.

    :raises Conflict: while the first request with this key still runs.
    :raises InvalidBody: when the key was used for something else.
    """
    key = _key_of(request)
    if not key:
        return effect()
    owner = cast("TokenOwner", request.auth)
    _hold(owner, key)
    now, fingerprint = timezone.now(), _fingerprint(request)
    before = _kept(owner, key)
    if before is not None and before.created_at > now - KEPT_FOR:
        return _replayed(before, fingerprint)
    if before is not None:
        before.delete()
    answer = effect()
    # Only what had an effect is kept: after a refusal the same key may carry a mended request.
    if 200 <= answer.status_code < 300:
        _keep(owner, key, fingerprint, answer, now)
    return answer


def _key_of(request: Request) -> str:
    """Return the key, in the quotes of RFC 8941 or without.

    :raises InvalidParameters: when it is empty, too long, or holds what a header should not.
    """
    given = request.META.get("HTTP_IDEMPOTENCY_KEY")
    if given is None:
        return ""
    key = given.strip()
    if len(key) > 1 and key[0] == key[-1] == '"':
        key = key[1:-1]
    if not re.fullmatch(rf"[\x21-\x7e]{{1,{LONGEST_KEY}}}", key):
        words = f"Idempotency-Key takes 1 to {LONGEST_KEY} visible ASCII characters without blanks, such as a UUID."
        raise InvalidParameters([FieldProblem("Idempotency-Key", words)])
    return str(key)


def _fingerprint(request: Request) -> bytes:
    parts = (request.method or "", request.get_full_path())
    digest = blake2b("\n".join(parts).encode(errors="surrogatepass") + b"\n", digest_size=32)
    digest.update(request._request.body)
    return digest.digest()


def _hold(owner: TokenOwner, key: str) -> None:
    name = f"{owner.organization_id} {owner.token_id} {key}"
    number = int.from_bytes(blake2b(name.encode(), digest_size=8).digest(), "big", signed=True)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [number])
        if not cursor.fetchone()[0]:
            raise Conflict(
                "A request with this Idempotency-Key is still running. Ask again in a moment for its answer.",
                code="idempotency_key_in_use",
            )


def _kept(owner: TokenOwner, key: str) -> IdempotencyKey | None:
    def build(values: Mapping[str, Any]) -> QuerySet[Any, Any]:
        kept: QuerySet[Any, Any] = IdempotencyKey.objects.for_organization(owner.organization_id)
        return kept.filter(token_id=values["token"], key=values["key"]).order_by()

    values = {"token": owner.token_id, "key": key, "organization": owner.organization_id}
    found: IdempotencyKey | None = record_of("idempotency key", build, values)
    return found


def _replayed(before: IdempotencyKey, fingerprint: bytes) -> HttpResponse:
    if bytes(before.fingerprint) != fingerprint:
        words = "This Idempotency-Key was used for another request. Use a new one for each change."
        raise InvalidBody([FieldProblem("Idempotency-Key", words)], code="idempotency_key_reused")
    headers: dict[str, Any] = {**before.headers, REPLAYED: "true", "Cache-Control": "no-store"}
    answer = HttpResponse(bytes(before.body), status=before.status, headers=headers)
    if "Content-Type" not in headers:
        del answer["Content-Type"]
    return answer


def _keep(owner: TokenOwner, key: str, fingerprint: bytes, answer: HttpResponse, now: datetime) -> None:
    try:
        IdempotencyKey.objects.create(
            organization_id=owner.organization_id,
            token_id=owner.token_id,
            key=key,
            fingerprint=fingerprint,
            status=answer.status_code,
            headers={name: answer[name] for name in _KEPT_HEADERS if name in answer},
            body=answer.content,
            created_at=now,
        )
    except IntegrityError as error:
        raise Conflict("A request with this Idempotency-Key came first.", code="idempotency_key_in_use") from error


def forget_old_keys(*, now: datetime) -> int:
    """Remove the keys of all organisations that are a day old, and return how many; runs as agile_system."""
    with connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM integrations_idempotencykey k USING tenancy_organization o"
            " WHERE k.organization_id = o.id AND k.created_at <= %s",
            [now - KEPT_FOR],
        )
        return int(cursor.rowcount)
