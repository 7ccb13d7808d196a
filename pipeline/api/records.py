"""What all customer records of the API have in common: the first columns, the last filters, living neighbours."""

from typing import Any

from integrations.api import parameters
from integrations.api.components import reference
from integrations.api.views import Row
from tenancy.keyset import Sort

RECORD_COLUMNS = ("id", "source", "external_id", "version", "created_at", "updated_at")
BY_ID, BY_UPDATE = Sort("id", "id"), Sort("updated_at", "updated_at")


def record_filters(external_id: str) -> tuple[parameters.Filter, ...]:
    """Return the filters that every customer record has; `external_id` is an example of one."""
    return (
        parameters.text("source", "source", "Where it came from.", example="import:crm"),
        parameters.text(
            "external_id", "external_id", "The id that its source knows.", example=external_id, needs="source"
        ),
        parameters.moment("updated_after", "updated_at__gt", "Changed later than this moment."),
        parameters.moment("updated_before", "updated_at__lt", "Last changed before this moment."),
    )


def record_part(row: Row) -> dict[str, Any]:
    """Return the fields that every customer record begins with."""
    return {name: row[name] for name in RECORD_COLUMNS}


def living(row: Row, relation: str) -> dict[str, Any] | None:
    """Return the record behind `relation`, or None where there is none or it was deleted."""
    return None if row[f"{relation}__deleted_at"] else reference(row, relation)


def living_columns(*relations: str) -> tuple[str, ...]:
    """Return the columns that :func:`living` reads."""
    return tuple(f"{relation}{part}" for relation in relations for part in ("_id", "__name", "__deleted_at"))
