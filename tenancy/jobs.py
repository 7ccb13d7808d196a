"""Background work that is never lost: an outbox row beside the change, a task that marks it done with its effect.

A task may be delivered twice (a worker died, the sweeper was impatient); it has its effect once, because the mark is
made in the transaction of the effect and a second copy finds the row locked or done.
"""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any
from uuid import UUID

from celery import Task, shared_task
from django.db import InterfaceError, OperationalError, connection
from django.db.models import F
from django.utils import timezone

from tenancy.models import Organization, Outbox
from tenancy.scoping import NoActiveOrganization, organization_scope
from tenancy.trace import current_trace, trace_from, trace_scope

logger = logging.getLogger(__name__)

MAX_FAILURES = 8
"""So often a task may fail by its own fault before a person must look; database outages do not count."""


def enqueue(task: str, *, organization: Organization, **kwargs: Any) -> Outbox:
    """Queue a task by its registered name, in the caller's transaction; `kwargs` are JSON (ids, not objects)."""
    now = timezone.now()
    row: Outbox = Outbox.objects.create(
        organization=organization, task=task, kwargs=kwargs, trace=current_trace(), created_at=now, next_at=now
    )
    return row


class TenantTask(Task):  # type: ignore[type-arg]
    """Runs inside the organisation that the message names, and refuses to run without one."""

    owns_transactions = False

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        headers = self.request.headers or {}
        if "organization" not in headers or "outbox" not in headers:
            raise NoActiveOrganization(f"{self.name} was sent without an organisation; queue it with enqueue().")
        organization_id, outbox_id = UUID(headers["organization"]), UUID(headers["outbox"])
        perform = self.perform_long if self.owns_transactions else self.perform
        try:
            with trace_scope(trace_from(headers.get("trace", ""))):
                return perform(organization_id, outbox_id, kwargs)
        except (OperationalError, InterfaceError) as error:
            # Here, and not in autoretry: the transaction opens inside this call, so this is where an outage shows.
            connection.close()
            raise self.retry(exc=error, countdown=min(3.0, 0.2 * 2**self.request.retries), max_retries=None) from error
        except Exception as error:
            logger.exception("%s failed (outbox %s)", self.name, outbox_id)
            record_failure(organization_id, outbox_id, error)
            raise

    def perform(self, organization_id: UUID, outbox_id: UUID, kwargs: dict[str, Any]) -> Any:
        """Run the body and make the mark in one transaction."""
        with organization_scope(organization_id, task=self.name):
            waiting = Outbox.objects.for_organization(organization_id).filter(pk=outbox_id, done_at=None)
            if waiting.select_for_update(skip_locked=True).first() is None:
                return None
            result = self.run(organization=Organization.objects.get(pk=organization_id), **kwargs)
            waiting.update(done_at=timezone.now(), error="")
            return result

    def perform_long(self, organization_id: UUID, outbox_id: UUID, kwargs: dict[str, Any]) -> Any:
        """Run a body that commits as it goes; a lock of the session keeps a second copy out meanwhile."""
        with session_lock(outbox_id) as ours:
            if not ours:
                return None
            with organization_scope(organization_id, task=self.name):
                waiting = Outbox.objects.for_organization(organization_id).filter(pk=outbox_id, done_at=None)
                if not waiting.exists():
                    return None
                organization = Organization.objects.get(pk=organization_id)
            result = self.run(organization=organization, **kwargs)
            with organization_scope(organization_id, task=self.name):
                Outbox.objects.for_organization(organization_id).filter(pk=outbox_id).update(
                    done_at=timezone.now(), error=""
                )
            return result


def tenant_task(*, name: str, owns_transactions: bool = False) -> Callable[[Callable[..., Any]], TenantTask]:
    """Declare a task of an organisation: `def body(*, organization, **ids)`, queued by `enqueue(name, …)`.

    With `owns_transactions` the body opens its own `organization_scope` blocks and must be safe to run again.
    """

    def decorate(body: Callable[..., Any]) -> TenantTask:
        options: dict[str, Any] = {"base": TenantTask, "name": name, "owns_transactions": owns_transactions}
        return shared_task(**options)(body)

    return decorate


@contextmanager
def session_lock(key: UUID) -> Iterator[bool]:
    """Hold an advisory lock of this database session; False when another session holds it."""
    number = key.int & 0x7FFF_FFFF_FFFF_FFFF
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [number])
        ours = bool(cursor.fetchone()[0])
    try:
        yield ours
    finally:
        # A lost connection has released the lock by itself; asking a dead one would hide the real error.
        if ours and connection.connection is not None and not connection.connection.closed:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s)", [number])


def record_failure(organization_id: UUID, outbox_id: UUID, error: Exception) -> None:
    """Keep what went wrong beside the work, and plan the next attempt (or give up and say so)."""
    now = timezone.now()
    with organization_scope(organization_id, task="record failure"):
        rows = Outbox.objects.for_organization(organization_id).filter(pk=outbox_id, done_at=None)
        rows.update(failures=F("failures") + 1, error=f"{type(error).__name__}: {error}"[:2000])
        row = rows.first()
        if row is None:
            return
        if row.failures >= MAX_FAILURES:
            rows.update(dead_at=now)
        else:
            rows.update(next_at=now + timedelta(seconds=min(300, 2**row.failures)))
