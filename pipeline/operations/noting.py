"""Noting what a block of code changes, so that the person who asked for it can take it back.

Operations note every change they write. Nobody listens to an import, a task or the API; a page that wants to offer Undo
opens `noted_changes()` around its one call.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from pipeline.models import ChangeKind, CrmRecord

LINES = "lines"
"""The one thing an order has that is no column of it."""


@dataclass
class NotedChange:
    """What happened to one record. Values are by field name as the database holds them: references are ids."""

    record_type: str
    record_id: UUID
    kind: ChangeKind
    version: int
    before: dict[str, Any] = field(default_factory=dict)
    after: dict[str, Any] = field(default_factory=dict)


_notes: ContextVar[list[NotedChange] | None] = ContextVar("agile_sales_noted_changes", default=None)


@contextmanager
def noted_changes() -> Iterator[list[NotedChange]]:
    """Collect what the operations inside the block write, one entry a record."""
    notes: list[NotedChange] = []
    token = _notes.set(notes)
    try:
        yield notes
    finally:
        _notes.reset(token)


def note_created(record: CrmRecord) -> None:
    """Note that a record is new."""
    notes = _notes.get()
    if notes is not None:
        notes.append(NotedChange(_type_of(record), record.pk, ChangeKind.CREATED, record.version))


def note_change(record: CrmRecord, differences: Mapping[str, tuple[Any, Any]]) -> None:
    """Note that fields of a record went from one value to another; what is new already stays that."""
    notes = _notes.get()
    if notes is None:
        return
    noted = next((one for one in notes if one.record_id == record.pk), None)
    if noted is None:
        noted = NotedChange(_type_of(record), record.pk, ChangeKind.CHANGED, record.version)
        notes.append(noted)
    noted.version = record.version
    for name, (old, new) in differences.items():
        noted.before.setdefault(name, old)
        noted.after[name] = new


def note_lines(record: CrmRecord, before: Sequence[Mapping[str, Any]], after: Sequence[Mapping[str, Any]]) -> None:
    """Note that the lines of an order were others."""
    note_change(record, {LINES: (list(before), list(after))})


def _type_of(record: CrmRecord) -> str:
    return record._meta.model_name or ""
