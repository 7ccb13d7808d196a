"""ETag, If-Match and If-None-Match (RFC 9110): whose change is based on what, and who has the newest answer already.

An ETag is `"<version>-<hash of the answer>"`. A change asks for the version only: the hash also covers what an answer
shows of other records, such as an owner's name, which is no reason to refuse a change of this one. So a caller that
knows a record from a list may send its version in quotes.
"""

import re
from dataclasses import dataclass
from hashlib import blake2b

from rest_framework.request import Request

from integrations.api.errors import FieldProblem, InvalidParameters, PreconditionFailed, PreconditionRequired

_TAGS = re.compile(r'(?:W/)?"[\x21\x23-\x7e\x80-\xff]*"(?:\s*,\s*(?:W/)?"[\x21\x23-\x7e\x80-\xff]*")*')
_TAG = re.compile(r'(W/)?"([^"]*)"')


def etag(version: int | None, body: bytes) -> str:
    """Return the ETag of an answer; a record without versions is known by its hash alone."""
    return f'"{version or 0}-{blake2b(body, digest_size=6).hexdigest()}"'


@dataclass(frozen=True)
class Seen:
    """The versions that a caller may have seen of what it wants to change."""

    tags: tuple[str, ...]
    any: bool = False

    def check(self, *, version: int | None = None, tag: str = "") -> None:
        """Make sure that the record still is as the caller saw it: by its version, else by its whole ETag.

        :raises PreconditionFailed: when somebody was faster.
        """
        if self.any:
            return
        if version is not None:
            is_seen = any(one.partition("-")[0] == str(version) for one in self.tags)
        else:
            is_seen = tag.strip('"') in self.tags
        if not is_seen:
            raise PreconditionFailed(version)


def seen_by(request: Request) -> Seen:
    """Return what If-Match says.

    :raises PreconditionRequired: when it says nothing.
    :raises InvalidParameters: when it can't be read.
    """
    header = request.META.get("HTTP_IF_MATCH", "").strip()
    if not header:
        raise PreconditionRequired
    if header == "*":
        return Seen((), any=True)
    if not _TAGS.fullmatch(header):
        words = 'If-Match takes ETags as they came, a version in quotes such as "4", or * for any version.'
        raise InvalidParameters([FieldProblem("If-Match", words)])
    # A weak tag does not say that nothing differs, so it never matches here.
    return Seen(tuple(tag for weak, tag in _TAG.findall(header) if not weak))


def has_newest(request: Request, tag: str) -> bool:
    """Return whether If-None-Match names the answer that would be given; what can't be read names nothing."""
    header = request.META.get("HTTP_IF_NONE_MATCH", "")
    if not header:
        return False
    return header.strip() == "*" or tag.strip('"') in (found for _, found in _TAG.findall(header))
