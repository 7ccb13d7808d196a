"""What the centre of excellence does: it revises the rule card, trains models, and scores accounts by them."""

from coe.operations.forecast_periods import ForecastOutcome, forecast_periods
from coe.operations.learn_season import SeasonLearnt, learn_season
from coe.operations.learn_stage_days import StageDays, learn_stage_days
from coe.operations.plan_week import PlanOutcome, Team, plan_week
from coe.operations.promote_model import (
    UnableToPromote,
    UnableToRevert,
    promote_if_better,
    promote_model,
    revert_model,
)
from coe.operations.revise_rule_card import revise_rule_card
from coe.operations.score_accounts import (
    Published,
    ScoringOutcome,
    publish_scores,
    score_accounts,
    score_ahead,
    score_all,
    score_chunk,
)
from coe.operations.score_feedback import UnableToAnswer, answer_report, count_opening, report_score
from coe.operations.score_opportunities import DealScoringOutcome, score_opportunities
from coe.operations.train_accounts import LearningOutcome, learn_accounts, learn_in_the_night
from coe.operations.train_deal_models import DealTraining, learn_from_deals_in_the_night, train_deal_models
from coe.operations.train_model import Training, train_model
from coe.operations.value_accounts import ValueOutcome, value_accounts

__all__ = [
    "DealScoringOutcome",
    "DealTraining",
    "ForecastOutcome",
    "LearningOutcome",
    "PlanOutcome",
    "Published",
    "ScoringOutcome",
    "SeasonLearnt",
    "StageDays",
    "Team",
    "Training",
    "UnableToAnswer",
    "UnableToPromote",
    "UnableToRevert",
    "ValueOutcome",
    "answer_report",
    "count_opening",
    "forecast_periods",
    "learn_accounts",
    "learn_from_deals_in_the_night",
    "learn_in_the_night",
    "learn_season",
    "learn_stage_days",
    "plan_week",
    "promote_if_better",
    "promote_model",
    "publish_scores",
    "report_score",
    "revert_model",
    "revise_rule_card",
    "score_accounts",
    "score_ahead",
    "score_all",
    "score_chunk",
    "score_opportunities",
    "train_deal_models",
    "train_model",
    "value_accounts",
]
