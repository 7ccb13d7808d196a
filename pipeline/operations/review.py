"""Closing what is exceptional about a deal in the weekly review."""

from datetime import datetime

from django.db import transaction

from pipeline.models import Decision, Opportunity, ReviewEnd, ReviewMark, ReviewReason
from pipeline.operations.changes import StaleVersion
from tenancy.events import record_event
from tenancy.models import Member, Organization


@transaction.atomic
def close_exception(
    *,
    organization: Organization,
    opportunity: Opportunity,
    version: int,
    reasons: int,
    how: str,
    closed_by: Member,
    closed_at: datetime,
    note: str = "",
    decision: Decision | None = None,
) -> ReviewMark:
    """Keep that somebody looked at the exceptions of a deal (bits of `ReviewReason`) and closed them.

    It comes back when the deal changes, or when something else becomes exceptional about it.

    :raises StaleVersion: when the deal has another version by now.
    """
    deals = Opportunity.objects.for_organization(organization).select_for_update(no_key=True, of=("self",))
    current: Opportunity = deals.get(pk=opportunity.pk)
    if current.version != version:
        raise StaleVersion(current)
    mark: ReviewMark = ReviewMark.objects.create(
        organization=organization,
        opportunity=current,
        reasons=reasons,
        deal_version=current.version,
        how=ReviewEnd(how),
        note=note.strip(),
        decision=decision,
        closed_by=closed_by,
        closed_at=closed_at,
    )
    record_event(
        organization=organization,
        type="opportunity.reviewed",
        subject=current,
        payload={
            "how": mark.how,
            "reasons": [one.value for one in ReviewReason if reasons & one.bit],
            **({"note": mark.note} if mark.note else {}),
            **({"decision": str(decision.pk)} if decision else {}),
        },
        actor=closed_by,
        occurred_at=closed_at,
    )
    return mark
