"""Scores of other systems: taken in through the API, shown beside ours, the latest of each model."""

from typing import Any

import pytest
from django.urls import reverse

from pipeline.models import ExternalScore
from tenancy.models import DomainEvent
from tenancy.scoping import organization_scope
from tests.cast import Cast
from tests.integrations.api_caller import Caller, a_token
from tests.pipeline.records import a_deal, an_account

ADDRESS = "/api/v1/external-scores"


@pytest.fixture
def acme(cast: Cast) -> Caller:
    return Caller(a_token(cast.acme))


@pytest.fixture
def account(cast: Cast) -> Any:
    with organization_scope(cast.acme):
        return an_account(cast.acme)


def said(account: Any, **fields: Any) -> dict[str, Any]:
    return {
        "account_id": str(account.pk),
        "model_name": "web-intent",
        "score": 78,
        "trend": "improving",
        "grade": "A",
        "reasons": ["Twelve visits of the price page"],
        **fields,
    }


def test_a_score_with_trend_grade_and_reasons_is_kept_and_told(cast: Cast, acme: Caller, account: Any) -> None:
    answer = acme.post(ADDRESS, said(account, scored_at="2026-11-20T21:00:00Z"))

    assert answer.status_code == 201, answer.content
    body = answer.json()
    assert (body["score"], body["trend"], body["grade"]) == (78, "improving", "A")
    assert body["account"]["name"] == account.name
    assert acme.get(ADDRESS, {"account": str(account.pk)}).json()["results"] == [body]
    with organization_scope(cast.acme):
        event = DomainEvent.objects.get(type="external_score.received")
        assert event.payload["account"] == str(account.pk)


@pytest.mark.parametrize(
    ("fields", "name"),
    [
        ({"score": 101}, "score"),
        ({"trend": "up"}, "trend"),
        ({"reasons": "one"}, "reasons"),
        ({"reasons": [7]}, "reasons"),
        ({"reasons": ["x" * 301]}, "reasons"),
        ({"reasons": ["word"] * 11}, "reasons"),
        ({"account_id": None}, ""),
        ({"scored_at": "2099-01-01T00:00:00Z"}, "scored_at"),
        ({"probability": 0.5}, "probability"),
    ],
)
def test_what_nobody_can_mean_is_refused_with_its_name(
    acme: Caller, account: Any, fields: dict[str, Any], name: str
) -> None:
    answer = acme.post(ADDRESS, said(account, **fields))

    assert answer.status_code == 422, answer.content
    assert name in [error["name"] for error in answer.json()["errors"]]


def test_a_model_speaks_once_of_a_moment_and_the_latest_counts(
    cast: Cast, acme: Caller, account: Any, client_for: Any
) -> None:
    for day, score in (("2026-11-20", 41), ("2026-11-22", 63), ("2026-11-21", 52)):
        assert acme.post(ADDRESS, said(account, score=score, scored_at=f"{day}T21:00:00Z")).status_code == 201
    again = acme.post(ADDRESS, said(account, score=1, scored_at="2026-11-20T21:00:00Z"))

    assert again.status_code == 422
    page = client_for(cast.lena).get(reverse("pipeline:account", args=["acme", account.pk])).content.decode()
    assert "Scores of other systems" in page
    assert "Twelve visits of the price page" in page
    assert ">63<" in page
    assert ">41<" not in page


def test_a_deal_has_them_too(cast: Cast, acme: Caller, account: Any, client_for: Any) -> None:
    with organization_scope(cast.acme):
        deal = a_deal(cast.acme, account)
    body = {"opportunity_id": str(deal.pk), "model_name": "other-house", "score": 12}
    assert acme.post(ADDRESS, body).status_code == 201
    assert acme.post(ADDRESS, body | {"account_id": str(account.pk)}).status_code == 422

    page = client_for(cast.lena).get(reverse("pipeline:opportunity", args=["acme", deal.pk])).content.decode()
    assert "other-house" in page


def test_a_stranger_can_neither_give_nor_see_one(cast: Cast, acme: Caller, account: Any) -> None:
    acme.post(ADDRESS, said(account))
    sam = Caller(a_token(cast.globex))

    assert sam.post(ADDRESS, said(account)).status_code == 422
    assert sam.get(ADDRESS).json()["results"] == []
    with organization_scope(cast.globex):
        assert not ExternalScore.objects.exists()


def test_giving_needs_its_own_scope(cast: Cast, account: Any) -> None:
    answer = Caller(a_token(cast.acme, ["scores:read"])).post(ADDRESS, said(account))

    assert answer.status_code == 403
    assert "scores:write" in answer.json()["detail"]


def test_many_in_one_call_each_with_its_answer_and_nothing_lost(cast: Cast, acme: Caller, account: Any) -> None:
    with organization_scope(cast.acme):
        known = an_account(cast.acme, name="Known", source="erp", external_id="K-1")
        deal = a_deal(cast.acme)
    with organization_scope(cast.globex):
        foreign = an_account(cast.globex)
    moment = {"scored_at": "2026-11-20T21:00:00Z"}
    by_id, own = said(account, **moment), {"model_name": "web-intent", "score": 5, **moment}
    rows = [
        by_id,
        {**own, "account_external_id": "K-1"},
        {**own, "opportunity_id": str(deal.pk)},
        {**by_id, "score": 101},
        {**own, "account_id": str(foreign.pk)},
        {**own, "account_external_id": "K-2"},
        own,
        by_id,  # said twice in the same words
        {**by_id, "score": 12},  # and once in others
    ]

    first = acme.post(f"{ADDRESS}/bulk", {"source": "erp", "records": rows}).json()
    again = acme.post(f"{ADDRESS}/bulk", {"source": "erp", "records": rows[:3]}).json()

    assert [one["outcome"] for one in first["results"]] == [
        *["created"] * 3,
        *["refused"] * 4,
        *("unchanged", "refused"),
    ]
    wrong = [one["errors"][0]["name"] for one in first["results"] if "errors" in one]
    assert wrong == ["score", "account_id", "account_external_id", "account_id", "model_name"]
    assert (again["unchanged"], again["created"]) == (3, 0)
    assert [one["id"] for one in again["results"]] == [one["id"] for one in first["results"][:3]]
    with organization_scope(cast.acme):
        assert set(ExternalScore.objects.values_list("account_id", "opportunity_id", "score")) == {
            (account.pk, None, 78),
            (known.pk, None, 5),
            (None, deal.pk, 5),
        }
        assert DomainEvent.objects.filter(type="external_score.received").count() == 3
    assert Caller(a_token(cast.globex)).get(ADDRESS).json()["results"] == []


def test_many_scores_need_the_right_to_write_and_fit_into_a_call(cast: Cast, account: Any) -> None:
    rows = {"source": "erp", "records": [said(account)] * 1_001}

    assert Caller(a_token(cast.acme, ["scores:read"])).post(f"{ADDRESS}/bulk", rows).status_code == 403
    assert Caller(a_token(cast.acme)).post(f"{ADDRESS}/bulk", rows).status_code == 422
