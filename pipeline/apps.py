"""The app of customers and deals."""

from django.apps import AppConfig


class PipelineConfig(AppConfig):
    """What we know about customers and deals, and what we decided."""

    name = "pipeline"
    label = "pipeline"
    verbose_name = "Pipeline"

    def ready(self) -> None:
        """Register what files can bring into this app."""
        # Not at the top: models must be loaded first.
        from pipeline.operations.imports import register_import_targets

        register_import_targets()
