"""What the methods read: facts about accounts as they were known at one moment."""

from coe.queries.background import Market, market
from coe.queries.facts import account_facts, account_ranges

__all__ = ["Market", "account_facts", "account_ranges", "market"]
