"""Making a run's scores of deals the ones that count."""

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Case, F, When

from pipeline.models import OpportunityScore
from tenancy.bulk import insert_rows, upsert_rows
from tenancy.models import DomainEvent, Organization, Run

# What the deal had before this run; a run that is done again doesn't become its own predecessor.
BEFORE = "CASE WHEN t.run_id = excluded.run_id THEN t.previous_score ELSE t.score END"
TOLD_FROM = 10
"""Points by which a score must have changed since the run before to be told."""


@dataclass(frozen=True, slots=True)
class NewOpportunityScore:
    """What a method says of one open deal."""

    opportunity_id: uuid.UUID
    score: int
    probability: float
    low: float | None
    high: float | None
    slip_probability: float | None
    rank: int
    reasons: Sequence[Mapping[str, Any]]


SAID = ("score", "probability", "low", "high", "slip_probability", "rank")


@transaction.atomic
def record_opportunity_scores(
    *,
    organization: Organization,
    run: Run,
    scores: Iterable[NewOpportunityScore],
    state: str,
    model_version: str,
    as_of: datetime,
    scored_at: datetime,
) -> int:
    """Replace the current scores of these deals, tell which of them changed much, and return how many that are.

    A deal that the run doesn't name was closed, and keeps what was said of it last. Recording a run again replaces what
    it said.

    :raises django.db.IntegrityError: if a score names a deal of another organisation, or one twice.
    """
    upsert_rows(
        organization=organization,
        model=OpportunityScore,
        columns=("opportunity", "run", *SAID, "reasons", "state", "model_version", "as_of", "scored_at"),
        rows=(
            (
                *(one.opportunity_id, run.pk, *(getattr(one, name) for name in SAID), list(one.reasons)),
                *(state, model_version, as_of, scored_at),
            )
            for one in scores
        ),
        conflict=("opportunity",),
        update=("run", *SAID, "reasons", "state", "model_version", "as_of"),
        touch={"scored_at": "excluded.scored_at", "previous_score": BEFORE},
    )
    changed = OpportunityScore.objects.for_organization(organization).filter(run=run, previous_score__isnull=False)
    moved = F("score") - F("previous_score")
    changed = changed.annotate(by=Case(When(score__gte=F("previous_score"), then=moved), default=-moved))
    told = changed.filter(by__gte=TOLD_FROM).order_by("rank", "id")
    return insert_rows(
        organization=organization,
        model=DomainEvent,
        columns=("type", "subject_type", "subject_id", "payload", "source", "occurred_at", "recorded_at"),
        rows=(
            (
                *("opportunity.score_changed", "opportunity", one.opportunity_id),
                {"run": str(run.pk), "score": one.score, "previous_score": one.previous_score, "rank": one.rank},
                *("", as_of, scored_at),
            )
            for one in told
        ),
    )
