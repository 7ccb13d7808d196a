"""What other currencies are worth to an organisation, day by day: rates that it sets itself, and nothing where it set
none.

Rates are only added: another day has another one, and what was counted by an earlier one can be told again. What
amounts of several currencies come to is `tenancy.conversion`'s.
"""

from collections.abc import Mapping
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation

from django.db import transaction
from django.utils.translation import gettext as _

from tenancy.conversion import converter_into, countable_currencies
from tenancy.events import record_event
from tenancy.locks import hold
from tenancy.models import ExchangeRate, Member, Organization
from tenancy.models.exchange_rate import LEAST, MOST
from tenancy.money import known_currency
from tenancy.working_time import local_day

MOST_RATES = 50
_SMALLEST = Decimal("0.000000001")


class NoRates(ValueError):
    """The text says no rates; the message says which line, and why."""


class UnableToSetRate(ValueError):
    """The rate is refused; the message says why and what to do instead, `field` what is wrong."""

    def __init__(self, field: str, words: str) -> None:
        super().__init__(words)
        self.field = field


class UnableToChooseCurrency(ValueError):
    """Totals can't be shown in this currency; the message says why."""


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
        if not (rate.is_finite() and Decimal(LEAST) <= rate <= Decimal(MOST)):
            raise NoRates(_("%s: a rate lies between 0.000001 and 1000000.") % code)
        found[code] = plain(rate)
    if len(found) > MOST_RATES:
        raise NoRates(_("At most %s rates.") % MOST_RATES)
    return found


def written_rates(rates: Mapping[str, str]) -> str:
    """Return rates as people type them."""
    return "\n".join(f"{code} {rate}" for code, rate in sorted(rates.items()))


def plain(rate: Decimal) -> str:
    """Return a rate as it is kept, to nine decimals, without zeros that say nothing."""
    return f"{rate.quantize(_SMALLEST, rounding=ROUND_HALF_UP).normalize():f}"


def newest_rates(*, organization: Organization) -> dict[str, ExchangeRate]:
    """Return for each currency that has a rate the newest one; those that were taken back are left out."""
    rows = ExchangeRate.objects.for_organization(organization).order_by("currency", "-rate_date").distinct("currency")
    return {row.currency: row for row in rows if row.rate is not None}


def rates_in_force(*, organization: Organization) -> dict[str, str]:
    """Return what one of each currency is worth by its newest rate."""
    newest = newest_rates(organization=organization)
    return {code: plain(row.rate) for code, row in newest.items() if row.rate is not None}


@transaction.atomic
def set_rates(*, organization: Organization, rates: Mapping[str, str], on: date) -> None:
    """Set what one of each currency is worth from a day on. Currencies that are not named have no rate from then on.

    Rates that stay as they are keep the day since when they hold.
    """
    hold(organization=organization, purpose="rates")
    newest = newest_rates(organization=organization)
    for code, rate in rates.items():
        if code not in newest or newest[code].rate != Decimal(rate):
            _keep(organization, code, on, Decimal(rate))
    for code in newest.keys() - rates.keys():
        rows = ExchangeRate.objects.for_organization(organization).filter(currency=code)
        if rows.filter(rate_date__lt=on).exists():
            _keep(organization, code, on, None)
        else:
            rows.delete()  # set and taken back on one day: there never was one


@transaction.atomic
def set_rate(
    *, organization: Organization, currency: str, rate_date: date, rate: Decimal, actor: Member | None, at: datetime
) -> tuple[ExchangeRate, str]:
    """Set the rate of one day, and return it with what became of it: created, changed or unchanged.

    :raises UnableToSetRate: for a day that is still to come, a currency that is none or the organisation's own, or a
        rate out of range.
    """
    if not known_currency(currency):
        raise UnableToSetRate("currency", _("%s is no currency in use (ISO 4217).") % currency)
    if currency == organization.currency:
        raise UnableToSetRate("currency", _("%s is your own currency: one of it is worth one.") % currency)
    if rate_date > local_day(organization, at):
        raise UnableToSetRate("rate_date", _("The rate of a day is known when the day has come; send it then."))
    kept = Decimal(plain(rate))
    if not Decimal(LEAST) <= kept <= Decimal(MOST):
        raise UnableToSetRate("rate", _("%s: a rate lies between 0.000001 and 1000000.") % currency)
    hold(organization=organization, purpose="rates")
    rows = ExchangeRate.objects.for_organization(organization)
    before = rows.filter(currency=currency, rate_date=rate_date).first()
    if before is not None and before.rate == kept:
        return before, "unchanged"
    row = _keep(organization, currency, rate_date, kept)
    record_event(
        organization=organization,
        type="exchange_rate.set",
        subject=row,
        payload={
            "currency": currency,
            "rate_date": rate_date.isoformat(),
            "rate": [None if before is None or before.rate is None else plain(before.rate), plain(kept)],
        },
        actor=actor,
        occurred_at=at,
    )
    return row, "created" if before is None else "changed"


@transaction.atomic
def choose_currency(*, member: Member, currency: str, today: date) -> None:
    """Have totals shown to a member in a currency; empty: in the organisation's.

    :raises UnableToChooseCurrency: for one that has no rate.
    """
    organization = member.organization
    if currency == organization.currency:
        currency = ""
    if currency and currency not in countable_currencies(organization=organization, today=today):
        raise UnableToChooseCurrency(_("There is no rate for %s, so nothing can be shown in it.") % currency)
    member.currency = currency
    member.save(update_fields=["currency"])


def _keep(organization: Organization, currency: str, day: date, rate: Decimal | None) -> ExchangeRate:
    row, _created = ExchangeRate.objects.update_or_create(
        organization=organization, currency=currency, rate_date=day, defaults={"rate": rate}
    )
    kept: ExchangeRate = row
    return kept


def factors_into(currency: str, *, organization: Organization, on: date | None = None) -> dict[str, float]:
    """Return for each currency that can be counted how many minor units of ``currency`` its minor unit is worth.

    ``currency`` itself is among them. By the rates of a day, of the newest ones where none is named. For methods that
    count in floats; sums that people see are made by `tenancy.conversion`.
    """
    known = converter_into(currency, organization=organization, today=on or date.max).factors()
    return {code: float(factor) for code, factor in known.items()}
