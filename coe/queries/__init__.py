"""What the methods read: facts about accounts as they were known at one moment."""

from coe.queries.account_facts import account_facts, account_ranges
from coe.queries.market import Market, market

__all__ = ["Market", "account_facts", "account_ranges", "market"]
