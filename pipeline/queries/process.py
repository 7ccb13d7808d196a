"""The process as its page shows it: pipelines with their stages, and the log of what was changed."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Count, Prefetch, Q
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from pipeline.models import ForecastCategory, Mover, Pipeline, PipelineUnit, Stage, WarningCode, criterion_words
from tenancy.models import DomainEvent, Organization, Unit

LOG_LENGTH = 30
WHAT_HAPPENED: Mapping[str, str | Promise] = {
    "pipeline.created": gettext_lazy("Pipeline %s was added"),
    "pipeline.changed": gettext_lazy("Pipeline %s was changed"),
    "pipeline.retired": gettext_lazy("Pipeline %s was retired"),
    "pipeline.restored": gettext_lazy("Pipeline %s is in use again"),
    "pipeline.deleted": gettext_lazy("Pipeline %s was deleted"),
    "stage.created": gettext_lazy("Stage %s was added"),
    "stage.changed": gettext_lazy("Stage %s was changed"),
    "stage.placed": gettext_lazy("Stage %s changed its place"),
    "stage.retired": gettext_lazy("Stage %s was retired"),
    "stage.restored": gettext_lazy("Stage %s is in use again"),
    "stage.deleted": gettext_lazy("Stage %s was deleted"),
    "lost_reasons.changed": gettext_lazy("The reasons of lost deals were changed%s"),
    "deal_warnings.changed": gettext_lazy("The warnings of deals were changed%s"),
}
"""The events that make the operating-model change log of the process."""

FIELD_WORDS: Mapping[str, str | Promise] = {
    "name": gettext_lazy("Name"),
    "units": gettext_lazy("For units"),
    "is_default": gettext_lazy("New deals begin here"),
    "is_active": gettext_lazy("In use"),
    "probability_bp": gettext_lazy("Chance"),
    "forecast_category": gettext_lazy("Forecast"),
    "expected_days": gettext_lazy("Usual days"),
    "warning_days": gettext_lazy("Late after days"),
    "moved_by": gettext_lazy("Who may move deals into it"),
    "entry_criteria": gettext_lazy("To come in"),
    "exit_criteria": gettext_lazy("To go on"),
    "is_strict": gettext_lazy("Refuse a move that lacks something"),
    "position": gettext_lazy("Place"),
    "reasons": gettext_lazy("Reasons"),
    "only": gettext_lazy("No other words are taken"),
    "off": gettext_lazy("Not wanted"),
    "silent_days": gettext_lazy("No conversation for so many working days"),
    "stalled_days": gettext_lazy("Stands still after so many working days at the least"),
    "pushes": gettext_lazy("Pushed out so many times"),
    "people": gettext_lazy("So many people with a role"),
    "small_amount_minor": gettext_lazy("A deal is small below"),
}


@dataclass(frozen=True)
class ProcessChange:
    """One change of the process: who did what when and why, with both values of each field."""

    words: str
    by: str
    at: datetime
    reason: str
    fields: list[tuple[str, str, str]] = field(default_factory=list)


def pipelines(*, organization: Organization) -> list[Pipeline]:
    """Return the pipelines with their stages and units, those in use first, the default one at the top.

    Each stage has `open_deals`: how many stand in it.
    """
    counted = Stage.objects.for_organization(organization).annotate(
        open_deals=Count(
            "opportunities", filter=Q(opportunities__outcome="open", opportunities__deleted_at__isnull=True)
        )
    )
    units = PipelineUnit.objects.for_organization(organization).select_related("unit")
    found = Pipeline.objects.for_organization(organization).prefetch_related(
        Prefetch("stages", counted.order_by("position", "id")), Prefetch("availability", units.order_by("unit__name"))
    )
    return list(found.order_by("-is_active", "-is_default", "name", "id"))


def process_changes(*, organization: Organization, subjects: list[UUID] | None = None) -> list[ProcessChange]:
    """Return the newest changes of the process, of all or of some pipelines and stages."""
    events = DomainEvent.objects.for_organization(organization).filter(type__in=list(WHAT_HAPPENED))
    if subjects is not None:
        events = events.filter(subject_id__in=subjects)
    newest = list(events.select_related("actor").order_by("-occurred_at", "-id")[:LOG_LENGTH])
    names = _unit_names(organization, newest)
    return [
        ProcessChange(
            words=str(WHAT_HAPPENED[event.type]) % event.payload.get("name", ""),
            by=event.actor.name if event.actor else "",
            at=event.occurred_at,
            reason=event.payload.get("reason", ""),
            fields=[
                (str(FIELD_WORDS.get(name, name)), _shown(name, old, names), _shown(name, new, names))
                for name, (old, new) in event.payload.get("changed", {}).items()
            ],
        )
        for event in newest
    ]


def _unit_names(organization: Organization, events: list[DomainEvent]) -> dict[str, str]:
    changed = [event.payload.get("changed", {}).get("units", ()) for event in events]
    ids = {unit for sides in changed for side in sides for unit in side}
    found = Unit.objects.for_organization(organization).filter(pk__in=ids).values_list("pk", "name") if ids else ()
    return {str(pk): name for pk, name in found}


def _shown(name: str, value: Any, units: Mapping[str, str]) -> str:
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if name == "units":
        return ", ".join(units.get(one, "–") for one in value) or _("everybody")
    if name == "reasons":
        return "; ".join(value) or "–"
    if name == "off":
        return ", ".join(str(WarningCode(one).label) for one in value) or "–"
    if name in ("entry_criteria", "exit_criteria"):
        return "; ".join(criterion_words(one) for one in value) or "–"
    if name == "probability_bp":
        return f"{value / 100:g} %"
    if name == "moved_by":
        return str(Mover(value).label)
    if name == "forecast_category":
        return str(ForecastCategory(value).label)
    return str(value)
