"""Amounts of several currencies as one figure: the one place that converts.

What is open counts at the current rate, what is closed at the rate of the day on which it was closed. Before the first
rate of a currency the first one counts: nobody sets rates for years that are gone. Sums are exact until they are
rounded, once, at their end; so a total does not depend on how the deals behind it were grouped. What has no rate is not
guessed: it stands beside the figure.
"""

from bisect import bisect_right
from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from fractions import Fraction
from functools import cached_property
from typing import TypeVar

from tenancy.models import ExchangeRate, Member, Organization
from tenancy.money import exponent

K = TypeVar("K", bound=Hashable)


@dataclass(frozen=True)
class Total:
    """What some amounts come to in one currency, by which rates, and what could not be counted.

    `exact` is in minor units of `currency`. `parts` is what was counted and `left_out` what was not, each by currency
    in minor units of its own. `since` and `until` are the oldest and the newest day whose rate was used.
    """

    currency: str
    exact: Fraction = Fraction(0)
    parts: Mapping[str, int] = field(default_factory=dict)
    left_out: Mapping[str, int] = field(default_factory=dict)
    since: date | None = None
    until: date | None = None

    @property
    def amount_minor(self) -> int:
        """The figure, rounded half up."""
        return rounded(self.exact)

    @property
    def is_mixed(self) -> bool:
        """Whether there are amounts of more than one currency behind it."""
        return len({*self.parts, *self.left_out}) > 1

    @property
    def is_converted(self) -> bool:
        """Whether anything of it was counted by a rate."""
        return self.since is not None

    @property
    def is_whole(self) -> bool:
        """Whether everything is in it."""
        return not self.left_out

    def divided(self, by: int) -> "Total":
        """Return a part of it, such as ten-thousandths of what was summed in basis points; still exact."""
        parts, left_out = (
            {code: rounded(Fraction(minor, by)) for code, minor in amounts.items()}
            for amounts in (self.parts, self.left_out)
        )
        return replace(self, exact=self.exact / by, parts=parts, left_out=left_out)

    def __add__(self, other: "Total") -> "Total":
        if other.currency != self.currency:
            raise ValueError(f"A total in {self.currency} and one in {other.currency} can't be added.")
        days = [day for one in (self, other) for day in (one.since, one.until) if day is not None]
        return Total(
            self.currency,
            self.exact + other.exact,
            _added(self.parts, other.parts),
            _added(self.left_out, other.left_out),
            min(days, default=None),
            max(days, default=None),
        )


def rounded(exact: Fraction) -> int:
    """Return a whole number of minor units, half up as money is rounded."""
    whole = int(abs(exact) + Fraction(1, 2))
    return whole if exact >= 0 else -whole


def sum_of(totals: Iterable[Total], *, currency: str) -> Total:
    """Return what these totals, all in one currency, come to."""
    whole = Total(currency)
    for one in totals:
        whole = whole + one
    return whole


