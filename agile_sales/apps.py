"""The Django app of this package."""

from django.apps import AppConfig


class AgileSalesConfig(AppConfig):
    """See ARCHITECTURE.md for what this app is about."""

    name = "agile_sales"
