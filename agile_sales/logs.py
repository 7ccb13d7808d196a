"""Log lines: one JSON object each, with the ids that link them, and nothing personal or secret."""

import logging
import re
from typing import Any

from celery import current_task
from pythonjsonlogger.json import JsonFormatter

from tenancy.scoping import active_scope
from tenancy.trace import current_trace

_HIDDEN = (
    # A token may stand in a pasted header, an address in an error of the database.
    (re.compile(r"agsales_[A-Za-z0-9]+"), "agsales_…"),
    (
        re.compile(r"(?i)(authorization|password|passwd|secret|cookie)([\"']?\s*[:=]\s*)(?:bearer\s+)?[^\s,;&\"'}]+"),
        r"\1\2…",
    ),
    (re.compile(r"[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+"), "…@…"),
    (re.compile(r"postgresql://[^\s@/]*@"), "postgresql://…@"),
    # PostgreSQL quotes the values of a refused row; whose they are is nobody's business here.
    (re.compile(r"(DETAIL:\s+).*"), r"\1…"),
    (re.compile(r"(Failing row contains ).*"), r"\1…"),
)


def scrubbed(text: str) -> str:
    """Return a log line without tokens, passwords, e-mail addresses and values of rows."""
    for pattern, replacement in _HIDDEN:
        text = pattern.sub(replacement, text)
    return text


class Links(logging.Filter):
    """Adds the ids of the request or task and of its organisation to each record."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Add the ids, and take out the address and the traceback of what Django refuses; every record passes."""
        if getattr(record, "status_code", 500) < 500:
            # A refusal is an answer: which line of ours gave it tells nobody anything.
            record.exc_info = record.exc_text = None
        if (request := getattr(record, "request", None)) is not None:
            # It may be somebody's signed link, or what they searched for; the request's own line has the route.
            delattr(record, "request")
            path = getattr(request, "path", "")
            args = record.args if isinstance(record.args, tuple) else ()
            record.args = tuple("…" if arg == path else arg for arg in args)
        scope = active_scope()
        organization = scope.organization_id if scope else None
        values = {
            "request_id": current_trace(),
            "organization_id": str(organization) if organization else "",
            "task_id": getattr(getattr(current_task, "request", None), "id", None) or "",
        }
        for name, value in values.items():
            if not hasattr(record, name):
                setattr(record, name, value)
        return True


class ObjectLine(JsonFormatter):
    """A line for machines: JSON."""

    def __init__(self) -> None:
        super().__init__(
            "%(asctime)s %(levelname)s %(name)s %(message)s %(request_id)s %(organization_id)s %(task_id)s",
            rename_fields={"asctime": "at", "levelname": "level", "name": "logger"},
            datefmt="%Y-%m-%dT%H:%M:%S%z",
            json_ensure_ascii=False,
        )

    def process_log_record(self, log_data: dict[str, Any]) -> dict[str, Any]:
        """Return the object's values, scrubbed."""
        return {name: scrubbed(value) if isinstance(value, str) else value for name, value in log_data.items()}


class PlainLine(logging.Formatter):
    """A line for people, as the console of `make demo` keeps it."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s [%(request_id)s] %(message)s")

    def format(self, record: logging.LogRecord) -> str:
        """Return the line, scrubbed."""
        return scrubbed(super().format(record))
