"""An audit trail with some length: people change records, the relay seals."""

from datetime import datetime

from django.utils import timezone

from tenancy.audit.sealing import seal_everything
from tenancy.events import record_event
from tenancy.models import AuditEntry, AuditSeal, Member, Organization
from tenancy.relay import place_events
from tenancy.scoping import organization_scope
from tests.audit.roles import as_role


def change(organization: Organization, member: Member, *, times: int = 1, actor: Member | None = None) -> None:
    """Change a member's title so many times, each in a transaction of its own, and tell of it."""
    for number in range(times):
        with organization_scope(organization, actor=actor, address="127.0.0.1"):
            before = Member.objects.get(pk=member.pk).title
            Member.objects.filter(pk=member.pk).update(title=f"{before}{number}"[-20:])
            record_event(organization=organization, type="member.renamed", subject=member, actor=actor)


def seal(*, now: datetime | None = None) -> None:
    """Do what the relay does, in this process."""
    with as_role("SYSTEM"):
        place_events()
        seal_everything(now=now or timezone.now())


def a_sealed_trail(organization: Organization, member: Member, *, seals: int = 4, each: int = 5) -> None:
    """Leave so many seals over so many changes each."""
    for _ in range(seals):
        change(organization, member, times=each)
        seal()


def seals_of(organization: Organization) -> list[AuditSeal]:
    """Return the chain."""
    with organization_scope(organization):
        return list(AuditSeal.objects.order_by("number"))


def entries_of(organization: Organization) -> list[AuditEntry]:
    """Return the entries in the order in which they are hashed."""
    with organization_scope(organization):
        return list(AuditEntry.objects.order_by("occurred_at", "id"))
