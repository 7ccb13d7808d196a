"""Many records of another system at once: new ones are added, those that differ are changed, the rest is left alone.

Set by set: one query reads and locks what is there, one COPY and INSERT … ON CONFLICT writes what differs, one more
tells of it. A row that can't be taken is named and leaves the others alone.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import IntegrityError, models

from pipeline.operations.changes import as_json, check_references
from tenancy.bulk import insert_rows, upsert_rows
from tenancy.locks import hold
from tenancy.models import DomainEvent, Organization

Columns = dict[str, Any]


@dataclass(frozen=True)
class RowChange:
    """A record that was written: what it was (None for a new one), what it is, and what of it differs."""

    key: str
    id: UUID
    old: Columns | None
    new: Columns
    version: int

    def differences(self, columns: Iterable[str]) -> dict[str, tuple[Any, Any]]:
        """Return column → (old, new) where they differ."""
        if self.old is None:
            return {}
        return {name: (self.old[name], self.new[name]) for name in columns if self.old[name] != self.new[name]}


@dataclass
class Upserted:
    """What became of the rows, by their external id: written, as they were, or refused with (field, words)."""

    changes: list[RowChange] = field(default_factory=list)
    unchanged: dict[str, tuple[UUID, int]] = field(default_factory=dict)
    refused: dict[str, tuple[str, str]] = field(default_factory=dict)


@dataclass(frozen=True)
class Event:
    """An event that a row tells."""

    type: str
    change: RowChange
    payload: Mapping[str, Any]


def existing_rows(
    model: Any, organization: Organization, source: str, keys: Collection[str], columns: Sequence[str]
) -> dict[str, Columns]:
    """Return the rows that the source knows, deleted ones too, and keep others from changing them meanwhile."""
    # A row that is not there yet can't be locked: without this, each of two calls would take it for its own new one,
    # and the later would empty what it leaves out.
    hold(organization=organization, purpose=f"upsert of {model._meta.db_table} from {source}")
    rows = model.objects.for_organization(organization).filter(source=source, external_id__in=list(keys))
    # In the order of their ids, so that changes of the same rows wait for each other and do not deadlock.
    locked = rows.order_by("id").select_for_update(no_key=True)
    return {row["external_id"]: row for row in locked.values("id", "external_id", "version", *columns)}


def write_rows(
    *,
    organization: Organization,
    model: type[models.Model],
    source: str,
    wanted: Mapping[str, tuple[Columns | None, Columns]],
    columns: Sequence[str],
    insert_only: Sequence[str],
    result: Upserted,
) -> None:
    """Write those of `wanted` (external id → old, new) that differ, and note in `result` what became of each.

    :raises django.db.IntegrityError: when somebody added one of the new records since they were looked for.
    """
    pending = []
    for key, (old, new) in wanted.items():
        if old is not None and all(old[name] == new[name] for name in columns):
            result.unchanged[key] = (old["id"], old["version"])
        else:
            pending.append((key, old, new))
    if not pending:
        return
    names = [*columns, *insert_only]
    done = upsert_rows(
        organization=organization,
        model=model,
        columns=["source", "external_id", *names],
        rows=([source, key, *(new[name] for name in names)] for key, _, new in pending),
        conflict=["source", "external_id"],
        update=columns,
        touch={"version": "t.version + 1", "updated_at": "excluded.updated_at"},
    )
    check_references()
    # A single record that was added meanwhile met no lock of ours; our row would have emptied what it leaves out.
    if any(old is None and done.ids[source, key] not in done.inserted_ids for key, old, _ in pending):
        raise IntegrityError("A record that was new a moment ago is there by now.")
    for key, old, new in pending:
        version = 1 if old is None else old["version"] + 1
        result.changes.append(RowChange(key, done.ids[source, key], old, new, version))


def tell(*, organization: Organization, subject_type: str, events: Iterable[Event], at: datetime) -> None:
    """Record the events of many rows."""
    insert_rows(
        organization=organization,
        model=DomainEvent,
        columns=["type", "subject_type", "subject_id", "payload", "source", "occurred_at", "recorded_at"],
        rows=((event.type, subject_type, event.change.id, event.payload, "", at, at) for event in events),
    )


def changed_payload(differences: Mapping[str, tuple[Any, Any]]) -> dict[str, Any]:
    """Return differences of columns as the payload of an event, under the names that single changes use."""
    return {
        "changed": {name.removesuffix("_id"): [as_json(old), as_json(new)] for name, (old, new) in differences.items()}
    }
