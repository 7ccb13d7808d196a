"""Reading a long list in short transactions: a download never holds one open while somebody's connection is slow."""

from collections.abc import Callable, Iterator
from typing import TypeVar

from django.db import models

from tenancy.keyset import Sort, read_after
from tenancy.models import Member, Organization
from tenancy.scoping import organization_scope

M = TypeVar("M", bound=models.Model)

CHUNK = 1_000


def walk(
    rows: Callable[[], models.QuerySet[M, M]], *, organization: Organization, member: Member, sort: Sort, task: str
) -> Iterator[list[M]]:
    """Yield the list in chunks; `rows` makes the query inside each chunk's own scope.

    Who loses the right to the list, or leaves, while it is sent gets no further chunk: `member` is read again for each.
    """
    last: M | None = None
    while True:
        with organization_scope(organization, actor=member, task=task):
            member.refresh_from_db(fields=["role", "is_active"])
            if not member.is_active:
                return
            chunk = read_after(rows(), sort=sort, size=CHUNK, row=last)
        if chunk:
            yield chunk
            last = chunk[-1]
        if len(chunk) < CHUNK:
            return
