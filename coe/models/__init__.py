"""The methods, as far as they are kept: rule cards, trained models and the log of scoring runs."""

from coe.models.rule_card import RuleCard
from coe.models.scoring_plan import ScoringChunk, ScoringPlan
from coe.models.scoring_run import ScoringRun
from coe.models.trained_model import ModelStatus, Purpose, TrainedModel, TrainedModelFile

__all__ = [
    "ModelStatus",
    "Purpose",
    "RuleCard",
    "ScoringChunk",
    "ScoringPlan",
    "ScoringRun",
    "TrainedModel",
    "TrainedModelFile",
]
