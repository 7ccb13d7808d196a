"""What a night has scored and not published yet: the night values it and plans with it first."""

from dataclasses import dataclass

import numpy as np

from coe.models import ScoringChunk, ScoringPlan
from coe.queries.background import Market
from coe.scoring.chunks import ROW, Rows, chances
from coe.scoring.features import Ids
from coe.scoring.table import Floats
from tenancy.models import Organization, Run


@dataclass(frozen=True, slots=True)
class Scored:
    """The accounts that were scored, ordered by id: chance to buy, and what they would spend beside open deals."""

    account_ids: Ids
    chance: Floats
    typical: Floats
    currency: str
    horizon_days: int


def waiting_plan(*, organization: Organization, run: Run) -> ScoringPlan | None:
    """Return the plan of a run whose scores wait to be published, None if there is none."""
    plans = ScoringPlan.objects.for_organization(organization).filter(run=run, published_at=None)
    found: ScoringPlan | None = plans.select_related("model").first()
    return found


def rows_of(*, organization: Organization, plan: ScoringPlan) -> Rows:
    """Return what was found of all accounts of a plan, ordered by id."""
    pieces = ScoringChunk.objects.for_organization(organization).filter(plan=plan).order_by("number")
    return np.frombuffer(b"".join(bytes(data) for data in pieces.values_list("data", flat=True)), dtype=ROW)


def scored_tonight(*, organization: Organization, run: Run) -> Scored | None:
    """Return what a run has scored and not published, None if nothing waits."""
    plan = waiting_plan(organization=organization, run=run)
    if plan is None:
        return None
    background = Market.from_json(plan.background)
    rows = rows_of(organization=organization, plan=plan)
    probability, _, _ = chances(rows, rate=background.base_rate, is_learned=plan.model is not None)
    return Scored(
        np.ascontiguousarray(rows["id"]),
        probability,
        rows["typical_minor"].astype(np.float64),
        background.currency,
        background.horizon_days,
    )
