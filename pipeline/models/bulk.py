"""Changes of so many records that they are made in the background."""

from django.db import models

from pipeline.models.record import one_of
from tenancy.tenant_model import TenantForeignKey, TenantModel


class BulkState(models.TextChoices):
    """How far it is."""

    QUEUED = "queued", "Waiting"
    RUNNING = "running", "Under way"
    DONE = "done", "Done"


class BulkChange(TenantModel):
    """One change of all records that a filter matches. It commits in chunks and goes on where it stopped."""

    member = TenantForeignKey("tenancy.Member", models.CASCADE)
    step = TenantForeignKey("pipeline.UndoStep", models.SET_NULL, null=True)
    record_type = models.TextField()
    query = models.TextField(default="", db_default="", blank=True)
    change = models.JSONField(help_text="What is changed, as the form said it; `undo` takes the step back.")
    words = models.TextField()
    page = models.TextField(help_text="The list that it was asked for from.")
    state = models.TextField(choices=BulkState.choices, default=BulkState.QUEUED, db_default=BulkState.QUEUED)
    total = models.IntegerField()
    done = models.IntegerField(default=0, db_default=0)
    changed = models.IntegerField(default=0, db_default=0)
    same = models.IntegerField(default=0, db_default=0)
    refused = models.JSONField(default=dict, help_text="Why → how many, with the names of the first ones.")
    last_seen = models.UUIDField(null=True)
    created_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    class Meta(TenantModel.Meta):
        constraints = [one_of("state", BulkState, name="bulk_change_state")]
        indexes = [models.Index(fields=["organization", "created_at", "id"], name="bulk_change_by_time")]

    def __str__(self) -> str:
        return self.words

    @property
    def is_undo(self) -> bool:
        """Whether it takes back what another one did."""
        return self.change.get("do") == "undo"
