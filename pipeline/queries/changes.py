"""Who changed something last."""

from uuid import UUID

from tenancy.models import DomainEvent, Organization


def last_change(*, organization: Organization, subject_id: UUID) -> DomainEvent | None:
    """Return the newest event about a record with its actor, None when nothing was told of it."""
    events = DomainEvent.objects.for_organization(organization).filter(subject_id=subject_id)
    event: DomainEvent | None = events.select_related("actor").order_by("-recorded_at", "-id").first()
    return event
