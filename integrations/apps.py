"""The Django app of this package."""

from django.apps import AppConfig


class IntegrationsConfig(AppConfig):
    """See ARCHITECTURE.md for what this app is about."""

    name = "integrations"
