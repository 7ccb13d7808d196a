"""An import: a set of files that belong together, from upload to done."""

from typing import Any, ClassVar

from django.db import models
from django.utils import timezone

from tenancy.tenant_model import TenantForeignKey, TenantManager, TenantModel, TenantQuerySet


class ImportState(models.TextChoices):
    """How far an import is. A worker checks the rows of a `mapped` one, writes those of a `committing` one, takes back
    those of an `undoing` one. One that was `cancelled` while it was written has a run, and keeps what it wrote.
    """

    UPLOADED = "uploaded", "Uploaded"
    MAPPED = "mapped", "Being checked"
    CHECKED = "checked", "Checked"
    COMMITTING = "committing", "Importing"
    DONE = "done", "Done"
    FAILED = "failed", "Failed"
    CANCELLED = "cancelled", "Cancelled"
    UNDOING = "undoing", "Being undone"
    UNDONE = "undone", "Undone"


class ImportQuerySet(TenantQuerySet["Import"]):
    """The vocabulary of imports."""

    def newest_first(self) -> "ImportQuerySet":
        """Order as the list shows them."""
        return self.order_by("-created_at", "-id")


class Import(TenantModel):
    """Files that were uploaded together, because their rows refer to each other.

    `version` counts the changes of the mapping: a check belongs to the version that it read. `earliest_at` and
    `latest_at` are the span of the source's own dates; records without a date of their own are placed by them.
    """

    State = ImportState

    source = models.TextField()
    format = models.TextField(default="csv")
    state = models.TextField(choices=ImportState.choices, default=ImportState.UPLOADED)
    version = models.IntegerField(default=1)
    checked_version = models.IntegerField(default=0)
    currency = models.TextField()
    empty_clears = models.BooleanField(default=False)
    earliest_at = models.DateTimeField(null=True)
    latest_at = models.DateTimeField(null=True)
    requested_by = TenantForeignKey("tenancy.Member", models.SET_NULL, null=True)
    run = TenantForeignKey("tenancy.Run", models.SET_NULL, null=True)
    error = models.TextField(default="")
    created_at = models.DateTimeField(default=timezone.now)
    checked_at = models.DateTimeField(null=True)
    committed_at = models.DateTimeField(null=True)
    undone_at = models.DateTimeField(null=True)
    purged_at = models.DateTimeField(null=True)

    objects: ClassVar[Any] = TenantManager.from_queryset(ImportQuerySet)()

    class Meta(TenantModel.Meta):
        constraints = [
            models.CheckConstraint(condition=models.Q(state__in=ImportState.values), name="import_state"),
            models.CheckConstraint(condition=~models.Q(source=""), name="import_has_source"),
        ]
        indexes = [models.Index(fields=["organization", "-created_at", "-id"], name="import_by_time")]

    def __str__(self) -> str:
        return f"Import from {self.source_name} ({self.state})"

    @property
    def source_name(self) -> str:
        """The source without its prefix, as a person gave it."""
        return self.source.removeprefix("import:")

    def uploaded_files(self) -> "list[ImportFile]":
        """The files in the order in which they were chosen; a database has no order of its own."""
        return sorted(self.files.all(), key=lambda found: found.position)

    @property
    def unreadable_files(self) -> int:
        """How many of its files could not be read."""
        return sum(1 for found in self.files.all() if found.refusal)

    @property
    def has_no_rows(self) -> bool:
        """Whether none of its files goes anywhere, because it cannot be read or nobody has said what its rows are."""
        return not any(found.is_used for found in self.files.all())

    @property
    def is_open(self) -> bool:
        """Whether its mapping can still be changed."""
        return self.state in (ImportState.UPLOADED, ImportState.MAPPED, ImportState.CHECKED)

    @property
    def is_checked(self) -> bool:
        """Whether the last check belongs to the mapping as it is now."""
        return self.state == ImportState.CHECKED and self.checked_version == self.version

    @property
    def is_working(self) -> bool:
        """Whether a worker is at it."""
        return self.state in (ImportState.MAPPED, ImportState.COMMITTING, ImportState.UNDOING)

    @property
    def has_written(self) -> bool:
        """Whether it has begun to write records."""
        return self.run_id is not None

    @property
    def can_be_undone(self) -> bool:
        """Whether what it wrote can be taken back: not while it writes, and not when the way back was purged."""
        over = (ImportState.DONE, ImportState.FAILED, ImportState.CANCELLED)
        return self.has_written and self.state in over and self.purged_at is None


class ImportFile(TenantModel):
    """One file of an import: how it is written, what its columns mean, and what the check found.

    `rules` holds one rule a column (`integrations.imports.fields.ColumnRule`), `value_map` what a person decided about
    values such as stages, `edits` the cells they changed (line → column → text). A file with a `refusal` is kept by
    name only, with the words that say what to do. `check_state` is how far a check is and what it has found so far, so
    that a killed one goes on; `progress` are moments with the rows done by then, for the rate.
    """

    import_set = TenantForeignKey(Import, models.CASCADE, related_name="files")
    position = models.IntegerField()
    name = models.TextField()
    size = models.BigIntegerField()
    sha256 = models.TextField()
    refusal = models.TextField(default="")
    target = models.TextField(default="")
    is_target_sure = models.BooleanField(default=True)
    mapping_name = models.TextField(default="")
    format = models.JSONField(default=dict)
    headers = models.JSONField(default=list)
    sample = models.JSONField(default=list)
    notes = models.JSONField(default=list)
    rules = models.JSONField(default=list)
    value_map = models.JSONField(default=dict)
    edits = models.JSONField(default=dict)
    found_values = models.JSONField(default=dict)
    questions = models.JSONField(default=dict)
    causes = models.JSONField(default=list)
    counts = models.JSONField(default=dict)
    row_count = models.IntegerField(default=0)
    rows_checked = models.IntegerField(default=0)
    rows_committed = models.IntegerField(default=0)
    rows_undone = models.IntegerField(default=0, db_default=0)
    check_state = models.JSONField(default=dict, db_default=models.Value({}, models.JSONField()))
    progress = models.JSONField(default=list, db_default=models.Value([], models.JSONField()))

    class Meta(TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["organization", "import_set", "position"], name="import_file_once")
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_used(self) -> bool:
        """Whether its rows go anywhere."""
        return bool(self.target) and not self.refusal

    def count(self, name: str) -> int:
        """One of the counts of the last check: new, changed, same, held, warnings."""
        return int(self.counts.get(name, 0))

    def sample_values(self, index: int) -> list[Any]:
        """The first values of a column that say something."""
        found: list[Any] = []
        for cells in self.sample:
            if index < len(cells) and cells[index] and cells[index] not in found:
                found.append(cells[index])
            if len(found) == 3:
                break
        return found


class ImportFilePart(TenantModel):
    """A megabyte of an uploaded file. Kept in the database, so that a worker on any machine can read it."""

    import_file = TenantForeignKey(ImportFile, models.CASCADE, related_name="parts")
    position = models.IntegerField()
    data = models.BinaryField()

    class Meta(TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["organization", "import_file", "position"], name="import_file_part_once")
        ]

    def __str__(self) -> str:
        return f"Part {self.position} of {self.import_file_id}"
