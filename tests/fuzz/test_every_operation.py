"""Thousands of calls made from the OpenAPI document: none breaks the server, none is answered as it does not say."""

import os
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed
from hypothesis import settings as held_to
from hypothesis import strategies as st
from pytest_django import Settings
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from agile_sales.asgi import django_wsgi
from tenancy.scoping import organization_scope
from tests.architecture.world import parameters_of
from tests.cast import Cast
from tests.integrations.api_caller import a_token, openapi

LONG = "AGILE_SALES_LONG" in os.environ
SHARDS = 2
CASES = (5_000 if LONG else 2_000) // SHARDS
FEWEST = 20
"""Calls of each operation."""
SEED = int(os.environ.get("AGILE_SALES_SEED", "1"))
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
statuses: Counter[int] = Counter()
asked: Counter[str] = Counter()
"""Calls, by operation."""


def operations() -> list[Any]:
    schema = schemathesis.openapi.from_dict(openapi())
    schema.app = django_wsgi
    return [result.ok() for result in schema.get_all_operations() if isinstance(result, Ok)]


def known_ids(cast: Cast) -> dict[str, str]:
    """The id of one record for each resource of the API, by the first part of its path."""
    makers = parameters_of(cast)
    with organization_scope(cast.acme):
        made = {name.removesuffix("_id"): maker() for name, maker in makers.items()}
    return {
        path.split("/")[3]: made[name]
        for path in openapi()["paths"]
        for name in made
        if "{" in path and path.split("/")[3].replace("-", "_").startswith(name.removesuffix("y"))
    }


def call(case: Any, token: str) -> None:
    """Make one call and hold the answer against the document."""
    case.headers = {**(case.headers or {}), "Authorization": f"Bearer {token}"}
    response = case.call()
    statuses[response.status_code] += 1
    asked[case.operation.label] += 1
    case.validate_response(response, checks=CHECKS)


def attack(operation: Any, token: str, known: str | None, *, cases: int) -> None:
    """Call one operation with what its document allows and with what it does not, on a record and on none."""
    strategies = []
    for mode in GenerationMode.POSITIVE, GenerationMode.NEGATIVE:
        strategies.append(operation.as_strategy(generation_mode=mode))
        if known and operation.path_parameters.items:
            (parameter,) = [one.name for one in operation.path_parameters.items]
            strategies.append(operation.as_strategy(generation_mode=mode, path_parameters={parameter: known}))

    @seed(SEED)
    @held_to(
        max_examples=cases,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=st.one_of(strategies))
    def play(case: Any) -> None:
        call(case, token)

    play()


@pytest.fixture(autouse=True)
def _without_limits(settings: Settings) -> None:
    """The limits of the API have tests of their own; here they would answer in the place of what is asked."""
    settings.API_CALLS_OF_TOKEN = settings.API_CALLS_OF_ORGANIZATION = 1_000_000


@pytest.mark.django_db(transaction=True)  # the database ends a transaction that idles while calls are thought up
@pytest.mark.parametrize("shard", range(SHARDS))
def test_every_operation_answers_as_its_document_says(
    shard: int, cast: Cast, attempted: Callable[[str, float], None]
) -> None:
    """ASVS V2.2.1, V15.3.3, V16.5.1."""
    statuses.clear()
    asked.clear()
    ids, every = known_ids(cast), operations()[shard::SHARDS]
    token = a_token(cast.acme)
    for operation in every:
        attack(operation, token, ids.get(operation.path.split("/")[3]), cases=max(FEWEST, CASES // len(every) + 1))

    attempted("calls made from the OpenAPI document", statuses.total())
    assert statuses.total() >= CASES
    assert {operation.label: asked[operation.label] for operation in every if asked[operation.label] < FEWEST} == {}
    assert max(statuses) < 500, statuses
    assert statuses[429] == 0, "a limit answered in the place of what it stands before"
    assert {status for status in statuses if status < 300}, statuses
