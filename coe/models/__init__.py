"""The methods, as far as they are kept: rule cards, trained models and the log of scoring runs."""

from coe.models.model_quality import ModelQuality
from coe.models.rule_card import RuleCard
from coe.models.score_feedback import Doubt, ExplanationOpening, ScoreReport, Verdict
from coe.models.scoring_plan import ScoringChunk, ScoringPlan, SilencePlan
from coe.models.scoring_run import ScoringRun
from coe.models.trained_model import DEAL_PURPOSES, ModelStatus, Purpose, TrainedModel, TrainedModelFile

__all__ = [
    "DEAL_PURPOSES",
    "Doubt",
    "ExplanationOpening",
    "ModelQuality",
    "ModelStatus",
    "Purpose",
    "RuleCard",
    "ScoreReport",
    "ScoringChunk",
    "ScoringPlan",
    "ScoringRun",
    "SilencePlan",
    "TrainedModel",
    "TrainedModelFile",
    "Verdict",
]
