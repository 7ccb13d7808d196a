"""/api/v1/units and /api/v1/units/{id}: the organisation's tree."""

from datetime import date, datetime
from functools import cached_property
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet
from django.utils import timezone
from rest_framework import serializers

from integrations.api import bodies, parameters
from integrations.api.bodies import Body, Values
from integrations.api.components import ReferenceSerializer, reference
from integrations.api.errors import FieldProblem, InvalidBody
from integrations.api.preconditions import Seen
from integrations.api.views import RecordView, Row
from integrations.api.writing import ChangingView, CreatingView, WritingView
from tenancy.keyset import Sort
from tenancy.locks import hold
from tenancy.models import Organization, Unit
from tenancy.units import StaleUnit, UnableToChangeUnits, close_unit, create_unit, move_unit, rename_unit
from tenancy.working_time import local_day

EXAMPLE = {
    "id": "0192f0c1-7b2a-7c3e-9a53-0b6f5d1e4001",
    "version": 1,
    "kind": "squad",
    "name": "Mobility",
    "code": "mobility",
    "parent": {"id": "0192f0c1-7b2a-7c3e-9a53-0b6f5d1e4000", "name": "North"},
    "active_from": "2024-01-01",
    "active_to": None,
}


class UnitSerializer(serializers.Serializer[Any]):
    """A node of the tree: company, business unit, region, tribe, squad."""

    id = serializers.UUIDField()
    version = serializers.IntegerField(help_text="Grows by one with every change.")
    kind = serializers.ChoiceField(Unit.Kind.choices)
    name = serializers.CharField()
    code = serializers.CharField(help_text="Short, and the only one of its kind in the organisation.")
    parent = ReferenceSerializer(allow_null=True, help_text="Null at the top.")
    active_from = serializers.DateField()
    active_to = serializers.DateField(allow_null=True, help_text="The first day on which it is no more.")


def _units(organization_id: UUID) -> QuerySet[Any, Any]:
    found: QuerySet[Any, Any] = Unit.objects.for_organization(organization_id)
    return found


KINDS = [kind for kind in Unit.Kind.values if kind != Unit.Kind.COMPANY]
BODY = Body(
    "Unit",
    [
        bodies.text("name", 200, "What it is called.", example="Mobility", required=True),
        bodies.code("kind", KINDS, "What kind of unit it is.", example="squad", required=True, on_create_only=True),
        bodies.reference(
            "parent_id",
            "unit",
            _units,
            "The unit right above it; another one moves it, with all below it.",
            example="0192f0c1-7b2a-7c3e-9a53-0b6f5d1e4000",
            required=True,
        ),
        bodies.text("code", 40, "Made of the name, where nobody says.", on_create_only=True, null=False),
        bodies.day("active_from", "Today, where nobody says.", on_create_only=True, null=False),
        bodies.day(
            "active_to", "The first day on which it is no more: closes it, and nothing opens it again.", null=False
        ),
    ],
    read_only=("parent",),
)


class UnitWritingView(WritingView):
    """Writes units. The audit trail names the token; nobody of the organisation did it in person."""

    stale = (StaleUnit,)
    refusals = {UnableToChangeUnits: ""}

    @cached_property
    def organization(self) -> Organization:
        """The organisation of the token."""
        return Organization.objects.get(pk=self.organization_id)

    @cached_property
    def now(self) -> datetime:
        """The moment of the request."""
        return timezone.now()

    @property
    def today(self) -> date:
        """The organisation's own day."""
        return local_day(self.organization, self.now)

    def close(self, unit: Unit, values: Values) -> None:
        """Close the unit where the body says on which day."""
        if "active_to" in values and values["active_to"] != unit.active_to:
            close_unit(
                organization=self.organization,
                unit=unit,
                version=unit.version,
                active_to=values["active_to"],
                actor=None,
                at=self.now,
            )


class UnitView(RecordView):
    """The units of an organisation."""

    required_scope, write_scope = "units:read", "units:write"
    singular, plural = "unit", "units"
    record = UnitSerializer
    example = EXAMPLE
    columns = ("id", "version", "kind", "name", "code", "parent_id", "parent__name", "active_from", "active_to")

    def rows(self) -> QuerySet[Any, Any]:
        """Return the units, those that are closed as well."""
        units: QuerySet[Any, Any] = Unit.objects.for_organization(self.organization_id)
        return units

    def shaped(self, row: Row) -> dict[str, Any]:
        """Return a unit."""
        return {
            "id": row["id"],
            "version": row["version"],
            "kind": row["kind"],
            "name": row["name"],
            "code": row["code"],
            "parent": reference(row, "parent"),
            "active_from": row["active_from"],
            "active_to": row["active_to"],
        }


def _open_on(day: date) -> Q:
    return Q(active_from__lte=day) & (Q(active_to=None) | Q(active_to__gt=day))


class UnitListView(UnitView, UnitWritingView, CreatingView):
    """The units of the organisation's tree, page by page, those that are closed as well."""

    summary = "List units"
    body = BODY

    def create(self, values: Values) -> Unit:
        """Add the unit below another one."""
        unit = create_unit(
            organization=self.organization,
            parent=values["parent_id"],
            kind=values["kind"],
            name=values["name"],
            code=values.get("code", ""),
            active_from=values.get("active_from", self.today),
            actor=None,
            at=self.now,
        )
        self.close(unit, values)
        return unit

    sorts = (Sort("id", "id"),)
    filters = (
        parameters.codes("kind", "kind", Unit.Kind.values, "What kind of unit it is."),
        parameters.identifier("parent", "parent_id", "The unit right above it."),
        parameters.text("code", "code", "Its code, as it is written.", example="mobility"),
        parameters.on_day("active_on", _open_on, "Open on this day."),
    )


class UnitDetailView(UnitView, UnitWritingView, ChangingView):
    """One unit by its id."""

    summary = "Get a unit"
    body = BODY
    about = {"PATCH": "Name, place and end are changes of their own: the version grows by one for each."}

    def locked(self, key: UUID, seen: Seen) -> Any:
        """Return the unit; what the operations lock comes first, so that two changes never wait for each other."""
        hold(organization=self.organization, purpose="units")
        return super().locked(key, seen)

    def change(self, record: Unit, values: Values) -> None:
        """Rename, move and close the unit."""
        known: dict[str, Any] = {"organization": self.organization, "actor": None, "at": self.now}
        if record.active_to is not None and values.get("active_to", record.active_to) > record.active_to:
            raise InvalidBody([FieldProblem("active_to", "A unit that closes can't be kept open longer.")])
        if "name" in values:
            record = rename_unit(unit=record, version=record.version, name=values["name"], **known)
        if "parent_id" in values:
            record = move_unit(unit=record, version=record.version, parent=values["parent_id"], on=self.today, **known)
        self.close(record, values)
