"""The methods, as far as they are kept: an organisation's rule cards and the log of scoring runs."""

from coe.models.rule_card import RuleCard
from coe.models.scoring_run import ScoringRun

__all__ = ["RuleCard", "ScoringRun"]
