"""/metrics tells an operator what waits and what runs, and nobody else anything."""

import re

import pytest
from django.test import Client, override_settings

from tenancy import figures
from tenancy.jobs import enqueue
from tenancy.scoping import organization_scope
from tests.cast import create_cast
from tests.manage import run_manage

TOKEN = "a token of the operator's own"


def scrape(token: str = TOKEN) -> str:
    with override_settings(METRICS_TOKEN=TOKEN):
        answer = Client().get("/metrics", headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 200
    return answer.content.decode()


def value(text: str, name: str) -> float:
    found = re.search(rf"^{re.escape(name)} (\S+)$", text, re.MULTILINE)
    assert found, f"{name} is missing"
    return float(found[1])


@pytest.mark.django_db
@pytest.mark.parametrize("header", [None, "Bearer ", "Bearer wrong", f"Basic {TOKEN}", TOKEN])
def test_nobody_reads_it_without_the_token(header: str | None) -> None:
    with override_settings(METRICS_TOKEN=TOKEN):
        answer = Client().get("/metrics", headers={"Authorization": header} if header else {})

    assert answer.status_code == 404


@pytest.mark.django_db
def test_it_is_not_there_when_no_token_is_set() -> None:
    with override_settings(METRICS_TOKEN=""):
        assert Client().get("/metrics", headers={"Authorization": "Bearer "}).status_code == 404


@pytest.mark.django_db
def test_requests_are_counted_by_route_and_an_odd_method_makes_no_figure_of_its_own() -> None:
    before = scrape()
    Client().get("/health/live")
    Client().generic("EXHAUST", "/health/live")
    after = scrape()

    name = 'agile_sales_requests_total{method="GET",route="health-live",status="200"}'
    assert value(after, name) == (value(before, name) if name in before else 0) + 1
    assert "EXHAUST" not in after


@pytest.mark.django_db(transaction=True)
def test_the_relay_tells_what_waits_in_all_organizations_without_naming_one() -> None:
    cast = create_cast()
    for organization in (cast.acme, cast.globex):
        with organization_scope(organization):
            enqueue("tests.greet", organization=organization)

    run_manage("relay", "--once")
    run_manage("beat", "--once")
    figures.count_task("tests.greet", "done")
    text = scrape()

    assert value(text, "agile_sales_broker_up") == 1
    assert value(text, "agile_sales_outbox_waiting") == 2
    assert value(text, 'agile_sales_heartbeat_age_seconds{part="relay"}') < 120
    assert value(text, 'agile_sales_heartbeat_age_seconds{part="beat"}') < 120
    assert value(text, 'agile_sales_tasks_total{outcome="done",task="tests.greet"}') >= 1
    assert "acme" not in text
    assert str(cast.acme.pk) not in text
