"""Many callers at the same moment, on connections of their own: no effect comes twice, no change is lost."""

import json
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from django.db import connections
from django.test import override_settings

from integrations.models import IdempotencyKey
from pipeline.models import Account
from pipeline.operations import account_upserts, upserts
from tenancy.models import DomainEvent
from tenancy.scoping import organization_scope
from tests.cast import Cast
from tests.integrations.api_caller import Caller, a_token, the_problem
from tests.pipeline.records import an_account

pytestmark = pytest.mark.django_db(transaction=True)
ADDRESS = "/api/v1/accounts"


@pytest.fixture(autouse=True)
def _many_calls() -> Iterator[None]:
    with override_settings(API_CALLS_OF_TOKEN=100_000, API_CALLS_OF_ORGANIZATION=100_000):
        yield


def at_once(callers: int, jobs: list[Callable[[], Any]]) -> list[Any]:
    """Run the jobs in so many threads, each with a database connection of its own."""

    all_done = Barrier(callers)

    def close(_: int) -> None:
        all_done.wait()  # so that each of the threads closes its own
        connections["default"].close()

    with ThreadPoolExecutor(callers) as pool:
        answers = list(pool.map(lambda job: job(), jobs))
        list(pool.map(close, range(callers)))
    return answers


def together(callers: int, job: Callable[[int], Any]) -> list[Any]:
    """Run one job in so many threads that all begin at the same moment."""
    start = Barrier(callers)

    def numbered(number: int) -> Callable[[], Any]:
        def run() -> Any:
            start.wait()
            return job(number)

        return run

    return at_once(callers, [numbered(number) for number in range(callers)])


def test_a_thousand_requests_on_fifty_keys_have_fifty_effects(cast: Cast) -> None:
    """Each key comes eighteen times with its own body and twice with another, twenty callers at a time."""
    acme = Caller(a_token(cast.acme))

    def ask(key: int, other: bool) -> Callable[[], Any]:
        sent = {"name": f"{'Other' if other else 'Firm'} {key}"}
        return lambda: (key, other, acme.post(ADDRESS, sent, Idempotency_Key=f"key-{key}"))

    jobs = [ask(key, other=nth in (9, 15)) for key in range(50) for nth in range(20)]
    done = at_once(20, jobs)
    # Who was told that the first one still runs asks again, as the guide says.
    again = [ask(key, other)() for key, other, answer in done if answer.status_code == 409]

    good: dict[int, set[bytes]] = {}
    for key, _, answer in [*done, *again]:
        if answer.status_code == 201:
            good.setdefault(key, set()).add(answer.content)
        else:
            code = the_problem(answer, answer.status_code)["code"]
            assert code in ("idempotency_key_in_use", "idempotency_key_reused"), code
    assert Counter(len(answers) for answers in good.values()) == {1: 50}
    with organization_scope(cast.acme):
        assert Account.objects.count() == 50
        assert IdempotencyKey.objects.count() == 50


def test_while_the_first_runs_the_second_is_told_so_and_does_not_wait(cast: Cast) -> None:
    acme = Caller(a_token(cast.acme))

    answers = together(12, lambda _: acme.post(ADDRESS, {"name": "Kelp"}, Idempotency_Key="k"))

    made = {answer.content for answer in answers if answer.status_code == 201}
    assert len(made) == 1
    for answer in answers:
        if answer.status_code != 201:
            assert the_problem(answer, 409)["code"] == "idempotency_key_in_use"
    with organization_scope(cast.acme):
        assert Account.objects.count() == 1


def test_of_eight_writers_no_update_is_lost(cast: Cast) -> None:
    """Each adds one to the number of employees until its change is taken; a lost one would be missing in the sum."""
    acme = Caller(a_token(cast.acme))
    with organization_scope(cast.acme):
        account = an_account(cast.acme, employees=0)
    path = f"{ADDRESS}/{account.pk}"

    def add_five(_: int) -> int:
        refused = 0
        for _ in range(5):
            while True:
                seen = acme.get(path)
                number = json.loads(seen.content)["employees"]
                answer = acme.patch(path, {"employees": number + 1}, seen["ETag"])
                if answer.status_code == 200:
                    break
                the_problem(answer, 412)
                refused += 1
        return refused

    refused = sum(together(8, add_five))

    shown = json.loads(acme.get(path).content)
    assert (shown["employees"], shown["version"]) == (40, 41)
    assert refused > 0


def test_of_many_who_make_the_same_record_one_does(cast: Cast) -> None:
    acme = Caller(a_token(cast.acme))
    sent = {"name": "Kelp", "source": "erp", "external_id": "K-1"}

    answers = together(8, lambda _: acme.post(ADDRESS, sent))

    assert Counter(answer.status_code for answer in answers) == {201: 1, 409: 7}
    assert {the_problem(answer, 409)["code"] for answer in answers if answer.status_code == 409} == {"already_exists"}


def test_of_many_bulk_calls_with_the_same_new_records_one_makes_them(cast: Cast) -> None:
    """The others change them and leave what they do not state; in whichever order they come, none locks another out."""
    acme = Caller(a_token(cast.acme))
    cities = [f"City {number}" for number in range(6)]

    def send(number: int) -> Any:
        stated = {"city": cities[number]} if number % 2 else {"region": f"Region {number}"}
        records = [{"external_id": f"K-{row}", "name": "Kelp", **stated} for row in range(100)]
        return acme.post(f"{ADDRESS}/bulk", {"source": "erp", "records": records[:: 1 if number % 3 else -1]})

    answers = together(6, send)

    assert [answer.status_code for answer in answers] == [200] * 6
    told = [json.loads(answer.content) for answer in answers]
    assert sorted(body["created"] for body in told) == [0, 0, 0, 0, 0, 100]
    assert sorted(body["changed"] for body in told) == [0, 100, 100, 100, 100, 100]
    versions = [tuple(sorted({one["version"] for one in body["results"]})) for body in told]
    assert sorted(versions) == [(version,) for version in range(1, 7)]
    with organization_scope(cast.acme):
        assert Account.objects.count() == 100
        assert not Account.objects.filter(city="").exists()
        assert not Account.objects.filter(region="").exists()
        assert DomainEvent.objects.filter(type="account.created").count() == 100


def test_a_bulk_call_does_not_empty_what_another_has_just_added(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    """The record is added between the call's look at what is there and its own write."""
    acme = Caller(a_token(cast.acme))
    look = upserts.existing_rows

    def and_then_it_is_added(*asked: Any) -> Any:
        found = look(*asked)
        with ThreadPoolExecutor(1) as pool:
            pool.submit(add).result()
        return found

    def add() -> None:
        with organization_scope(cast.acme):
            an_account(cast.acme, name="Kelp", source="erp", external_id="K-1", city="Linz")
        connections["default"].close()

    monkeypatch.setattr(account_upserts, "existing_rows", and_then_it_is_added)
    answer = acme.post(f"{ADDRESS}/bulk", {"source": "erp", "records": [{"external_id": "K-1", "name": "Other"}]})

    the_problem(answer, 409)
    with organization_scope(cast.acme):
        kept = Account.objects.get(external_id="K-1")
    assert (kept.name, kept.city, kept.version) == ("Kelp", "Linz", 1)
