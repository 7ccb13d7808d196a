"""Scoring all the accounts of an organisation, in pieces that any number of workers may do.

    plan → each piece, in any order, by anybody → rank, explain and publish all of them at once

Between the pieces and the publication the night values the accounts and plans the week, because a place is the one by
what an hour of acting adds; until then last night's scores count.

A plan fixes the method and the background, so that it doesn't matter who does a piece, and when. A piece is claimed by
a lock on its row and done in one transaction: a worker that dies gives it back by dying.
"""

import datetime
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

import numpy as np
from django.conf import settings
from django.db import connection, transaction
from django.db.models import Q

from coe.models import ScoringChunk, ScoringPlan, ScoringRun, SilencePlan
from coe.queries import Market, account_ranges, market
from coe.queries.copying import copied
from coe.queries.customers import Integers
from coe.queries.features import account_features
from coe.queries.method import Method, method_in_force, method_of, silence_in_force, silence_of
from coe.queries.reasons import explained
from coe.queries.scored import rows_of, waiting_plan
from coe.scoring.chunks import ROW, Ranking, chances, first_of_lists, of_silence, ranking, scored_rows
from coe.scoring.features import Ids, uuids
from coe.scoring.ranking import Acting, BandCuts
from pipeline.operations import Explained, NewScores, Recorded, record_scores
from tenancy import locks
from tenancy.jobs import enqueue
from tenancy.models import Organization, Run
from tenancy.scoping import organization_scope

EXPLAIN_ALL = 2_000  # accounts of an organisation; in larger ones those that people see first
EXPLAIN_OVERALL, EXPLAIN_OF_OWNER, EXPLAIN_MOST = 200, 10, 5_000
TASK = "coe.tasks.score_chunk"
PATIENCE = "600s"
ABANDONED = datetime.timedelta(days=2)


@dataclass(frozen=True)
class ScoringOutcome:
    """What a scoring run did; `written` and `checksum` are of what it published."""

    scored: int
    model_version: str
    base_rate: float
    intercept: float
    background: Market
    amounts_left_out: int  # accounts with amounts in a currency that could not be counted
    state: str
    note: str
    written: int = 0
    checksum: str = ""


@dataclass(frozen=True)
class Published:
    """The scores that count now, and the place of each account."""

    account_ids: Ids
    rank: Integers
    written: int
    checksum: str
    intercept: float


def score_accounts(
    *,
    organization: Organization,
    run: Run,
    as_of: datetime.datetime,
    scored_at: datetime.datetime,
) -> ScoringOutcome:
    """Score and rank every account as it was known at ``as_of`` and make these the scores that count.

    The number answers one question: will the account buy within the horizon? Its place in the list answers another
    one, what an hour of acting adds; here, without a plan of the week, how much is at stake. Running it again for the
    same run replaces that run's scores. What workers have done of the run's plan before (``score_ahead``) is taken
    over.

    :raises coe.scoring.ranking.BandCutsError: if the organisation's band cuts can't be used.
    """
    with transaction.atomic():
        outcome = score_all(organization=organization, run=run, as_of=as_of, scored_at=scored_at)
        done = publish_scores(organization=organization, run=run)
        assert done is not None  # what was just scored waits to be published
    return replace(outcome, written=done.written, checksum=done.checksum, intercept=done.intercept)


@transaction.atomic
def score_all(
    *, organization: Organization, run: Run, as_of: datetime.datetime, scored_at: datetime.datetime
) -> ScoringOutcome:
    """Score every account as it was known at ``as_of`` and keep it for ``publish_scores``: what counts stays so far.

    :raises coe.scoring.ranking.BandCutsError: if the organisation's band cuts can't be used.
    """
    BandCuts.from_settings(organization.setting("score_bands"))
    plan = _plan(organization, run, as_of, scored_at)
    while _score_next(organization, plan, scored_at):
        pass
    method, background = method_of(organization=organization, plan=plan), Market.from_json(plan.background)
    rows = rows_of(organization=organization, plan=plan)
    silence = SilencePlan.objects.for_organization(organization).filter(plan=plan)
    silence.update(data=of_silence(rows).tobytes())
    _, _, intercept = chances(rows, rate=background.base_rate, is_learned=method.scorer is not None)
    return ScoringOutcome(
        scored=len(rows),
        model_version=method.model_version,
        base_rate=background.base_rate,
        intercept=intercept,
        background=background,
        amounts_left_out=int((rows["left_out"] != 0).sum()),
        state=method.state,
        note=method.note,
    )


