"""The Celery application: `celery -A agile_sales worker`."""

import os
from typing import Any

from celery import Celery
from celery.signals import celeryd_init

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
