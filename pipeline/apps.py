"""The app of customers and deals."""

from django.apps import AppConfig


class PipelineConfig(AppConfig):
    """What we know about customers and deals, and what we decided."""

    name = "pipeline"
    label = "pipeline"
    verbose_name = "Pipeline"
