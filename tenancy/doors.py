"""The two questions that are asked before an organisation is known.

With the search (`tenancy/search.py`), which answers inside the organisation that is open, these are all the functions
that pass row-level security. A test lists them.

Each is a small SECURITY DEFINER function (migration 0004), so that the web process needs no right to read across
organisations.
"""

from datetime import datetime
from uuid import UUID

from django.db import connection

from tenancy.http import Membership, TokenOwner


def memberships_of(user_id: UUID) -> list[Membership]:
    """Return the active memberships of a signed-in user in active organisations, by organisation name."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT organization_id, slug, name, member_id, role FROM tenancy_memberships_of(%s)", [str(user_id)]
        )
        return [Membership(*row) for row in cursor.fetchall()]


def token_owner(sha256: str, *, now: datetime) -> TokenOwner | None:
    """Return whose API token has this hash, if it is neither revoked nor expired."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT organization_id, token_id, scopes, last_used_at FROM tenancy_token_owner(%s, %s)", [sha256, now]
        )
        row = cursor.fetchone()
    return TokenOwner(row[0], row[1], tuple(row[2]), row[3]) if row else None
