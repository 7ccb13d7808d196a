"""What the methods read: facts about accounts as they were known at one moment."""

from coe.queries.background import Market, market
from coe.queries.champions import Champion, champion, trained_models
from coe.queries.facts import account_facts, account_ranges
from coe.queries.features import account_features, purchases_in_window
from coe.queries.training import TrainingRows, month_ends, training_rows

__all__ = [
    "Champion",
    "Market",
    "TrainingRows",
    "account_facts",
    "account_features",
    "account_ranges",
    "champion",
    "market",
    "month_ends",
    "purchases_in_window",
    "trained_models",
    "training_rows",
]
