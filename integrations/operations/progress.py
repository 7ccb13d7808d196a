"""How far a check, a commit or an undo is, how fast it goes, and how long the rest will take at that speed."""

import time
from dataclasses import dataclass

from django.utils.translation import gettext as _

from integrations.models import Import, ImportFile, ImportState

KEPT_MOMENTS = 20
SURE_AFTER_SECONDS = 3.0


def note_progress(import_file: ImportFile, done: int) -> None:
    """Remember that so many rows are done by now; the caller saves the file. A step back begins anew."""
    moments = import_file.progress
    if moments and moments[-1][1] > done:
        moments = []
    import_file.progress = [*moments, [round(time.time(), 2), done]][-KEPT_MOMENTS:]


@dataclass(frozen=True)
class FileProgress:
    """One file: rows done and rows there are."""

    file: ImportFile
    done: int
    rows: int

    @property
    def is_over(self) -> bool:
        """Whether all its rows are done."""
        return self.done >= self.rows


@dataclass(frozen=True)
class Progress:
    """All files together. `seconds_left` is None as long as too little was seen to say."""

    files: list[FileProgress]
    rate: int | None
    seconds_left: int | None

    @property
    def time_left(self) -> str:
        """The time left in words, no finer than it is known."""
        seconds = self.seconds_left or 0
        if seconds < 10:
            return _("a few seconds")
        if seconds < 90:
            return _("about %(count)d seconds") % {"count": round(seconds, -1)}
        return _("about %(count)d minutes") % {"count": round(seconds / 60)}

    @property
    def done(self) -> int:
        """Rows that are done."""
        return sum(min(found.done, found.rows) for found in self.files)

    @property
    def rows(self) -> int:
        """Rows that there are."""
        return sum(found.rows for found in self.files)


def progress_of(made: Import) -> Progress:
    """How far the work on an import is. The rate is that of the last chunks, of the file at hand."""
    files = [FileProgress(found, *_rows_of(made, found)) for found in made.uploaded_files() if found.is_used]
    rate = _rate(files)
    left = sum(max(found.rows - found.done, 0) for found in files)
    return Progress(files, round(rate) if rate else None, round(left / rate) if rate else None)


def _rows_of(made: Import, found: ImportFile) -> tuple[int, int]:
    if made.state == ImportState.MAPPED:
        return found.rows_checked, max(found.row_count, found.rows_checked, 1)
    ready = max(found.count("rows") - found.count("held"), 0)
    if made.state == ImportState.UNDOING:
        return found.rows_undone, found.rows_committed
    return found.rows_committed, ready


def _rate(files: list[FileProgress]) -> float | None:
    """Rows a second over the last chunks of the file that moved last; None when that was too short to tell."""
    moved = [found.file.progress for found in files if len(found.file.progress) > 1]
    if not moved:
        return None
    moments = max(moved, key=lambda kept: kept[-1][0])
    seconds, rows = moments[-1][0] - moments[0][0], moments[-1][1] - moments[0][1]
    return rows / seconds if seconds >= SURE_AFTER_SECONDS and rows > 0 else None
