"""How an address says that it will go: RFC 9745 (Deprecation) and RFC 8594 (Sunset)."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from django.utils.http import http_date


@dataclass(frozen=True)
class Deprecation:
    """Since when an address is no longer to be used, when it ends, and where to read what to use instead."""

    since: datetime
    ends: datetime | None = None
    guide: str = ""

    def headers(self) -> Iterator[tuple[str, str]]:
        """Yield the headers of every answer of the address."""
        yield "Deprecation", f"@{int(self.since.timestamp())}"
        if self.ends is not None:
            yield "Sunset", http_date(self.ends.timestamp())
        if self.guide:
            yield "Link", f'<{self.guide}>; rel="deprecation"; type="text/html"'
