"""The form of API tokens: `agsales_` + 40 random characters + a checksum of six.

The prefix lets secret scanners find a leaked token, the checksum tells a mistyped one apart without a look-up, and the
randomness (236 bits) is why a fast hash is enough to keep.
"""

import hashlib
import secrets
import string
import zlib

PREFIX = "agsales_"
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
