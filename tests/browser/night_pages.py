"""Home, priorities and the nights, with and without what they show."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.urls import reverse
from django.utils import timezone

from agile_sales import nightly
from agile_sales.night_calendar import new_night
from tenancy.models import Organization, Run
from tenancy.scoping import organization_scope
from tests.cast import Cast
from tests.coe.records import Records
from tests.nightly.conftest import give_customers

Url = Callable[[Cast], str]


def _address(name: str, *args: UUID) -> str:
    return reverse(name, args=["acme", *args])


def _night(organization: Organization, **changed: Any) -> Run:
    now = timezone.now()
    with organization_scope(organization):
        run = new_night(organization=organization, requested_by=None, as_of=now, now=now)
    run = nightly.run_night(organization=organization, run_id=run.pk)
    if changed:
        with organization_scope(organization):
            Run.objects.filter(pk=run.pk).update(**changed)
    return run


def _after_a_night(name: str, query: str = "") -> Url:
    def url(cast: Cast) -> str:
        give_customers(cast)
        _night(cast.acme)
        return _address(name) + query

    return url


def _why(cast: Cast) -> str:
    customers = give_customers(cast)
    for _ in range(2):
        _night(cast.acme)
    return _address("coe:score", customers.eager.pk)


def _one_night(**changed: Any) -> Url:
    return lambda cast: _address("night", _night(cast.acme, **changed).pk)


def _answers(cast: Cast) -> str:
    customers = give_customers(cast)
    with organization_scope(cast.acme):
        for score in (10, 7, 2):
            Records(cast.acme).answer(customers.eager, score, days=30)
    return _address("pipeline:answers")


NIGHT_PAGES: list[tuple[str, Url]] = [
    ("home-new", lambda _: _address("home")),
    ("home", _after_a_night("home")),
    ("priorities-new", lambda _: _address("pipeline:priorities")),
    ("priorities", _after_a_night("pipeline:priorities")),
    ("priorities-none-left", _after_a_night("pipeline:priorities", "?segment=small&region=North")),
    ("why", _why),
    ("nights-new", lambda _: _address("nights")),
    ("nights", _after_a_night("nights")),
    ("night", _one_night()),
    ("night-running", _one_night(status="running", finished_at=None)),
    ("night-failed", _one_night(status="failed", error="BandCutsError: the cuts overlap")),
    ("answers", _answers),
]
