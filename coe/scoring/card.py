"""The rule card: how many log-odds points each signal is worth. Works on day one, before there are outcomes."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol
from uuid import UUID

from coe.scoring import base_rate, signals
from coe.scoring.facts import AccountFacts, RecordRef

SHIPPED_POINTS: Mapping[str, float] = {
    "inquiry_recent": 1.0,
    "open_deal_late": 0.9,
    "open_deal_early": 0.4,
    "contract_ending": 0.6,
    "contacts_engaged": 0.5,
    "decision_maker_contact": 0.4,
    "nps_promoter": 0.2,
    "nps_detractor": -0.4,
    "critical_case_open": -0.3,
    "portal_active": 0.3,
    "order_on_rhythm": 0.3,
    "order_due": 0.5,
    "order_long_overdue": -0.7,
    "never_bought_silent": -0.8,
    "margin_up": 0.3,
    "margin_down": -0.2,
    "fit_a": 0.5,
    "fit_b": 0.0,
    "fit_c": -0.5,
    "whitespace": 0.3,
    "lost_to_competitor": -0.6,
    "focus_cell": 0.2,
}
MOST_POINTS = 5.0  # beyond this one signal decides alone, which is a mistake of typing more often than a belief


class RuleCardError(ValueError):
    """The points name an unknown signal, or weigh one beyond belief."""


@dataclass(frozen=True, slots=True)
class RuleCard:
    """One version of an organisation's card. A signal that it doesn't name weighs nothing."""

    points: Mapping[str, float] = field(default_factory=lambda: dict(SHIPPED_POINTS))
    version: int = 0  # 0 is the card as shipped

    @property
    def model_version(self) -> str:
        """How a score says which method made it."""
        return f"rule-card-{self.version}" if self.version else "rule-card-shipped"


def checked_points(points: Mapping[str, Any]) -> dict[str, float]:
    """Return the points as numbers.

    :raises RuleCardError: if a signal is unknown or its points aren't a number between -5 and 5.
    """
    unknown = sorted(set(points) - signals.SIGNAL_CODES)
    if unknown:
        raise RuleCardError(f"There is no signal called {', '.join(unknown)}.")
    for code, value in points.items():
        is_number = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
        if not is_number or abs(value) > MOST_POINTS:
            raise RuleCardError(f"The points of {code} must be a number between -5 and 5, not {value!r}.")
    return {code: float(value) for code, value in points.items()}


@dataclass(frozen=True, slots=True)
class Reason:
    """One contribution to a score, in log-odds, with the fact it rests on and the records that show it."""

    code: str
    points: float
    fact: Mapping[str, signals.FactValue]
    records: tuple[RecordRef, ...]

    def as_json(self) -> dict[str, Any]:
        """Return the reason as it is kept with the score."""
        return {
            "code": self.code,
            "points": self.points,
            "fact": dict(self.fact),
            "records": [record.as_json() for record in self.records],
        }


@dataclass(frozen=True, slots=True)
class ScoredAccount:
    """What a model says of one account: a probability, and reasons that add up to it from the intercept."""

    account_id: UUID
    probability: float
    log_odds: float
    reasons: tuple[Reason, ...]  # the strongest first, whichever way it points

    @property
    def score(self) -> int:
        """The probability as a person reads it, 1 to 99."""
        return base_rate.score_of(self.probability)


class AccountScorer(Protocol):
    """A method that turns facts into scores. The rule card is the first one; a learnt model has the same face."""

    @property
    def model_version(self) -> str:
        """The name under which its scores are kept."""

    def score(self, facts: Iterable[AccountFacts]) -> Sequence[ScoredAccount]:
        """Return one scored account for each set of facts, in the same order."""


class RuleCardScorer:
    """Scores accounts by the card, calibrated in the mean: the average probability is the base rate."""

    def __init__(self, card: RuleCard, *, rate: float) -> None:
        self.card = card
        self.rate = rate
        self.intercept = base_rate.log_odds(rate)  # until accounts are scored

    @property
    def model_version(self) -> str:
        """The card's own version."""
        return self.card.model_version

    def reasons(self, facts: AccountFacts) -> tuple[Reason, ...]:
        """Return what the card finds in these facts, the strongest first."""
        found = [
            Reason(signal.code, points, finding.fact, finding.records)
            for signal in signals.SIGNALS
            if (points := self.card.points.get(signal.code, 0.0)) and (finding := signal.find(facts)) is not None
        ]
        # Python's sort is stable: equal weights keep the order of the card.
        return tuple(sorted(found, key=lambda reason: -abs(reason.points)))

    def score(self, facts: Iterable[AccountFacts]) -> Sequence[ScoredAccount]:
        """Return the scored accounts, in the order of the facts."""
        found = [(account.account_id, self.reasons(account)) for account in facts]
        points = [math.fsum(reason.points for reason in reasons) for _, reasons in found]
        self.intercept = base_rate.intercept_for(points, rate=self.rate)
        return [
            ScoredAccount(account_id, base_rate.logistic(self.intercept + sum_), self.intercept + sum_, reasons)
            for (account_id, reasons), sum_ in zip(found, points, strict=True)
        ]
