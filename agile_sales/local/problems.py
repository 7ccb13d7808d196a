"""Words for what can go wrong on somebody else's machine."""

import errno
from pathlib import Path


class LocalProblem(Exception):
    """Something a person can mend; the message says what happened and what to do, and is shown without a traceback."""


def words_for(error: OSError, path: Path | str | None = None) -> str:
    """Say what an operating system error means for the person who started us, and what to do about it."""
    place = path or error.filename or "the project folder"
    match error.errno:
        case errno.ENOSPC | errno.EDQUOT:
            return f"The disk is full: {place} can't be written to. Free some space (`df -h`), then start again."
        case errno.EROFS:
            return f"{place} is on a read-only file system. Copy the project to a folder that can be written to."
        case errno.EACCES | errno.EPERM:
            return (
                f"No permission for {place}. Start as the owner of that folder, or copy the project to one of your own."
            )
        case _:
            return f"{error.strerror or error} ({place})."
