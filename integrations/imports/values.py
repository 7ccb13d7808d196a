"""Cells to plain values: text, numbers, percentages, yes and no.

Nothing here guesses silently. A cell that has one reading is read; a cell with two is decided by its column
(:mod:`integrations.imports.column_profile`) or handed back with what is wrong and what to do.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from functools import lru_cache

from tenancy.texts import UnfitText, clean_text
from tenancy.web_addresses import NoWebAddress, web_address


class ValueProblem(ValueError):
    """A cell that cannot be taken as it stands."""

    def __init__(self, code: str, message: str, suggestion: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.suggestion = suggestion


# What exports write where they have nothing. Not for names and ids: there is a real Mr Null, and NA is Namibia.
EMPTY_WORDS = frozenset(
    {
        "none", "null", "na", "n/a", "#n/a", "nan", "nil", "select", "-select-", "--select--", "- select -",
        "please select", "-none-", "--none--", "(none)", "(blank)", "(empty)", "unknown", "-", "--", "---", "–", "—",
        "?", ".", "k.a.", "k. a.", "keine angabe", "bitte wählen",
    }
)  # fmt: skip

_SPACES = re.compile(r"[\s\u00a0\u202f\u2007\u200b\ufeff]+")


def tidy(text: str) -> str:
    """The cell without outer and doubled white space, on one line."""
    if text.isascii() and "  " not in text and text.isprintable():
        return text.strip()
    return _SPACES.sub(" ", text).strip(" ")


def is_empty(text: str) -> bool:
    """Whether a cell says nothing: blank or one of the words that exports use for it."""
    return not text or text.casefold() in EMPTY_WORDS


_SQUASH = re.compile(r"[\W_]+")


def name_key(text: str) -> str:
    """What two spellings of one name share: case and spaces do not count."""
    return tidy(text).casefold()


def squashed(text: str) -> str:
    """Letters and digits alone, for finding what somebody meant (``GTXPro`` and ``GTX Pro``)."""
    return _SQUASH.sub("", text.casefold())


# --- numbers --------------------------------------------------------------------------------------------------


class DecimalMark(StrEnum):
    POINT = "point"
    COMMA = "comma"


@dataclass(frozen=True)
class NumberReading:
    """What a cell says about itself before its column is asked.

    ``mark`` is the decimal mark the cell proves, ``ambiguous`` is true for ``1.234``, which is a thousand or a bit
    more than one.
    """

    negative: bool
    body: str
    before: str
    after: str
    mark: DecimalMark | None
    ambiguous: bool


_NUMBER = re.compile(r"(?P<before>[^\d.,'’]*)(?P<body>\d[\d.,'’ ]*|[.,]\d+)(?P<after>[^\d]*)")
_GROUPED = re.compile(r"\d{1,3}(?:[ '’]\d{3})+(?=[.,]|$)")
_MINUS = str.maketrans({"−": "-", "–": "-", "‐": "-", "\u00a0": " ", "\u202f": " ", "\u2007": " ", "\u2009": " "})
_EXPONENT = re.compile(r"-?\d+(?:[.,]\d+)?[eE][+-]?\d{1,3}")

NOT_A_NUMBER = "is not a number"


@lru_cache(maxsize=65_536)
def read_number(text: str) -> NumberReading:
    """Take a number apart, currency marks and signs included.

    :raises ValueProblem: when the cell is no number in any reading.
    """
    cell = text.translate(_MINUS).strip()
    negative = False
    if cell.startswith("(") and cell.endswith(")"):
        negative, cell = True, cell[1:-1].strip()
    if _EXPONENT.fullmatch(cell):
        return NumberReading(
            cell.startswith("-"), str(Decimal(cell.lstrip("-").replace(",", "."))), "", "", None, False
        )
    match = _NUMBER.fullmatch(cell)
    if match is None:
        raise ValueProblem("not_a_number", NOT_A_NUMBER, suggestion=_digits_alone(text))
    before, body, after = match["before"].strip(), match["body"].strip(), match["after"].strip()
    signs = before.count("-") + before.count("+") + after.count("-")
    if signs > 1:
        raise ValueProblem("not_a_number", NOT_A_NUMBER)
    negative = negative or "-" in before or "-" in after
    before, after = before.replace("-", "").replace("+", "").strip(), after.replace("-", "").strip()
    if any(mark in body for mark in " '’"):
        grouped = _GROUPED.match(body)
        if grouped is None:
            raise ValueProblem("not_a_number", NOT_A_NUMBER)
        whole = re.sub(r"[ '’]", "", grouped[0])
        rest = body[grouped.end() :]
        if rest and not re.fullmatch(r"[.,]\d+", rest):
            raise ValueProblem("two_decimal_marks", "has two decimal marks")
        mark = None if not rest else DecimalMark.POINT if rest[0] == "." else DecimalMark.COMMA
        return NumberReading(negative, whole + rest.replace(",", "."), before, after, mark, ambiguous=False)
    return _read_separators(body, negative, before, after)


def _read_separators(body: str, negative: bool, before: str, after: str) -> NumberReading:
    points, commas = body.count("."), body.count(",")
    if points and commas:
        decimal, thousands = (".", ",") if body.rfind(".") > body.rfind(",") else (",", ".")
        whole, _, fraction = body.rpartition(decimal)
        if decimal in whole or not _are_thousands(whole, thousands):
            raise ValueProblem("two_decimal_marks", "has two decimal marks")
        mark = DecimalMark.POINT if decimal == "." else DecimalMark.COMMA
        return NumberReading(
            negative, f"{whole.replace(thousands, '')}.{fraction}", before, after, mark, ambiguous=False
        )
    if not points and not commas:
        return NumberReading(negative, body, before, after, None, ambiguous=False)
    separator = "." if points else ","
    own, other = (DecimalMark.POINT, DecimalMark.COMMA) if separator == "." else (DecimalMark.COMMA, DecimalMark.POINT)
    if points + commas > 1:
        if not _are_thousands(body, separator):
            raise ValueProblem("two_decimal_marks", "has two decimal marks")
        return NumberReading(negative, body.replace(separator, ""), before, after, other, ambiguous=False)
    whole, _, fraction = body.partition(separator)
    if len(fraction) == 3 and 1 <= len(whole) <= 3 and not whole.startswith("0"):
        return NumberReading(negative, body, before, after, None, ambiguous=True)
    return NumberReading(negative, f"{whole or '0'}.{fraction}", before, after, own, ambiguous=False)


def _are_thousands(whole: str, separator: str) -> bool:
    first, *groups = whole.split(separator)
    return 1 <= len(first) <= 3 and all(len(group) == 3 for group in groups)


def number_of(reading: NumberReading, mark: DecimalMark | None) -> Decimal:
    """The number, with the column's decimal mark deciding where the cell leaves two readings.

    :raises ValueProblem: when the cell has two readings and the column has not decided.
    """
    body = reading.body
    if reading.ambiguous:
        if mark is None:
            raise ValueProblem("ambiguous_number", "can be a thousand or a fraction: choose the decimal mark")
        separator = "." if "." in body else ","
        is_decimal = (separator == ".") == (mark is DecimalMark.POINT)
        body = body.replace(",", ".") if is_decimal else body.replace(separator, "")
    number = Decimal(body)
    return -number if reading.negative else number


def parse_number(text: str, mark: DecimalMark | None = None) -> Decimal:
    """A plain number: ``1.234,56``, ``1,234.56``, ``1 200``, ``(12.00)``, ``12-``.

    :raises ValueProblem: not_a_number, two_decimal_marks, ambiguous_number.
    """
    reading = read_number(text)
    if reading.before or reading.after:
        raise ValueProblem("not_a_number", NOT_A_NUMBER, suggestion=_digits_alone(text))
    return number_of(reading, mark)


def parse_integer(text: str, mark: DecimalMark | None = None) -> int:
    """A whole number; ``12.0`` is one.

    :raises ValueProblem: also not_a_whole_number.
    """
    reading = read_number(text)
    if reading.before or reading.after:
        raise ValueProblem("not_a_number", NOT_A_NUMBER, suggestion=_digits_alone(text))
    # What has two readings is a thousand here: a whole number has no fraction of three digits.
    body = re.sub(r"[.,]", "", reading.body) if reading.ambiguous else reading.body
    number = Decimal(body)
    if number != int(number):
        raise ValueProblem("not_a_whole_number", "is not a whole number")
    return -int(number) if reading.negative else int(number)


def _digits_alone(text: str) -> str:
    digits = re.findall(r"\d+", text)
    return digits[0] if len(digits) == 1 else ""


def parse_percent(text: str, mark: DecimalMark | None = None, *, as_fraction: bool | None = None) -> Decimal:
    """A share as a fraction: ``15 %`` and, as the column decides, ``15`` or ``0.15``.

    :raises ValueProblem: not a number, or outside 0 to 100 %.
    """
    reading = read_number(text)
    if reading.before or reading.after not in ("", "%"):
        raise ValueProblem("not_a_number", NOT_A_NUMBER)
    number = number_of(reading, mark)
    if reading.after == "%" or as_fraction is False or (as_fraction is None and number > 1):
        number /= 100
    if not 0 <= number <= 1:
        raise ValueProblem("out_of_range", "is outside 0 to 100 %")
    return number


# --- yes and no -----------------------------------------------------------------------------------------------

_YES = frozenset(
    ["1", "true", "t", "yes", "y", "x", "on", "ja", "j", "wahr", "oui", "vrai", "si", "sí", "sim", "checked", "✓"]
)
_NO = frozenset(["0", "false", "f", "no", "n", "off", "nein", "falsch", "non", "faux", "não", "unchecked", "✗"])


def parse_boolean(text: str) -> bool:
    """Yes or no in the words exports use.

    :raises ValueProblem: for any other word.
    """
    word = text.casefold()
    if word in _YES:
        return True
    if word in _NO:
        return False
    raise ValueProblem("not_yes_or_no", "is neither yes nor no")


_EMAIL = re.compile(r"[^@\s,;<>\"]+@[^@\s,;<>\"]+\.[^@\s,;<>\".]+")


def parse_email(text: str) -> str:
    """An address, taken out of ``mailto:`` and ``Name <address>``, domain in lower case.

    :raises ValueProblem: when there is no address.
    """
    cell = text.removeprefix("mailto:")
    if cell.endswith(">") and "<" in cell:
        cell = cell[cell.rindex("<") + 1 : -1]
    if not _EMAIL.fullmatch(cell):
        raise ValueProblem("not_an_email", "is not an e-mail address")
    local, _, domain = cell.rpartition("@")
    return f"{local}@{domain.casefold()}"


def parse_website(text: str) -> str:
    """The address of a website.

    :raises ValueProblem: for what is none, such as a program.
    """
    try:
        return web_address(clean_text(text))
    except (NoWebAddress, UnfitText) as error:
        raise ValueProblem("not_a_website", str(error)) from None
