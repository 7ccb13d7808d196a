"""What deals come to in one currency: the one function behind every sum of amounts that a person sees."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from django.db.models import Aggregate, Case, DateField, Sum, When
from django.db.models.functions import TruncDate

from pipeline.querysets import OpportunityQuerySet
from tenancy.conversion import Converter, Total, sum_of
from tenancy.models import Organization
from tenancy.working_time import first_zone


def deal_total(*, organization: Organization, found: OpportunityQuerySet, converter: Converter) -> Total:
    """Return what deals come to: open ones by the current rates, closed ones by those of the day they were closed."""
    totals = deal_totals(organization=organization, found=found, converter=converter, by=())
    return sum_of(totals.values(), currency=converter.currency)


def deal_totals(
    *, organization: Organization, found: OpportunityQuerySet, converter: Converter, by: Sequence[str]
) -> dict[tuple[Any, ...], Total]:
    """Return what deals come to by some of their columns, such as `("owner", "stage")`; without amounts it is 0."""
    return totals_and_more(organization=organization, found=found, converter=converter, by=by, more={})[0]


def totals_and_more(
    *,
    organization: Organization,
    found: OpportunityQuerySet,
    converter: Converter,
    by: Sequence[str],
    more: Mapping[str, Aggregate],
) -> tuple[dict[tuple[Any, ...], Total], dict[tuple[Any, ...], dict[str, int]]]:
    """Return :func:`deal_totals`, and what else is added up of the same deals, in whole numbers; one query for both."""
    zone = first_zone(organization.time_zone)
    closing_day = Case(
        When(outcome="open", then=None), default=TruncDate("closed_at", tzinfo=zone), output_field=DateField()
    )
    rows = found.order_by().values(*by, "currency", closing_day=closing_day).annotate(worth=Sum("amount_minor"), **more)
    also: dict[tuple[Any, ...], dict[str, int]] = {}
    is_open: dict[tuple[Any, ...], dict[str, int]] = {}
    is_closed: dict[tuple[Any, ...], dict[tuple[str, date], int]] = {}
    for row in rows:
        key = tuple(row[name] for name in by)
        is_open.setdefault(key, {})
        known = also.setdefault(key, dict.fromkeys(more, 0))
        for name in more:
            known[name] += int(row[name])
        if row["worth"] is None:
            continue
        if row["closing_day"] is None:
            is_open[key][row["currency"]] = int(row["worth"])
        else:
            is_closed.setdefault(key, {})[row["currency"], row["closing_day"]] = int(row["worth"])
    totals = {key: converter.total(worth) + converter.booked(is_closed.get(key, {})) for key, worth in is_open.items()}
    return totals, also


def total_as_data(total: Total) -> Mapping[str, Any]:
    """Return a total as the API and exports say it: the figure, the days of its rates, what they could not count."""
    return {
        "amount_minor": total.amount_minor,
        "currency": total.currency,
        "parts": [{"amount_minor": minor, "currency": code} for code, minor in sorted(total.parts.items())],
        "rates_from": total.since,
        "rates_to": total.until,
        "left_out": [{"amount_minor": minor, "currency": code} for code, minor in sorted(total.left_out.items())],
    }
