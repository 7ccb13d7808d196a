"""How the installation is doing, seen by those who may see all of it: kept in Valkey for whoever asks.

The relay (agile_system) counts waiting work across organisations and writes the figures down; web processes, which see
one organisation at a time, only read them. Workers count their tasks, beat and relay leave their heartbeat.
"""

import json
import logging
import time
from dataclasses import asdict, dataclass
from functools import cache
from typing import Any

import redis
from django.conf import settings
from django.db import connection

logger = logging.getLogger(__name__)

KEY = "agile-sales:figures"
TASKS_KEY = "agile-sales:task-counts"
EVERY_SECONDS = 10.0


@dataclass(frozen=True)
class WorkFigures:
    """What waits, across all organisations."""

    outbox_waiting: int
    outbox_oldest_seconds: float
    outbox_given_up: int
    events_unplaced: int
    mail_waiting: int
    runs_failed_in_a_day: int
    queue_length: int


@cache
def valkey() -> redis.Redis:
    """Return this process's client, which gives up quickly: figures are never worth waiting for."""
    return redis.Redis.from_url(settings.REDIS_URL, socket_connect_timeout=1, socket_timeout=1)


def count_work() -> WorkFigures:
    """Return the figures of this moment; only agile_system sees every organisation.

    :raises redis.RedisError: when the broker does not answer.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FILTER (WHERE dead_at IS NULL),"
            " coalesce(extract(epoch FROM now() - min(created_at) FILTER (WHERE dead_at IS NULL)), 0),"
            " count(*) FILTER (WHERE dead_at IS NOT NULL) FROM tenancy_outbox WHERE done_at IS NULL"
        )
        waiting, oldest, given_up = cursor.fetchone()
        cursor.execute(
            "SELECT (SELECT count(*) FROM tenancy_domainevent WHERE position IS NULL),"
            " (SELECT count(*) FROM tenancy_outgoingmail WHERE sent_at IS NULL),"
            " (SELECT count(*) FROM tenancy_run WHERE status = 'failed' AND finished_at > now() - interval '1 day')"
        )
        unplaced, mail, failed = cursor.fetchone()
    queue: Any = valkey().llen("celery")
    return WorkFigures(waiting, float(oldest), given_up, unplaced, mail, failed, int(queue))


def publish(part: str, *, at: float, figures: WorkFigures | None = None) -> None:
    """Leave the heartbeat of `part` (relay, beat) and its figures; a broker that is down is logged, not waited for."""
    note = {"at": at, **(asdict(figures) if figures else {})}
    try:
        valkey().hset(KEY, part, json.dumps(note))
    except redis.RedisError as error:
        logger.warning("The figures of %s could not be kept: %s", part, error)


def report() -> None:
    """Count what waits and leave it with the relay's heartbeat; a broker that is down is logged, not waited for."""
    try:
        publish("relay", at=time.time(), figures=count_work())
    except redis.RedisError as error:
        logger.warning("What waits could not be counted: %s", error)


def published() -> dict[str, dict[str, float]]:
    """Return what each part left last: its time (`at`, epoch seconds) and figures.

    :raises redis.RedisError: when the broker does not answer.
    """
    kept: Any = valkey().hgetall(KEY)
    return {part.decode(): json.loads(note) for part, note in kept.items()}


def count_task(name: str, outcome: str) -> None:
    """Count one finished task by name and outcome (done, failed, retried)."""
    try:
        valkey().hincrby(TASKS_KEY, f"{name} {outcome}", 1)
    except redis.RedisError as error:
        logger.warning("A task was not counted: %s", error)


def task_counts() -> dict[tuple[str, str], int]:
    """Return how often each task ended how, since the broker was emptied.

    :raises redis.RedisError: when the broker does not answer.
    """
    kept: Any = valkey().hgetall(TASKS_KEY)
    pairs = ((field.decode().rsplit(" ", 1), int(count)) for field, count in kept.items())
    return {(name, outcome): count for (name, outcome), count in pairs}
