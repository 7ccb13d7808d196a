"""The daily anchor: the hash of a day's last seal, said where the database cannot be made to forget it.

Who can write to the database as its owner can write a whole new chain; nobody can change a line that was printed. An
anchor is an event (so webhooks and the changes feed carry it out), a line of the log, and a line of the audit page.
"""

import logging
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from tenancy.events import record_event
from tenancy.models import AuditSeal, DomainEvent, Organization
from tenancy.scoping import organization_scope

logger = logging.getLogger(__name__)

EVENT = "audit.anchored"


def day_before(now: datetime) -> date:
    """Return the last day that is over; anchors go by days of UTC, the same for everybody who compares."""
    return now.astimezone(UTC).date() - timedelta(days=1)


def end_of(day: date) -> datetime:
    """Return the moment at which a day of UTC is over."""
    return datetime.combine(day + timedelta(days=1), time(), UTC)


def seal_at_end_of(day: date, *, organization: Organization) -> AuditSeal | None:
    """Return the last seal that was made by the end of `day`."""
    seals = AuditSeal.objects.for_organization(organization).filter(sealed_at__lt=end_of(day))
    last: AuditSeal | None = seals.order_by("-number").first()
    return last


def anchor_everything(*, now: datetime) -> int:
    """Anchor yesterday for each organisation that has a seal since its last anchor; return how many were made."""
    day, made = day_before(now), 0
    for organization in Organization.objects.filter(is_active=True).order_by("pk"):
        with organization_scope(organization, task="audit anchor"):
            made += anchor(organization=organization, day=day) is not None
    return made


def anchor(*, organization: Organization, day: date) -> DomainEvent | None:
    """Record the anchor of a day that is over; None when there is nothing new to anchor."""
    seal = seal_at_end_of(day, organization=organization)
    if seal is None:
        return None
    last = anchors(organization=organization).first()
    if last is not None and last.payload["number"] >= seal.number:
        return None
    payload = {"day": day.isoformat(), "number": seal.number, "hash": seal.hash}
    logger.warning("audit anchor: organization %s %s@%s number %s", organization.slug, seal.hash, day, seal.number)
    return record_event(organization=organization, type=EVENT, subject=("auditseal", seal.pk), payload=payload)


def anchors(*, organization: Organization) -> Any:
    """Return the anchors that were recorded, the newest first."""
    events = DomainEvent.objects.for_organization(organization).filter(type=EVENT)
    return events.order_by("-occurred_at", "-id")
