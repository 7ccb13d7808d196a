"""GET /api/v1/scoring-models and /api/v1/scoring-models/{id}: what scores rest on, and how good it was."""

from typing import Any

from django.db.models import QuerySet
from rest_framework import serializers

from coe.models import ModelStatus, Purpose, TrainedModel
from integrations.api import parameters
from integrations.api.views import DetailView, ListView, RecordView, Row
from tenancy.keyset import Sort

STATES = {
    "too_few_outcomes": "Too few outcomes: everybody gets the base rate.",
    "rules": "The rule card.",
    "rules_corrected": "The rule card, corrected by outcomes.",
    "learned": "Learned from outcomes.",
    "no_reliable_signal": "Nothing that is known beforehand tells the good outcomes from the others: base rate.",
}
SHOWN = ("auc", "log_loss", "base_log_loss", "brier", "lift_10", "lift_20", "calibration_slope", "ece_beyond_chance")
EXAMPLE = {
    "id": "0192f0c1-7b2a-7c3e-9a53-0b6f5d1e2f01",
    "purpose": "account_purchase",
    "version": 14,
    "name": "model-14-learned",
    "status": "champion",
    "state": "learned",
    "sentence": "Learned from 12000 outcomes, 2699 of them good (boosting).",
    "method": "boosting",
    "horizon_days": 90,
    "window_start": "2024-08-31",
    "window_end": "2026-07-31",
    "rows": 12000,
    "positives": 2699,
    "base_rate": 0.2249,
    "columns": ["days_since_purchase", "open_deals"],
    "left_out": [{"column": "custom.Fax", "name": "Fax", "code": "empty", "why": "Fax is empty in every row."}],
    "figures": {"auc": {"value": 0.81, "low": 0.78, "high": 0.83, "why": ""}},
    "decision": "It is not worse and has seen more: log-loss 0.4011 against 0.4014 of version 13.",
    "code_version": "9f2c1a77d0be",
    "card_version": 3,
    "trained_at": "2026-11-22T01:00:12Z",
    "active_from": "2026-11-22T01:00:12Z",
    "retired_at": None,
}


class LeftOutSerializer(serializers.Serializer[Any]):
    """A column that the model must not look at."""

    column = serializers.CharField()
    name = serializers.CharField(help_text="The column as people call it.")
    code = serializers.CharField(help_text="closing, personal, empty, constant, identifier, filled_after, …")
    why = serializers.CharField()


class FigureSerializer(serializers.Serializer[Any]):
    """A figure with its 95 % interval, or the reason why there is none."""

    value = serializers.FloatField(allow_null=True)
    low = serializers.FloatField(allow_null=True)
    high = serializers.FloatField(allow_null=True)
    why = serializers.CharField(allow_blank=True)


class ScoringModelSerializer(serializers.Serializer[Any]):
    """One version of a model, with what it learnt from and how good it was on what it had not seen."""

    id = serializers.UUIDField()
    purpose = serializers.ChoiceField(Purpose.choices)
    version = serializers.IntegerField(min_value=1)
    name = serializers.CharField(help_text="The `model_version` of the scores that it makes.")
    status = serializers.ChoiceField(ModelStatus.choices)
    state = serializers.ChoiceField(tuple(STATES.items()), help_text="What its scores rest on.")
    sentence = serializers.CharField(help_text="The state in words.")
    method = serializers.CharField()
    horizon_days = serializers.IntegerField()
    window_start = serializers.DateField(allow_null=True, help_text="The first day that was learnt from.")
    window_end = serializers.DateField(allow_null=True)
    rows = serializers.IntegerField()
    positives = serializers.IntegerField()
    base_rate = serializers.FloatField()
    columns = serializers.ListField(child=serializers.CharField(), help_text="What it looks at.")
    left_out = LeftOutSerializer(many=True)
    figures = serializers.DictField(child=FigureSerializer(), help_text="Empty where nothing could be tried.")
    decision = serializers.CharField(allow_blank=True, help_text="Why it counts, or why not.")
    code_version = serializers.CharField()
    card_version = serializers.IntegerField(allow_null=True, help_text="Of the rule card it corrects; 0 as shipped.")
    trained_at = serializers.DateTimeField()
    active_from = serializers.DateTimeField(allow_null=True)
    retired_at = serializers.DateTimeField(allow_null=True)


class ScoringModelView(RecordView):
    """The models of an organisation."""

    required_scope = "scores:read"
    singular, plural = "scoring_model", "scoring_models"
    record = ScoringModelSerializer
    example = EXAMPLE
    columns = (
        *("id", "purpose", "version", "status", "state", "sentence", "method", "horizon_days", "window_start"),
        *("window_end", "rows", "positives", "base_rate", "columns", "left_out", "metrics", "decision"),
        *("code_version", "card_version", "trained_at", "active_from", "retired_at"),
    )

    def rows(self) -> QuerySet[Any, Any]:
        """Return every version."""
        models: QuerySet[Any, Any] = TrainedModel.objects.for_organization(self.organization_id)
        return models

    def shaped(self, row: Row) -> dict[str, Any]:
        """Return a version with its main figures."""
        metrics = row["metrics"]
        return {
            **{name: row[name] for name in self.columns if name not in ("metrics", "columns", "left_out")},
            "name": f"model-{row['version']}-{row['state']}",
            "columns": sorted(row["columns"]),
            "left_out": [{"name": one["column"], **one} for one in row["left_out"]],
            "figures": {name: metrics[name] for name in SHOWN if name in metrics},
        }


class ScoringModelListView(ScoringModelView, ListView):
    """What scores rest on, version by version; `sort=-trained_at` begins with the newest."""

    summary = "List scoring models"
    sorts = (Sort("id", "id"), Sort("trained_at", "trained_at"))
    filters = (
        parameters.codes("purpose", "purpose", Purpose.values, "The question that it answers."),
        parameters.codes("status", "status", ModelStatus.values, "Whether it counts."),
    )


class ScoringModelDetailView(ScoringModelView, DetailView):
    """One version."""

    summary = "Get a scoring model"
