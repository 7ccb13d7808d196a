"""/api/v1/pipelines and /api/v1/pipelines/{id}."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from rest_framework import serializers

from integrations.api import bodies, parameters
from integrations.api.bodies import Body, BodyField, Values
from integrations.api.errors import FieldProblem, InvalidBody
from integrations.api.parameters import Unreadable, read_id
from integrations.api.views import RecordView, Row
from integrations.api.writing import ChangingView, CreatingView
from pipeline.api.writing import RecordWritingView
from pipeline.models import Pipeline, PipelineUnit
from pipeline.operations import StaleProcess, UnableToChangeProcess, change_pipeline, create_pipeline
from tenancy.keyset import Sort
from tenancy.models import Organization, Unit
from tenancy.units import open_units
from tenancy.working_time import local_day

MOST_UNITS = 50

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


def reason() -> Any:
    """Return the field that says why the process changes."""
    return bodies.text("reason", 300, "Why; it stands in the log of the process.", example="One process for all units")


def _read_ids(given: Any) -> list[UUID]:
    if type(given) is not list or len(given) > MOST_UNITS:
        raise Unreadable(f"takes a list of up to {MOST_UNITS} ids")
    return [read_id(one if type(one) is str else "") for one in given]


_IDS = {"type": "array", "maxItems": MOST_UNITS, "items": {"type": "string", "format": "uuid"}}
BODY = Body(
    "Pipeline",
    [
        bodies.text("name", 80, "Its name; no other pipeline has it.", example="Partners", required=True),
        BodyField(
            "unit_ids", "The units that it is for; none: for everybody.", _IDS, _read_ids, [], null=False, empty=[]
        ),
        bodies.yes("is_default", "New deals begin in it where nothing else is said.", null=False),
        bodies.yes("is_active", "False retires it: its deals stay, and no new one begins in it.", null=False),
        reason(),
    ],
)


class PipelineView(RecordView):
    """The pipelines of an organisation."""

    required_scope, write_scope = "opportunities:read", "pipelines:write"
    body = BODY
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


class ProcessWritingView(RecordWritingView):
    """Changes the process. Each change is told in its log, as one that nobody made in person."""

    refusals = {UnableToChangeProcess: ""}
    stale = (StaleProcess,)

    def telling(self) -> dict[str, Any]:
        """Return what every operation on the process wants to know."""
        return {**self.acting(), "at": self.now}


class PipelineWritingView(PipelineView, ProcessWritingView):
    """Changes pipelines."""

    def with_units(self, values: Values) -> dict[str, Any]:
        """Return what a body states as the operations take it.

        :raises InvalidBody: for an id that is no unit of the organisation.
        """
        said = dict(values)
        if "unit_ids" in said:
            wanted = said.pop("unit_ids")
            organization = Organization.objects.get(pk=self.organization_id)
            units: dict[UUID, Unit] = {
                unit.pk: unit for unit in open_units(organization=organization, on=local_day(organization, self.now))
            }
            if unknown := [one for one in wanted if one not in units]:
                raise InvalidBody([FieldProblem("unit_ids", f"There is no unit {unknown[0]} in your organisation.")])
            said["units"] = [units[one] for one in wanted]
        return said


class PipelineListView(PipelineWritingView, CreatingView):
    """The pipelines; most organisations have one."""

    summary = "List pipelines"
    about = {"POST": "It begins with the shipped stages; change those afterwards."}
    sorts = (Sort("name", "name"), Sort("id", "id"))
    filters = (parameters.flag("is_active", "is_active", "Whether new deals can begin in it."),)

    def create(self, values: Values) -> Pipeline:
        """Add a pipeline."""
        for name in ("is_default", "is_active"):
            if name in values:
                raise InvalidBody([FieldProblem(name, f"{name} is changed once the pipeline is there.")])
        return create_pipeline(**self.telling(), **self.with_units(values))


class PipelineDetailView(PipelineWritingView, ChangingView):
    """One pipeline by its id."""

    summary = "Get a pipeline"
    about = {"PATCH": "Changes it, makes it the default, or retires it with `is_active`."}

    def change(self, record: Pipeline, values: Values) -> None:
        """Change the pipeline."""
        change_pipeline(**self.telling(), pipeline=record, version=record.version, **self.with_units(values))
