"""Who is here: the list of members, one of them, the tree of units with how many belong to each."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from django.db.models import Count, Exists, OuterRef, Q
from django.db.models.functions import Lower

from tenancy.keyset import Page, Sort, Total, page_of, total_of
from tenancy.models import Invitation, Member, Organization, Unit, UnitMembership

PAGE_SIZE = 50
SORTS = (Sort("name", "name"),)


@dataclass(frozen=True)
class MemberFilter:
    """What the list is narrowed to; empty means everything."""

    text: str = ""
    by_address: bool = False  # the text may also be of an e-mail address
    role: str = ""
    unit_id: UUID | None = None
    state: str = ""  # active, inactive, no_login


def members(*, organization: Organization, today: date, narrowed: MemberFilter | None = None) -> Any:
    """Return the members, with their users."""
    found = Member.objects.for_organization(organization).select_related("user")
    if narrowed is None:
        return found
    if narrowed.text:
        text = narrowed.text.lower()
        found = found.annotate(name_lower=Lower("name"), email_lower=Lower("email"))
        has_text = Q(name_lower__contains=text)
        found = found.filter(has_text | Q(email_lower__contains=text) if narrowed.by_address else has_text)
    if narrowed.role:
        found = found.filter(role=narrowed.role)
    if narrowed.unit_id:
        there = running(UnitMembership.objects.for_organization(organization), today)
        found = found.filter(Exists(there.filter(member=OuterRef("pk"), unit=narrowed.unit_id)))
    if narrowed.state == "active":
        found = found.filter(is_active=True)
    elif narrowed.state == "inactive":
        found = found.filter(is_active=False)
    elif narrowed.state == "no_login":
        found = found.filter(user=None)
    return found


def members_page(
    *, organization: Organization, today: date, narrowed: MemberFilter, sort: Sort, cursor: str = ""
) -> tuple[Page[Member], Total]:
    """Return a page of members, each with `units` (where they belong today), and how many there are.

    :raises InvalidCursor: when the cursor was not made for this list and order.
    """
    found = members(organization=organization, today=today, narrowed=narrowed).exclude(role=Member.Role.SUPPORT)
    page: Page[Member] = page_of(found, sort=sort, size=PAGE_SIZE, scope="members", cursor=cursor)
    add_units(organization=organization, today=today, people=page.rows)
    return page, total_of(found)


def add_units(*, organization: Organization, today: date, people: Iterable[Member]) -> None:
    """Give each member `units`: the names of the units where they belong today."""
    people = list(people)
    here = running(UnitMembership.objects.for_organization(organization), today)
    names: dict[UUID, list[str]] = {}
    for member_id, name in here.filter(member__in=people).order_by("unit__name").values_list("member_id", "unit__name"):
        names.setdefault(member_id, []).append(name)
    for person in people:
        person.units = names.get(person.pk, [])  # type: ignore[attr-defined]


def running(memberships: Any, on: date) -> Any:
    """Keep the memberships that hold on a day."""
    return memberships.filter(active_from__lte=on).filter(Q(active_to=None) | Q(active_to__gt=on))


def memberships_of(*, organization: Organization, member: Member) -> list[UnitMembership]:
    """Return where a member belongs and belonged, the newest first."""
    found = UnitMembership.objects.for_organization(organization).filter(member=member)
    return list(found.select_related("unit").order_by("-active_from", "-id"))


def units_with_sizes(*, organization: Organization, today: date, closed: bool = False) -> list[Unit]:
    """Return the units by name, each with `people` (how many belong to it today); closed ones only when asked for."""
    units = Unit.objects.for_organization(organization)
    if not closed:
        units = units.filter(Q(active_to=None) | Q(active_to__gt=today))
    here = running(UnitMembership.objects.for_organization(organization), today).filter(member__is_active=True)
    counts = dict(here.order_by().values_list("unit").annotate(Count("member", distinct=True)))
    found: list[Unit] = list(units.order_by("name", "id"))
    for unit in found:
        unit.people = counts.get(unit.pk, 0)  # type: ignore[attr-defined]
    return found


def people_of(*, organization: Organization, unit: Unit, today: date) -> list[UnitMembership]:
    """Return who belongs to a unit today, by name."""
    here = running(UnitMembership.objects.for_organization(organization), today).filter(unit=unit)
    return list(here.select_related("member").order_by("member__name", "member_id"))


def invitations_page(*, organization: Organization, cursor: str = "") -> Page[Invitation]:
    """Return a page of invitations, the newest first.

    :raises InvalidCursor: when the cursor was not made for this list.
    """
    found = Invitation.objects.for_organization(organization).select_related("invited_by", "accepted_by")
    newest = Sort("asked", "created_at", descending=True)
    page: Page[Invitation] = page_of(found, sort=newest, size=PAGE_SIZE, scope="invitations", cursor=cursor)
    return page
