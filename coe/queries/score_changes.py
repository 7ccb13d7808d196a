"""What moved a score since the night before, fact by fact, and where it goes if nothing more happens.

Nothing is estimated: the account is looked at again, as it was known at the other moment, by the method that made its
score.
"""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from coe.models import ScoringPlan, ScoringRun
from coe.queries.background import Market
from coe.queries.features import features_of
from coe.queries.method import Method, method_of
from coe.queries.reasons import reasons_of
from coe.scoring.base_rate import logistic, score_of
from coe.scoring.features import FeatureBlock, signal_points
from tenancy.models import Organization
from tenancy.working_time import local_day

ALL = 1_000
AHEAD_DAYS = 7
LEAST = 0.05  # points of the score; less is 0.0 on the screen


@dataclass(frozen=True, slots=True)
class Shift:
    """What one fact changed: the reason as it is kept, and points of the score. One that is over has its old words."""

    reason: Mapping[str, Any]
    points: float
    is_over: bool = False


@dataclass(frozen=True, slots=True)
class Changes:
    """What moved a score, the strongest first; ``rest`` is the method, or what is usual. They add up to the change."""

    shifts: tuple[Shift, ...]
    rest: float


@dataclass(frozen=True, slots=True)
class Ahead:
    """The score after some days in which nothing more happens."""

    days: int
    score: int


@dataclass(frozen=True, slots=True)
class Look:
    """The published plan and its method, to look at accounts again."""

    organization: Organization
    plan: ScoringPlan
    method: Method
    background: Market

    def moved(self, days: float) -> "Look":
        """Return the same, so many days later, or earlier."""
        return self.at(self.background.as_of + timedelta(days=days))

    def at(self, as_of: datetime) -> "Look":
        """Return the same as of another moment."""
        today = local_day(self.organization, as_of)
        return replace(self, background=replace(self.background, as_of=as_of, today=today))

    def block(self, account_id: uuid.UUID) -> FeatureBlock | None:
        """Return the features of an account, None where it was not known."""
        found = features_of(
            organization=self.organization, account_ids=[account_id], background=self.background, few=True
        )
        return found if len(found) else None

    def probability(self, block: FeatureBlock) -> float:
        """Return the chance that the method gives the account of a block."""
        points = signal_points(block, self.method.card)
        if self.method.scorer is None:
            return logistic((self.plan.intercept or 0.0) + float(points[0]))
        return float(self.method.scorer.probabilities(block.table, points)[0])

    def reasons(self, account_id: uuid.UUID) -> dict[str, tuple[Mapping[str, Any], float]]:
        """Return all reasons by what they speak of, with their points in log-odds."""
        found = reasons_of(
            organization=self.organization,
            account_ids=[account_id],
            background=self.background,
            method=self.method,
            most=ALL,
        )
        return {str(one.fact.get("topic", one.code)): (one.as_json(), one.points) for _, why in found for one in why}


def look(*, organization: Organization) -> Look | None:
    """Return what the published scores were made by, None where that can't be used any more."""
    plans = ScoringPlan.objects.for_organization(organization).filter(published_at__isnull=False)
    plan = plans.select_related("model").order_by("-published_at").first()
    if plan is None:
        return None
    try:
        method = method_of(organization=organization, plan=plan)
    except LookupError:
        return None
    return Look(organization, plan, method, Market.from_json(plan.background))


def ahead(*, now: Look, account_id: uuid.UUID, days: int = AHEAD_DAYS) -> Ahead | None:
    """Return the score after so many days in which nothing more happens."""
    block = now.moved(days).block(account_id)
    return None if block is None else Ahead(days, score_of(now.probability(block)))


def changes(*, now: Look, account_id: uuid.UUID, change: int) -> Changes | None:
    """Return what moved a score by ``change`` points since the scoring before; None where that can't be known."""
    runs = ScoringRun.objects.for_organization(now.organization).filter(as_of__lt=now.plan.as_of)
    before_at = runs.order_by("-as_of", "-id").values_list("as_of", flat=True).first()
    if before_at is None:
        return None
    before = now.at(before_at)
    then, today = before.block(account_id), now.block(account_id)
    if then is None or today is None:
        return None
    chances = now.probability(then), now.probability(today)
    was, is_ = before.reasons(account_id), now.reasons(account_id)
    apart = {topic: is_.get(topic, NOTHING)[1] - was.get(topic, NOTHING)[1] for topic in {**was, **is_}}
    total = sum(apart.values())
    # Facts share what they moved together; where they cancel each other out, each has what it would move by itself.
    slope = (chances[1] - chances[0]) / total if abs(total) > 0.01 else chances[1] * (1 - chances[1])
    shifts = [
        Shift((is_.get(topic) or was[topic])[0], 100 * slope * by, is_over=topic not in is_)
        for topic, by in apart.items()
        if abs(100 * slope * by) >= LEAST
    ]
    shifts.sort(key=lambda shift: -abs(shift.points))
    return Changes(tuple(shifts), change - sum(shift.points for shift in shifts))


NOTHING: tuple[Mapping[str, Any], float] = ({}, 0.0)
