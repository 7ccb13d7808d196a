"""The app of the foundation: organisations, access, audit, events, outbox, runs."""

from django.apps import AppConfig


class TenancyConfig(AppConfig):
    """Whose data this is, who may touch it, what happened."""

    name = "tenancy"
    default_auto_field = "django.db.models.BigAutoField"
