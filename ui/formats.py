"""Numbers, money and moments as people read them: one place, so that every page says them alike."""

from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal

from django.utils import timezone
from django.utils.formats import date_format, number_format, time_format
from django.utils.translation import get_language, gettext, ngettext, pgettext

from tenancy.money import from_minor

NOTHING = "–"
MINUS = "−"
NARROW_SPACE = "\N{NO-BREAK SPACE}"

SYMBOLS = {
    "EUR": "€",
    "USD": "$",
    "GBP": "£",
    "JPY": "¥",
    "CNY": "CN¥",
    "INR": "₹",
    "KRW": "₩",
    "BRL": "R$",
    "CAD": "CA$",
    "AUD": "A$",
}


def format_number(value: Decimal | float, digits: int = 0) -> str:
    """Return the number with the separators of the active language: 1,204 or 1.204."""
    exact = Decimal(str(value)).quantize(Decimal(1).scaleb(-digits), rounding=ROUND_HALF_UP)
    text: str = number_format(abs(exact), decimal_pos=digits, use_l10n=True, force_grouping=True)
    return MINUS + text if exact < 0 else text


def format_signed(value: float, digits: int = 1) -> str:
    """Return the number with its sign, as points are: +0.9, −0.4."""
    words = format_number(value, digits)
    return words if words.startswith(MINUS) else f"+{words}"


def format_ended(words: str) -> str:
    """Return words as a sentence, with one full stop at their end: names of firms may bring it."""
    return words if words.endswith((".", "!", "?", "…")) else f"{words}."


def format_money(amount_minor: int | None, currency: str, *, short: bool = False) -> str:
    """Return an amount of minor units in words of its currency: €1,204.50, or in short €6.3m.

    An unknown amount is a dash. Decimals are shown only where there are any.
    """
    if amount_minor is None:
        return NOTHING
    amount = from_minor(amount_minor, currency)
    figure = _short_figure(abs(amount)) if short else _full_figure(abs(amount))
    return (MINUS if amount < 0 else "") + _with_currency(figure, currency)


def format_about(amount_minor: int | None, currency: str) -> str:
    """Return an estimated amount in short, without cents: nobody knows what an hour brings to the cent."""
    if amount_minor is None:
        return NOTHING
    minor = int(10 ** -from_minor(1, currency).adjusted())
    return format_money(round(amount_minor / minor) * minor, currency, short=True)


def _short_figure(amount: Decimal) -> str:
    """Three figures are enough to compare: 6.3m, 18.4m, 380k, and 1,204 below ten thousand."""
    # The limits lie half a step below the round number, so that 999,600 is 1m and not 1,000k.
    if amount >= Decimal("999_500_000"):
        return _one_decimal(amount / 1_000_000_000) + pgettext("short for billion", "bn")
    if amount >= Decimal("999_500"):
        return _one_decimal(amount / 1_000_000) + pgettext("short for million", "m")
    if amount >= Decimal("9_999.5"):
        return format_number(amount / 1_000) + pgettext("short for thousand", "k")
    if amount >= 100:
        return format_number(amount)
    return _full_figure(amount)


def _one_decimal(amount: Decimal) -> str:
    rounded = amount.quantize(Decimal("0.1"), rounding=ROUND_HALF_UP)
    whole = rounded == rounded.to_integral_value() or rounded >= 100
    return format_number(rounded, 0 if whole else 1)


def _full_figure(amount: Decimal) -> str:
    digits = 0 if amount == amount.to_integral_value() else -int(amount.as_tuple().exponent)
    return format_number(amount, digits)


def _with_currency(figure: str, currency: str) -> str:
    code = currency.upper()
    symbol = SYMBOLS.get(code)
    if (get_language() or "en").startswith("en"):
        return f"{symbol}{figure}" if symbol else f"{code}{NARROW_SPACE}{figure}"
    return f"{figure}{NARROW_SPACE}{symbol or code}"


def format_day(day: date, *, today: date) -> str:
    """Return a date as 12 Nov, with the year when it isn't this one."""
    if day.year == today.year:
        return date_format(day, pgettext("day and month", "j M"))
    return date_format(day, pgettext("day, month and year", "j M Y"))


def format_ago(moment: datetime | date, *, now: datetime) -> str:
    """Return when something was or will be, as near as it matters: 12 min ago, 08:41, yesterday 17:05, 3 d ago, 9 Nov.

    The clock is an argument; days are those of the active time zone.
    """
    local_now = timezone.localtime(now)
    today = local_now.date()
    if not isinstance(moment, datetime):
        return _day_in_words(moment, today) or format_day(moment, today=today)
    local = timezone.localtime(moment)
    elapsed = local_now - local
    if timedelta(0) <= elapsed < timedelta(minutes=1):
        return gettext("just now")
    if timedelta(0) <= elapsed < timedelta(hours=1):
        minutes = int(elapsed.total_seconds() // 60)
        return ngettext("%(count)s\N{NO-BREAK SPACE}min ago", "%(count)s\N{NO-BREAK SPACE}min ago", minutes) % {
            "count": minutes
        }
    clock = time_format(local, pgettext("time of day", "H:i"))
    days = (today - local.date()).days
    if days == 0:
        return clock
    if days == 1:
        return gettext("yesterday %(time)s") % {"time": clock}
    if days == -1:
        return gettext("tomorrow %(time)s") % {"time": clock}
    if 1 < days < 7:
        return ngettext("%(count)s\N{NO-BREAK SPACE}d ago", "%(count)s\N{NO-BREAK SPACE}d ago", days) % {"count": days}
    return format_day(local.date(), today=today)


def format_moment(moment: datetime, *, now: datetime) -> str:
    """Return a moment with its day: 20 Nov, 17:59, with the year when it isn't this one."""
    local = timezone.localtime(moment)
    day = format_day(local.date(), today=timezone.localtime(now).date())
    clock = time_format(local, pgettext("time of day", "H:i"))
    return gettext("%(day)s, %(time)s") % {"day": day, "time": clock}


def _day_in_words(day: date, today: date) -> str:
    days = (today - day).days
    if days == 0:
        return gettext("today")
    if days == 1:
        return gettext("yesterday")
    if days == -1:
        return gettext("tomorrow")
    return ""


def format_span(span: timedelta) -> str:
    """Return how long something took: 40 s, 20 min, 4 h, 3 d."""
    seconds = int(span.total_seconds())
    if seconds < 60:
        return gettext("%(count)s\N{NO-BREAK SPACE}s") % {"count": seconds}
    if seconds < 3600:
        return gettext("%(count)s\N{NO-BREAK SPACE}min") % {"count": seconds // 60}
    if seconds < 2 * 86400:
        return gettext("%(count)s\N{NO-BREAK SPACE}h") % {"count": seconds // 3600}
    return gettext("%(count)s\N{NO-BREAK SPACE}d") % {"count": seconds // 86400}


def initials(name: str) -> str:
    """Return the two letters that stand for a name: Mara Lindqvist is ML, Velora is VE."""
    words = [word for word in name.replace("-", " ").split() if word[0].isalnum()]
    if not words:
        return "?"
    if len(words) == 1:
        return words[0][:2].upper()
    return (words[0][0] + words[-1][0]).upper()
