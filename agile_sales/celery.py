"""The Celery application: `celery -A agile_sales worker`."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "agile_sales.settings")
# Two spinning OpenMP threads cost more than twice the time of one on shared cores; parallelism is the workers' matter.
os.environ.setdefault("OMP_NUM_THREADS", "1")

app = Celery("agile_sales")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
