"""JSON as the API writes it."""

from collections.abc import Mapping
from typing import Any

import orjson
from rest_framework.renderers import BaseRenderer


class OrjsonRenderer(BaseRenderer):
    """Writes JSON with orjson: UUIDs and dates as they are, moments in UTC with a Z."""

    media_type = "application/json"
    format = "json"
    charset = None
    render_style = "binary"

    def render(
        self, data: Any, accepted_media_type: str | None = None, renderer_context: Mapping[str, Any] | None = None
    ) -> bytes:
        """Return the bytes of the answer, none for an answer without a body."""
        return b"" if data is None else orjson.dumps(data, option=orjson.OPT_UTC_Z)
