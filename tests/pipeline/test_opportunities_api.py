"""GET /api/v1/opportunities: what it shows, of whom, narrowed to what, in which order."""

from datetime import date
from typing import Any

import pytest
from django.utils import timezone

from pipeline.models import Account, Opportunity
from tenancy.scoping import organization_scope
from tests.cast import Cast
from tests.integrations.api_caller import Caller, a_token
from tests.pipeline.records import a_deal, a_product, an_account

ADDRESS = "/api/v1/opportunities"


@pytest.fixture
def acme(cast: Cast) -> Caller:
    return Caller(a_token(cast.acme))


def names(body: Any) -> list[str]:
    return [row["name"] for row in body["results"]]


def test_it_shows_the_deal_with_what_it_hangs_on(cast: Cast, acme: Caller) -> None:
    with organization_scope(cast.acme):
        account = an_account(cast.acme)
        product = a_product(cast.acme)
        deal = a_deal(cast.acme, account, cast.rui, product=product)
        stage, pipeline = deal.stage, deal.stage.pipeline

    shown = acme.read(f"{ADDRESS}/{deal.pk}")

    assert shown == {
        "id": str(deal.pk),
        "source": "manual",
        "external_id": str(deal.pk),
        "version": 1,
        "created_at": "2026-03-02T08:00:00Z",
        "updated_at": "2026-03-02T08:00:00Z",
        "name": "2027 drive framework",
        "account": {"id": str(account.pk), "name": "Velora E-Bikes"},
        "owner": {"id": str(cast.rui.pk), "name": "Rui Prado"},
        "product": {"id": str(product.pk), "name": "D4 drive"},
        "pipeline": {"id": str(pipeline.pk), "name": pipeline.name},
        "stage": {"id": str(stage.pk), "name": "Qualify", "forecast_category": "pipeline"},
        "outcome": "open",
        "amount": {"amount_minor": 120_000_000, "currency": "EUR"},
        "probability_bp": stage.probability_bp,
        "forecast_category": "pipeline",
        "pinned_category": None,
        "close_date": "2026-06-30",
        "opened_at": "2026-03-02T08:00:00Z",
        "closed_at": None,
        "stage_entered_at": "2026-03-02T08:00:00Z",
        "lost_reason": None,
        "next_step": None,
        "next_step_date": None,
        "custom": {},
    }
    assert acme.read(ADDRESS)["results"] == [shown]


def test_its_own_chance_goes_before_the_chance_of_its_stage(cast: Cast, acme: Caller) -> None:
    with organization_scope(cast.acme):
        deal = a_deal(cast.acme, probability_bp=0)

    shown = acme.read(f"{ADDRESS}/{deal.pk}")
    assert shown["probability_bp"] == 0
    assert (shown["account"], shown["owner"], shown["product"]) == (None, None, None)


def test_a_stranger_sees_nothing_of_it(cast: Cast) -> None:
    with organization_scope(cast.acme):
        account = an_account(cast.acme)
        deal = a_deal(cast.acme, account)
    stranger = Caller(a_token(cast.globex))

    assert stranger.read(ADDRESS)["results"] == []
    assert stranger.read(ADDRESS, account=account.pk, stage=deal.stage_id)["results"] == []
    stranger.refused(f"{ADDRESS}/{deal.pk}", 404)


def test_a_deleted_deal_is_gone_and_a_deleted_account_no_longer_named(cast: Cast, acme: Caller) -> None:
    with organization_scope(cast.acme):
        account = an_account(cast.acme)
        deal = a_deal(cast.acme, account)
        gone = a_deal(cast.acme, account, name="Gone")
        Opportunity.objects.filter(pk=gone.pk).update(deleted_at=timezone.now())
        Account.objects.update(deleted_at=timezone.now())

    assert names(acme.read(ADDRESS)) == ["2027 drive framework"]
    assert acme.read(f"{ADDRESS}/{deal.pk}")["account"] is None
    acme.refused(f"{ADDRESS}/{gone.pk}", 404)


@pytest.fixture
def three(cast: Cast) -> dict[str, Opportunity]:
    with organization_scope(cast.acme):
        account = an_account(cast.acme)
        return {
            "frame": a_deal(cast.acme, account, cast.rui),
            "spare": a_deal(
                cast.acme, name="Spare parts", owner=cast.mia, amount_minor=500, close_date=date(2026, 4, 1)
            ),
            "open": a_deal(cast.acme, name="anything", amount_minor=None, close_date=None, stage="Solution"),
        }


def test_a_filter_narrows_the_list(cast: Cast, three: dict[str, Opportunity], acme: Caller) -> None:
    frame, spare, open_ = three["frame"], three["spare"], three["open"]
    assert frame.account_id is not None
    filters: list[tuple[dict[str, Any], list[Opportunity]]] = [
        ({"account": frame.account_id}, [frame]),
        ({"owner": cast.mia.pk}, [spare]),
        ({"stage": open_.stage_id}, [open_]),
        ({"pipeline": frame.pipeline_id}, [frame, spare, open_]),
        ({"outcome": "won,lost"}, []),
        ({"outcome": "open"}, [frame, spare, open_]),
        ({"forecast_category": "best_case", "name": "any"}, [open_]),
        ({"close_date_from": "2026-04-01", "close_date_to": "2026-04-01"}, [spare]),
        ({"close_date_from": "2026-04-02"}, [frame]),
        ({"name": "SPARE"}, [spare]),
        ({"source": "manual", "external_id": str(spare.pk)}, [spare]),
        ({"updated_after": "2026-12-01T00:00:00Z"}, []),
    ]
    for query, expected in filters:
        assert names(acme.read(ADDRESS, **query)) == [deal.name for deal in expected], query


SORTS = [
    ("close_date", ["Spare parts", "2027 drive framework", "anything"]),
    ("-close_date", ["2027 drive framework", "Spare parts", "anything"]),
    ("amount", ["Spare parts", "2027 drive framework", "anything"]),
    ("-amount", ["2027 drive framework", "Spare parts", "anything"]),
    ("name", ["2027 drive framework", "anything", "Spare parts"]),
    ("stage_entered_at", ["2027 drive framework", "Spare parts", "anything"]),
    ("updated_at", ["2027 drive framework", "Spare parts", "anything"]),
]


@pytest.mark.parametrize(("sort", "expected"), SORTS)
def test_a_sort_orders_the_list_nothing_last(
    three: dict[str, Opportunity], acme: Caller, sort: str, expected: list[str]
) -> None:
    assert names(acme.read(ADDRESS, sort=sort)) == expected
    assert [page[0]["name"] for page in acme.pages(ADDRESS, sort=sort, limit=1) if page] == expected
