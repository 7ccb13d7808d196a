"""The pages of the model's forecast, for every look at pages."""

from collections.abc import Callable

from django.urls import reverse
from django.utils import timezone

from coe.operations import forecast_periods
from tenancy.scoping import organization_scope
from tests.cast import Cast
from tests.coe.forecast_deals import a_night, a_past
from tests.coe.records import Records


def forecast_kept(cast: Cast, url_name: str, query: str = "") -> str:
    """Write two years of deals and what a night says of them, and return the address of a page."""
    now = timezone.now()
    with organization_scope(cast.acme):
        records = Records(cast.acme)
        a_past(records, [cast.rui, cast.mia], quarters=12, deals=40, now_is=now)
        forecast_periods(organization=cast.acme, run=a_night(records, "forecast", now), as_of=now)
    return reverse(url_name, kwargs={"organization": cast.acme.slug}) + query


FORECAST_PAGES: list[tuple[str, Callable[[Cast], str]]] = [
    ("forecast-model", lambda cast: forecast_kept(cast, "coe:forecast-model", "?goal=500000")),
    ("board-with-forecast", lambda cast: forecast_kept(cast, "pipeline:board")),
    ("forecast-accuracy", lambda cast: forecast_kept(cast, "coe:forecast-accuracy", "?at=third")),
]
