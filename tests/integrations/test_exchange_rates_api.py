"""Rates come in over the API, a thousand at a time, and each knows its day."""

from typing import Any

import pytest

from tenancy.conversion import converter_into
from tenancy.models import AuditEntry, DomainEvent
from tenancy.scoping import organization_scope
from tests.cast import Cast
from tests.integrations.api_caller import Caller, a_token
from tests.pipeline.records import MORNING

RATES = "/api/v1/exchange-rates"


@pytest.fixture
def acme(cast: Cast) -> Caller:
    return Caller(a_token(cast.acme))


def send(caller: Caller, *rows: dict[str, Any]) -> list[dict[str, Any]]:
    answer = caller.post(f"{RATES}/bulk", {"source": "ecb", "records": list(rows)})
    assert answer.status_code == 200, answer.content
    results: list[dict[str, Any]] = answer.json()["results"]
    return results


def test_rates_are_set_corrected_and_read_by_day(cast: Cast, acme: Caller) -> None:
    first = {"currency": "USD", "rate_date": "2026-03-02", "rate": 0.5}
    later = {"currency": "USD", "rate_date": "2026-03-09", "rate": "0.923456789"}

    assert [row["outcome"] for row in send(acme, first, later)] == ["created", "created"]
    assert [row["outcome"] for row in send(acme, first, {**later, "rate": 0.9})] == ["unchanged", "changed"]

    found = acme.read(RATES, currency="USD", from_date="2026-03-05")["results"]
    assert [(one["rate_date"], one["rate"]) for one in found] == [("2026-03-09", "0.9")]
    assert acme.read(f"{RATES}/{found[0]['id']}") == found[0]
    with organization_scope(cast.acme):
        counted = converter_into("EUR", organization=cast.acme, today=MORNING.date()).total({"USD": 100})
        assert counted.amount_minor == 50
        told = DomainEvent.objects.filter(type="exchange_rate.set").order_by("recorded_at", "id").last()
        assert told.payload == {"currency": "USD", "rate_date": "2026-03-09", "rate": ["0.923456789", "0.9"]}
        assert AuditEntry.objects.filter(row_id=found[0]["id"]).first().task.startswith("api token ")


def test_what_is_no_rate_is_named_and_leaves_the_others_alone(acme: Caller) -> None:
    rows = send(
        acme,
        {"currency": "EUR", "rate_date": "2026-03-02", "rate": 1},
        {"currency": "QQQ", "rate_date": "2026-03-02", "rate": 1},
        {"currency": "JPY", "rate_date": "2026-03-02", "rate": 0},
        {"currency": "CHF", "rate_date": "2026-12-31", "rate": 1},
        {"currency": "CHF", "rate_date": "2026-03-02", "rate": 1.1},
    )

    assert [row.get("errors", [{}])[0].get("name") for row in rows] == [
        "currency",
        "currency",
        "rate",
        "rate_date",
        None,
    ]


def test_a_stranger_reads_none_and_a_token_without_the_scope_sets_none(cast: Cast, acme: Caller) -> None:
    (made,) = send(acme, {"currency": "USD", "rate_date": "2026-03-02", "rate": 0.5})
    stranger = Caller(a_token(cast.globex))
    assert stranger.read(RATES)["results"] == []
    stranger.refused(f"{RATES}/{made['id']}", 404)

    reader = Caller(a_token(cast.acme, ["exchange-rates:read"]))
    assert reader.post(f"{RATES}/bulk", {"source": "ecb", "records": []}).status_code == 403
