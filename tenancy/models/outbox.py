"""Work that follows a change, kept in the same transaction as the change."""

from django.db import models

from tenancy.tenant_model import TenantModel


class Outbox(TenantModel):
    """One task to be run. The relay publishes it, the task marks it done, the sweeper publishes what was not done."""

    task = models.CharField(max_length=200)
    kwargs = models.JSONField(default=dict)
    trace = models.CharField(
        max_length=64, blank=True, default="", db_default="", help_text="The id of the request that asked for it."
    )
    created_at = models.DateTimeField()
    next_at = models.DateTimeField(help_text="Not published before.")
    published_at = models.DateTimeField(null=True)
    done_at = models.DateTimeField(null=True)
    publications = models.PositiveIntegerField(default=0)
    failures = models.PositiveIntegerField(default=0)
    error = models.TextField(blank=True)
    dead_at = models.DateTimeField(null=True, help_text="Given up after too many failures; a person must look.")

    class Meta:
        indexes = [
            models.Index(
                fields=["next_at", "id"], name="outbox_waiting", condition=models.Q(done_at=None, dead_at=None)
            )
        ]
        verbose_name_plural = "outbox"

    def __str__(self) -> str:
        return f"{self.task} {self.id}"
