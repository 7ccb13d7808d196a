"""What the console would show during a test."""

import json
import logging
from typing import Any

from agile_sales.logs import Links, ObjectLine


class Lines(logging.Handler):
    """Keeps what the console would show."""

    def __init__(self) -> None:
        super().__init__()
        self.setFormatter(ObjectLine())
        self.addFilter(Links())
        self.written: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep a line."""
        self.written.append(self.format(record))

    def requests(self) -> list[dict[str, Any]]:
        """Return the lines of requests."""
        return self.of("agile_sales.requests")

    def of(self, logger: str) -> list[dict[str, Any]]:
        """Return the lines of one logger."""
        return [line for text in self.written if (line := json.loads(text))["logger"] == logger]
