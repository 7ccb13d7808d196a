"""The form of API tokens: `agsales_` + 40 random characters + a checksum of six.

The prefix lets secret scanners find a leaked token, the checksum tells a mistyped one apart without a look-up, and the
randomness (236 bits) is why a fast hash is enough to keep.
"""

import hashlib
import secrets
import string
import zlib
from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from uuid_utils.compat import uuid7

from tenancy.access import API_SCOPES, unknown_scopes
from tenancy.events import record_event
from tenancy.http import TokenOwner
from tenancy.models import ApiToken, Member, Organization
from tenancy.scoping import organization_scope

PREFIX = "agsales_"
USE_IS_NOTED_EVERY = timedelta(minutes=1)
_ALPHABET = string.ascii_letters + string.digits
_RANDOM, _CHECK = 40, 6


def new_token() -> str:
    """Return a fresh token; it is shown once and never stored."""
    body = "".join(secrets.choice(_ALPHABET) for _ in range(_RANDOM))
    return f"{PREFIX}{body}{_checksum(body)}"


def is_well_formed(token: str) -> bool:
    """Return whether the text can be one of our tokens (prefix, length, checksum)."""
    body = token.removeprefix(PREFIX)
    if body == token or len(body) != _RANDOM + _CHECK or not body.isascii():
        return False
    return secrets.compare_digest(_checksum(body[:_RANDOM]), body[_RANDOM:])


def sha256_of(token: str) -> str:
    """Return the hash under which a token is kept."""
    return hashlib.sha256(token.encode()).hexdigest()


def bearer_token(header: str) -> str | None:
    """Return the well-formed token of an Authorization header, if it carries one."""
    scheme, _, token = header.partition(" ")
    token = token.strip()
    return token if scheme.lower() == "bearer" and is_well_formed(token) else None


def _checksum(body: str) -> str:
    number, digits = zlib.crc32(body.encode()), ""
    for _ in range(_CHECK):
        number, rest = divmod(number, len(_ALPHABET))
        digits += _ALPHABET[rest]
    return digits


class UnableToIssueToken(ValueError):
    """A token was asked for with a name or scopes that it cannot have; the message says which."""


@transaction.atomic
def issue_token(
    *,
    organization: Organization,
    name: str,
    scopes: Sequence[str],
    issued_at: datetime,
    expires_at: datetime | None = None,
    issued_by: Member | None = None,
    token_id: UUID | None = None,
) -> tuple[ApiToken, str]:
    """Make a token and return it with its text, which is shown once and never stored.

    :raises UnableToIssueToken: without a name, without scopes, or with an unknown one.
    :raises django.db.IntegrityError: when there is a token with the `token_id` already.
    """
    if not name.strip():
        raise UnableToIssueToken("Give the token a name that says who uses it.")
    if not scopes:
        raise UnableToIssueToken(f"Choose at least one scope: {', '.join(sorted(API_SCOPES))}.")
    if unknown := unknown_scopes(scopes):
        raise UnableToIssueToken(f"Unknown scopes: {', '.join(unknown)}. There are {', '.join(sorted(API_SCOPES))}.")
    text = new_token()
    token = ApiToken.objects.create(
        id=token_id or uuid7(),
        organization=organization,
        name=name.strip(),
        start=text[: len(PREFIX) + 4],
        sha256=sha256_of(text),
        scopes=sorted(set(scopes)),
        created_by=issued_by,
        created_at=issued_at,
        expires_at=expires_at,
    )
    record_event(
        organization=organization,
        type="api_token.issued",
        subject=token,
        payload={
            "name": token.name,
            "scopes": token.scopes,
            "expires_at": expires_at.isoformat() if expires_at else None,
        },
        actor=issued_by,
        occurred_at=issued_at,
    )
    return token, text


@transaction.atomic
def revoke_token(*, organization: Organization, token: ApiToken, actor: Member | None, revoked_at: datetime) -> None:
    """End a token; it is refused from the next request on. Ending an ended one changes nothing."""
    alive = ApiToken.objects.for_organization(organization).filter(pk=token.pk, revoked_at=None)
    if not alive.update(revoked_at=revoked_at):
        return
    record_event(
        organization=organization,
        type="api_token.revoked",
        subject=token,
        payload={"name": token.name},
        actor=actor,
        occurred_at=revoked_at,
    )


def note_use(owner: TokenOwner, *, used_at: datetime) -> None:
    """Keep when a token was last used, to the minute: most requests write nothing and ask nothing.

    It has a transaction of its own, so that a refused request counts as well. While another request notes the use of
    the same token, this one goes on.
    """
    due = used_at - USE_IS_NOTED_EVERY
    if owner.last_used_at is not None and owner.last_used_at > due:
        return
    with organization_scope(owner.organization_id, task=f"api token {owner.token_id}"):
        tokens = ApiToken.objects.for_organization(owner.organization_id)
        free = tokens.select_for_update(skip_locked=True, no_key=True).filter(pk=owner.token_id)
        unnoted = free.exclude(last_used_at__gt=due)
        tokens.filter(pk__in=unnoted.values("pk")).update(last_used_at=used_at)
