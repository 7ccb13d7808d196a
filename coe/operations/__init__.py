"""What the centre of excellence does: it revises the rule card and scores accounts by it."""

from coe.operations.revise_rule_card import revise_rule_card
from coe.operations.score_accounts import ScoringOutcome, score_accounts

__all__ = ["ScoringOutcome", "revise_rule_card", "score_accounts"]
