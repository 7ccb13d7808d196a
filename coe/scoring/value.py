"""How much money is at stake: what an account would spend if it bought, times the chance that it does.

Amounts are in one currency, the organisation's scoring currency. Others are left out and named, never added.
"""

from dataclasses import dataclass
from typing import Any

from coe.scoring.facts import AccountFacts

OWN_WEIGHT = 3  # an account's own mean counts in full after a few purchases; until then its segment's helps
SEGMENT_WEIGHT = 10  # and a segment's own mean, after a few tens


def shrunken_mean(*, total: float, count: int, prior: float, weight: int) -> float:
    """Return the mean of what was seen, drawn towards the prior as if that had been seen ``weight`` times."""
    return (total + weight * prior) / (count + weight)


@dataclass(frozen=True, slots=True)
class Stake:
    """What the account would spend if it bought, and what that estimate is made of."""

    typical_minor: int
    deals_minor: int
    deal_count: int
    purchase_count: int
    left_out: tuple[str, ...]
    currency: str

    @property
    def expected_minor(self) -> int:
        """The amount if it buys."""
        return self.typical_minor + self.deals_minor

    def at_stake_minor(self, probability: float) -> int:
        """The amount times the chance of getting it."""
        return round(probability * self.expected_minor)

    def as_json(self) -> dict[str, Any]:
        """Return the parts as they are kept with the score."""
        return {
            "typical_minor": self.typical_minor,
            "deals_minor": self.deals_minor,
            "deal_count": self.deal_count,
            "purchase_count": self.purchase_count,
            "left_out": list(self.left_out),
            "currency": self.currency,
        }


def stake_of(facts: AccountFacts, *, most_minor: int | None = None) -> Stake:
    """Return what is at stake with this account: its open deals, and the typical purchase behind them.

    ``most_minor`` (the 99th percentile of the organisation's amounts) keeps one slip of a zero from leading the list.
    """
    purchases = facts.purchases
    typical = shrunken_mean(
        total=purchases.amount_minor if purchases else 0,
        count=purchases.amount_count if purchases else 0,
        prior=facts.segment_typical_minor,
        weight=OWN_WEIGHT,
    )
    counted = [
        deal.amount_minor if most_minor is None else min(deal.amount_minor, most_minor)
        for deal in facts.open_deals
        if deal.amount_minor is not None and deal.currency == facts.currency
    ]
    strange = {deal.currency for deal in facts.open_deals if deal.amount_minor and deal.currency != facts.currency}
    return Stake(
        typical_minor=round(typical),
        deals_minor=sum(counted),
        deal_count=len(counted),
        purchase_count=purchases.amount_count if purchases else 0,
        left_out=tuple(sorted(strange | set(purchases.left_out if purchases else ()))),
        currency=facts.currency,
    )
