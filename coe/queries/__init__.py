"""What the methods read: facts about accounts as they were known at one moment."""

from coe.queries.background import Market, market
from coe.queries.champions import Champion, champion, trained_models
from coe.queries.facts import account_facts, account_ranges
from coe.queries.features import account_features, features_of, purchases_in_window
from coe.queries.method import Method, card_in_force, method_in_force, method_of
from coe.queries.model_quality import latest_quality, quality_panels, to_check
from coe.queries.reasons import explained, explained_now
from coe.queries.training import TrainingRows, month_ends, rows_of_both, training_rows

__all__ = [
    "Champion",
    "Market",
    "Method",
    "TrainingRows",
    "account_facts",
    "account_features",
    "account_ranges",
    "card_in_force",
    "champion",
    "explained",
    "explained_now",
    "features_of",
    "latest_quality",
    "market",
    "method_in_force",
    "method_of",
    "month_ends",
    "purchases_in_window",
    "quality_panels",
    "rows_of_both",
    "to_check",
    "trained_models",
    "training_rows",
]
