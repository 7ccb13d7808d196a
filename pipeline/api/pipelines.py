"""/api/v1/pipelines and /api/v1/pipelines/{id}."""

from collections.abc import Sequence
from typing import Any

from django.db.models import QuerySet
from rest_framework import serializers

from integrations.api import parameters
from integrations.api.views import DetailView, ListView, RecordView, Row
from pipeline.models import Pipeline, PipelineUnit
from tenancy.keyset import Sort

EXAMPLE = {
    "id": "0192f0c1-7b2a-7c3e-9a53-0b6f5d1e2d01",
    "name": "Sales",
    "is_default": True,
    "is_active": True,
    "unit_ids": [],
    "version": 1,
}


class PipelineSerializer(serializers.Serializer[Any]):
    """A process that deals go through; its steps are `/api/v1/stages?pipeline=…`."""

    id = serializers.UUIDField()
    name = serializers.CharField()
    is_default = serializers.BooleanField(help_text="New deals begin in it where nothing else is said.")
    is_active = serializers.BooleanField(help_text="Whether new deals can begin in it; a retired one keeps its deals.")
    unit_ids = serializers.ListField(
        child=serializers.UUIDField(), help_text="The units that it is for, with all below them; none: for everybody."
    )
    version = serializers.IntegerField()


class PipelineView(RecordView):
    """The pipelines of an organisation."""

    required_scope = "opportunities:read"
    singular, plural = "pipeline", "pipelines"
    record = PipelineSerializer
    example = EXAMPLE
    columns = ("id", "name", "is_default", "is_active", "version")

    def rows(self) -> QuerySet[Any, Any]:
        """Return the pipelines, retired ones too: old deals are in them."""
        pipelines: QuerySet[Any, Any] = Pipeline.objects.for_organization(self.organization_id)
        return pipelines

    def with_parts(self, rows: Sequence[Row]) -> Sequence[Row]:
        """Return the pipelines with the units that each is for."""
        links = PipelineUnit.objects.for_organization(self.organization_id)
        units: dict[Any, list[Any]] = {}
        for pipeline, unit in links.filter(pipeline__in=[row["id"] for row in rows]).values_list("pipeline", "unit"):
            units.setdefault(pipeline, []).append(unit)
        return [{**row, "unit_ids": sorted(units.get(row["id"], []))} for row in rows]

    def shaped(self, row: Row) -> dict[str, Any]:
        """Return a pipeline."""
        return {name: row[name] for name in (*self.columns[:4], "unit_ids", "version")}


class PipelineListView(PipelineView, ListView):
    """The pipelines; most organisations have one."""

    summary = "List pipelines"
    sorts = (Sort("name", "name"), Sort("id", "id"))
    filters = (parameters.flag("is_active", "is_active", "Whether new deals can begin in it."),)


class PipelineDetailView(PipelineView, DetailView):
    """One pipeline by its id."""

    summary = "Get a pipeline"
