"""Which code made a model: the same digits as long as no line of the method has changed."""

import hashlib
from functools import cache
from pathlib import Path


@cache
def code_version() -> str:
    """Return twelve hexadecimal digits of the SHA-256 of this package's sources."""
    digest = hashlib.sha256()
    for path in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()[:12]
