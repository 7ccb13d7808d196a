"""The append-only history of deals: every value that a tracked field has had, and when."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from pipeline.models import BY_STAGE, Opportunity, OpportunityHistory, Stage, TrackedField
from pipeline.operations.changes import Differences, as_json
from tenancy.models import Member, Organization

TRACKED: Mapping[str, TrackedField] = {
    "stage": TrackedField.STAGE,
    "amount_minor": TrackedField.AMOUNT,
    "close_date": TrackedField.CLOSE_DATE,
    "owner": TrackedField.OWNER,
    "account": TrackedField.ACCOUNT,
    "pinned_category": TrackedField.FORECAST_CATEGORY,
}


def first_values(opportunity: Opportunity) -> Differences:
    """Return what a new deal begins with, as changes from nothing."""
    values: Differences = {}
    for name in TRACKED:
        value = getattr(opportunity, Opportunity._meta.get_field(name).attname)  # type: ignore[union-attr]
        if value not in (None, ""):
            values[name] = (None, value)
    return values


def keep_history(
    *,
    organization: Organization,
    opportunity: Opportunity,
    differences: Differences,
    old_stage: Stage | None,
    actor: Member | None,
    occurred_at: datetime,
    reason: str = "",
) -> None:
    """Append a row for each tracked field among `differences`, with the reason that somebody gave."""
    rows = [
        _row(organization, opportunity, field, old, new, old_stage, actor, occurred_at, reason.strip())
        for name, field in TRACKED.items()
        for old, new in [differences.get(name, (None, None))]
        if name in differences
    ]
    OpportunityHistory.objects.bulk_create(rows)


def _row(
    organization: Organization,
    opportunity: Opportunity,
    field: TrackedField,
    old: Any,
    new: Any,
    old_stage: Stage | None,
    actor: Member | None,
    occurred_at: datetime,
    reason: str,
) -> OpportunityHistory:
    row = OpportunityHistory(
        organization=organization,
        opportunity=opportunity,
        field=field,
        old="" if old is None else str(as_json(old)),
        new="" if new is None else str(as_json(new)),
        actor=actor,
        occurred_at=occurred_at,
        recorded_at=occurred_at,
        reason=reason,
    )
    if field == TrackedField.STAGE:
        row.old_stage, row.new_stage = old_stage, opportunity.stage
        row.old, row.new = old_stage.name if old_stage else "", opportunity.stage.name
    if field == TrackedField.AMOUNT:
        row.old_amount_minor, row.new_amount_minor = old, new
    if field == TrackedField.FORECAST_CATEGORY:
        row.old, row.new = category_codes(old, new)
    return row


def category_codes(old: str | None, new: str) -> tuple[str, str]:
    """Return a change of what was pinned as the history keeps it: none is "by its stage", and never nothing."""
    return old or BY_STAGE, new or BY_STAGE
