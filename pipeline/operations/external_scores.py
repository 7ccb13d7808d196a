"""Keeping the scores that other systems give."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from pipeline.models import Account, ExternalScore, Opportunity
from pipeline.operations.changes import check_references
from tenancy.events import record_event
from tenancy.models import DomainEvent, Member, Organization
from tenancy.scoping import active_scope

KEPT_ALREADY = "A score of {model} of that moment is kept already; a later one counts anew."
ONE_RECORD = "A score is about an account or about a deal: say account_id or opportunity_id."
Identity = tuple[UUID | None, UUID | None, str, datetime]


class UnableToRecordScore(ValueError):
    """The score can't be kept so; the message says why."""


@transaction.atomic
def record_external_score(
    *,
    organization: Organization,
    account: Account | None = None,
    opportunity: Opportunity | None = None,
    model_name: str,
    score: int,
    actor: Member | None,
    recorded_at: datetime,
    scored_at: datetime | None = None,
    trend: str = "",
    grade: str = "",
    reasons: Sequence[str] = (),
) -> ExternalScore:
    """Keep what another system's model says of an account or a deal. It is never changed: a later one counts instead.

    :raises UnableToRecordScore: without a record or with two, or when the same model spoke of it at the same moment.
    """
    if (account is None) == (opportunity is None):
        raise UnableToRecordScore(ONE_RECORD)
    scored_at = scored_at or recorded_at
    said = ExternalScore.objects.for_organization(organization).filter(
        account=account, opportunity=opportunity, model_name=model_name, scored_at=scored_at
    )
    if said.exists():
        raise UnableToRecordScore(KEPT_ALREADY.format(model=model_name))
    kept: ExternalScore = ExternalScore.objects.create(
        organization=organization,
        account=account,
        opportunity=opportunity,
        model_name=model_name,
        score=score,
        trend=trend,
        grade=grade,
        reasons=list(reasons),
        scored_at=scored_at,
        recorded_at=recorded_at,
    )
    check_references()
    record_event(
        organization=organization,
        type="external_score.received",
        subject=kept,
        payload=_payload(kept),
        actor=actor,
        occurred_at=scored_at,
    )
    return kept


@dataclass
class RecordedScores:
    """What became of the rows, by their keys: kept, said before in the same words, or refused with (field, words)."""

    kept: dict[str, UUID] = field(default_factory=dict)
    unchanged: dict[str, UUID] = field(default_factory=dict)
    refused: dict[str, tuple[str, str]] = field(default_factory=dict)


@transaction.atomic
def record_external_scores(
    *, organization: Organization, rows: Mapping[str, Mapping[str, Any]], actor: Member | None, recorded_at: datetime
) -> RecordedScores:
    """Keep what another system's models say of many accounts and deals. Said again in the same words, nothing changes.

    A row has `account_id` or `opportunity_id`, `model_name`, `score`, and what else `record_external_score` takes.
    """
    result = RecordedScores()
    wanted: dict[str, ExternalScore] = {}
    for key, said in rows.items():
        if (said.get("account_id") is None) == (said.get("opportunity_id") is None):
            result.refused[key] = ("account_id", ONE_RECORD)
            continue
        stated = {name: value for name, value in said.items() if value is not None}
        wanted[key] = ExternalScore(
            organization=organization, **{"scored_at": recorded_at, **stated, "recorded_at": recorded_at}
        )
    known = _known(organization, wanted.values())
    new: dict[Identity, ExternalScore] = {}
    for one in wanted.values():
        if _identity(one) not in known:
            new.setdefault(_identity(one), one)
    # In one order, so that two calls wait for each other and never both; who was quicker has said it.
    ExternalScore.objects.bulk_create([new[name] for name in sorted(new, key=str)], ignore_conflicts=True)
    check_references()
    known |= _known(organization, new.values())
    for key, one in wanted.items():
        there = known[_identity(one)]
        if there.pk == one.pk:
            result.kept[key] = one.pk
        elif _words(there) == _words(one):
            result.unchanged[key] = there.pk
        else:
            result.refused[key] = ("model_name", KEPT_ALREADY.format(model=one.model_name))
    _tell(organization, [one for key, one in wanted.items() if key in result.kept], actor, recorded_at)
    return result


def _identity(one: ExternalScore) -> Identity:
    return one.account_id, one.opportunity_id, one.model_name, one.scored_at


def _words(one: ExternalScore) -> tuple[Any, ...]:
    return one.score, one.trend, one.grade, one.reasons


def _known(organization: Organization, scores: Iterable[ExternalScore]) -> dict[Identity, ExternalScore]:
    """Return what was said of these records at these moments."""
    found: dict[Identity, ExternalScore] = {}
    wanted = list(scores)
    names = {one.model_name for one in wanted}
    moments = {one.scored_at for one in wanted}
    for column in ("account_id", "opportunity_id"):
        ids = {getattr(one, column) for one in wanted} - {None}
        if ids:
            kept = ExternalScore.objects.for_organization(organization).filter(
                **{f"{column}__in": ids}, model_name__in=names, scored_at__in=moments
            )
            found |= {_identity(one): one for one in kept}
    return found


def _payload(one: ExternalScore) -> dict[str, Any]:
    return {
        "account": one.account_id and str(one.account_id),
        "opportunity": one.opportunity_id and str(one.opportunity_id),
        "model_name": one.model_name,
        "score": one.score,
    }


def _tell(organization: Organization, kept: list[ExternalScore], actor: Member | None, recorded_at: datetime) -> None:
    scope = active_scope()
    DomainEvent.objects.bulk_create(
        DomainEvent(
            organization=organization,
            type="external_score.received",
            subject_type="externalscore",
            subject_id=one.pk,
            actor=actor,
            payload=_payload(one),
            source="",
            task=scope.task if scope else "",
            occurred_at=one.scored_at,
            recorded_at=recorded_at,
        )
        for one in kept
    )
