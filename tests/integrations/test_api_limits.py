"""How often one may call, what every answer says about it, and what happens when Valkey is away."""

import json
import re
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from django.db import OperationalError, connection, connections
from django.test import override_settings
from django.test.utils import CaptureQueriesContext

from pipeline.models import Account
from tenancy.scoping import organization_scope
from tests.cast import Cast
from tests.integrations.api_caller import Caller, a_token, the_problem

ADDRESS = "/api/v1/accounts"


@pytest.fixture
def acme(cast: Cast) -> Caller:
    return Caller(a_token(cast.acme))


def left(answer: Any) -> dict[str, int]:
    return {name: int(number) for name, number in re.findall(r'"(\w+)";r=(\d+);t=\d+', answer["RateLimit"])}


@pytest.fixture
def _few_calls() -> Iterator[None]:
    with override_settings(API_CALLS_OF_TOKEN=3, API_CALLS_OF_ORGANIZATION=5):
        yield


@pytest.mark.usefixtures("_few_calls")
class TestLimits:
    def test_every_answer_says_what_is_left(self, acme: Caller) -> None:
        answers = [acme.get(ADDRESS), acme.get(ADDRESS, {"x": "1"}), acme.get(f"{ADDRESS}/x")]

        assert [answer.status_code for answer in answers] == [200, 400, 404]
        assert {answer["RateLimit-Policy"] for answer in answers} == {'"token";q=3;w=60, "organization";q=5;w=60'}
        assert [left(answer) for answer in answers] == [{"token": 2 - nth, "organization": 4 - nth} for nth in range(3)]

    def test_beyond_the_limit_a_call_is_told_when_to_come_again(self, cast: Cast, acme: Caller) -> None:
        """ASVS V2.4.1: calls are limited by token and by organisation."""
        for _ in range(3):
            assert acme.post(ADDRESS, {"name": "Kelp"}).status_code == 201

        refused = acme.post(ADDRESS, {"name": "Kelp"})

        problem = the_problem(refused, 429)
        assert problem["code"] == "rate_limit_reached"
        assert 1 <= int(refused["Retry-After"]) <= 60
        assert f"in {refused['Retry-After']} second" in problem["detail"]
        with organization_scope(cast.acme):
            assert Account.objects.count() == 3

    def test_a_refused_call_opens_no_transaction(self, acme: Caller) -> None:
        for _ in range(3):
            acme.get(ADDRESS)
        with CaptureQueriesContext(connection) as captured:
            the_problem(acme.get(ADDRESS), 429)

        assert [query["sql"][:30] for query in captured if "tenancy_token_owner" not in query["sql"]] == []

    def test_the_tokens_of_an_organization_share_its_limit_and_a_stranger_has_their_own(self, cast: Cast) -> None:
        callers = [Caller(a_token(cast.acme)) for _ in range(3)]
        statuses = [caller.get(ADDRESS).status_code for caller in callers for _ in range(2)]

        assert statuses == [200] * 5 + [429]
        assert Caller(a_token(cast.globex)).get(ADDRESS).status_code == 200

    def test_without_a_token_nothing_is_counted_or_told(self, acme: Caller) -> None:
        answer = Caller("").get(ADDRESS)

        the_problem(answer, 401)
        assert "RateLimit" not in answer


@pytest.mark.django_db(transaction=True)
@override_settings(API_CALLS_OF_TOKEN=10)
def test_of_sixty_calls_at_once_exactly_the_limit_pass(cast: Cast) -> None:
    """ASVS V2.4.1: a limit holds for calls at the same moment, on the API as in the primitive."""
    acme, start, end = Caller(a_token(cast.acme)), Barrier(60), Barrier(60)

    def call(_: int) -> int:
        start.wait()
        status = int(acme.get(ADDRESS).status_code)
        end.wait()
        connections["default"].close()
        return status

    with ThreadPoolExecutor(60) as callers:
        statuses = Counter(callers.map(call, range(60)))

    assert statuses == {200: 10, 429: 50}


@override_settings(REDIS_URL="redis://127.0.0.1:1/0")
def test_without_valkey_reads_and_writes_go_on_uncounted(cast: Cast, acme: Caller) -> None:
    made = acme.post(ADDRESS, {"name": "Kelp"})
    got = acme.get(ADDRESS)

    assert (made.status_code, got.status_code) == (201, 200)
    assert "RateLimit" not in got


@pytest.mark.parametrize(
    ("code", "status", "name", "wait"),
    [("57014", 503, "took_too_long", "20"), ("55P03", 503, "record_busy", "1"), ("40P01", 503, "record_busy", "1")],
)
def test_what_took_too_long_or_waits_for_others_says_so(
    acme: Caller, monkeypatch: pytest.MonkeyPatch, code: str, status: int, name: str, wait: str
) -> None:
    """A statement that runs into the limits of the role is no fault of ours, and nobody need wonder what it means."""

    class Stopped(Exception):
        pgcode = code

    def fail(*args: Any) -> None:
        raise OperationalError("stopped") from Stopped()

    monkeypatch.setattr("integrations.api.views.rows_of", fail)
    answer = acme.get(ADDRESS)

    assert the_problem(answer, status)["code"] == name
    assert answer["Retry-After"] == wait


def test_a_statement_that_runs_into_its_limit_is_stopped(acme: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    def slow(*args: Any) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL statement_timeout = '10ms'; SELECT pg_sleep(5)")

    monkeypatch.setattr("integrations.api.views.rows_of", slow)

    assert the_problem(acme.get(ADDRESS), 503)["code"] == "took_too_long"


def test_every_answer_has_the_id_of_its_request(acme: Caller) -> None:
    given = "8e03978e-40d5-43dd-bc93-6894a57f9324"
    answers = [
        acme.get(ADDRESS, None, **{"X-Request-Id": given}),
        acme.get(f"{ADDRESS}/x", None, **{"X-Request-Id": given}),
        acme.post(ADDRESS, b"{", X_Request_Id=given),
    ]

    assert {answer["X-Request-Id"] for answer in answers} == {given}
    assert acme.get(ADDRESS, None, **{"X-Request-Id": "a\x1b[31m b"})["X-Request-Id"] != "a\x1b[31m b"
    assert json.loads(answers[0].content)["results"] == []
