"""The one form in which entries, events and seals are hashed: whoever has the rows can recompute it.

An entry or event is the text of a JSON array of its columns; times are microseconds since 1970, so that no setting of
the session changes them. A batch's hash is the SHA-256 over the SHA-256 of each row in order. The statements live here
and not in a database function, which somebody who tampers with rows could replace.
"""

import hashlib
import json
from datetime import datetime
from typing import Any
from uuid import UUID

NOTHING = "0" * 64
"""What the first seal has in place of the hash of the one before it."""


def _micros(column: str) -> str:
    return f"(extract(epoch FROM {column}) * 1000000)::bigint"


def _digest(columns: list[str], order: str) -> str:
    row = f"sha256(convert_to(json_build_array({', '.join(columns)})::text, 'UTF8'))"
    return f"encode(sha256(coalesce(string_agg({row}, ''::bytea ORDER BY {order}), ''::bytea)), 'hex')"


# before and after as text: a JSON null is something else than no value.
ENTRIES_HASH = _digest(
    [
        *("e.id", "e.organization_id", "e.table_name", "e.row_id", "e.action", "e.before::text", "e.after::text"),
        *("e.actor_id", "e.task", "e.address", "e.transaction_id", _micros("e.occurred_at")),
    ],
    "e.occurred_at, e.id",
)
"""SQL: the hash of the audit entries `e` of a group, as 64 hexadecimal digits."""

EVENTS_HASH = _digest(
    [
        *("v.id", "v.organization_id", "v.position", "v.type", "v.subject_type", "v.subject_id", "v.actor_id"),
        *("v.unit_id", "v.payload::text", "v.source", "v.task", _micros("v.occurred_at"), _micros("v.recorded_at")),
    ],
    "v.position",
)
"""SQL: the hash of the domain events `v` of a group."""


def seal_hash(organization_id: UUID, seal: dict[str, Any]) -> str:
    """Return the hash of a seal, given all its columns but id and hash."""
    parts = [
        *(str(organization_id), seal["number"], seal["kind"], seal["previous_hash"]),
        *(seal["entry_count"], seal["entries_hash"], micros(seal["first_at"]), micros(seal["last_at"])),
        *(seal["event_count"], seal["events_hash"], seal["events_through"]),
        *(seal["purged_through"], micros(seal["sealed_at"])),
    ]
    return hashlib.sha256(json.dumps(parts, separators=(",", ":")).encode()).hexdigest()


def micros(moment: datetime | None) -> int | None:
    """Return the microseconds since 1970 of a moment."""
    if moment is None:
        return None
    return int(moment.timestamp()) * 1_000_000 + moment.microsecond
