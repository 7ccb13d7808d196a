"""What the middleware gives to views, as types that mypy believes."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.http import HttpRequest
from django_htmx.middleware import HtmxDetails

from tenancy.models import Member, Organization, User


@dataclass(frozen=True)
class Membership:
    """One organisation that the signed-in user belongs to (for the switcher)."""

    organization_id: UUID
    slug: str
    name: str
    member_id: UUID
    role: str

    @property
    def role_words(self) -> str:
        """The role as people call it."""
        return str(Member.Role(self.role).label)


@dataclass(frozen=True)
class TokenOwner:
    """Whose API token signed the request, and what it may do."""

    organization_id: UUID
    token_id: UUID
    scopes: tuple[str, ...]
    last_used_at: datetime | None = None


class MemberRequest(HttpRequest):
    """A request of a member inside their organisation."""

    user: User
    organization: Organization
    member: Member
    memberships: list[Membership]
    rights: frozenset[str]
    onlooker: Any  # tenancy.onlookers.Onlooker while somebody looks on, else None
    htmx: HtmxDetails


def undo_changes(request: Any) -> None:
    """Ask the middleware to roll the request's transaction back, although the response is not a server error."""
    getattr(request, "_request", request).undo_changes = True
