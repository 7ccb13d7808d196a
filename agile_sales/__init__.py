"""The composition: settings, addresses, the night. The only package that knows all the others."""

from agile_sales.celery import app as celery_app

__all__ = ["celery_app"]
