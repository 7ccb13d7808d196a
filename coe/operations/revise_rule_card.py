"""Changing what a signal weighs."""

import datetime
from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.db.models import Max

from coe.models import RuleCard
from coe.scoring import card as cards
from tenancy import locks
from tenancy.events import record_event
from tenancy.models import Member, Organization


@transaction.atomic
def revise_rule_card(
    *, organization: Organization, points: Mapping[str, Any], revised_by: Member | None, active_from: datetime.datetime
) -> RuleCard:
    """Add a version of the organisation's rule card, in force from the first night after ``active_from``.

    :raises coe.scoring.card.RuleCardError: if a signal is unknown or its points are beyond belief.
    """
    checked = cards.checked_points(points)
    # Two people who save at once get two versions: the second one waits for the first one's number.
    locks.hold(organization=organization, purpose="rule card")
    newest = RuleCard.objects.for_organization(organization).aggregate(version=Max("version"))["version"] or 0
    revised = RuleCard.objects.create(
        organization=organization,
        version=newest + 1,
        points=checked,
        active_from=active_from,
        revised_by=revised_by,
        created_at=active_from,
    )
    record_event(
        organization=organization,
        type="rule_card.revised",
        subject=revised,
        payload={"version": revised.version, "points": checked},
        actor=revised_by,
        occurred_at=active_from,
    )
    return revised
