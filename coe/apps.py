"""The Django app of this package."""

from django.apps import AppConfig


class CoeConfig(AppConfig):
    """See ARCHITECTURE.md for what this app is about."""

    name = "coe"
