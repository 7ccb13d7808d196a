"""GET /api/v1/nightly-runs and /api/v1/nightly-runs/{id}: what each night did, step by step."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from rest_framework import serializers

from integrations.api import parameters
from integrations.api.components import ReferenceSerializer, reference
from integrations.api.views import DetailView, ListView, RecordView, Row
from tenancy.keyset import Sort
from tenancy.models import Run, RunStep
from tenancy.models.run import RunStatus

EXAMPLE = {
    "id": "0192f0c1-7b2a-7c3e-9a53-0b6f5d1e2e01",
    "status": "done",
    "scheduled_date": "2026-11-23",
    "as_of": "2026-11-23T01:00:00Z",
    "data_up_to": "2026-11-22T18:31:00Z",
    "requested_by": None,
    "created_at": "2026-11-23T01:00:00Z",
    "started_at": "2026-11-23T01:00:01Z",
    "finished_at": "2026-11-23T01:00:42Z",
    "error": None,
    "steps": [
        {
            "position": 2,
            "name": "score_accounts",
            "status": "done",
            "started_at": "2026-11-23T01:00:09Z",
            "finished_at": "2026-11-23T01:00:41Z",
            "rows_read": 4120,
            "rows_written": 4120,
            "skipped": 3,
            "model_version": "rules-1",
            "error": None,
        }
    ],
}


class RunStepSerializer(serializers.Serializer[Any]):
    """One step of a night, with what it read, wrote and skipped."""

    position = serializers.IntegerField(help_text="1 comes first.")
    name = serializers.CharField(help_text="snapshot_pipeline, score_accounts, publish_changes, …")
    status = serializers.ChoiceField(RunStatus.choices)
    started_at = serializers.DateTimeField(allow_null=True)
    finished_at = serializers.DateTimeField(allow_null=True)
    rows_read = serializers.IntegerField()
    rows_written = serializers.IntegerField()
    skipped = serializers.IntegerField()
    model_version = serializers.CharField(allow_null=True, help_text="The method that reckoned, where one did.")
    error = serializers.CharField(allow_null=True)


class NightlyRunSerializer(serializers.Serializer[Any]):
    """A night: what the product did for the organisation while its people slept."""

    id = serializers.UUIDField(help_text="The `run_id` of the scores that it made.")
    status = serializers.ChoiceField(RunStatus.choices)
    scheduled_date = serializers.DateField(help_text="The organisation's own day.")
    as_of = serializers.DateTimeField(allow_null=True, help_text="What happened later did not count.")
    data_up_to = serializers.DateTimeField(allow_null=True, help_text="The newest fact that was seen.")
    requested_by = ReferenceSerializer(allow_null=True, help_text="Null when the calendar began it.")
    created_at = serializers.DateTimeField()
    started_at = serializers.DateTimeField(allow_null=True)
    finished_at = serializers.DateTimeField(allow_null=True)
    error = serializers.CharField(allow_null=True)
    steps = RunStepSerializer(many=True)


class NightlyRunView(RecordView):
    """The nights of an organisation."""

    required_scope = "nightly-runs:read"
    singular, plural = "nightly_run", "nightly_runs"
    record = NightlyRunSerializer
    example = EXAMPLE
    columns = (
        *("id", "status", "scheduled_for", "as_of", "data_up_to", "requested_by_id", "requested_by__name"),
        *("created_at", "started_at", "finished_at", "error"),
    )

    def rows(self) -> QuerySet[Any, Any]:
        """Return the nights."""
        runs: QuerySet[Any, Any] = Run.objects.for_organization(self.organization_id).filter(kind=Run.Kind.NIGHT)
        return runs

    def with_parts(self, rows: Sequence[Row]) -> Sequence[Row]:
        """Return the nights with their steps, which one query finds for all of them."""
        steps = _steps_of_runs(self.organization_id, [row["id"] for row in rows])
        return [{**row, "steps": steps.get(row["id"], [])} for row in rows]

    def shaped(self, row: Row) -> dict[str, Any]:
        """Return a night with its steps."""
        return {
            "id": row["id"],
            "status": row["status"],
            "scheduled_date": row["scheduled_for"],
            "as_of": row["as_of"],
            "data_up_to": row["data_up_to"],
            "requested_by": reference(row, "requested_by"),
            "created_at": row["created_at"],
            "started_at": row["started_at"],
            "finished_at": row["finished_at"],
            "error": row["error"] or None,
            "steps": [
                {
                    **{name: step[name] for name in STEP_COLUMNS},
                    "model_version": step["model_version"] or None,
                    "error": step["error"] or None,
                }
                for step in row["steps"]
            ],
        }


STEP_COLUMNS = (
    *("position", "name", "status", "started_at", "finished_at", "rows_read", "rows_written", "skipped"),
    *("model_version", "error"),
)


def _steps_of_runs(organization_id: UUID, run_ids: Sequence[UUID]) -> dict[UUID, list[Row]]:
    found: dict[UUID, list[Row]] = defaultdict(list)
    steps = RunStep.objects.for_organization(organization_id).filter(run__in=run_ids)
    if run_ids:
        for step in steps.order_by("position", "id").values("run_id", *STEP_COLUMNS):
            found[step["run_id"]].append(step)
    return found


class NightlyRunListView(NightlyRunView, ListView):
    """The nights with their steps, page by page; `sort=-id` begins with the newest."""

    summary = "List nightly runs"
    sorts = (Sort("id", "id"),)
    filters = (
        parameters.codes("status", "status", RunStatus.values, "How far it is."),
        parameters.day("scheduled_date_from", "scheduled_for__gte", "Of this day or later."),
        parameters.day("scheduled_date_to", "scheduled_for__lte", "Of this day or earlier."),
    )


class NightlyRunDetailView(NightlyRunView, DetailView):
    """One night with its steps, by its id."""

    summary = "Get a nightly run"
