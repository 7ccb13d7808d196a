"""Seals what was written: the relay puts new entries and events into batches, each chained to the one before.

Not in the transaction of the write: a chain there would let one write at a time through. An entry waits for its seal
by having none, so that a transaction which commits late is sealed late, once, whatever its time or id. Runs as
agile_system.
"""

import logging
import time
from collections.abc import Iterator
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from uuid_utils.compat import uuid7

from tenancy.audit.canonical import ENTRIES_HASH, EVENTS_HASH, NOTHING, seal_hash
from tenancy.models import AuditSeal

logger = logging.getLogger(__name__)

BATCH = 5_000
"""Entries (and events) under one seal at most: what a break can be narrowed down to."""

SEAL_EVERY_SECONDS = 20
"""How long a row may lie open before its seal is due."""

_MARKED = f"""
WITH batch AS (
    SELECT id FROM tenancy_auditentry WHERE organization_id = %(organization)s AND seal_number IS NULL
    ORDER BY occurred_at, id LIMIT {BATCH}
), e AS (
    UPDATE tenancy_auditentry entry SET seal_number = %(number)s FROM batch
    WHERE entry.id = batch.id AND entry.organization_id = %(organization)s AND entry.seal_number IS NULL
    RETURNING entry.*
)
SELECT count(*), {ENTRIES_HASH}, min(e.occurred_at), max(e.occurred_at) FROM e
"""  # noqa: S608 # nosec B608 # our own constants

_EVENTS = f"""
SELECT count(*), {EVENTS_HASH}, coalesce(max(v.position), %(through)s) FROM tenancy_domainevent v
WHERE v.organization_id = %(organization)s AND v.position > %(through)s AND v.position <= %(through)s + {BATCH}
"""  # noqa: S608 # nosec B608 # our own constants

_UNSEALED = """
SELECT o.id FROM tenancy_organization o
WHERE EXISTS (SELECT 1 FROM tenancy_auditentry e WHERE e.organization_id = o.id AND e.seal_number IS NULL)
   OR coalesce((SELECT max(v.position) FROM tenancy_domainevent v WHERE v.organization_id = o.id), 0)
    > coalesce((SELECT s.events_through FROM tenancy_auditseal s WHERE s.organization_id = o.id
                ORDER BY s.number DESC LIMIT 1), 0)
ORDER BY o.id
"""


def seal_everything(*, now: datetime, seconds: float = 1e9) -> bool:
    """Seal what is open, organisation by organisation, for about so long; return whether something is left."""
    until = time.monotonic() + seconds
    with connection.cursor() as cursor:
        cursor.execute(_UNSEALED)
        waiting = [row[0] for row in cursor.fetchall()]
    for organization_id in waiting:
        for _ in seals_of(organization_id, now=now):
            if time.monotonic() > until:
                return True
    return False


def seals_of(organization_id: UUID, *, now: datetime) -> Iterator[dict[str, Any]]:
    """Make one organisation's next seals, each in its own transaction, until nothing is open; yield them."""
    while (seal := make_seal(organization_id, now=now)) is not None:
        yield seal


def make_seal(organization_id: UUID, *, now: datetime) -> dict[str, Any] | None:
    """Seal the next batch and return the seal; None when nothing is open or another relay is at it."""
    with transaction.atomic(), connection.cursor() as cursor:
        if not chain_is_ours(cursor, organization_id):
            return None
        last = last_seal(cursor, organization_id)
        number, through = (last["number"] + 1, last["events_through"]) if last else (1, 0)
        names = {"organization": str(organization_id), "number": number, "through": through}
        cursor.execute(_MARKED, names)
        entry_count, entries_hash, first_at, last_at = cursor.fetchone()
        cursor.execute(_EVENTS, names)
        event_count, events_hash, events_through = cursor.fetchone()
        if not entry_count and not event_count:
            return None
        return add_seal(
            cursor,
            organization_id,
            last,
            kind=AuditSeal.Kind.BATCH.value,
            entry_count=entry_count,
            entries_hash=entries_hash,
            first_at=first_at,
            last_at=last_at,
            event_count=event_count,
            events_hash=events_hash,
            events_through=events_through,
            purged_through=last["purged_through"] if last else 0,
            sealed_at=now,
        )


COLUMNS = [str(field.column) for field in AuditSeal._meta.concrete_fields if field.column != "organization_id"]


def chain_is_ours(cursor: Any, organization_id: UUID) -> bool:
    """Take the organisation's chain for this transaction; False when another process is adding to it."""
    cursor.execute("SELECT pg_try_advisory_xact_lock(hashtextextended(%s, 8))", [str(organization_id)])
    return bool(cursor.fetchone()[0])


def last_seal(cursor: Any, organization_id: UUID) -> dict[str, Any] | None:
    """Return the end of the organisation's chain."""
    cursor.execute(
        f"SELECT {', '.join(COLUMNS)} FROM tenancy_auditseal WHERE organization_id = %s"  # noqa: S608 # nosec B608 # our own constants
        " ORDER BY number DESC LIMIT 1",
        [str(organization_id)],
    )
    row = cursor.fetchone()
    return dict(zip(COLUMNS, row, strict=True)) if row else None


def add_seal(cursor: Any, organization_id: UUID, last: dict[str, Any] | None, **values: Any) -> dict[str, Any]:
    """Chain a seal to `last`, store it and say its hash in the log, which lies outside the database."""
    seal = {
        "id": uuid7(),
        "number": last["number"] + 1 if last else 1,
        "previous_hash": last["hash"] if last else NOTHING,
        **values,
    }
    seal["hash"] = seal_hash(organization_id, seal)
    cursor.execute(
        f"INSERT INTO tenancy_auditseal (organization_id, {', '.join(COLUMNS)})"  # noqa: S608 # nosec B608 # our own constants
        f" VALUES (%s, {', '.join(['%s'] * len(COLUMNS))})",
        [str(organization_id), *(str(seal[name]) if name == "id" else seal[name] for name in COLUMNS)],
    )
    logger.info(
        "audit sealed: organization %s number %s entries %s events %s hash %s",
        *(organization_id, seal["number"], seal["entry_count"], seal["event_count"], seal["hash"]),
    )
    return seal
