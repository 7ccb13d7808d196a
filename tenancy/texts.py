"""What a text that people, systems or files write may hold: one rule for forms, the API and imports."""

import re
import unicodedata

_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
_BREAK = re.compile(r"[\n\r\u2028\u2029]")
# They turn round what stands behind them, also in the line of somebody else: “invoice_fdp.exe”.
_BIDI = re.compile(r"[\u202a-\u202e\u2066-\u2069]")
# Letters and symbols that are blank by design: the fillers of Hangul, and Braille without a dot.
_BLANK = frozenset("\u115f\u1160\u2800\u3164\uffa0")
_OUTER = "\u00ad\u200b\u2060\ufeff"
"""What shows nothing at either end of a text and is no white space: a soft hyphen, blanks of no width."""


class UnfitText(ValueError):
    """A text that can't be kept; the message says why, to be put behind the name of the field."""


def clean_text(text: str, *, lines: bool = False) -> str:
    """Return a text as it is kept: composed (NFC), without blanks around it and without marks that turn it round.

    A text of which nothing can be seen is empty. Only one with `lines` may have line breaks.

    :raises UnfitText: for control characters, and for line breaks where there is one line.
    """
    if text.isascii() and text.isprintable():
        return text.strip()
    if not lines:
        text = text.strip().replace("\t", " ")
        if _BREAK.search(text):
            raise UnfitText("holds a line break: write it on one line")
    if found := _CONTROL.search(text):
        raise UnfitText(f"holds the control character U+{ord(found[0]):04X}: remove it")
    text = unicodedata.normalize("NFC", _BIDI.sub("", text))
    while (inner := text.strip().strip(_OUTER)) != text:
        text = inner
    return text if can_be_seen(text) else ""


def can_be_seen(text: str) -> bool:
    """Return whether anything of a text shows on a screen."""
    return any(letter not in _BLANK and unicodedata.category(letter)[0] in "LNPS" for letter in text)
