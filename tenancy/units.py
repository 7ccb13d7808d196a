"""Changes of the tree of units, and of who belongs to which of them when."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import F, Q
from django.utils.text import slugify
from django.utils.translation import gettext as _
from uuid_utils.compat import uuid7

from tenancy.events import record_event
from tenancy.locks import hold
from tenancy.members import locked_member, touch_member
from tenancy.models import Member, Organization, Unit, UnitMembership


class UnableToChangeUnits(ValueError):
    """The change is refused; the message says why and what to do instead."""


class StaleUnit(Exception):
    """Somebody else changed the unit since the caller read it. `current` is how it is now."""

    def __init__(self, current: Unit) -> None:
        super().__init__(f"{current} has version {current.version} by now.")
        self.current = current


def open_units(*, organization: Organization, on: date) -> list[Unit]:
    """Return the units that are not closed on a day, by name."""
    units = Unit.objects.for_organization(organization).filter(Q(active_to=None) | Q(active_to__gt=on))
    return list(units.order_by("name", "id"))


def in_tree_order(units: Sequence[Unit]) -> list[tuple[int, Unit]]:
    """Return the units as a tree is read, each with its level (1 is the top); siblings keep the order given.

    A unit whose parent is not among them stands at the top, so that none is ever left out.
    """
    known = {unit.pk for unit in units}
    below: dict[UUID | None, list[Unit]] = {}
    for unit in units:
        below.setdefault(unit.parent_id if unit.parent_id in known else None, []).append(unit)
    ordered: list[tuple[int, Unit]] = []
    waiting = [(1, unit) for unit in reversed(below.get(None, []))]
    while waiting:
        level, unit = waiting.pop()
        ordered.append((level, unit))
        waiting += [(level + 1, child) for child in reversed(below.get(unit.pk, []))]
    return ordered


def units_above(*, organization: Organization, member: Member, on: date) -> set[UUID]:
    """Return the units that a member belongs to on a day, and all above them."""
    places = UnitMembership.objects.for_organization(organization).filter(member=member, active_from__lte=on)
    own = places.filter(Q(active_to=None) | Q(active_to__gt=on)).values_list("unit", flat=True)
    parents = dict(Unit.objects.for_organization(organization).values_list("pk", "parent_id"))
    above: set[UUID] = set()
    for here in own:
        while here is not None and here not in above:
            above.add(here)
            here = parents.get(here)
    return above


@transaction.atomic
def create_unit(
    *,
    organization: Organization,
    parent: Unit,
    kind: str,
    name: str,
    active_from: date,
    actor: Member | None,
    at: datetime,
    code: str = "",
) -> Unit:
    """Add a unit below another one; without a code it gets one from its name.

    :raises UnableToChangeUnits: without a name, below a closed unit, for a second company, or with a code in use.
    """
    name = name.strip()
    if not name:
        raise UnableToChangeUnits(_("Give the unit a name."))
    if kind not in Unit.Kind.values or kind == Unit.Kind.COMPANY:
        raise UnableToChangeUnits(_("There is one company at the top. Choose another kind."))
    hold(organization=organization, purpose="units")
    _refuse_closed_parent(_fresh(organization, parent), active_from)
    unit_id = uuid7()
    code = code.strip() or _free_code(organization, name, unit_id)
    if Unit.objects.for_organization(organization).filter(code=code).exists():
        raise UnableToChangeUnits(_("Another unit has the code “%s”.") % code)
    unit: Unit = Unit.objects.create(
        id=unit_id, organization=organization, parent=parent, kind=kind, name=name, code=code, active_from=active_from
    )
    _tell("unit.created", organization, unit, actor, at, parent=str(parent.pk), kind=kind, name=name)
    return unit


@transaction.atomic
def rename_unit(
    *, organization: Organization, unit: Unit, version: int, name: str, actor: Member | None, at: datetime
) -> Unit:
    """Give a unit another name.

    :raises UnableToChangeUnits: without a name.
    :raises StaleUnit: when the unit has another version by now.
    """
    name = name.strip()
    if not name:
        raise UnableToChangeUnits(_("Give the unit a name."))
    current = _current(organization, unit, version)
    if current.name != name:
        before = current.name
        _write(current, name=name)
        _tell("unit.renamed", organization, current, actor, at, **{"from": before, "to": name})
    return current


@transaction.atomic
def move_unit(
    *, organization: Organization, unit: Unit, version: int, parent: Unit, actor: Member | None, at: datetime, on: date
) -> Unit:
    """Put a unit, with all below it, under another one.

    :raises UnableToChangeUnits: for the top of the tree, under itself, under a unit below it, or under a closed one.
    :raises StaleUnit: when the unit has another version by now.
    """
    # Two moves at once could make a circle of which neither sees the other half.
    hold(organization=organization, purpose="units")
    current = _current(organization, unit, version)
    if current.parent_id == parent.pk:
        return current
    if current.parent_id is None:
        raise UnableToChangeUnits(_("%s is the top of the tree and stays there.") % current.name)
    target = _fresh(organization, parent)
    _refuse_closed_parent(target, on)
    if current.pk in _line_up(organization, target):
        raise UnableToChangeUnits(_("%s can’t be moved below itself.") % current.name)
    before = current.parent_id
    _write(current, parent=target)
    _tell("unit.moved", organization, current, actor, at, **{"from": str(before), "to": str(target.pk)})
    return current


@transaction.atomic
def close_unit(
    *, organization: Organization, unit: Unit, version: int, active_to: date, actor: Member | None, at: datetime
) -> Unit:
    """Close a unit; `active_to` is the first day on which it is no more. Its members leave it on that day.

    :raises UnableToChangeUnits: for the top of the tree, before it began, or with open units below it.
    :raises StaleUnit: when the unit has another version by now.
    """
    hold(organization=organization, purpose="units")
    current = _current(organization, unit, version)
    if current.parent_id is None:
        raise UnableToChangeUnits(_("%s is the top of the tree and can’t be closed.") % current.name)
    if active_to <= current.active_from:
        raise UnableToChangeUnits(_("It began on %s. Close it on a later day.") % current.active_from.isoformat())
    below = Unit.objects.for_organization(organization).filter(parent=current)
    if below.filter(Q(active_to=None) | Q(active_to__gt=active_to)).exists():
        raise UnableToChangeUnits(_("There are open units below it. Close or move them first."))
    staying = UnitMembership.objects.for_organization(organization).filter(unit=current)
    staying = staying.filter(Q(active_to=None) | Q(active_to__gt=active_to))
    staying.filter(active_from__gte=active_to).delete()
    left = staying.update(active_to=active_to)
    _write(current, active_to=active_to)
    _tell("unit.closed", organization, current, actor, at, active_to=active_to.isoformat(), members_left=left)
    return current


@transaction.atomic
def join_unit(
    *,
    organization: Organization,
    member: Member,
    version: int,
    unit: Unit,
    active_from: date,
    actor: Member | None,
    at: datetime,
    active_to: date | None = None,
) -> UnitMembership:
    """Let a member belong to a unit from a day on, and until another one (exclusive) where it is known.

    :raises UnableToChangeUnits: when the unit is not open then, or the member belongs to it in that time already.
    :raises StaleMember: when the member has another version by now.
    """
    current = locked_member(organization=organization, member=member, version=version)
    target = _fresh(organization, unit)
    if active_to is not None and active_to <= active_from:
        raise UnableToChangeUnits(_("The last day has to come after the first one."))
    if active_from < target.active_from:
        raise UnableToChangeUnits(
            _("%(unit)s began on %(day)s. Choose that day or a later one.")
            % {"unit": target.name, "day": target.active_from.isoformat()}
        )
    if target.active_to is not None and (active_to is None or active_to > target.active_to):
        raise UnableToChangeUnits(
            _("%(unit)s closes on %(day)s.") % {"unit": target.name, "day": target.active_to.isoformat()}
        )
    there = UnitMembership.objects.for_organization(organization).filter(unit=target, member=current)
    there = there.filter(Q(active_to=None) | Q(active_to__gt=active_from))
    if active_to is not None:
        there = there.filter(active_from__lt=active_to)
    if there.exists():
        raise UnableToChangeUnits(
            _("%(name)s belongs to %(unit)s in that time already.") % {"name": current.name, "unit": target.name}
        )
    membership: UnitMembership = UnitMembership.objects.create(
        organization=organization, unit=target, member=current, active_from=active_from, active_to=active_to
    )
    touch_member(member=current, at=at)
    record_event(
        organization=organization,
        type="unit_membership.began",
        subject=current,
        payload={"unit": str(target.pk), "from": active_from.isoformat()},
        actor=actor,
        occurred_at=at,
    )
    return membership


@transaction.atomic
def leave_unit(
    *,
    organization: Organization,
    membership: UnitMembership,
    version: int,
    active_to: date,
    actor: Member | None,
    at: datetime,
) -> None:
    """End a membership; `active_to` is the first day on which the member is no longer there.

    A membership that would end before it began is taken out altogether.

    :raises StaleMember: when the member has another version by now.
    """
    current = locked_member(organization=organization, member=membership.member, version=version)
    found = UnitMembership.objects.for_organization(organization).filter(pk=membership.pk)
    if active_to <= membership.active_from:
        found.delete()
    else:
        found.update(active_to=active_to)
    touch_member(member=current, at=at)
    record_event(
        organization=organization,
        type="unit_membership.ended",
        subject=current,
        payload={"unit": str(membership.unit_id), "to": active_to.isoformat()},
        actor=actor,
        occurred_at=at,
    )


def _fresh(organization: Organization, unit: Unit) -> Unit:
    found: Unit = Unit.objects.for_organization(organization).get(pk=unit.pk)
    return found


def _refuse_closed_parent(parent: Unit, on: date) -> None:
    if parent.active_to is not None and parent.active_to <= on:
        raise UnableToChangeUnits(_("%s is closed. Choose a unit that is open.") % parent.name)


def _line_up(organization: Organization, unit: Unit) -> set[UUID]:
    """Return the unit and all above it."""
    parents = dict(Unit.objects.for_organization(organization).values_list("pk", "parent_id"))
    line: set[UUID] = set()
    here: UUID | None = unit.pk
    while here is not None and here not in line:
        line.add(here)
        here = parents.get(here)
    return line


def _free_code(organization: Organization, name: str, unit_id: UUID) -> str:
    code = slugify(name)[:30] or "unit"
    if Unit.objects.for_organization(organization).filter(code=code).exists():
        # The end of the id is random: two units of one name never meet.
        code = f"{code}-{unit_id.hex[-6:]}"
    return code


def _current(organization: Organization, unit: Unit, version: int) -> Unit:
    current: Unit = Unit.objects.for_organization(organization).select_for_update(no_key=True).get(pk=unit.pk)
    if current.version != version:
        raise StaleUnit(current)
    return current


def _write(unit: Unit, **values: Any) -> None:
    for name, value in values.items():
        setattr(unit, name, value)
    Unit.objects.for_organization(unit.organization_id).filter(pk=unit.pk).update(**values, version=F("version") + 1)
    unit.version += 1


def _tell(
    type_: str, organization: Organization, unit: Unit, actor: Member | None, at: datetime, **payload: Any
) -> None:
    record_event(organization=organization, type=type_, subject=unit, payload=payload, actor=actor, occurred_at=at)
