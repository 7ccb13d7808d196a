"""What all customer records of the API have in common: the first columns, the last filters, living neighbours."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from integrations.api import parameters
from integrations.api.bodies import Values
from integrations.api.components import reference
from integrations.api.errors import FieldProblem, InvalidBody
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


RECORD_FIELDS = ("source", "external_id")
OURS = ("account", "contact", "opportunity", "owner", "member", "product", "currency")
"""What bodies name by id, or with an amount, and can't set by the name that answers have."""
CLOCKS_DIFFER = timedelta(minutes=5)


def as_columns(values: Values) -> Mapping[str, Any]:
    """Return what a body states as the operations take it: the record of `owner_id` is the `owner`."""
    return {name if name in RECORD_FIELDS else name.removesuffix("_id"): value for name, value in values.items()}


def refuse_the_future(values: Values, name: str, *, now: datetime) -> None:
    """Refuse what is said to have happened and is still to come.

    :raises InvalidBody: naming the field.
    """
    moment: datetime | None = values.get(name)
    if moment is not None and moment > now + CLOCKS_DIFFER:
        raise InvalidBody([FieldProblem(name, f"{name} is still to come.")])
