"""The Celery application: `celery -A agile_sales worker`."""

import os
from typing import Any

from celery import Celery
from celery.signals import celeryd_init, setup_logging, task_failure, task_retry, task_success

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "agile_sales.settings")
# Two spinning OpenMP threads cost more than twice the time of one on shared cores; parallelism is the workers' matter.
os.environ.setdefault("OMP_NUM_THREADS", "1")

app = Celery("agile_sales")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@celeryd_init.connect
def be_patient(**_: Any) -> None:
    """Give the database sessions of a worker the limits of long work, before the first one is opened."""
    from django.db import connections

    from agile_sales.environment import PATIENCE

    connections.settings["default"]["OPTIONS"]["options"] = PATIENCE


@setup_logging.connect
def log_as_everything_does(**_: Any) -> None:
    """Use the one set-up of LOGGING; connecting here keeps Celery from making its own."""
    import logging.config

    from django.conf import settings

    logging.config.dictConfig(settings.LOGGING)


@task_success.connect
def note_success(sender: Any, **_: Any) -> None:
    """Count a task that was done."""
    _count(sender, "done")


@task_failure.connect
def note_failure(sender: Any, **_: Any) -> None:
    """Count a task that failed by its own fault."""
    _count(sender, "failed")


@task_retry.connect
def note_retry(sender: Any, **_: Any) -> None:
    """Count an attempt that an outage ended."""
    _count(sender, "retried")


def _count(sender: Any, outcome: str) -> None:
    from tenancy.figures import count_task

    count_task(sender.name, outcome)
