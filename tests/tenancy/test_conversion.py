"""Amounts of several currencies as one figure: by which day's rate, rounded once, and what has none is said."""

from collections.abc import Iterator
from datetime import date
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenancy.conversion import Total, converter_for, converter_into, countable_currencies, shares_of, sum_of
from tenancy.models import ExchangeRate
from tenancy.rates import UnableToChooseCurrency, choose_currency, factors_into, newest_rates, set_rates
from tenancy.scoping import organization_scope
from tests.cast import Cast
from ui.totals import rate_note

MARCH, JUNE, JULY = date(2026, 3, 2), date(2026, 6, 1), date(2026, 7, 1)


@pytest.fixture
def in_acme(cast: Cast) -> Iterator[Cast]:
    with organization_scope(cast.acme):
        set_rates(organization=cast.acme, rates={"USD": "0.5", "JPY": "0.006"}, on=MARCH)
        set_rates(organization=cast.acme, rates={"USD": "0.8"}, on=JUNE)
        yield cast


def test_open_deals_count_by_the_current_rate_and_closed_ones_by_that_of_their_day(in_acme: Cast) -> None:
    converter = converter_into("EUR", organization=in_acme.acme, today=JULY)

    assert converter.total({"EUR": 100, "USD": 100}).amount_minor == 180
    booked = converter.booked({("USD", date(2026, 5, 31)): 100, ("USD", JUNE): 100, ("EUR", JUNE): 1})
    assert (booked.amount_minor, booked.since, booked.until) == (50 + 80 + 1, MARCH, JUNE)


def test_before_the_first_rate_the_first_one_counts(in_acme: Cast) -> None:
    early = converter_into("EUR", organization=in_acme.acme, today=date(2020, 1, 1))

    assert early.booked({("USD", date(2019, 1, 1)): 100}).amount_minor == 50
    assert early.total({"USD": 100}).amount_minor == 50
    assert factors_into("EUR", organization=in_acme.acme, on=date(2020, 1, 1))["USD"] == 0.5


def test_what_has_no_rate_stands_beside_the_figure(in_acme: Cast) -> None:
    converter = converter_into("EUR", organization=in_acme.acme, today=JULY)

    total = converter.total({"EUR": 100, "USD": 100, "CHF": 7_00, "JPY": 500})
    assert (total.amount_minor, total.parts, total.left_out) == (
        180,
        {"EUR": 100, "USD": 100},
        {"CHF": 7_00, "JPY": 500},
    )
    assert (total.is_mixed, total.is_whole) == (True, False)
    words = rate_note(total, today=JULY)
    assert words == "mixed currency, rate of 1 Jun, without CHF\N{NO-BREAK SPACE}7, ¥500, which have no rate"
    assert converter.booked({("JPY", MARCH): 500}).amount_minor == 300, "the yen had a rate then; they have no cents"


@pytest.mark.parametrize(
    ("amounts", "words"),
    [
        ({}, ""),
        ({"EUR": 5}, ""),
        ({"USD": 5}, "from USD, rate of 1 Jun"),
        ({"CHF": 5_00}, "without CHF\N{NO-BREAK SPACE}5, which has no rate"),
    ],
)
def test_words_are_said_only_where_there_is_something_to_say(
    in_acme: Cast, amounts: dict[str, int], words: str
) -> None:
    total = converter_into("EUR", organization=in_acme.acme, today=JULY).total(amounts)
    assert rate_note(total, today=JULY) == words


def test_another_currency_than_the_organisations_goes_by_way_of_it(in_acme: Cast) -> None:
    converter = converter_into("USD", organization=in_acme.acme, today=JULY)

    assert converter.total({"EUR": 100, "USD": 100}).amount_minor == 225
    assert converter.booked({("EUR", MARCH): 100}).amount_minor == 200


def test_a_rate_that_was_taken_back_leaves_what_was_closed_before(in_acme: Cast) -> None:
    assert set(newest_rates(organization=in_acme.acme)) == {"USD"}
    set_rates(organization=in_acme.acme, rates={"USD": "0.8", "CHF": "1.1"}, on=JULY)
    set_rates(organization=in_acme.acme, rates={"USD": "0.8"}, on=JULY)

    kept = ExchangeRate.objects.values_list("currency", "rate_date")
    assert sorted(kept) == [("JPY", MARCH), ("JPY", JUNE), ("USD", MARCH), ("USD", JUNE)], "one of a moment never was"


def test_an_organisation_never_counts_by_anothers_rates(in_acme: Cast) -> None:
    with organization_scope(in_acme.globex):
        stranger = converter_into("USD", organization=in_acme.globex, today=JULY)
        assert stranger.total({"USD": 5, "JPY": 5}).left_out == {"JPY": 5}


def test_a_member_sees_totals_in_the_currency_of_their_choice(in_acme: Cast) -> None:
    acme, rui = in_acme.acme, in_acme.rui
    assert countable_currencies(organization=acme, today=JULY) == ["EUR", "USD"]
    choose_currency(member=rui, currency="USD", today=JULY)
    assert converter_for(rui, organization=acme, today=JULY).currency == "USD"
    assert converter_for(in_acme.lena, organization=acme, today=JULY).currency == "EUR"

    with pytest.raises(UnableToChooseCurrency, match="no rate for CHF"):
        choose_currency(member=rui, currency="CHF", today=JULY)
    set_rates(organization=acme, rates={}, on=JULY)
    assert converter_for(rui, organization=acme, today=JULY).currency == "EUR", "without a rate it would show nothing"


amounts = st.dictionaries(st.sampled_from(["EUR", "USD", "JPY", "CHF"]), st.integers(-(10**15), 10**15))


@pytest.mark.django_db
def test_a_total_does_not_depend_on_how_its_deals_are_grouped(in_acme: Cast) -> None:
    converter = converter_into("EUR", organization=in_acme.acme, today=JULY)

    @given(st.lists(amounts, max_size=6))
    def holds(groups: list[dict[str, int]]) -> None:
        together: dict[str, int] = {}
        for group in groups:
            for code, minor in group.items():
                together[code] = together.get(code, 0) + minor
        parts = [converter.total(group) for group in groups]
        whole = converter.total(together)
        added = sum_of(parts, currency="EUR")
        assert (added.exact, added.parts, added.left_out) == (whole.exact, whole.parts, whole.left_out)
        shares = shares_of(whole.amount_minor, {place: part.exact for place, part in enumerate(parts)})
        assert sum(shares.values()) == whole.amount_minor
        assert all(abs(shares[place] - part.exact) <= 1 for place, part in enumerate(parts))

    holds()


def test_unlike_currencies_are_never_added() -> None:
    with pytest.raises(ValueError, match="can't be added"):
        Total("EUR", Fraction(1)) + Total("USD", Fraction(1))
