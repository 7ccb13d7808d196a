"""Rows out of the database straight into an array: COPY in its binary form, where every column has a fixed size."""

from collections.abc import Mapping
from io import BytesIO
from typing import Any

import numpy as np
from django.db import connection
from numpy.typing import NDArray

_SIGNATURE = b"PGCOPY\n\xff\r\n\x00"
_END = b"\xff\xff"


class UnexpectedRowsError(RuntimeError):
    """The rows aren't of the promised shape: a column was NULL, or of another type."""


def copied(sql: str, given: Mapping[str, Any], columns: Mapping[str, str]) -> NDArray[Any]:
    """Return what the statement finds as a structured array.

    ``columns`` are the names and NumPy types of its columns, in order: "S16" for a uuid, ">f4" and ">f8" for real and
    double precision, ">i4" and ">i8" for integer and bigint. None may be NULL.

    :raises UnexpectedRowsError: if a row is not of that shape.
    """
    whole = BytesIO()
    with connection.cursor() as cursor:
        # COPY takes no parameters; the driver writes them into the text, quoted as its own.
        words = cursor.mogrify(sql, given).decode()
        cursor.copy_expert(f"COPY ({words}) TO STDOUT (FORMAT BINARY)", whole)
    raw = whole.getbuffer()
    start = len(_SIGNATURE) + 8 + int.from_bytes(raw[15:19], "big")
    shape = [("fields", ">i2")]
    for name, kind in columns.items():
        shape += [(f"size of {name}", ">i4"), (name, kind)]
    row = np.dtype(shape)
    count, rest = divmod(len(raw) - start - len(_END), row.itemsize)
    if bytes(raw[: len(_SIGNATURE)]) != _SIGNATURE or rest:
        raise UnexpectedRowsError("The rows are not of the size that their columns have.")
    rows = np.frombuffer(raw, dtype=row, count=count, offset=start)
    for name in columns:
        if not (rows[f"size of {name}"] == rows.dtype[name].itemsize).all():
            raise UnexpectedRowsError(f"The column {name} is not of the type that was promised, or is missing.")
    return rows
