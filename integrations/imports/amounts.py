"""Cells with money: the number, and the currency if the cell names one."""

from __future__ import annotations

from decimal import Decimal

from integrations.imports.values import DecimalMark, ValueProblem, number_of, read_number
from tenancy.money import known_currency

_MARKS = {
    "€": "EUR", "£": "GBP", "US$": "USD", "$US": "USD", "¥": "JPY", "JP¥": "JPY", "CN¥": "CNY", "元": "CNY",
    "円": "JPY", "A$": "AUD", "AU$": "AUD", "C$": "CAD", "CA$": "CAD", "NZ$": "NZD", "HK$": "HKD", "S$": "SGD",
    "R$": "BRL", "MX$": "MXN", "NT$": "TWD", "₹": "INR", "RS": "INR", "RS.": "INR", "₩": "KRW", "₽": "RUB", "₺": "TRY",
    "₴": "UAH",
    "₪": "ILS", "฿": "THB", "₫": "VND", "₱": "PHP", "ZŁ": "PLN", "KČ": "CZK", "FT": "HUF", "FR.": "CHF", "SFR.": "CHF",
    "SFR": "CHF", "LEI": "RON", "ЛВ": "BGN", "EURO": "EUR", "EUROS": "EUR", "DOLLAR": "USD", "DOLLARS": "USD",
}  # fmt: skip

# A bare "$" or "kr" is the organisation's own currency when that is one of these, else the first.
_SHARED_MARKS = {
    "$": ("USD", "AUD", "CAD", "NZD", "HKD", "SGD", "MXN", "TWD"),
    "KR": ("SEK", "NOK", "DKK", "ISK"),
    "KR.": ("DKK", "SEK", "NOK", "ISK"),
}


def parse_currency(text: str, own: str = "") -> str:
    """The code of a currency given as a code, a mark or a name.

    :raises ValueProblem: unknown_currency.
    """
    word = text.strip().upper()
    if word in _SHARED_MARKS:
        return own if own in _SHARED_MARKS[word] else _SHARED_MARKS[word][0]
    code = _MARKS.get(word, word)
    if not known_currency(code):
        raise ValueProblem("unknown_currency", "is not a currency we know")
    return code


def parse_money(text: str, mark: DecimalMark | None = None, own: str = "") -> tuple[Decimal, str]:
    """An amount and the currency its cell names (empty when it names none): ``€ 1 200``, ``1.234,56 EUR``, ``(12.00)``.

    :raises ValueProblem: not_a_number, two_decimal_marks, ambiguous_number, unknown_currency.
    """
    reading = read_number(text)
    words = [
        word for word in (reading.before, reading.after.removesuffix(",-").removesuffix(".-")) if word.strip(" .,-")
    ]
    currency = ""
    if len(words) > 1:
        # "US $ 12" and "$12 USD" name one currency twice.
        codes = {parse_currency(word, own) for word in words}
        if len(codes) > 1:
            raise ValueProblem("unknown_currency", "names two currencies")
        currency = codes.pop()
    elif words:
        try:
            currency = parse_currency(words[0], own)
        except ValueProblem:
            if len(words[0]) == 3 and words[0].isalpha():
                raise
            raise ValueProblem("not_a_number", "is not an amount") from None
    return number_of(reading, mark), currency
