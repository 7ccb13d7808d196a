"""Files that are too large never reach the disk whole: what is over the limit is read from the wire and let go."""

from typing import Any

from django.core.files.uploadhandler import FileUploadHandler, SkipFile
from django.http import HttpRequest

from integrations.imports.inspection import MAX_BYTES, MAX_BYTES_TOGETHER


class SizeLimit(FileUploadHandler):
    """Stands before Django's own handlers. The names of files that were let go are read by :func:`too_large_files`."""

    chunk_size = 256 * 1024

    def __init__(self, request: HttpRequest | None = None) -> None:
        super().__init__(request)
        self.together = 0

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        """Begin to count."""
        super().new_file(*args, **kwargs)
        self.size = 0

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes:
        """Count, and let a file go that is too large."""
        self.size += len(raw_data)
        self.together += len(raw_data)
        if self.size > MAX_BYTES or self.together > MAX_BYTES_TOGETHER:
            if self.request is not None:
                names = self.request.META.setdefault("agile_sales.too_large", [])
                names.append((self.file_name or "", self.size > MAX_BYTES))
            raise SkipFile
        return raw_data

    def file_complete(self, file_size: int) -> None:
        """Leave the file to the handlers behind."""


def too_large_files(request: HttpRequest) -> list[str]:
    """A sentence for each file of the request that was let go."""
    return [
        f"{name} is larger than {MAX_BYTES // 1024 // 1024} MB. Split it in parts."
        if alone
        else f"With {name} the files are larger than {MAX_BYTES_TOGETHER // 1024 // 1024} MB together. "
        "Upload them in two imports."
        for name, alone in request.META.get("agile_sales.too_large", [])
    ]
