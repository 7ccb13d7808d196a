"""Which encoding a text file is in, and text that was decoded wrongly before we got it.

UTF-8 is decided by trying it on the whole file: text in another encoding almost never passes. Only then do the
8-bit code pages get a look, and what they say is a guess that a person can change.
"""

from __future__ import annotations

import codecs
import io
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import BinaryIO, TextIO

from integrations.imports.file_kind import BYTE_ORDER_MARKS, SNIFFED_BYTES, utf_16_or_32

CHUNK = 1024 * 1024
OpenBytes = Callable[[], BinaryIO]

LABELS = {
    "utf-8": "UTF-8",
    "utf-8-sig": "UTF-8",
    "utf-16": "UTF-16",
    "utf-16-le": "UTF-16",
    "utf-16-be": "UTF-16",
    "utf-32": "UTF-32",
    "cp1252": "Windows Western (1252)",
    "cp1250": "Windows Central European (1250)",
    "mac_roman": "Mac Roman",
    "cp850": "DOS Western (850)",
}

# Letters and marks that business text in Latin script really uses; what decodes to many of them is right.
_LIKELY = frozenset("äöüÄÖÜßéèêëàâáãåæçíîïñóôõøúùûœÉÈÀÁÅÆÇÑÓØÚłŁąęśŚżŻźćńčČďěňřŘšŠťůžŽőű€–—’‘“”„…°®™«»")
_EIGHT_BIT = ("cp1252", "mac_roman", "cp850", "cp1250")

STRAY_BYTES = "agile_sales_stray_bytes"


def _read_strays_as_windows_text(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return "".join(_windows_character(byte) for byte in error.object[error.start : error.end]), error.end


def _windows_character(byte: int) -> str:
    # Five bytes mean nothing in code page 1252; Latin-1 gives each of them a place so that no byte is lost.
    try:
        return bytes((byte,)).decode("cp1252")
    except UnicodeDecodeError:
        return chr(byte)


codecs.register_error(STRAY_BYTES, _read_strays_as_windows_text)
_SLOPPY_1252 = {_windows_character(byte): byte for byte in range(0x80, 0x100)}


@dataclass(frozen=True)
class DetectedEncoding:
    """An encoding, how sure we are, and how many bytes did not fit it."""

    codec: str
    is_sure: bool
    stray_bytes: int = 0

    @property
    def label(self) -> str:
        return LABELS.get(self.codec, self.codec)


def detect_encoding(open_bytes: OpenBytes) -> DetectedEncoding:
    """The encoding of a file that :func:`refuse_other_kinds` has let pass; reads it to the end in small pieces."""
    with open_bytes() as stream:
        head = stream.read(SNIFFED_BYTES)
    for mark, codec in BYTE_ORDER_MARKS:
        if head.startswith(mark):
            return DetectedEncoding(codec, is_sure=True)
    wide = utf_16_or_32(head)
    if wide is not None:
        return DetectedEncoding(wide, is_sure=True)
    if _is_valid_utf_8(open_bytes):
        return DetectedEncoding("utf-8", is_sure=True)
    good, bad, sample = _weigh_utf_8(open_bytes)
    if good >= 10 * bad:
        # A UTF-8 file with a few foreign bytes, as when two exports were pasted together.
        return DetectedEncoding("utf-8", is_sure=True, stray_bytes=bad)
    return DetectedEncoding(_best_code_page(sample), is_sure=False)


def open_text(open_bytes: OpenBytes, codec: str) -> TextIO:
    """A text stream whose lines end in ``\\n`` whatever the file's own line ends are; no byte makes it fail."""
    return io.TextIOWrapper(
        io.BufferedReader(_Raw(open_bytes()), CHUNK), encoding=codec, errors=_errors(codec), newline=None
    )


class _Raw(io.RawIOBase):
    """Gives any object with ``read`` the interface that BufferedReader wants."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]  # the stub wants a private type
        data = self._stream.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)

    def close(self) -> None:
        if not self.closed:
            self._stream.close()
        super().close()


def _errors(codec: str) -> str:
    return "replace" if codec.startswith(("utf-16", "utf-32")) else STRAY_BYTES


def text_chunks(open_bytes: OpenBytes, codec: str) -> Iterator[str]:
    """The file as decoded pieces with its own line ends, for counting."""
    decoder = codecs.getincrementaldecoder(codec)(_errors(codec))
    with open_bytes() as stream:
        while chunk := stream.read(CHUNK):
            yield decoder.decode(chunk)
        yield decoder.decode(b"", final=True)


def _is_valid_utf_8(open_bytes: OpenBytes) -> bool:
    decoder = codecs.getincrementaldecoder("utf-8")("strict")
    try:
        with open_bytes() as stream:
            while chunk := stream.read(CHUNK):
                decoder.decode(chunk)
            decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


_HIGH_BYTES = re.compile(rb"[\x80-\xff]+")
_UTF_8_SEQUENCE = re.compile(rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}")


def _weigh_utf_8(open_bytes: OpenBytes) -> tuple[int, int, bytes]:
    """(characters that are good UTF-8, bytes that are not, a sample of the high bytes)."""
    good = bad = 0
    sample = bytearray()
    with open_bytes() as stream:
        while chunk := stream.read(CHUNK):
            for run in _HIGH_BYTES.findall(chunk):
                left, found = _UTF_8_SEQUENCE.subn(b"", run)
                good += found
                bad += len(left)
                if len(sample) < CHUNK:
                    sample += run + b" "
    return good, bad, bytes(sample)


def _best_code_page(sample: bytes) -> str:
    def likely_characters(codec: str) -> float:
        text = sample.decode(codec, errors="replace")
        # A capital is rare, and rarer still behind a small letter, which is where a wrong page puts it.
        likely = sum(1.0 if character.islower() else 0.5 for character in text if character in _LIKELY)
        return likely - text.count("\ufffd")

    # max() keeps the first of equals, and Windows-1252 stands first: by far the most usual.
    return max(_EIGHT_BIT, key=likely_characters)


# --- text that was decoded wrongly once already ---------------------------------------------------------------

_FOREIGN_RUN = re.compile(r"[^\x00-\x7f]+")


def repair_text(text: str) -> str:
    """``MÃ©xico`` as ``México``: undoes UTF-8 read as Windows-1252. Text that is right comes back as it is."""
    if text.isascii():
        return text
    return _FOREIGN_RUN.sub(lambda match: _repair_run(match[0]) or match[0], text)


def _repair_run(run: str) -> str | None:
    try:
        return bytes(_SLOPPY_1252[character] for character in run).decode("utf-8")
    except (KeyError, UnicodeDecodeError):
        return None


@dataclass
class DamageCount:
    """Counts runs of foreign characters in a text and how many of them look twice encoded."""

    runs: int = 0
    damaged: int = 0
    lost: int = 0
    example: str = ""

    def add(self, text: str) -> None:
        if text.isascii() or self.runs > 20_000:
            return
        self.lost += text.count("\ufffd")
        for match in _FOREIGN_RUN.finditer(text):
            self.runs += 1
            if _repair_run(match[0]) is not None:
                self.damaged += 1
                self.example = self.example or _word_around(text, match.start(), match.end())

    @property
    def looks_damaged(self) -> bool:
        return self.damaged > 0 and self.damaged * 2 >= self.runs


def _word_around(text: str, start: int, end: int) -> str:
    separators = ' \t\r\n,;|"'
    while start > 0 and text[start - 1] not in separators and end - start < 40:
        start -= 1
    while end < len(text) and text[end] not in separators and end - start < 40:
        end += 1
    return text[start:end]
