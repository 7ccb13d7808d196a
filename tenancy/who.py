"""Who may see or change a record, and why: the same rule as `access.owner_filter`, asked the other way round.

`owner_filter` answers for one person which records; this answers for one record which persons. A test holds the two
against each other.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from django.db.models import Q

from tenancy import support
from tenancy.access import API_SCOPES, Action, Reach, Role, reach_of
from tenancy.models import ApiToken, Member, Organization, SupportSession, Unit, UnitMembership


class Why(StrEnum):
    """What lets somebody in, the strongest first."""

    OWNER = "owner"
    ROLE = "role"
    SQUAD = "squad"
    TRIBE = "tribe"


@dataclass(frozen=True)
class Allowed:
    """One person and the reason; `units` names what they share with an owner."""

    member: Member
    why: Why
    units: tuple[str, ...] = ()


@dataclass
class Places:
    """Who belongs to which units on a day."""

    units_of: dict[UUID, set[UUID]] = field(default_factory=lambda: defaultdict(set))
    parent_of: dict[UUID, UUID | None] = field(default_factory=dict)
    names: dict[UUID, str] = field(default_factory=dict)

    def siblings(self, member_id: UUID) -> set[UUID]:
        """Return the member's units and all with the same parent."""
        own = self.units_of[member_id]
        parents = {self.parent_of[unit] for unit in own} - {None}
        return own | {unit for unit, parent in self.parent_of.items() if parent in parents}


def places_on(day: date, *, organization: Organization) -> Places:
    """Return the units and who is in them on a day."""
    places = Places()
    for unit_id, parent_id, name in Unit.objects.for_organization(organization).values_list("pk", "parent", "name"):
        places.parent_of[unit_id], places.names[unit_id] = parent_id, name
    current = UnitMembership.objects.for_organization(organization).filter(active_from__lte=day)
    current = current.filter(Q(active_to=None) | Q(active_to__gt=day))
    for member_id, unit_id in current.values_list("member", "unit"):
        places.units_of[member_id].add(unit_id)
    return places


def who_may(
    *actions: Action, organization: Organization, owner_ids: Iterable[UUID | None], as_of: date
) -> dict[Action, list[Allowed]]:
    """Return, for each action, the active members with a sign-in who may do it with a record of these owners, by name.

    A deal or an order has two: its own and its account's. Support is not among them: see `support_inside`.
    """
    owners = {owner for owner in owner_ids if owner is not None}
    places = places_on(as_of, organization=organization)
    members = Member.objects.for_organization(organization).active().exclude(role=Role.SUPPORT)
    people = list(members.filter(user__is_active=True).by_name())
    found = {action: (_reason(one, action, owners, places) for one in people) for action in actions}
    return {action: [one for one in reasons if one is not None] for action, reasons in found.items()}


def _reason(member: Member, action: Action, owners: set[UUID], places: Places) -> Allowed | None:
    reach = reach_of(member, action)
    if reach is None:
        return None
    if member.pk in owners:
        return Allowed(member, Why.OWNER)
    if reach == Reach.ALL:
        return Allowed(member, Why.ROLE)
    if reach == Reach.OWN:
        return None
    theirs = {unit for owner in owners for unit in places.units_of[owner]}
    for why, mine in ((Why.SQUAD, places.units_of[member.pk]), (Why.TRIBE, places.siblings(member.pk))):
        if (shared := mine & theirs) and (why == Why.SQUAD or reach == Reach.TRIBE):
            return Allowed(member, why, tuple(sorted(places.names[unit] for unit in shared)))
    return None


def support_inside(*, organization: Organization, now: datetime) -> list[Any]:
    """Return the open support sessions: our people see what the role Support sees, until they end."""
    sessions = SupportSession.objects.for_organization(organization)
    return list(support.live(sessions, now).select_related("member").order_by("opened_at"))


def tokens_that_may(
    *actions: Action, record: str, organization: Organization, now: datetime
) -> dict[Action, list[ApiToken]]:
    """Return, for each action, the living API tokens with a scope of these records (`accounts`) that stands for it."""
    tokens = ApiToken.objects.for_organization(organization).filter(revoked_at=None)
    living = list(tokens.filter(Q(expires_at=None) | Q(expires_at__gt=now)).order_by("name"))
    of_record = {scope: action for scope, action in API_SCOPES.items() if scope.startswith(f"{record}:")}
    return {
        action: [one for one in living if any(of_record.get(scope) == action for scope in one.scopes)]
        for action in actions
    }
