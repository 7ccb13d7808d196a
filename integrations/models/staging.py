"""Rows between file and records, and the marks that make a commit resumable."""

from django.db import models

from integrations.models.import_set import ImportFile
from tenancy.tenant_model import TenantForeignKey, TenantModel


class RowStatus(models.TextChoices):
    """What became of a row."""

    OK = "ok", "Ready"
    PROBLEM = "problem", "Held back"
    COMMITTED = "committed", "Imported"
    UNCHANGED = "unchanged", "Same as before"


class RowOutcome(models.TextChoices):
    """What the check expects of a row."""

    NONE = "", "Nothing"
    NEW = "new", "New"
    CHANGED = "changed", "Changed"
    SAME = "same", "Same as now"


class ImportBatch(TenantModel):
    """The rows of one chunk that are ready, packed (`integrations.operations.batches`): what a commit writes."""

    import_file = TenantForeignKey(ImportFile, models.CASCADE, related_name="batches")
    number = models.IntegerField()
    data = models.BinaryField()

    class Meta(TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["organization", "import_file", "number"], name="import_batch_once")
        ]

    def __str__(self) -> str:
        return f"Batch {self.number} of {self.import_file_id}"


class ImportRow(TenantModel):
    """One row that a person may want to see: held back, with a gap, or an example of a change.

    `raw` are its cells, `parsed` its values, `problems` what is wrong, with column, reason and code.

    `number` counts the rows from 0 and gives the chunks; `line` is where a person finds the row in the file. `key` is
    the row's external id.
    """

    import_file = TenantForeignKey(ImportFile, models.CASCADE, related_name="rows")
    number = models.IntegerField()
    line = models.IntegerField()
    key = models.TextField(default="")
    raw = models.JSONField(default=list)
    parsed = models.JSONField(default=dict)
    status = models.TextField(choices=RowStatus.choices, default=RowStatus.OK)
    problems = models.JSONField(default=list)
    outcome = models.TextField(choices=RowOutcome.choices, default="")
    changes = models.JSONField(null=True)

    class Meta(TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["organization", "import_file", "number"], name="import_row_once"),
            models.CheckConstraint(condition=models.Q(status__in=RowStatus.values), name="import_row_status"),
        ]
        indexes = [
            models.Index(fields=["organization", "import_file", "status", "number"], name="import_row_by_status"),
        ]

    def __str__(self) -> str:
        return f"Line {self.line} ({self.status})"


class ImportChunk(TenantModel):
    """The done-mark of one chunk of rows, made in the transaction that wrote them; a killed commit goes on after it.

    `before` holds what changed rows were before, `created` the ids of new ones: together they tell what an import did,
    and how to undo it. `left` are the records that an undo left as they are, each with its reason.
    """

    import_file = TenantForeignKey(ImportFile, models.CASCADE, related_name="chunks")
    phase = models.TextField()
    number = models.IntegerField()
    rows_read = models.IntegerField(default=0)
    inserted = models.IntegerField(default=0)
    updated = models.IntegerField(default=0)
    unchanged = models.IntegerField(default=0)
    before = models.JSONField(default=list)
    created = models.JSONField(default=list)
    done_at = models.DateTimeField()
    undone_at = models.DateTimeField(null=True)
    removed = models.IntegerField(default=0, db_default=0)
    restored = models.IntegerField(default=0, db_default=0)
    left = models.JSONField(default=list, db_default=models.Value([], models.JSONField()))

    class Meta(TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["organization", "import_file", "phase", "number"], name="import_chunk_once")
        ]

    def __str__(self) -> str:
        return f"{self.phase} {self.number} of {self.import_file_id}"