def shares_of(whole: int, parts: Mapping[K, Fraction]) -> dict[K, int]:
    """Return exact parts as whole numbers that add up to their rounded sum: where one is to be seen adding up.

    What rounding leaves goes to those whose fractions are the largest.
    """
    shares = {key: part.numerator // part.denominator for key, part in parts.items()}
    missing = whole - sum(shares.values())
    nearest = sorted(parts, key=lambda key: parts[key] - shares[key], reverse=True)
    for key in nearest[: max(0, missing)]:
        shares[key] += 1
    return shares


def _added(one: Mapping[str, int], other: Mapping[str, int]) -> dict[str, int]:
    return {code: one.get(code, 0) + other.get(code, 0) for code in {**one, **other}}


@dataclass(frozen=True)
class Factor:
    """What a minor unit of one currency is worth in another's, and the days of the rates that say so."""

    value: Fraction
    days: tuple[date, ...]


_Days = tuple[list[date], list[Fraction | None]]


class Converter:
    """Counts amounts in one currency. Made once a page; reads the current rates at first need, older ones only then."""

    def __init__(self, currency: str, *, organization: Organization, today: date) -> None:
        self.currency, self.today = currency, today
        self._organization, self._own = organization, organization.currency
        self._histories: dict[str, _Days] = {}

    def total(self, amounts: Mapping[str, int]) -> Total:
        """Return what amounts (currency → minor units) come to by the current rates: what is still open."""
        return self._total(((code, minor, None) for code, minor in amounts.items()))

    def booked(self, amounts: Mapping[tuple[str, date], int]) -> Total:
        """Return what amounts (currency, closing day → minor units) come to, each by the rate of its day."""
        return self._total(((code, minor, day) for (code, day), minor in amounts.items()))

    def factor(self, currency: str, on: date | None = None) -> Factor | None:
        """Return what one minor unit is worth today, or was worth on a day; None where there is no rate."""
        if currency == self.currency:
            return Factor(Fraction(1), ())
        rate_of: Callable[[str], tuple[Fraction, date | None] | None]
        rate_of = self._current.get if on is None else lambda code: self._rate_on(code, on)
        one, other = rate_of(currency), rate_of(self.currency)
        if one is None or other is None:
            return None
        scale = Fraction(10) ** (exponent(self.currency) - exponent(currency))
        days = tuple(day for _rate, day in (one, other) if day is not None)
        return Factor(one[0] / other[0] * scale, days)

    def factors(self) -> dict[str, Fraction]:
        """Return for each currency that can be counted what a minor unit of it is worth today; the target's is 1."""
        known = {code: self.factor(code) for code in {self.currency, *self._current}}
        return {code: factor.value for code, factor in known.items() if factor is not None}

    def _total(self, amounts: Iterable[tuple[str, int, date | None]]) -> Total:
        exact, days = Fraction(0), set[date]()
        parts: dict[str, int] = {}
        left_out: dict[str, int] = {}
        for code, minor, day in amounts:
            factor = self.factor(code, day)
            into = left_out if factor is None else parts
            into[code] = into.get(code, 0) + minor
            if factor is not None:
                exact += minor * factor.value
                days.update(factor.days)
        return Total(self.currency, exact, parts, left_out, min(days, default=None), max(days, default=None))

    @cached_property
    def _current(self) -> dict[str, tuple[Fraction, date | None]]:
        """The newest rate of each currency up to today; before the first one the first one."""
        rows = ExchangeRate.objects.for_organization(self._organization).values_list("currency", "rate_date", "rate")
        newest = rows.filter(rate_date__lte=self.today).order_by("currency", "-rate_date").distinct("currency")
        first = rows.order_by("currency", "rate_date").distinct("currency")
        # Of both the later one: the first rate only where none had come by that day.
        chosen = {
            code: (rate, day) for code, day, rate in sorted(first.union(newest, all=True), key=lambda row: row[:2])
        }
        found: dict[str, tuple[Fraction, date | None]] = {
            code: (Fraction(rate), day) for code, (rate, day) in chosen.items() if rate is not None
        }
        return {**found, self._own: (Fraction(1), None)}

    def _rate_on(self, currency: str, day: date) -> tuple[Fraction, date | None] | None:
        if currency == self._own:
            return Fraction(1), None
        if currency not in self._histories:
            rows = ExchangeRate.objects.for_organization(self._organization).filter(currency=currency)
            kept = rows.order_by("rate_date").values_list("rate_date", "rate")
            self._histories[currency] = (
                [one for one, _rate in kept],
                [None if rate is None else Fraction(rate) for _one, rate in kept],
            )
        days, rates = self._histories[currency]
        if not days:
            return None
        at = max(0, bisect_right(days, day) - 1)
        rate = rates[at]
        return None if rate is None else (rate, days[at])


def converter_into(currency: str, *, organization: Organization, today: date) -> Converter:
    """Return what counts amounts in a currency, by the rates as they are known on a day."""
    return Converter(currency, organization=organization, today=today)


def converter_for(member: Member, *, organization: Organization, today: date) -> Converter:
    """Return what counts amounts in the member's currency.

    Where that one has no rate any more, nothing could be counted in it: then it is the organisation's.
    """
    if member.currency and member.currency != organization.currency:
        chosen = converter_into(member.currency, organization=organization, today=today)
        if chosen.factor(organization.currency) is not None:
            return chosen
    return converter_into(organization.currency, organization=organization, today=today)


def countable_currencies(*, organization: Organization, today: date) -> list[str]:
    """Return the currencies that totals can be shown in: the organisation's own first, then those with a rate."""
    own = organization.currency
    return [own, *sorted(converter_into(own, organization=organization, today=today).factors().keys() - {own})]