def score_ahead(*, organization: Organization, run: Run, as_of: datetime.datetime, scored_at: datetime.datetime) -> int:
    """Do what can be done in pieces, each in a transaction of its own, together with whoever else works on it.

    Returns when every piece is done, with how many were done here. Small organisations have nothing to cut.
    """
    with organization_scope(organization, task=f"score {run.key}"):
        if len(account_ranges(organization=organization, size=settings.SCORING_CHUNK)) <= 1:
            return 0
        locks.hold(organization=organization, purpose=f"plan {run.pk}")
        plan = _plan(organization, run, as_of, scored_at)
    done = 0
    while True:
        with organization_scope(organization, task=f"score {run.key}"):
            if not _score_next(organization, plan, scored_at):
                return done
        done += 1


def score_chunk(*, organization: Organization, chunk_id: UUID, scored_at: datetime.datetime) -> bool:
    """Do one piece, in the caller's transaction, unless it is done or somebody is at it; tell whether it was done."""
    pieces = ScoringChunk.objects.for_organization(organization).filter(pk=chunk_id, done_at=None)
    piece = pieces.select_for_update(skip_locked=True, of=("self",)).select_related("plan__model").first()
    if piece is None:
        return False
    _score(organization, piece, scored_at)
    return True


def _plan(organization: Organization, run: Run, as_of: datetime.datetime, scored_at: datetime.datetime) -> ScoringPlan:
    """Return the plan of a run; one that was published is made anew."""
    plans = ScoringPlan.objects.for_organization(organization)
    plan: ScoringPlan | None = plans.filter(run=run).select_related("model").first()
    if plan is not None and plan.published_at is None:
        return plan
    if plan is not None:
        plan.delete()
    method = method_in_force(organization=organization, as_of=scored_at, known_at=as_of)
    silence = silence_in_force(organization=organization, known_at=as_of)
    background = market(organization=organization, as_of=as_of, horizon_days=organization.setting("score_horizon_days"))
    plan = plans.create(
        organization=organization,
        run=run,
        as_of=as_of,
        scored_at=scored_at,
        background=background.as_json(),
        card_version=method.card.version,
        card_points=dict(method.card.points),
        model=method.model,
        note=method.note,
    )
    SilencePlan.objects.create(organization=organization, plan=plan, model=silence.model, note=silence.note)
    ranges = account_ranges(organization=organization, size=settings.SCORING_CHUNK)
    pieces = ScoringChunk.objects.bulk_create(
        ScoringChunk(organization=organization, plan=plan, number=number, first=first, last=last)
        for number, (first, last) in enumerate(ranges)
    )
    for piece in pieces if len(pieces) > 1 else ():
        enqueue(TASK, organization=organization, chunk_id=str(piece.pk))
    return plan


def _score_next(organization: Organization, plan: ScoringPlan, scored_at: datetime.datetime) -> bool:
    """Do a piece that nobody is at; when there is none, wait for those that somebody is at. False when all are done."""
    waiting = ScoringChunk.objects.for_organization(organization).filter(plan=plan, done_at=None).order_by("number")
    piece = waiting.select_for_update(skip_locked=True).first()
    if piece is None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT set_config('lock_timeout', %s, true)", [PATIENCE])
        # Whoever holds the row commits it as done, or dies and leaves it to us.
        piece = waiting.select_for_update().first()
    if piece is None:
        return waiting.exists()
    piece.plan = plan
    _score(organization, piece, scored_at)
    return True


def _score(organization: Organization, piece: ScoringChunk, scored_at: datetime.datetime) -> None:
    plan = piece.plan
    method = method_of(organization=organization, plan=plan)
    silence = silence_of(organization=organization, plan=plan)
    blocks = account_features(
        organization=organization,
        as_of=plan.as_of,
        background=Market.from_json(plan.background),
        ranges=[(piece.first, piece.last)],
    )
    data = b"".join(scored_rows(block, method.card, method.scorer, silence.scorer).tobytes() for block in blocks)
    piece.data, piece.checksum = data, hashlib.sha256(data).hexdigest()
    piece.accounts, piece.done_at = len(data) // ROW.itemsize, scored_at
    piece.save(update_fields=["data", "checksum", "accounts", "done_at"])


