"""Lets a test work as another database role for a while: the relay's, or that of somebody who has the keys."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import unquote, urlsplit

from django.db import connection


@contextmanager
def as_role(role: str) -> Iterator[None]:
    """Run the block as agile_system ("SYSTEM") or agile_owner ("OWNER"); what went before must be committed."""
    url = urlsplit(os.environ[f"DATABASE_{role}_URL"])
    before = {name: connection.settings_dict[name] for name in ("USER", "PASSWORD")}
    connection.close()
    connection.settings_dict.update(USER=unquote(url.username or ""), PASSWORD=unquote(url.password or ""))
    try:
        yield
    finally:
        connection.close()
        connection.settings_dict.update(before)
