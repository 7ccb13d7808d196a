"""The Django app of this package."""

from django.apps import AppConfig


class CoeConfig(AppConfig):
    """See ARCHITECTURE.md for what this app is about."""

    name = "coe"

    def ready(self) -> None:
        """Begin to answer what lower apps ask."""
        # Not at the top: models must be loaded first.
        from coe import receivers  # noqa: F401
