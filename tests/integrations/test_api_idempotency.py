"""A change that is sent again has its effect once and gets the same answer; a key is good for one change."""

import json
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from integrations.api.idempotency import forget_old_keys
from integrations.models import IdempotencyKey
from pipeline.models import Account
from tenancy.models import DomainEvent
from tenancy.scoping import organization_scope
from tests.cast import Cast
from tests.integrations.api_caller import Caller, a_token, the_problem
from tests.manage import run_manage

ADDRESS = "/api/v1/accounts"
KELP = {"name": "Kelp Marine"}


@pytest.fixture
def acme(cast: Cast) -> Caller:
    return Caller(a_token(cast.acme))


def accounts(cast: Cast) -> int:
    with organization_scope(cast.acme):
        return Account.objects.alive().count()


@pytest.mark.parametrize("key", ["k", '"8e03978e-40d5-43dd-bc93-6894a57f9324"', "x" * 200])
def test_a_repeated_creation_makes_one_record_and_the_same_bytes(cast: Cast, acme: Caller, key: str) -> None:
    first = acme.post(ADDRESS, KELP, Idempotency_Key=key)
    again = acme.post(ADDRESS, KELP, Idempotency_Key=key)

    assert first.status_code == again.status_code == 201
    assert first.content == again.content
    for name in ("Content-Type", "Location", "ETag"):
        assert first[name] == again[name]
    assert "Idempotent-Replayed" not in first
    assert again["Idempotent-Replayed"] == "true"
    assert accounts(cast) == 1


def test_a_repeated_change_is_answered_as_the_first_although_the_version_moved(cast: Cast, acme: Caller) -> None:
    made = acme.post(ADDRESS, KELP)
    path = f"{ADDRESS}/{json.loads(made.content)['id']}"

    changed = [acme.patch(path, {"city": "Lagos"}, made["ETag"], Idempotency_Key="c") for _ in range(3)]
    acme.patch(path, {"city": "Oslo"}, 2)
    late = acme.patch(path, {"city": "Lagos"}, made["ETag"], Idempotency_Key="c")
    gone = [acme.delete(path, 3, Idempotency_Key="d") for _ in range(2)]

    assert {answer.content for answer in [*changed, late]} == {changed[0].content}
    assert [(answer.status_code, answer.content, "Content-Type" in answer) for answer in gone] == [
        (204, b"", False)
    ] * 2
    with organization_scope(cast.acme):
        account = Account.objects.get()
        assert (account.city, account.version) == ("Oslo", 4)
        assert DomainEvent.objects.filter(type="account.updated").count() == 2


def test_a_key_is_good_for_one_request_only(cast: Cast, acme: Caller) -> None:
    path = f"{ADDRESS}/{json.loads(acme.post(ADDRESS, KELP, Idempotency_Key='k').content)['id']}"

    others = [
        acme.post(ADDRESS, {"name": "Velora"}, Idempotency_Key="k"),
        acme.post("/api/v1/opportunities", KELP, Idempotency_Key="k"),
        acme.patch(path, KELP, Idempotency_Key="k"),
        acme.delete(path, Idempotency_Key="k"),
    ]

    assert {the_problem(answer, 422)["code"] for answer in others} == {"idempotency_key_reused"}
    assert accounts(cast) == 1


def test_after_a_refusal_the_mended_request_may_have_the_same_key(cast: Cast, acme: Caller) -> None:
    the_problem(acme.post(ADDRESS, {"name": ""}, Idempotency_Key="k"), 422)
    the_problem(acme.post(ADDRESS, b"{", Idempotency_Key="k"), 400)
    with organization_scope(cast.acme):
        assert not IdempotencyKey.objects.exists()

    assert acme.post(ADDRESS, KELP, Idempotency_Key="k").status_code == 201


def test_a_key_belongs_to_its_token(cast: Cast, acme: Caller) -> None:
    """ASVS V8.4.1: nobody gets the answer that was given to somebody else."""
    first = acme.post(ADDRESS, KELP, Idempotency_Key="k")
    other = Caller(a_token(cast.acme)).post(ADDRESS, KELP, Idempotency_Key="k")
    stranger = Caller(a_token(cast.globex)).post(ADDRESS, {"name": "Velora"}, Idempotency_Key="k")

    ids = {json.loads(answer.content)["id"] for answer in (first, other, stranger)}
    assert len(ids) == 3
    assert "Idempotent-Replayed" not in other


def test_a_replay_still_needs_the_scope(cast: Cast, acme: Caller) -> None:
    acme.post(ADDRESS, KELP, Idempotency_Key="k")
    with organization_scope(cast.acme):
        from tenancy.models import ApiToken

        ApiToken.objects.update(scopes=["accounts:read"])

    the_problem(acme.post(ADDRESS, KELP, Idempotency_Key="k"), 403)


@pytest.mark.parametrize("key", ["", '""', "a b", "ü", "x" * 201, "a\tb"])
def test_a_key_that_is_none_is_told_as_such(cast: Cast, acme: Caller, key: str) -> None:
    problem = the_problem(acme.post(ADDRESS, KELP, Idempotency_Key=key), 400)

    assert problem["errors"][0]["name"] == "Idempotency-Key"
    assert accounts(cast) == 0


def days_old(cast: Cast, **age: Any) -> None:
    with organization_scope(cast.acme):
        IdempotencyKey.objects.update(created_at=timezone.now() - timedelta(**age))


def test_after_a_day_a_key_is_forgotten(cast: Cast, acme: Caller) -> None:
    acme.post(ADDRESS, KELP, Idempotency_Key="k")
    days_old(cast, hours=23, minutes=59)
    acme.post(ADDRESS, KELP, Idempotency_Key="k")
    assert accounts(cast) == 1

    days_old(cast, hours=24)
    acme.post(ADDRESS, KELP, Idempotency_Key="k")
    assert accounts(cast) == 2


@pytest.mark.django_db(transaction=True)
def test_beat_removes_what_is_a_day_old(cast: Cast, acme: Caller) -> None:
    acme.post(ADDRESS, KELP, Idempotency_Key="old")
    days_old(cast, hours=24)
    acme.post(ADDRESS, KELP, Idempotency_Key="new")

    run_manage("beat", "--once")

    with organization_scope(cast.acme):
        assert [row.key for row in IdempotencyKey.objects.all()] == ["new"]


def test_only_the_system_reaches_the_keys_of_all(cast: Cast, acme: Caller) -> None:
    acme.post(ADDRESS, KELP, Idempotency_Key="k")
    days_old(cast, hours=25)

    with organization_scope(cast.globex):
        assert forget_old_keys(now=timezone.now()) == 0
    with organization_scope(cast.acme):
        assert IdempotencyKey.objects.count() == 1
