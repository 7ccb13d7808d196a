"""One id that links a request with the work that it queued, in every log line of both."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from uuid_utils.compat import uuid7

_trace: ContextVar[str] = ContextVar("agile_sales_trace", default="")
_SANE = re.compile(r"[A-Za-z0-9._-]{8,64}")


def current_trace() -> str:
    """Return the id of the request or task that runs, or "" where none does."""
    return _trace.get()


def trace_from(offered: str) -> str:
    """Return the id that a caller offers when it is 8 to 64 letters, digits, dots, hyphens or underscores, else a new
    one: whatever else it is never gets into a log or a header.
    """
    return offered if _SANE.fullmatch(offered) else uuid7().hex


@contextmanager
def trace_scope(trace: str) -> Iterator[None]:
    """Run the block under this id."""
    token = _trace.set(trace)
    try:
        yield
    finally:
        _trace.reset(token)
