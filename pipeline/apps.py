"""The Django app of this package."""

from django.apps import AppConfig


class PipelineConfig(AppConfig):
    """See ARCHITECTURE.md for what this app is about."""

    name = "pipeline"
