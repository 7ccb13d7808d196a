"""What other currencies are worth to an organisation: rates that it sets itself, and nothing where it has set none."""

import math
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation

from django.utils.translation import gettext as _

from tenancy.models import Organization
from tenancy.money import exponent, known_currency

LEAST, MOST = Decimal("0.000001"), Decimal(1_000_000)
MOST_RATES = 50


class NoRates(ValueError):
    """The text says no rates; the message says which line, and why."""


def read_rates(text: str, *, currency: str) -> dict[str, str]:
    """Return what each currency is worth in ``currency``, from lines like “USD 0.92”.

    :raises NoRates: for a line that says something else.
    """
    found: dict[str, str] = {}
    for line in filter(None, (line.strip() for line in text.splitlines())):
        code, _space, number = line.partition(" ")
        code = code.upper()
        if not known_currency(code):
            raise NoRates(_("“%s” is no currency. Write its code and what one of it is worth: USD 0.92") % code)
        if code == currency:
            raise NoRates(_("%s is your own currency: one of it is worth one.") % code)
        if code in found:
            raise NoRates(_("%s has two rates.") % code)
        try:
            rate = Decimal(number.strip().replace(",", "."))
        except InvalidOperation:
            raise NoRates(_("“%s” is no rate. Write a currency and a number: USD 0.92") % line) from None
        if not (rate.is_finite() and LEAST <= rate <= MOST):
            raise NoRates(_("%s: a rate lies between 0.000001 and 1000000.") % code)
        found[code] = str(rate)
    if len(found) > MOST_RATES:
        raise NoRates(_("At most %s rates.") % MOST_RATES)
    return found


def written_rates(rates: Mapping[str, str]) -> str:
    """Return rates as people type them."""
    return "\n".join(f"{code} {rate}" for code, rate in sorted(rates.items()))


def factors_into(currency: str, *, organization: Organization) -> dict[str, float]:
    """Return for each currency that can be counted how many minor units of ``currency`` its minor unit is worth.

    ``currency`` itself is among them. It need not be the organisation's own: then the rates are taken by way of that.
    """
    worth = {organization.currency: 1.0}
    for code, rate in dict(organization.setting("exchange_rates")).items():
        value = float(rate)
        if math.isfinite(value) and value > 0:
            worth[code] = value
    if currency not in worth:
        return {currency: 1.0}
    return {
        code: 1.0 if code == currency else rate / worth[currency] * 10.0 ** (exponent(currency) - exponent(code))
        for code, rate in worth.items()
    }
