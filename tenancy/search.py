"""Which records match a text: the third function that passes row-level security (migration `search_function`).

The operators that compare words are not leakproof, so under a policy no index serves them. The function is owned by
`agile_system`, reads the search's own two tables and nothing else, and takes the organisation from the setting, never
as an argument. What it is given can only narrow what it finds. It returns ids: whoever shows a record reads it through
the predicates of `tenancy/access.py` and under the policies, like every page.
"""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db import connection

from tenancy.models import Member

LONGEST = 200
"""Characters of a text that are read; the rest says nothing more."""
_BEFORE_A_SITE = re.compile(r"https?://|\bwww\.", re.IGNORECASE)


@dataclass(frozen=True)
class Match:
    """A record that matches.

    `tier` says how: 0 its name is the text, 1 begins with it, 2 has its words, 3 it is found by something beside its
    name, 4 the text was mistyped.
    """

    kind: str
    id: UUID
    tier: int


def find(
    *,
    text: str,
    kinds: Sequence[str],
    limit: int,
    member: Member | None = None,
    owners: Collection[UUID] | None = None,
    private: bool = False,
) -> list[Match]:
    """Return up to `limit` matches of each kind in the active organisation, the best first.

    `member` is whose records come first, `owners` (None means all) whose records there are at all, and `private` says
    that words which not everybody may see (e-mail addresses) find a record too.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT kind, id, tier FROM tenancy_search(%s, %s, %s, %s, %s::uuid[], %s)",
            [
                _BEFORE_A_SITE.sub(" ", text[:LONGEST].replace("\x00", " ")),
                list(kinds),
                limit,
                member.pk if member else None,
                None if owners is None else list(owners),
                private,
            ],
        )
        return [Match(*row) for row in cursor.fetchall()]
