"""Hands out what was recorded: work to the broker, positions to events. Runs as agile_system and does nothing else."""

import json
import logging
import time
from datetime import date, timedelta

from celery import current_app
from django.conf import settings
from django.db import DataError, IntegrityError, ProgrammingError, connection, transaction
from django.utils import timezone
from kombu.exceptions import OperationalError as BrokerUnreachable

from tenancy.audit.anchors import anchor_everything
from tenancy.audit.retention import purge_everything
from tenancy.audit.sealing import SEAL_EVERY_SECONDS, seal_everything
from tenancy.live import Teller

logger = logging.getLogger(__name__)

BATCH = 100


def publish_work() -> int:
    """Publish up to a hundred waiting tasks and return how many.

    Published work gets a later `next_at`; what is not done by then is published again, which makes this the sweeper as
    well. A row that its task has locked is skipped.

    :raises kombu.exceptions.OperationalError: when the broker cannot be reached; nothing is marked then.
    """
    now = timezone.now()
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT id, organization_id, task, kwargs::text, trace, publications FROM tenancy_outbox"
            " WHERE done_at IS NULL AND dead_at IS NULL AND next_at <= %s"
            " ORDER BY next_at, id LIMIT %s FOR UPDATE SKIP LOCKED",
            [now, BATCH],
        )
        rows = cursor.fetchall()
        for outbox_id, organization_id, task, kwargs, trace, publications in rows:
            send(task, kwargs, organization_id=str(organization_id), outbox_id=str(outbox_id), trace=trace)
            again = now + timedelta(seconds=settings.OUTBOX_SWEEP_SECONDS * min(2**publications, 16))
            cursor.execute(
                "UPDATE tenancy_outbox SET published_at = %s, next_at = %s, publications = publications + 1"
                " WHERE id = %s",
                [now, again, outbox_id],
            )
    return len(rows)


def send(task: str, kwargs: str, *, organization_id: str, outbox_id: str, trace: str = "") -> None:
    """Put one message on the broker; the organisation and the request's id travel in headers."""
    current_app.send_task(
        task,
        kwargs=json.loads(kwargs),
        headers={"organization": organization_id, "outbox": outbox_id, "trace": trace},
        retry=False,
    )


def publish_mail() -> int:
    """Publish the waiting mail and return how many messages."""
    now = timezone.now()
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT id, attempts FROM tenancy_outgoingmail WHERE sent_at IS NULL AND next_at <= %s"
            " ORDER BY next_at, id LIMIT %s FOR UPDATE SKIP LOCKED",
            [now, BATCH],
        )
        rows = cursor.fetchall()
        for mail_id, attempts in rows:
            current_app.send_task("tenancy.tasks.deliver_mail", kwargs={"mail_id": str(mail_id)}, retry=False)
            again = now + timedelta(seconds=min(3600, 30 * 2**attempts))
            cursor.execute("UPDATE tenancy_outgoingmail SET next_at = %s WHERE id = %s", [again, mail_id])
    return len(rows)


teller = Teller()


def place_events() -> int:
    """Give the next dense positions to the events that have none, organisation by organisation; return how many.

    Open pages are told at once.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT DISTINCT organization_id FROM tenancy_domainevent WHERE position IS NULL LIMIT 50")
        organizations = [row[0] for row in cursor.fetchall()]
    placed = {str(organization): place_events_of(str(organization)) for organization in organizations}
    teller.tell(organization for organization, count in placed.items() if count)
    return sum(placed.values())


def place_events_of(organization_id: str) -> int:
    """Give positions to one organisation's events, in the order in which they were recorded; return how many."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 7))", [organization_id])
        cursor.execute(
            "WITH waiting AS (SELECT id, row_number() OVER (ORDER BY recorded_at, id) AS nth FROM tenancy_domainevent"
            "   WHERE organization_id = %(o)s AND position IS NULL ORDER BY recorded_at, id LIMIT 5000),"
            " last AS (SELECT coalesce(max(position), 0) AS top FROM tenancy_domainevent"
            "   WHERE organization_id = %(o)s AND position IS NOT NULL)"
            " UPDATE tenancy_domainevent e SET position = last.top + waiting.nth FROM waiting, last"
            " WHERE e.organization_id = %(o)s AND e.id = waiting.id",
            {"o": organization_id},
        )
        return int(cursor.rowcount)


class AuditKeeper:
    """What the relay does for the audit trail: seal every few seconds, anchor and purge once a day."""

    def __init__(self) -> None:
        self.due = 0.0
        self.day: date | None = None

    def tick(self) -> None:
        """Do what is due; sealing stops after half a second, so that work never waits for it long."""
        if time.monotonic() < self.due:
            return
        now = timezone.now()
        self.due = time.monotonic() + SEAL_EVERY_SECONDS
        more = seal_everything(now=now, seconds=0.5)
        if self.day != now.date():
            anchor_everything(now=now)
            purge_everything(now=now)
            self.day = now.date()
        if more:
            self.due = 0.0


keeper = AuditKeeper()


def tick() -> int:
    """Do one round and return how much was handed out; an unreachable broker is logged and tried again later."""
    handed = place_events()
    try:
        keeper.tick()
    except (DataError, IntegrityError, ProgrammingError):
        # A fault of ours there must not hold up anybody's work; what is not sealed waits.
        logger.exception("The audit trail could not be sealed; trying again later.")
    try:
        handed += publish_work() + publish_mail()
    except (BrokerUnreachable, OSError) as error:
        logger.warning("The broker cannot be reached; nothing is lost, publishing goes on when it is back: %s", error)
    return handed
