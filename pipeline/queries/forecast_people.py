"""Who stands where in the forecast: the tree of units with the people in it, and whose numbers a person may see."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from django.db.models import OuterRef, Q, Subquery

from tenancy.access import Action, Reach, member_units, owners_in_reach, reach_of
from tenancy.models import Member, Organization, Unit, UnitMembership


@dataclass(frozen=True)
class ForecastTree:
    """Units with their parents, and people with the one unit that each counts in."""

    units: Mapping[UUID, Unit]
    people: Sequence[Member]  # by name, those who left among them
    home: Mapping[UUID, UUID]  # member → unit
    children: Mapping[UUID | None, Sequence[UUID]]  # unit → units below it

    @property
    def root(self) -> UUID | None:
        """The company itself."""
        tops = self.children.get(None, ())
        return tops[0] if tops else None

    def below(self, unit_id: UUID) -> list[UUID]:
        """Return the unit and all units below it."""
        found = [unit_id]
        for one in found:
            found += self.children.get(one, ())
        return found

    def people_of(self, unit_id: UUID) -> set[UUID]:
        """Return who counts in the unit or below it."""
        units = set(self.below(unit_id))
        return {member for member, unit in self.home.items() if unit in units}


def forecast_tree(*, organization: Organization, today: date) -> ForecastTree:
    """Return the open units and who counts where today.

    Everybody counts in one place, so that the tree adds up: in the unit that they joined last, without any in the
    company itself.
    """
    open_today = Q(active_from__lte=today) & (Q(active_to=None) | Q(active_to__gt=today))
    units = {one.pk: one for one in Unit.objects.for_organization(organization).filter(open_today).order_by("name")}
    children: dict[UUID | None, list[UUID]] = {}
    for unit in units.values():
        parent = unit.parent_id if unit.parent_id in units else None
        children.setdefault(parent, []).append(unit.pk)
    tops = children.get(None, [])
    # The company before a unit whose parent has closed.
    tops.sort(key=lambda one: units[one].parent_id is not None)
    memberships = UnitMembership.objects.for_organization(organization).filter(open_today, member=OuterRef("pk"))
    memberships = memberships.filter(Q(unit__active_to=None) | Q(unit__active_to__gt=today))
    joined_last = memberships.order_by("-active_from", "-id").values("unit")[:1]
    people = list(Member.objects.for_organization(organization).annotate(home=Subquery(joined_last)).by_name())
    home = {one.pk: one.home for one in people if one.home in units}
    return ForecastTree(units, people, home, children)


@dataclass(frozen=True)
class Scope:
    """Which people and units an action reaches; None stands for everybody and every unit."""

    people: frozenset[UUID] | None
    units: frozenset[UUID] | None

    def has_person(self, member_id: UUID | None) -> bool:
        """Whether it reaches the person; what belongs to nobody only who reaches everybody sees."""
        return self.people is None or member_id in self.people

    def has_unit(self, unit_id: UUID) -> bool:
        """Whether it reaches the unit with all that is below it."""
        return self.units is None or unit_id in self.units


def scope_of(*, member: Member, action: Action, tree: ForecastTree, today: date) -> Scope:
    """Return what an action reaches of the tree. A unit counts as reached only with all units below it."""
    reach = reach_of(member, action)
    if reach == Reach.ALL:
        return Scope(None, None)
    people = frozenset(owners_in_reach(member, action, as_of=today) or ())
    units: Iterable[UUID] = ()
    if reach in (Reach.SQUAD, Reach.TRIBE):
        rows = member_units(member, as_of=today, tribe=reach == Reach.TRIBE)
        reached = {pk for row in rows for pk in row.values()}
        units = (one for one in reached if one in tree.units and set(tree.below(one)) <= reached)
    return Scope(people, frozenset(units))
