"""What would change a learnt score: the counterfactuals of one account, by the model that made its score."""

import uuid
from collections.abc import Mapping

import numpy as np

from coe.models import ScoringPlan
from coe.queries.background import Market
from coe.queries.features import features_of
from coe.queries.method import method_of
from coe.scoring.features import FeatureBlock, signal_points
from coe.scoring.outlook import Lever
from coe.scoring.table import Column, Kind
from tenancy.models import Organization

MET = {"days_since_reaction": 0, "engagement": 1, "people_30d": 1, "people_90d": 1}
ACTIONS: Mapping[str, Mapping[str, float]] = {
    "decision_maker_contact": {**MET, "days_since_decision_maker": 0, "meetings_30d": 1, "meetings_90d": 1},
    "contacts_engaged": {**MET, "engagement": 3, "people_30d": 3, "people_90d": 3},
    "open_deal_early": {"open_deals": 1, "oldest_open_deal_days": 0},
    "open_deal_late": {"open_deals_late": 1},
    "nps_detractor": {"nps": 9, "nps_days": 0},
    "never_bought_silent": MET,
    "order_long_overdue": {
        "days_since_purchase": 0,
        "overdue_ratio": 0,
        "days_since_reaction": 0,
        **dict.fromkeys(("purchases_90d", "purchases_180d", "purchases_year"), 1),
    },
}
"""What somebody can do → the least that its columns are then, or for days and ratios to a gap the most."""
NEEDS: Mapping[str, tuple[str, float]] = {
    "open_deal_late": ("open_deals", 1),
    "nps_detractor": ("nps", 0),
    "order_long_overdue": ("purchases", 1),
}
"""What somebody can do → the column that must have this at least."""


def learned_levers(*, organization: Organization, account_id: uuid.UUID) -> list[Lever]:
    """Return what would raise an account's learnt score, the most first; nothing if the rule card made it.

    This is what the model expects of accounts like that, not a promise of what acting will cause. Inside a transaction
    only.
    """
    plans = ScoringPlan.objects.for_organization(organization).filter(published_at__isnull=False)
    plan = plans.select_related("model").order_by("-published_at").first()
    if plan is None or plan.model is None:
        return []
    try:
        method = method_of(organization=organization, plan=plan)
    except LookupError:
        return []
    background = Market.from_json(plan.background)
    block = features_of(organization=organization, account_ids=[account_id], background=background, few=True)
    if method.scorer is None or not len(block):
        return []

    from coe.scoring.base_rate import score_of

    def score(of: FeatureBlock) -> int:
        assert method.scorer is not None
        return score_of(float(method.scorer.probabilities(of.table, signal_points(of, method.card))[0]))

    now = score(block)
    found = [
        Lever(code, score(changed) - now)
        for code, values in ACTIONS.items()
        if _is_possible(block, code) and (changed := _done(block, values)) is not None
    ]
    return sorted((lever for lever in found if lever.gain > 0), key=lambda lever: -lever.gain)


def _is_possible(block: FeatureBlock, code: str) -> bool:
    if code not in NEEDS:
        return True
    column, least = NEEDS[code]
    return bool(block.numbers(column)[0] >= least)


def _done(block: FeatureBlock, values: Mapping[str, float]) -> FeatureBlock | None:
    """Return the block as if it had been done, or None if it has been."""
    columns = {}
    for name, value in values.items():
        have = float(block.numbers(name)[0])
        if name == "overdue_ratio" and np.isnan(have):
            continue  # without a usual gap nothing is overdue
        fewer = name.startswith("days_") or name in ("overdue_ratio", "nps_days", "oldest_open_deal_days")
        better = have > value if fewer else have < value
        if np.isnan(have) or better:
            columns[name] = Column(name, Kind.NUMBER, np.array([value], dtype=float), np.empty(0, dtype=np.int32))
    return block.with_columns(columns) if columns else None
