"""What stands behind one account's score: the run that made it, and what would change it."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from coe.models import RuleCard, ScoringRun
from coe.queries.explanations import learned_levers
from coe.scoring import card as cards
from coe.scoring.base_rate import log_odds
from coe.scoring.outlook import Fading, Lever, fading, levers
from pipeline.models import AccountScore
from pipeline.queries.score_words import Confirmed
from tenancy.models import Organization


def scoring_run(*, organization: Organization, score: Confirmed) -> ScoringRun | None:
    """Return what the run that made or confirmed the score rests on."""
    found: ScoringRun | None = ScoringRun.objects.for_organization(organization).filter(run=score.run_id).first()
    return found


def is_of_card(*, model_version: str) -> bool:
    """Whether a score was made by the rule card alone."""
    return model_version.startswith("rule-card")


def outlook(
    *, organization: Organization, score: AccountScore, reasons: Sequence[dict[str, Any]], today: date
) -> tuple[list[Lever], list[Fading]]:
    """Return what would raise a score, and, of the rule card's, which of the given reasons fade."""
    if not is_of_card(model_version=score.model_version):
        return learned_levers(organization=organization, account_id=score.account_id), []
    own = None
    if score.model_version != cards.RuleCard().model_version:
        own = RuleCard.objects.for_organization(organization).active_on(score.scored_at).first()
    total = log_odds(min(1 - 1e-12, max(1e-12, score.probability)))
    points = {reason["code"]: float(reason["points"]) for reason in score.reasons}
    can_do = levers(log_odds=total, reasons=points, card=own.points if own else cards.SHIPPED_POINTS)
    return can_do, fading(log_odds=total, reasons=reasons, today=today)