@transaction.atomic
def publish_scores(*, organization: Organization, run: Run, acting: Acting | None = None) -> Published | None:
    """Rank what a run has scored by what acting adds an hour, and make it what counts, all at once.

    None if nothing of the run waits to be published.
    """
    plan = waiting_plan(organization=organization, run=run)
    if plan is None:
        return None
    cuts = BandCuts.from_settings(organization.setting("score_bands"))
    method, background = method_of(organization=organization, plan=plan), Market.from_json(plan.background)
    rows = rows_of(organization=organization, plan=plan)
    ranked = ranking(
        rows,
        rate=background.base_rate,
        is_learned=method.scorer is not None,
        cuts=cuts,
        seed=str(organization.pk),
        acting=acting,
    )
    written = record_scores(
        organization=organization,
        run=run,
        scores=NewScores(
            account_ids=ranked.account_ids,
            score=ranked.score,
            probability=ranked.probability,
            rank=ranked.rank,
            band=ranked.band,
            value_minor=ranked.value_minor,
            typical_minor=rows["typical_minor"].astype(np.int64),
            deals_minor=rows["deals_minor"].astype(np.int64),
            per_hour_minor=ranked.per_hour_minor,
            by_chance_minor=ranked.by_chance_minor,
            currency=background.currency,
        ),
        explained=_explained(organization, ranked, background, method),
        model_version=method.model_version,
        as_of=plan.as_of,
        scored_at=plan.scored_at,
        data_up_to=background.data_up_to,
    )
    _keep(organization, run, plan, method, background, ranked, written)
    return Published(
        account_ids=ranked.account_ids,
        rank=ranked.rank.astype(np.int64),
        written=written.added + written.changed,
        checksum=written.checksum,
        intercept=ranked.intercept,
    )


def _explained(
    organization: Organization, ranked: Ranking, background: Market, method: Method
) -> Mapping[UUID, Explained]:
    """Return why for those that people see first; in a small organisation that is everybody."""
    ids = ranked.account_ids
    if len(ids) > EXPLAIN_ALL:
        first = first_of_lists(
            ranked.rank,
            _owners(organization, ids),
            overall=EXPLAIN_OVERALL,
            of_owner=EXPLAIN_OF_OWNER,
            most=EXPLAIN_MOST,
        )
        ids = ids[first]
    return explained(organization=organization, account_ids=uuids(ids), background=background, method=method)


def _owners(organization: Organization, ids: Ids) -> Ids:
    """Return each account's owner, zeros where it has none."""
    found = copied(
        "SELECT id, coalesce(owner_id, '00000000-0000-0000-0000-000000000000') FROM pipeline_account"
        " WHERE organization_id = %(org)s AND deleted_at IS NULL ORDER BY id",
        {"org": organization.pk},
        {"id": "S16", "owner": "S16"},
    )
    if not len(found):
        return np.zeros(len(ids), dtype="S16")
    place = np.minimum(np.searchsorted(found["id"], ids), len(found) - 1)
    return np.where(found["id"][place] == ids, found["owner"][place], b"")


def _keep(
    organization: Organization,
    run: Run,
    plan: ScoringPlan,
    method: Method,
    background: Market,
    ranked: Ranking,
    written: Recorded,
) -> None:
    """Write what the run rests on, and let go of what only the work needed."""
    ScoringChunk.objects.for_organization(organization).filter(plan=plan).delete()
    # Those of nights that failed, too, once nobody can be at them any more.
    over = Q(published_at__isnull=False) | Q(scored_at__lt=plan.scored_at - ABANDONED)
    ScoringPlan.objects.for_organization(organization).filter(over).exclude(pk=plan.pk).delete()
    plan.intercept, plan.published_at = ranked.intercept, plan.scored_at
    plan.save(update_fields=["intercept", "published_at"])
    values: dict[str, Any] = {
        "model_version": method.model_version,
        "state": method.state,
        "note": method.note,
        "horizon_days": background.horizon_days,
        "accounts": background.accounts,
        "positives": background.positives,
        "base_rate": background.base_rate,
        "intercept": ranked.intercept,
        "scored": written.scored,
        "currency": background.currency,
        "as_of": plan.as_of,
        "scored_at": plan.scored_at,
    }
    ScoringRun.objects.update_or_create(organization=organization, run=run, defaults=values)
