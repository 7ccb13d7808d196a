"""How long entries are kept: whole sealed batches go when an organisation's time is over, their seals stay.

A purge is itself a seal of the chain (so that the gap is accounted for by a hash) and an event.
"""

import logging
from datetime import datetime, timedelta

from django.db import connection
from django.db.models import F, Q
from django.db.models.functions import Coalesce

from tenancy.audit.canonical import NOTHING
from tenancy.audit.sealing import add_seal, chain_is_ours, last_seal
from tenancy.events import record_event
from tenancy.models import AuditSeal, Organization
from tenancy.scoping import organization_scope

logger = logging.getLogger(__name__)

MINIMUM_DAYS = 30
"""Nobody can ask for less: a mistake, or a thief, would have its traces gone too soon."""


def purge_everything(*, now: datetime) -> int:
    """Purge what each organisation no longer keeps; return how many entries went. Runs as agile_system."""
    purged = 0
    for organization in Organization.objects.order_by("pk"):
        with organization_scope(organization, task="audit retention"):
            purged += purge(organization=organization, now=now)
    return purged


def purge(*, organization: Organization, now: datetime) -> int:
    """Delete the entries of the batches at the beginning of the chain that are too old; return how many."""
    days = max(int(organization.setting("audit_retention_days")), MINIMUM_DAYS)
    cutoff = now - timedelta(days=days)
    with connection.cursor() as cursor:
        if not chain_is_ours(cursor, organization.pk):
            return 0
        last = last_seal(cursor, organization.pk)
        if last is None:
            return 0
        through = last_seal_before(cutoff, organization=organization)
        if through <= last["purged_through"]:
            return 0
        cursor.execute(
            "DELETE FROM tenancy_auditentry WHERE organization_id = %s AND seal_number > 0 AND seal_number <= %s",
            [str(organization.pk), through],
        )
        gone = int(cursor.rowcount)
        if not gone:
            return 0
        seal = add_seal(
            cursor,
            organization.pk,
            last,
            kind=AuditSeal.Kind.PURGE.value,
            entry_count=0,
            entries_hash=NOTHING,
            first_at=None,
            last_at=None,
            event_count=0,
            events_hash=NOTHING,
            events_through=last["events_through"],
            purged_through=through,
            sealed_at=now,
        )
    payload = {"through": through, "entries": gone, "older_than": cutoff.isoformat(), "days": days}
    record_event(organization=organization, type="audit.purged", subject=("auditseal", seal["id"]), payload=payload)
    return gone


def last_seal_before(cutoff: datetime, *, organization: Organization) -> int:
    """Return the number up to which all the seals hold nothing but what is older than `cutoff`."""
    seals = AuditSeal.objects.for_organization(organization).annotate(newest=Coalesce(F("last_at"), F("sealed_at")))
    young = seals.filter(Q(newest__gte=cutoff)).order_by("number").values_list("number", flat=True).first()
    if young is None:
        young = 1 + (seals.order_by("-number").values_list("number", flat=True).first() or 0)
    return int(young) - 1
