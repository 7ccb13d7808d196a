"""Numbers, money and moments in words."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from django.utils import timezone, translation

from ui.formats import (
    format_about,
    format_ago,
    format_day,
    format_ended,
    format_money,
    format_number,
    format_span,
    initials,
)

NOW = datetime(2026, 11, 12, 9, 41, tzinfo=UTC)


@pytest.mark.parametrize(
    ("minor", "currency", "short", "words"),
    [
        (120450, "EUR", False, "€1,204.50"),
        (120400, "EUR", False, "€1,204"),
        (-120400, "EUR", False, "−€1,204"),
        (1204, "JPY", False, "¥1,204"),
        (1204500, "KWD", False, "KWD\N{NO-BREAK SPACE}1,204.500"),
        (None, "EUR", False, "–"),
        (0, "EUR", False, "€0"),
        (630_000_000, "EUR", True, "€6.3m"),
        (600_000_000, "EUR", True, "€6m"),
        (1_840_000_000, "EUR", True, "€18.4m"),
        (38_000_000, "EUR", True, "€380k"),
        (99_960_000, "EUR", True, "€1m"),
        (99_940_000, "EUR", True, "€999k"),
        (120_400, "EUR", True, "€1,204"),
        (999_949, "EUR", True, "€9,999"),
        (999_950, "EUR", True, "€10k"),
        (1250, "EUR", True, "€12.50"),
        (184_000_000_000, "USD", True, "$1.8bn"),
        (-630_000_000, "GBP", True, "−£6.3m"),
        (630_000_000, "XYZ", True, "XYZ\N{NO-BREAK SPACE}6.3m"),
        (2**62, "EUR", True, "€46,116,860bn"),
    ],
)
def test_money_is_said_as_people_say_it(minor: int | None, currency: str, short: bool, words: str) -> None:
    assert format_money(minor, currency, short=short) == words


def test_the_language_decides_separators_and_order() -> None:
    with translation.override("de"):
        assert format_money(120450, "EUR") == "1.204,50\N{NO-BREAK SPACE}€"


@pytest.mark.parametrize(
    ("value", "digits", "words"),
    [(1204, 0, "1,204"), (-0.4, 0, "0"), (0.5, 0, "1"), (Decimal("2.345"), 2, "2.35"), (-3.25, 1, "−3.3")],
)
def test_numbers_round_half_up(value: float, digits: int, words: str) -> None:
    assert format_number(value, digits) == words


@pytest.mark.parametrize(
    ("moment", "words"),
    [
        (NOW - timedelta(seconds=5), "just now"),
        (NOW - timedelta(minutes=12), "12\N{NO-BREAK SPACE}min ago"),
        (NOW - timedelta(hours=2), "08:41"),
        (NOW - timedelta(days=1), "yesterday 10:41"),
        (NOW - timedelta(days=3), "3\N{NO-BREAK SPACE}d ago"),
        (NOW - timedelta(days=40), "3 Oct"),
        (NOW - timedelta(days=400), "8 Oct 2025"),
        (NOW + timedelta(hours=2), "12:41"),
        (NOW + timedelta(days=1), "tomorrow 10:41"),
        (NOW + timedelta(days=9), "21 Nov"),
        (datetime(2026, 11, 11, 23, 30, tzinfo=UTC), "00:30"),
        (date(2026, 11, 12), "today"),
        (date(2026, 11, 11), "yesterday"),
        (date(2026, 12, 24), "24 Dec"),
        (date(2027, 1, 2), "2 Jan 2027"),
    ],
)
def test_a_moment_is_said_as_near_as_it_matters(moment: datetime | date, words: str) -> None:
    with timezone.override("Europe/Berlin"):
        assert format_ago(moment, now=NOW) == words


def test_a_day_has_its_year_when_it_is_another() -> None:
    assert format_day(date(2026, 11, 12), today=date(2026, 1, 1)) == "12 Nov"
    assert format_day(date(2025, 11, 12), today=date(2026, 1, 1)) == "12 Nov 2025"


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (40, "40\N{NO-BREAK SPACE}s"),
        (1200, "20\N{NO-BREAK SPACE}min"),
        (4 * 3600, "4\N{NO-BREAK SPACE}h"),
        (47 * 3600, "47\N{NO-BREAK SPACE}h"),
        (3 * 86400, "3\N{NO-BREAK SPACE}d"),
    ],
)
def test_a_span_has_one_unit(seconds: int, words: str) -> None:
    assert format_span(timedelta(seconds=seconds)) == words


@pytest.mark.parametrize(
    ("name", "letters"),
    [
        ("Mara Lindqvist", "ML"),
        ("Velora E-Bikes", "VB"),
        ("Velora", "VE"),
        ("", "?"),
        ("(none)", "?"),
        ("Łukasz Ö", "ŁÖ"),
    ],
)
def test_initials_stand_for_a_name(name: str, letters: str) -> None:
    assert initials(name) == letters


@pytest.mark.parametrize(
    ("words", "sentence"), [("Nordwind Sp. z o.o.", "Nordwind Sp. z o.o."), ("Nordwind AG", "Nordwind AG.")]
)
def test_a_name_with_a_full_stop_ends_a_sentence_as_it_is(words: str, sentence: str) -> None:
    assert format_ended(words) == sentence


@pytest.mark.parametrize(
    ("minor", "currency", "words"),
    [(1250, "EUR", "€12"), (7, "EUR", "€0"), (1251, "EUR", "€13"), (12, "JPY", "¥12"), (None, "EUR", "–")],
)
def test_an_estimate_has_no_cents(minor: int | None, currency: str, words: str) -> None:
    assert format_about(minor, currency) == words
