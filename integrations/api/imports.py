"""GET /api/v1/imports and /api/v1/imports/{id}: how far each import is, and what became of its rows."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from rest_framework import serializers

from integrations.api import parameters
from integrations.api.components import ReferenceSerializer, reference
from integrations.api.views import DetailView, ListView, RecordView, Row
from integrations.models import Import, ImportFile, ImportState
from tenancy.keyset import Sort

COUNTS = {
    "rows": "Rows that were read.",
    "new": "Rows that would make a record, by the check.",
    "changed": "Rows that would change one, by the check.",
    "same": "Rows that say what is there already, by the check.",
    "held": "Rows that were held back with words.",
    "warnings": "Rows that are taken with a warning.",
    "inserted": "Records that were made.",
    "updated": "Records that were changed.",
    "unchanged": "Records that were left as they are.",
}
"""What is counted of a file: the first six by the check, the last three when it is written."""
WRITTEN = ("inserted", "updated", "unchanged")

EXAMPLE = {
    "id": "0192f0c1-7b2a-7c3e-9a53-0b6f5d1e5001",
    "source": "import:crm",
    "format": "csv",
    "state": "done",
    "currency": "EUR",
    "requested_by": {"id": "0192f0c1-7b2a-7c3e-9a53-0b6f5d1e2a77", "name": "Mara Lindqvist"},
    "error": None,
    "created_at": "2026-11-20T15:58:00Z",
    "checked_at": "2026-11-20T15:59:10Z",
    "started_at": "2026-11-20T16:01:58Z",
    "committed_at": "2026-11-20T16:02:31Z",
    "files": [
        {
            "id": "0192f0c1-7b2a-7c3e-9a53-0b6f5d1e5011",
            "position": 0,
            "name": "accounts.csv",
            "size": 184320,
            "target": "accounts",
            "refusal": None,
            "rows_checked": 1200,
            "rows_committed": 1188,
            "counts": {
                "rows": 1200,
                "new": 40,
                "changed": 310,
                "same": 838,
                "held": 12,
                "warnings": 3,
                "inserted": 40,
                "updated": 310,
                "unchanged": 838,
            },
        }
    ],
}


class ImportCountsSerializer(serializers.Serializer[Any]):
    """What became of the rows of a file. Null: not counted yet."""

    def get_fields(self) -> dict[str, Any]:
        """Return one whole number for each count."""
        return {name: serializers.IntegerField(allow_null=True, help_text=words) for name, words in COUNTS.items()}


class ImportFileSerializer(serializers.Serializer[Any]):
    """One file of an import."""

    id = serializers.UUIDField()
    position = serializers.IntegerField()
    name = serializers.CharField()
    size = serializers.IntegerField(help_text="In bytes.")
    target = serializers.CharField(allow_null=True, help_text="What its rows become: accounts, opportunities, …")
    refusal = serializers.CharField(allow_null=True, help_text="Why the file can't be read, and what to do.")
    rows_checked = serializers.IntegerField()
    rows_committed = serializers.IntegerField()
    counts = ImportCountsSerializer()


class ImportSerializer(serializers.Serializer[Any]):
    """Files that were uploaded together, from upload to done."""

    id = serializers.UUIDField()
    source = serializers.CharField(  # type: ignore[assignment]  # the name is the record's, not DRF's
        help_text="The `source` of the records that it made or changed."
    )
    format = serializers.CharField()
    state = serializers.ChoiceField(ImportState.choices)
    currency = serializers.CharField(help_text="Of amounts that name none.")
    requested_by = ReferenceSerializer(allow_null=True)
    error = serializers.CharField(allow_null=True)
    created_at = serializers.DateTimeField()
    checked_at = serializers.DateTimeField(allow_null=True)
    started_at = serializers.DateTimeField(
        allow_null=True, help_text="When it began to write: what it changed has an `updated_at` not before this."
    )
    committed_at = serializers.DateTimeField(allow_null=True)
    files = ImportFileSerializer(many=True)


class ImportView(RecordView):
    """The imports of an organisation."""

    required_scope = "imports:read"
    singular, plural = "import", "imports"
    record = ImportSerializer
    example = EXAMPLE
    columns = (
        *("id", "source", "format", "state", "currency", "requested_by_id", "requested_by__name", "error"),
        *("created_at", "checked_at", "run__started_at", "committed_at"),
    )

    def rows(self) -> QuerySet[Any, Any]:
        """Return the imports."""
        imports: QuerySet[Any, Any] = Import.objects.for_organization(self.organization_id)
        return imports

    def with_parts(self, rows: Sequence[Row]) -> Sequence[Row]:
        """Return the imports with their files, which one query finds for all of them."""
        files = _files_of_imports(self.organization_id, [row["id"] for row in rows])
        return [{**row, "files": files.get(row["id"], [])} for row in rows]

    def shaped(self, row: Row) -> dict[str, Any]:
        """Return an import with its files."""
        return {
            "id": row["id"],
            "source": row["source"],
            "format": row["format"],
            "state": row["state"],
            "currency": row["currency"],
            "requested_by": reference(row, "requested_by"),
            "error": row["error"] or None,
            "created_at": row["created_at"],
            "checked_at": row["checked_at"],
            "started_at": row["run__started_at"],
            "committed_at": row["committed_at"],
            "files": [_file(found) for found in row["files"]],
        }


FILE_COLUMNS = ("id", "position", "name", "size", "target", "refusal", "rows_checked", "rows_committed", "counts")


def _files_of_imports(organization_id: UUID, import_ids: Sequence[UUID]) -> dict[UUID, list[Row]]:
    found: dict[UUID, list[Row]] = defaultdict(list)
    files = ImportFile.objects.for_organization(organization_id).filter(import_set__in=import_ids)
    if import_ids:
        for row in files.order_by("position", "id").values("import_set_id", *FILE_COLUMNS):
            found[row["import_set_id"]].append(row)
    return found


def _file(row: Row) -> dict[str, Any]:
    return {
        **{name: row[name] for name in FILE_COLUMNS},
        "target": row["target"] or None,
        "refusal": row["refusal"] or None,
        "counts": {name: _count(row["counts"], name) for name in COUNTS},
    }


def _count(counts: Mapping[str, int], name: str) -> int | None:
    """Return a count; one that stayed at nothing is not kept, so a neighbour tells whether it was counted at all."""
    is_counted = counts if name not in WRITTEN else counts.get("inserted") is not None
    return counts.get(name, 0) if is_counted else None


class ImportListView(ImportView, ListView):
    """Imports with their files and counts, page by page; `sort=-id` begins with the newest."""

    summary = "List imports"
    sorts = (Sort("id", "id"), Sort("created_at", "created_at"))
    filters = (
        parameters.codes("state", "state", ImportState.values, "How far it is."),
        parameters.text("source", "source", "The source of its records.", example="import:crm"),
        parameters.identifier("requested_by", "requested_by_id", "The person of yours who uploaded it."),
        parameters.moment("created_after", "created_at__gt", "Uploaded later than this moment."),
        parameters.moment("created_before", "created_at__lt", "Uploaded before this moment."),
    )


class ImportDetailView(ImportView, DetailView):
    """One import with its files and counts, by its id."""

    summary = "Get an import"
