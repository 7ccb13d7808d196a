"""Cells to values: one reading is taken, two are asked about, none is a problem in words."""

import contextlib
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.imports.amounts import parse_currency, parse_money
from integrations.imports.column_profile import read_columns
from integrations.imports.countries import parse_country
from integrations.imports.dates import DateOrder, parse_date, parse_moment
from integrations.imports.fields import ColumnRule, FieldType
from integrations.imports.values import (
    DecimalMark,
    ValueProblem,
    is_empty,
    parse_boolean,
    parse_email,
    parse_integer,
    parse_number,
    parse_percent,
)

VIENNA = ZoneInfo("Europe/Vienna")


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("1.234,56", "1234.56"),
        ("1,234.56", "1234.56"),
        ("1 200", "1200"),
        ("1\u00a0200,5", "1200.5"),
        ("1'234.50", "1234.50"),
        ("1.204.000,00", "1204000.00"),
        ("1.204.000", "1204000"),
        ("(12.00)", "-12.00"),
        ("12-", "-12"),
        ("−12", "-12"),
        ("+7", "7"),
        (".5", "0.5"),
        ("0.125", "0.125"),
        ("1.2E+05", "120000"),
        ("1234.567", "1234.567"),
    ],
)
def test_a_number_with_one_reading_is_read(text, number):
    assert parse_number(text) == Decimal(number)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("1.204.000,00,0", "two_decimal_marks"),
        ("1,2,3", "two_decimal_marks"),
        ("ca. 50", "not_a_number"),
        ("abc", "not_a_number"),
        ("1 2", "not_a_number"),
        ("--5", "not_a_number"),
        ("1.234", "ambiguous_number"),
        ("12 kg", "not_a_number"),
    ],
)
def test_a_number_with_none_or_two_readings_is_handed_back(text, code):
    with pytest.raises(ValueProblem) as problem:
        parse_number(text)
    assert problem.value.code == code


def test_the_column_decides_what_one_cell_cannot():
    assert parse_number("1.234", DecimalMark.POINT) == Decimal("1.234")
    assert parse_number("1.234", DecimalMark.COMMA) == Decimal(1234)
    assert parse_number("1,234", DecimalMark.POINT) == Decimal(1234)


@given(
    st.decimals(min_value=-(10**9), max_value=10**9, places=2),
    st.sampled_from([(",", "."), (".", ","), (" ", ","), ("'", ".")]),
)
def test_any_amount_survives_being_written_in_any_country(number, marks):
    thousands, decimal = marks
    text = f"{abs(number):,.2f}".replace(",", "T").replace(".", decimal).replace("T", thousands)
    assert parse_number(f"-{text}" if number < 0 else text) == number


PARSERS: list[Callable[[str], object]] = [
    parse_number,
    parse_integer,
    parse_percent,
    parse_boolean,
    parse_email,
    parse_money,
    parse_currency,
    parse_country,
    lambda text: parse_date(text, None, UTC),
    lambda text: parse_moment(text, DateOrder.DAY_FIRST, UTC),
]


@given(st.text(max_size=30) | st.text(alphabet="0123456789.,-/: ()%€+eE'", max_size=14))
def test_no_text_makes_a_parser_fail_otherwise(text):
    for parse in PARSERS:
        with contextlib.suppress(ValueProblem):
            parse(text)


@pytest.mark.parametrize(
    ("text", "amount", "currency"),
    [
        ("€ 1 200", 1200, "EUR"),
        ("1.204,50 €", "1204.50", "EUR"),
        ("EUR 5", 5, "EUR"),
        ("5 chf", 5, "CHF"),
        ("$1,234.00", "1234.00", "USD"),
        ("($12.00)", "-12.00", "USD"),
        ("-£3.50", "-3.50", "GBP"),
        ("1200", 1200, ""),
        ("US$ 12", 12, "USD"),
    ],
)
def test_an_amount_brings_its_currency(text, amount, currency):
    assert parse_money(text) == (Decimal(amount), currency)


def test_a_shared_mark_is_the_own_currency_where_it_can_be():
    assert parse_money("$5", own="CAD")[1] == "CAD"
    assert parse_money("5 kr", own="NOK")[1] == "NOK"
    assert parse_money("$5", own="EUR")[1] == "USD"


@pytest.mark.parametrize("text", ["XQZ", "5 XQZ", "BTC 3"])
def test_an_unknown_currency_is_a_problem(text):
    with pytest.raises(ValueProblem, match="currency") as problem:
        (parse_money if any(c.isdigit() for c in text) else parse_currency)(text)
    assert problem.value.code == "unknown_currency"


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2026-11-12", date(2026, 11, 12)),
        ("2026/11/12", date(2026, 11, 12)),
        ("20261112", date(2026, 11, 12)),
        ("07.10.26", date(2026, 10, 7)),
        ("7. 10. 2026", date(2026, 10, 7)),
        ("13/02/2024", date(2024, 2, 13)),
        ("02/13/2024", date(2024, 2, 13)),
        ("05/05/2024", date(2024, 5, 5)),
        ("12 Nov 2024", date(2024, 11, 12)),
        ("Nov 12, 2024", date(2024, 11, 12)),
        ("12. März 2024", date(2024, 3, 12)),
        ("12-Nov-24", date(2024, 11, 12)),
        ("45292", date(2024, 1, 1)),
        ("2024-05-06T10:00:00Z", date(2024, 5, 6)),
        ("2024-05-06 23:30:00+00:00", date(2024, 5, 7)),
        ("1714989600000", date(2024, 5, 6)),
        ("12/31/1999 11:59 PM", date(1999, 12, 31)),
    ],
)
def test_a_date_with_one_reading_is_read(text, day):
    assert parse_date(text, None, VIENNA) == day


