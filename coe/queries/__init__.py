"""What the methods read: facts about accounts as they were known at one moment."""

from coe.queries.background import Market, market
from coe.queries.champions import Champion, champion, trained_models
from coe.queries.facts import account_facts, account_ranges

__all__ = ["Champion", "Market", "account_facts", "account_ranges", "champion", "market", "trained_models"]
