"""What the pages of models show: versions, figures, who is spoken of too surely, and whether scores are used."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import Count, Q

from coe.models import ExplanationOpening, ModelQuality, ModelStatus, TrainedModel
from coe.queries.score_reports import month_before, report_counts
from coe.scoring.features import words_of
from pipeline.models import AccountScore, Band, ScoreOverride
from tenancy.models import Organization

MOST_VERSIONS = 60
MOST_LOOKS = 26


@dataclass(frozen=True)
class Versions:
    """The versions of one model: the one that is looked at, the one that counts, what lies before and after it."""

    shown: TrainedModel | None = None
    live: TrainedModel | None = None
    before: TrainedModel | None = None  # what a roll-back goes to
    newer: TrainedModel | None = None  # a later version that doesn't count
    all: list[TrainedModel] = field(default_factory=list)  # the newest first


def versions(*, organization: Organization, purpose: str, number: int | None = None) -> Versions:
    """Return the versions that answer a question; ``number`` is the one to look at, else the one that counts.

    :raises TrainedModel.DoesNotExist: when there is no version of that number.
    """
    found: list[TrainedModel] = list(
        TrainedModel.objects.for_organization(organization)
        .answering(purpose)
        .select_related("trained_by", "retired_by")[:MOST_VERSIONS]
    )
    live = next((one for one in found if one.status == ModelStatus.CHAMPION), None)
    shown = live or (found[0] if found else None)
    if number is not None:
        shown = next((one for one in found if one.version == number), None)
        if shown is None:
            raise TrainedModel.DoesNotExist
    if live is None:
        return Versions(shown, None, None, found[0] if found else None, found)
    once = [
        one for one in found if one.status == ModelStatus.RETIRED and one.active_from and one.version < live.version
    ]
    newer = found[0] if found[0].version > live.version else None
    return Versions(shown, live, once[0] if once else None, newer, found)


def live_models(*, organization: Organization) -> list[TrainedModel]:
    """Return the version that counts of each model, else its newest."""
    found: dict[str, TrainedModel] = {}
    rows = TrainedModel.objects.for_organization(organization).order_by("purpose", "-version")
    for one in rows.defer("inputs", "typical", "columns", "card_points"):
        if one.purpose not in found or one.status == ModelStatus.CHAMPION:
            found[one.purpose] = one
    return list(found.values())


@dataclass(frozen=True)
class Use:
    """Whether people use the scores, over four weeks."""

    in_sight: int  # accounts that the list says to see
    opened: int  # of them, those whose explanation was opened
    reports: int
    answered: int
    waiting: int
    overridden: int  # scores set by hand that count now


def use_of_scores(*, organization: Organization, now: datetime) -> Use:
    """Return how much the scores were used in the last four weeks."""
    since = month_before(now)
    scores = AccountScore.objects.for_organization(organization).filter(band__in=(Band.ACT, Band.WEEK))
    opened = ExplanationOpening.objects.for_organization(organization).filter(day__gte=since.date())
    counted: dict[str, Any] = scores.aggregate(
        all=Count("id"), opened=Count("id", Q(account__in=opened.values("account")))
    )
    reports, answered, waiting = report_counts(organization=organization, since=since)
    overridden = ScoreOverride.objects.for_organization(organization).in_force().count()
    return Use(counted["all"], counted["opened"], reports, answered, waiting, overridden)


@dataclass(frozen=True)
class Look:
    """How a version has held: in use where enough time has passed, else in the trials of its training."""

    figures: dict[str, Any]
    by: dict[str, list[dict[str, Any]]]
    drift: dict[str, float]  # in the words of people, the largest first
    alarms: list[str]
    seen: list[ModelQuality]  # the looks so far, the oldest first
    said_at: datetime | None = None  # when the scores were said that are held against what came

    def trend(self, name: str) -> list[float]:
        """Return how a figure went from look to look."""
        values = [(one.figures.get(name) or {}).get("value") for one in self.seen]
        return [value for value in values if value is not None]

    @property
    def drift_trend(self) -> list[float]:
        """Return the largest drift of each look."""
        return [max(one.drift.values()) for one in self.seen if one.drift]


def look_at(*, organization: Organization, model: TrainedModel) -> Look:
    """Return how a version has held."""
    looks = ModelQuality.objects.for_organization(organization).filter(model=model)
    seen = list(looks.order_by("-as_of")[:MOST_LOOKS])[::-1]
    last = seen[-1] if seen else None
    # The database keeps the keys of JSON in an order of its own.
    ordered = sorted(last.drift.items(), key=lambda one: -one[1]) if last is not None else []
    drift = {words_of(name): psi for name, psi in ordered}
    drift = dict(sorted(drift.items(), key=lambda one: -one[1]))
    alarms = list(last.alarms) if last is not None else []
    if last is not None and last.figures:
        figures = {**last.figures, "rows": last.rows, "positives": last.positives}
        return Look(figures, last.by or model.metrics.get("by", {}), drift, alarms, seen, last.said_at)
    return Look(model.metrics, model.metrics.get("by", {}), drift, alarms, seen)
