"""The one way an editable record changes: only what differs, and only on the version that was read."""

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from typing import Any, TypeVar
from uuid import UUID

from django.db import connection, models
from django.db.models import F

from pipeline.models import CrmRecord
from pipeline.operations.noting import note_change
from tenancy.models import Organization
from tenancy.row_security import tenant_references

R = TypeVar("R", bound=CrmRecord)

Differences = dict[str, tuple[Any, Any]]
"""Field → (old, new); references are ids."""


class StaleVersion(Exception):
    """Somebody else changed the record since it was read. `current` is what it is now."""

    def __init__(self, current: CrmRecord) -> None:
        super().__init__(f"{current} has version {current.version} by now.")
        self.current = current


def write_changes(
    *,
    organization: Organization,
    record: R,
    version: int,
    fields: Mapping[str, Any],
    at: datetime,
    touch: bool = False,
) -> Differences:
    """Write the fields that differ and return them; the record then holds the new values and a new version.

    With `touch` it gets a new version even if none differs: something that belongs to it changes.

    :raises StaleVersion: when the record has another version than the one the caller has seen.
    """
    if record.version != version:
        raise StaleVersion(record)
    differences = differences_of(record, fields)
    if not differences and not touch:
        return differences
    manager = type(record).objects
    changed = (
        manager.for_organization(organization)
        .filter(pk=record.pk, version=version)
        .update(**{name: fields[name] for name in differences}, version=F("version") + 1, updated_at=at)
    )
    if changed != 1:
        raise StaleVersion(manager.for_organization(organization).get(pk=record.pk))
    for name in differences:
        setattr(record, name, fields[name])
    record.version, record.updated_at = version + 1, at
    note_change(record, differences)
    if not references_of(type(record)).isdisjoint(differences):
        check_references(record)
    return differences


def differences_of(record: CrmRecord, fields: Mapping[str, Any]) -> Differences:
    """Return what would change, without changing it."""
    differences: Differences = {}
    for name, value in fields.items():
        field = record._meta.get_field(name)
        assert isinstance(field, models.Field)
        new = value.pk if isinstance(value, models.Model) else value
        old = getattr(record, field.attname)
        if old != new:
            differences[name] = (old, new)
    return differences


@cache
def references_of(model: type[CrmRecord]) -> frozenset[str]:
    """Return the names of the references that may be empty: those are the ones that are checked at the commit."""
    return frozenset(one.name for one in tenant_references(model) if one.null)


def check_references(record: CrmRecord | None = None) -> None:
    """Check the deferred references now, so that a bad one is this operation's error and not a failed commit.

    Where only a `record` was written that refers to nothing, there is nothing to check.
    """
    if record is not None and all(getattr(record, f"{name}_id") is None for name in references_of(type(record))):
        return
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED")


def as_json(value: Any) -> Any:
    """Return a value as an event's payload holds it."""
    if isinstance(value, models.Model):
        return str(value.pk)
    if isinstance(value, (datetime, date)):
        return value.isoformat()
    if isinstance(value, (UUID, Decimal)):
        return str(value)
    return value


def payload_of(differences: Differences) -> dict[str, Any]:
    """Return the differences as an event's payload: field → [old, new]."""
    return {"changed": {name: [as_json(old), as_json(new)] for name, (old, new) in differences.items()}}