@pytest.mark.parametrize("text", ["30.02.2026", "31/31/2020", "2024-13-01", "soon", "1015", "99999", "0000-00-00"])
def test_what_is_no_day_is_no_date(text):
    with pytest.raises(ValueProblem) as problem:
        parse_date(text, None, VIENNA)
    assert problem.value.code == "not_a_date"


def test_a_date_with_two_readings_says_both():
    with pytest.raises(ValueProblem, match="3 Apr 2026 or 4 Mar 2026"):
        parse_date("03/04/2026", None, VIENNA)
    assert parse_date("03/04/2026", DateOrder.MONTH_FIRST, VIENNA) == date(2026, 3, 4)


def test_a_moment_without_a_zone_is_in_the_organisations():
    assert parse_moment("2024-07-01 08:00", None, VIENNA) == datetime(2024, 7, 1, 6, tzinfo=UTC)
    assert parse_moment("45292.5", None, VIENNA) == datetime(2024, 1, 1, 11, tzinfo=UTC)


@given(st.dates(date(1900, 1, 1), date(2199, 12, 31)))
def test_every_day_survives_each_way_of_writing_it(day):
    for text, order in (
        (day.isoformat(), None),
        (f"{day:%d.%m.%Y}", None),
        (f"{day:%d/%m/%Y}", DateOrder.DAY_FIRST),
        (f"{day:%m/%d/%Y}", DateOrder.MONTH_FIRST),
        (f"{day.day} {day:%B %Y}", None),
    ):
        assert parse_date(text, order, VIENNA) == day


def reading(cells, kind=FieldType.DATE, **rule):
    rules = [ColumnRule("x", "x", **rule)]
    return read_columns([[cell] for cell in cells], rules, {"x": kind})[0]


class TestAColumn:
    def test_of_dates_is_decided_by_one_cell_that_proves_it(self):
        assert reading(["03/04/2026", "13/04/2026"]).date_order is DateOrder.DAY_FIRST
        assert reading(["03/04/2026", "04/13/2026"]).date_order is DateOrder.MONTH_FIRST

    def test_of_dates_that_never_tell_is_a_question(self):
        found = reading(["03/04/2026", "05/06/2026"])
        assert (found.date_order, found.question, found.examples) == (None, "ask", ("03/04/2026", "05/06/2026"))

    def test_of_dates_in_two_orders_is_mixed(self):
        assert reading(["03/04/2026", "13/04/2026", "04/13/2026"]).question == "mixed"

    def test_with_a_slip_among_many_is_decided_and_the_slip_is_a_problem(self):
        found = reading(["13/04/2026"] * 200 + ["04/13/2026"])
        assert found.date_order is DateOrder.DAY_FIRST
        assert found.is_chosen

    def test_of_iso_dates_asks_nothing(self):
        assert reading(["2026-01-02"]).question == ""

    def test_of_numbers_is_decided_by_its_cells(self):
        assert reading(["1.234", "1,5"], FieldType.NUMBER).decimal_mark is DecimalMark.COMMA
        assert reading(["1.234", "1.5"], FieldType.NUMBER).decimal_mark is DecimalMark.POINT
        assert reading(["1.234"], FieldType.NUMBER).question == "ask"

    def test_of_amounts_has_no_three_decimals(self):
        assert reading(["1.234", "12.000"], FieldType.MONEY).decimal_mark is DecimalMark.COMMA

    def test_of_shares_up_to_one_holds_fractions(self):
        assert reading(["0.15", "1", "0"], FieldType.PERCENT).as_fraction
        assert reading(["15", "5", "0"], FieldType.PERCENT).as_fraction is False

    def test_of_country_codes_knows_namibia(self):
        assert reading(["DE", "NA", "AT"], FieldType.COUNTRY).has_codes
        assert not reading(["Germany", "NA", "Austria"], FieldType.COUNTRY).has_codes


@pytest.mark.parametrize(
    ("text", "code"), [("Germany", "DE"), ("uk", "GB"), ("Korea", "KR"), ("Österreich", "AT"), ("USA", "US")]
)
def test_a_country_is_known_by_its_names(text, code):
    assert parse_country(text) == code


def test_a_misspelt_country_has_a_suggestion():
    with pytest.raises(ValueProblem) as problem:
        parse_country("Philipines")
    assert problem.value.suggestion == "Philippines"


def test_words_for_nothing_are_nothing():
    assert all(is_empty(word) for word in ("", "None", "NA", "n/a", "Select", "NULL", "-", "#N/A", "--None--"))
    assert not any(is_empty(word) for word in ("0", "Nathan", "No", "Selector"))


def test_percentages():
    assert parse_percent("15 %") == Decimal("0.15")
    assert parse_percent("0.15", as_fraction=True) == Decimal("0.15")
    assert parse_percent("15", as_fraction=False) == Decimal("0.15")
    with pytest.raises(ValueProblem, match="0 to 100"):
        parse_percent("150 %")


def test_whole_numbers():
    assert parse_integer("1,234") == 1234
    assert parse_integer("12.0") == 12
    with pytest.raises(ValueProblem) as problem:
        parse_integer("ca. 50")
    assert problem.value.suggestion == "50"


def test_yes_and_no_in_several_languages():
    assert [parse_boolean(word) for word in ("Yes", "ja", "1", "TRUE", "x")] == [True] * 5
    assert [parse_boolean(word) for word in ("No", "nein", "0", "FALSE")] == [False] * 4
    with pytest.raises(ValueProblem):
        parse_boolean("maybe")


def test_addresses_are_taken_out_of_their_wrapping():
    assert parse_email("Ana <ana@Example.COM>") == "ana@example.com"
    with pytest.raises(ValueProblem):
        parse_email("ana at example")
