"""`fields` and `expand`: less of a record, or more of what it refers to. And how an address says that it will go."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import connection
from django.test import override_settings
from django.test.utils import CaptureQueriesContext
from django.urls import path
from drf_spectacular.generators import SchemaGenerator

from integrations.api.deprecation import Deprecation
from pipeline.api.accounts import AccountListView
from tenancy.scoping import organization_scope
from tests.cast import Cast
from tests.integrations.api_caller import Caller, a_token, the_problem
from tests.pipeline.records import a_deal, an_account

DEALS, ACCOUNTS = "/api/v1/opportunities", "/api/v1/accounts"


@pytest.fixture
def acme(cast: Cast) -> Caller:
    return Caller(a_token(cast.acme))


@pytest.fixture
def deals(cast: Cast) -> list[str]:
    with organization_scope(cast.acme):
        return [
            str(a_deal(cast.acme, an_account(cast.acme, name=f"Firm {number}"), cast.rui).pk) for number in range(3)
        ]


def test_only_the_fields_that_were_asked_for_come_in_the_order_of_asking(acme: Caller, deals: list[str]) -> None:
    listed = acme.read(DEALS, fields="amount,id")
    one = acme.read(f"{DEALS}/{deals[0]}", fields="name")

    assert [list(row) for row in listed["results"]] == [["amount", "id"]] * 3
    assert one == {"name": "2027 drive framework"}


def test_pages_keep_their_shape_and_a_cursor_does_not_care(acme: Caller, deals: list[str]) -> None:
    pages = list(acme.pages(DEALS, fields="id", limit="1"))
    first = acme.read(DEALS, limit="1")

    assert [row for page in pages for row in page] == [{"id": deal} for deal in deals]
    assert acme.read(first["next"] + "&fields=id")["results"] == [{"id": deals[1]}]


@pytest.mark.parametrize("query", [{"fields": "id,colour"}, {"fields": ""}, {"fields": "id;name"}, {"expand": "stage"}])
def test_what_is_not_offered_is_refused_with_what_is(acme: Caller, deals: list[str], query: dict[str, str]) -> None:
    for address in (DEALS, f"{DEALS}/{deals[0]}"):
        problem = acme.refused(address, 400, query)
        (name,) = query
        assert problem["errors"][0]["name"] == name
        assert "takes " in problem["detail"]


def test_an_expanded_record_is_the_one_of_its_own_address(cast: Cast, acme: Caller, deals: list[str]) -> None:
    for deal in acme.read(DEALS, expand="account,owner")["results"]:
        assert deal["account"] == acme.read(f"{ACCOUNTS}/{deal['account']['id']}")
        assert deal["owner"] == acme.read(f"/api/v1/members/{cast.rui.pk}")
    one = acme.read(f"{DEALS}/{deals[0]}", expand="account", fields="account")
    assert one["account"]["lifecycle"] == "prospect"


def test_an_expansion_costs_one_statement_for_all_rows(acme: Caller, deals: list[str]) -> None:
    def statements(**query: str) -> int:
        acme.read(DEALS, **query)
        with CaptureQueriesContext(connection) as captured:
            acme.read(DEALS, **query)
        return len(captured)

    assert statements(expand="account") == statements() + 1


def test_an_expansion_needs_the_scope_of_its_own_address(cast: Cast, deals: list[str]) -> None:
    """ASVS V8.2.1: nothing is seen through another record that may not be seen by itself."""
    caller = Caller(a_token(cast.acme, ["opportunities:read"]))

    assert "accounts:read" in the_problem(caller.get(DEALS, {"expand": "account"}), 403)["detail"]


def test_a_reference_to_nothing_stays_null(cast: Cast, acme: Caller) -> None:
    with organization_scope(cast.acme):
        a_deal(cast.acme)

    assert acme.read(DEALS, expand="account,owner")["results"][0]["account"] is None


def test_another_shape_has_another_etag_and_the_same_version(acme: Caller, deals: list[str]) -> None:
    whole, part = acme.get(f"{DEALS}/{deals[0]}"), acme.get(f"{DEALS}/{deals[0]}", {"fields": "id"})

    assert whole["ETag"] != part["ETag"]
    assert acme.patch(f"{DEALS}/{deals[0]}", {"name": "Pump"}, part["ETag"]).status_code == 200


# --- an address on its way out ----------------------------------------------------------------------------------------


class OldAccountsView(AccountListView):
    """A lab: a list that will go."""

    deprecation = Deprecation(
        since=datetime(2026, 1, 1, tzinfo=UTC),
        ends=datetime(2026, 12, 31, 23, 0, tzinfo=UTC),
        guide="https://docs.example/changes",
    )


urlpatterns = [path("api/v1/old-accounts", OldAccountsView.as_view())]


@pytest.fixture
def _lab() -> Iterator[None]:
    with override_settings(ROOT_URLCONF="tests.integrations.test_api_shapes"):
        yield


@pytest.mark.usefixtures("_lab")
@pytest.mark.parametrize("query", [{}, {"x": "1"}])
def test_an_address_that_will_go_says_when_and_where_to_read_on(acme: Caller, query: dict[str, Any]) -> None:
    answer = acme.get("/api/v1/old-accounts", query)

    assert answer["Deprecation"] == "@1767225600"
    assert answer["Sunset"] == "Thu, 31 Dec 2026 23:00:00 GMT"
    assert answer["Link"] == '<https://docs.example/changes>; rel="deprecation"; type="text/html"'


@pytest.mark.usefixtures("_lab")
def test_the_document_says_so_as_well() -> None:
    generator: Any = SchemaGenerator(patterns=urlpatterns)

    told = generator.get_schema(request=None, public=True)["paths"]["/api/v1/old-accounts"]
    assert told["get"]["deprecated"] is True


def test_an_address_that_stays_says_nothing(acme: Caller) -> None:
    answer = acme.get(ACCOUNTS)

    assert "Deprecation" not in answer
    assert json.loads(answer.content)["results"] == []
