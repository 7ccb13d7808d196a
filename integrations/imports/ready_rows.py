"""Rows that are ready, between check and commit: five thousand of them packed in one row of the database.

A row of its own for each would cost more to write, index and read again than the record that it becomes. Rows that a
person may want to see (held back, with a gap, changed) have an `ImportRow` besides.
"""

import zlib
from typing import Any, NamedTuple

import orjson

CHUNK_ROWS = 5_000
OLD_CHUNK_ROWS = 2_000
"""Of imports that an older version checked, with a row of the database for each."""
CHUNK_CHARACTERS = 8_000_000
"""A batch ends at whichever comes first; its number is that of its first row in the file."""


class ReadyRow(NamedTuple):
    """A row that can be written: its place, its key, what the check expects of it, its cells and values."""

    number: int
    line: int
    key: str
    outcome: str
    cells: list[str]
    values: dict[str, Any]


def pack(rows: list[ReadyRow]) -> bytes:
    """The rows as they are kept."""
    return zlib.compress(orjson.dumps(list(map(tuple, rows))), 1)


def unpack(data: Any) -> list[ReadyRow]:
    """The rows that :func:`pack` was given."""
    return [ReadyRow(*row) for row in orjson.loads(zlib.decompress(data))]
