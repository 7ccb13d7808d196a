"""Long work that a person can open: nights, imports."""

from datetime import timedelta

from django.db import models

from tenancy.tenant_model import TenantForeignKey, TenantModel


class RunStatus(models.TextChoices):
    """How far a run or a step is."""

    QUEUED = "queued", "Waiting"
    RUNNING = "running", "Running"
    DONE = "done", "Done"
    FAILED = "failed", "Failed"


class Run(TenantModel):
    """One run of something long. `key` makes it unique: two beats that see the same night make one run."""

    class Kind(models.TextChoices):
        NIGHT = "night", "Night"
        IMPORT = "import", "Import"

    Status = RunStatus

    kind = models.CharField(max_length=20, choices=Kind.choices)
    key = models.CharField(max_length=80)
    status = models.CharField(max_length=10, choices=RunStatus.choices, default=RunStatus.QUEUED)
    scheduled_for = models.DateField(help_text="The local day that the run belongs to.")
    as_of = models.DateTimeField(null=True, help_text="What is known later than this does not count.")
    data_up_to = models.DateTimeField(null=True, help_text="The newest fact that the run has seen.")
    requested_by = TenantForeignKey("tenancy.Member", models.SET_NULL, null=True, blank=True)
    created_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    detail = models.JSONField(default=dict)
    error = models.TextField(blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["organization", "kind", "key"], name="run_once")]
        indexes = [
            models.Index(fields=["organization", "kind", "-created_at", "id"], name="run_by_time"),
            models.Index(fields=["organization", "kind", "-finished_at"], name="run_by_finish"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.key}"

    @property
    def duration(self) -> timedelta | None:
        """How long it took, once it is over."""
        if self.started_at is None or self.finished_at is None:
            return None
        return self.finished_at - self.started_at


class RunStep(TenantModel):
    """One step of a run, with what it read, wrote and skipped, so that nothing happens silently."""

    Status = RunStatus

    run = TenantForeignKey(Run, models.CASCADE)
    position = models.PositiveSmallIntegerField()
    name = models.CharField(max_length=60)
    status = models.CharField(max_length=10, choices=RunStatus.choices, default=RunStatus.QUEUED)
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    rows_read = models.PositiveIntegerField(default=0)
    rows_written = models.PositiveIntegerField(default=0)
    skipped = models.PositiveIntegerField(default=0)
    model_version = models.CharField(max_length=60, blank=True)
    detail = models.JSONField(default=dict)
    error = models.TextField(blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["organization", "run", "name"], name="run_step_once")]

    def __str__(self) -> str:
        return f"{self.name} of {self.run_id}"

    @property
    def duration(self) -> timedelta | None:
        """How long it took, once it is over."""
        if self.started_at is None or self.finished_at is None:
            return None
        return self.finished_at - self.started_at
