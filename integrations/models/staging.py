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


class ImportRow(TenantModel):
    """One row of a file as it was read: `raw` cells, `parsed` values, `problems` with column, reason and code.

    `number` counts the rows from 0 and gives the chunks; `line` is where a person finds the row in the file. `key` is
    the row's external id, `name_key` the name that other files may call it by.
    """

    import_file = TenantForeignKey(ImportFile, models.CASCADE, related_name="rows")
    number = models.IntegerField()
    line = models.IntegerField()
    key = models.TextField(default="")
    name_key = models.TextField(default="")
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
            models.Index(fields=["organization", "import_file", "key"], name="import_row_by_key"),
            models.Index(fields=["organization", "import_file", "name_key"], name="import_row_by_name"),
            models.Index(fields=["organization", "import_file", "status", "number"], name="import_row_by_status"),
        ]

    def __str__(self) -> str:
        return f"Line {self.line} ({self.status})"


class ImportChunk(TenantModel):
    """The done-mark of one chunk of rows, made in the transaction that wrote them; a killed commit goes on after it.

    `before` holds what changed rows were before, `created` the ids of new ones: together they tell what an import did.
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

    class Meta(TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["organization", "import_file", "phase", "number"], name="import_chunk_once")
        ]

    def __str__(self) -> str:
        return f"{self.phase} {self.number} of {self.import_file_id}"
