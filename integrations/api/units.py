"""GET /api/v1/units and /api/v1/units/{id}: the organisation's tree."""

from datetime import date
from typing import Any

from django.db.models import Q, QuerySet
from rest_framework import serializers

from integrations.api import parameters
from integrations.api.components import ReferenceSerializer, reference
from integrations.api.views import DetailView, ListView, RecordView, Row
from tenancy.keyset import Sort
from tenancy.models import Unit

EXAMPLE = {
    "id": "0192f0c1-7b2a-7c3e-9a53-0b6f5d1e4001",
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
    kind = serializers.ChoiceField(Unit.Kind.choices)
    name = serializers.CharField()
    code = serializers.CharField(help_text="Short, and the only one of its kind in the organisation.")
    parent = ReferenceSerializer(allow_null=True, help_text="Null at the top.")
    active_from = serializers.DateField()
    active_to = serializers.DateField(allow_null=True, help_text="The first day on which it is no more.")


class UnitView(RecordView):
    """The units of an organisation."""

    required_scope = "units:read"
    singular, plural = "unit", "units"
    record = UnitSerializer
    example = EXAMPLE
    columns = ("id", "kind", "name", "code", "parent_id", "parent__name", "active_from", "active_to")

    def rows(self) -> QuerySet[Any, Any]:
        """Return the units, those that are closed as well."""
        units: QuerySet[Any, Any] = Unit.objects.for_organization(self.organization_id)
        return units

    def shaped(self, row: Row) -> dict[str, Any]:
        """Return a unit."""
        return {
            "id": row["id"],
            "kind": row["kind"],
            "name": row["name"],
            "code": row["code"],
            "parent": reference(row, "parent"),
            "active_from": row["active_from"],
            "active_to": row["active_to"],
        }


def _open_on(day: date) -> Q:
    return Q(active_from__lte=day) & (Q(active_to=None) | Q(active_to__gt=day))


class UnitListView(UnitView, ListView):
    """The units of the organisation's tree, page by page, those that are closed as well."""

    summary = "List units"
    sorts = (Sort("id", "id"),)
    filters = (
        parameters.codes("kind", "kind", Unit.Kind.values, "What kind of unit it is."),
        parameters.identifier("parent", "parent_id", "The unit right above it."),
        parameters.text("code", "code", "Its code, as it is written.", example="mobility"),
        parameters.on_day("active_on", _open_on, "Open on this day."),
    )


class UnitDetailView(UnitView, DetailView):
    """One unit by its id."""

    summary = "Get a unit"
