"""Scoring all the open deals of an organisation: won, lost or later."""

import datetime
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from django.db import transaction

from coe.models import Purpose
from coe.queries.background import rows
from coe.queries.champions import Champion, champion, typical_of
from coe.queries.deal_features import StageTimes, deal_features
from coe.scoring.base_rate import logistic
from coe.scoring.card import Reason
from coe.scoring.deal_topics import OF_DEALS
from coe.scoring.deals import DealBlock, deal_points, deal_signals, words_of
from coe.scoring.table import Floats
from pipeline.operations import NewOpportunityScore, record_opportunity_scores
from tenancy.models import Organization, Run

MOST_EXPLAINED = 2_000  # of the top of the list; of trees a reason costs as much as scoring anew
RULES = "rules"
RULE_VERSION = "deal-card-shipped"

OPEN = """
SELECT id FROM pipeline_opportunity
 WHERE organization_id = %(org)s AND deleted_at IS NULL AND opened_at <= %(as_of)s AND recorded_at <= %(as_of)s
   AND (closed_at IS NULL OR closed_at > %(as_of)s)
 ORDER BY id
"""


@dataclass(frozen=True)
class DealScoringOutcome:
    """What scoring the deals did."""

    scored: int
    told: int
    state: str
    model_version: str
    note: str


@transaction.atomic
def score_opportunities(
    *, organization: Organization, run: Run, as_of: datetime.datetime, scored_at: datetime.datetime
) -> DealScoringOutcome:
    """Score every deal that was open at ``as_of``, as it was known then, and make these the scores that count."""
    ids = [row[0] for row in rows(OPEN, {"org": organization.pk, "as_of": as_of})]
    stages = StageTimes(organization=organization, as_of=as_of)
    block = deal_features(organization=organization, ids=ids, at=as_of, stages=stages)
    win = champion(organization=organization, purpose=Purpose.OPPORTUNITY_WIN, as_of=as_of)
    slip = champion(organization=organization, purpose=Purpose.OPPORTUNITY_SLIP, as_of=as_of)
    points = deal_points(block)
    chances = _chances(win, block, points)
    slips = None if slip.scorer is None or not len(block) else slip.scorer.probabilities(block.table)
    order = _order(block, chances)
    reasons = _reasons(win, block, points, order[:MOST_EXPLAINED])
    state = win.model.state if win.model is not None else RULES
    version = win.model.name if win.model is not None and win.scorer is not None else RULE_VERSION
    told = record_opportunity_scores(
        organization=organization,
        run=run,
        scores=_scores(win, block, chances, slips, order, reasons),
        state=state,
        model_version=version,
        as_of=as_of,
        scored_at=scored_at,
    )
    return DealScoringOutcome(len(block), told, state, version, _note(win, slip))


def _note(win: Champion, slip: Champion) -> str:
    """Say of both questions what is used instead of what; without a model nothing is said of closing later."""
    late = slip.note and (slip.note if slip.scorer else "No chance of closing later is given: its model can't be used.")
    return " ".join(one for one in (win.note, late) if one)


def _chances(win: Champion, block: DealBlock, points: Floats) -> Floats:
    """Return the chance of each deal to be won; before anything is learnt that of its stage with its signals."""
    if not len(block):
        return np.empty(0)
    if win.scorer is None or win.model is None:
        return np.clip(np.asarray([logistic(one) for one in points]), 0.01, 0.99)
    return win.scorer.probabilities(block.table, points if win.model.card_version is not None else None)


def _order(block: DealBlock, chances: Floats) -> list[int]:
    """Return the rows by chance × amount, the first first; those without an amount behind, by chance."""
    amounts = np.nan_to_num(block.table.columns["amount"].numbers)
    return sorted(range(len(block)), key=lambda row: (-chances[row] * amounts[row], -chances[row], block.ids[row]))


def _scores(
    win: Champion,
    block: DealBlock,
    chances: Floats,
    slips: Floats | None,
    order: list[int],
    reasons: dict[int, tuple[Reason, ...]],
) -> Iterator[NewOpportunityScore]:
    for rank, row in enumerate(order, start=1):
        chance = float(chances[row])
        low, high = win.scorer.interval(chance) if win.scorer is not None else (None, None)
        yield NewOpportunityScore(
            opportunity_id=block.ids[row],
            score=min(max(round(100 * chance), 1), 99),
            probability=round(chance, 6),
            low=low,
            high=high,
            slip_probability=None if slips is None else round(float(slips[row]), 6),
            rank=rank,
            reasons=[one.as_json() for one in reasons.get(row, ())],
        )


def _reasons(win: Champion, block: DealBlock, points: Floats, top: list[int]) -> dict[int, tuple[Reason, ...]]:
    card: dict[int, list[Reason]] = {row: [] for row in top}
    for code, (places, weights, words) in deal_signals(block).items():
        for row, weight in zip(places.tolist(), weights.tolist(), strict=True):
            if row in card:
                card[row].append(Reason(f"deal_{code}", weight, {"text": words}, ()))
    if win.model is None or win.scorer is None or not top:
        return {row: tuple(sorted(found, key=lambda one: -abs(one.points))) for row, found in card.items()}
    from coe.scoring.reasons import learned_reasons  # SciPy comes with it, and few processes need that

    has_card = win.model.card_version is not None
    place = np.asarray(top, dtype=np.intp)
    found = learned_reasons(
        win.scorer,
        block.table.take(place),
        typical=typical_of(win.model),
        segments=[block.segments[row] for row in top],
        points=points[place] if has_card else None,
        card_reasons=[card[row] for row in top] if has_card else None,
        words_of=words_of,
        speech=OF_DEALS,
    )
    return dict(zip(top, found, strict=True))
