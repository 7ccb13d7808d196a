"""The Django app of this package."""

from django.apps import AppConfig


class AgileSalesConfig(AppConfig):
    """See ARCHITECTURE.md for what this app is about."""

    name = "agile_sales"

    def ready(self) -> None:
        """Listen for who proves who they are."""
        from agile_sales import security_log

        security_log.listen()
