"""Making a run's scores the ones that count."""

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction

from pipeline.models import AccountScore, AccountScoreHistory
from tenancy.bulk import insert_rows, upsert_rows
from tenancy.models import Organization, Run


@dataclass(frozen=True, slots=True)
class NewScore:
    """What a method says of one account."""

    account_id: uuid.UUID
    score: int
    probability: float
    rank: int
    band: str
    value_minor: int
    currency: str
    value_basis: Mapping[str, Any]
    reasons: Sequence[Mapping[str, Any]]


KEPT = ("score", "rank", "band", "value_minor", "currency")

# What the account had before this run; a run that is done again doesn't become its own predecessor.
BEFORE = "CASE WHEN t.run_id = excluded.run_id THEN t.previous_{0} ELSE t.{0} END"


@transaction.atomic
def record_scores(
    *,
    organization: Organization,
    run: Run,
    scores: Iterable[NewScore],
    model_version: str,
    as_of: datetime,
    scored_at: datetime,
    data_up_to: datetime | None,
) -> int:
    """Replace the current scores by these, keep them in each account's history, and return how many there are.

    An account that the run doesn't name has no score any more. Recording a run again replaces what it said.

    :raises django.db.IntegrityError: if a score names an account of another organisation, or one twice.
    """
    new = list(scores)
    upsert_rows(
        organization=organization,
        model=AccountScore,
        columns=(
            *("account", "run", *KEPT, "probability", "value_basis", "reasons"),
            *("model_version", "as_of", "scored_at", "data_up_to"),
        ),
        rows=(
            (
                *(one.account_id, run.pk, *(getattr(one, name) for name in KEPT), one.probability),
                *(dict(one.value_basis), list(one.reasons), model_version, as_of, scored_at, data_up_to),
            )
            for one in new
        ),
        conflict=("account",),
        update=(*("run", *KEPT, "probability", "value_basis", "reasons", "model_version"), "as_of", "data_up_to"),
        touch={
            "scored_at": "excluded.scored_at",
            "previous_score": BEFORE.format("score"),
            "previous_rank": BEFORE.format("rank"),
        },
    )
    AccountScore.objects.for_organization(organization).exclude(run=run).delete()
    AccountScoreHistory.objects.for_organization(organization).filter(run=run).delete()
    return insert_rows(
        organization=organization,
        model=AccountScoreHistory,
        columns=("account", "run", *KEPT, "model_version", "as_of"),
        rows=((one.account_id, run.pk, *(getattr(one, name) for name in KEPT), model_version, as_of) for one in new),
    )
