"""What stands beside a total of several currencies: by which rates it was made, and what has none."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext, ngettext

from tenancy.conversion import Total
from ui.formats import format_day, format_money


def rate_note(total: Total, *, today: date) -> str:
    """Return what a reader must know of a total, empty where it is simply a sum.

    That currencies were mixed, the days of the rates, and which amounts are not in it for want of a rate.
    """
    said = []
    if total.is_mixed:
        said.append(gettext("mixed currency"))
    elif total.is_converted:
        said.append(gettext("from %(currencies)s") % {"currencies": ", ".join(sorted(total.parts))})
    if total.since is not None and total.until is not None:
        said.append(_rates_of(total.since, total.until, today))
    if total.left_out:
        amounts = [format_money(minor, code, short=True) for code, minor in sorted(total.left_out.items())]
        said.append(
            ngettext("without %(amounts)s, which has no rate", "without %(amounts)s, which have no rate", len(amounts))
            % {"amounts": ", ".join(amounts)}
        )
    return ", ".join(said)


def rate_note_on_page(context: Mapping[str, Any], total: Total) -> str:
    """Print the note of a total; the clock is the page's `now`."""
    return rate_note(total, today=timezone.localtime(context.get("now") or timezone.now()).date())


def _rates_of(since: date, until: date, today: date) -> str:
    first, last = format_day(since, today=today), format_day(until, today=today)
    if since == until:
        return gettext("rate of %(day)s") % {"day": last}
    return gettext("rates of %(first)s to %(last)s") % {"first": first, "last": last}
