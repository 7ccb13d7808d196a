"""Declared events: written beside the change that they tell of, in the same transaction."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import models
from django.utils import timezone

from tenancy.models import DomainEvent, Member, Organization
from tenancy.scoping import active_scope


def record_event(
    *,
    organization: Organization,
    type: str,  # noqa: A002 - the word of the event catalogue
    subject: models.Model | tuple[str, UUID],
    payload: dict[str, Any] | None = None,
    actor: Member | None = None,
    occurred_at: datetime | None = None,
    source: str = "",
) -> DomainEvent:
    """Write one event, `<object>.<past tense>`, and return it. The relay gives it its position later."""
    if isinstance(subject, tuple):
        subject_type, subject_id = subject
    else:
        subject_type, subject_id = subject._meta.model_name or "", subject.pk
    now, scope = timezone.now(), active_scope()
    event: DomainEvent = DomainEvent.objects.create(
        organization=organization,
        type=type,
        subject_type=subject_type,
        subject_id=subject_id,
        actor=actor,
        payload=payload or {},
        source=source,
        task=scope.task if scope else "",
        occurred_at=occurred_at or now,
        recorded_at=now,
    )
    return event
