"""The compiled statements of lists and records give what the querysets give, for every filter, sort and place."""

from collections.abc import Iterator
from typing import Any
from unittest import mock
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from agile_sales.api_urls import urlpatterns
from integrations.api import statements
from integrations.api.views import ListView
from pipeline.models import Account
from tenancy.scoping import organization_scope
from tests.cast import Cast
from tests.integrations.api_caller import Caller, a_token
from tests.pipeline.records import a_deal, an_account

LISTS = {
    f"/api/{pattern.pattern}": pattern.callback.cls  # type: ignore[attr-defined]
    for pattern in urlpatterns
    if issubclass(getattr(pattern.callback, "cls", object), ListView)
}


def ways(view: type[ListView]) -> Iterator[dict[str, str]]:
    """Yield each sort and each filter of a list."""
    for sort in view.sorts:
        yield {"sort": sort.parameter}
        yield {"sort": sort.reversed().parameter}
    for one in view.filters:
        if one.example:
            yield {one.name: one.example} | ({one.needs: "import:crm"} if one.needs else {})


@pytest.fixture(autouse=True)
def _nothing_kept() -> Iterator[None]:
    statements._kept.clear()
    yield
    statements._kept.clear()


@pytest.fixture
def acme(cast: Cast) -> Caller:
    return Caller(a_token(cast.acme))


@pytest.fixture
def records(cast: Cast) -> None:
    for organization in (cast.acme, cast.globex):
        with organization_scope(organization):
            for number in range(3):
                account = an_account(
                    organization, name=f"Velora {number}", region="North", potential_minor=number or None, segment="key"
                )
                a_deal(organization, account, amount_minor=number or None)


def without_keeping(shape: Any, build: Any, values: Any, limit: int) -> list[Any]:
    return list(build(values)[:limit])


@pytest.mark.parametrize("path", LISTS)
def test_every_way_to_ask_gives_the_same_rows_as_its_queryset(records: None, acme: Caller, path: str) -> None:
    for query in ways(LISTS[path]):
        with mock.patch("integrations.api.views.rows_of", without_keeping):
            plain = acme.read(path, limit="2", **query)
        first, again = (acme.read(path, limit="2", **query) for _ in range(2))

        assert plain["results"] == first["results"] == again["results"], query
    kept = list(statements._kept.values())
    assert kept
    assert None not in kept, "the text of a query depends on the values; it is built anew each time"


@pytest.mark.parametrize("sort", ["potential", "-potential", "name", "-updated_at", "id"])
def test_pages_follow_each_other_in_both_directions(records: None, acme: Caller, sort: str) -> None:
    for _ in range(2):  # compiled, then kept
        forward = [row["id"] for page in acme.pages("/api/v1/accounts", sort=sort, limit="1") for row in page]
        last = acme.read("/api/v1/accounts", sort=sort, limit="1")
        while last["next"]:
            last = acme.read(last["next"])
        backward = [last["results"][0]["id"]]
        while last["previous"]:
            last = acme.read(last["previous"])
            backward += [row["id"] for row in last["results"]]
        assert forward == backward[::-1]
        assert len(set(forward)) == 3


def test_what_is_kept_serves_every_organization_its_own_rows(cast: Cast, records: None, acme: Caller) -> None:
    """ASVS V8.4.1: a statement that was compiled for one organisation has a place for it, not its id."""
    query = {"segment": "key", "sort": "name"}
    ours, theirs = (
        acme.read("/api/v1/accounts", **query),
        Caller(a_token(cast.globex)).read("/api/v1/accounts", **query),
    )

    assert len(statements._kept) == 1
    assert len(ours["results"]) == len(theirs["results"]) == 3
    assert not {row["id"] for row in ours["results"]} & {row["id"] for row in theirs["results"]}
    for row in ours["results"]:
        Caller(a_token(cast.globex)).refused(f"/api/v1/accounts/{row['id']}", 404)
        assert acme.read(f"/api/v1/accounts/{row['id']}") == row


def test_codes_of_other_number_are_another_statement(records: None, acme: Caller) -> None:
    sizes = [
        len(acme.read("/api/v1/accounts", segment=codes)["results"])
        for codes in ("key", "small", "key,small", "small,large", "small,key,large")
    ]

    assert sizes == [3, 0, 3, 0, 3]
    assert len(statements._kept) == 3


def test_a_query_whose_text_depends_on_a_value_is_never_kept(cast: Cast, records: None) -> None:
    def build(values: Any) -> Any:
        found = Account.objects.for_organization(cast.acme)
        return found.filter(name=values["name"]) if values["name"] == "Velora 1" else found.exclude(name="Velora 1")

    def names(name: str) -> list[str]:
        values = {"organization": cast.acme.pk, "name": name}
        return sorted(row["name"] for row in statements.rows_of("test", lambda v: build(v).values("name"), values, 9))

    with organization_scope(cast.acme):
        assert names("Velora 1") == ["Velora 1"]
        assert names("other") == ["Velora 0", "Velora 2"]
        assert names("Velora 1") == ["Velora 1"]


def test_the_shapes_that_are_kept_have_an_end(cast: Cast) -> None:
    with organization_scope(cast.acme), mock.patch.object(statements, "MOST_SHAPES", 10):
        for _ in range(50):
            values = {"organization": cast.acme.pk}
            statements.rows_of(uuid4(), lambda _: Account.objects.values("id"), values, 1)
            assert len(statements._kept) <= 10


def test_a_new_account_takes_few_statements(cast: Cast) -> None:
    """Whose token, whose organisation, the key's lock and answer; then the account, its event, what is shown of it and
    the answer to keep. The savepoint and the last SELECT are there because the test has a transaction around it.
    """
    acme, path = Caller(a_token(cast.acme)), "/api/v1/accounts"
    acme.post(path, {"name": "The first is when statements are made"}, Idempotency_Key="first")

    with CaptureQueriesContext(connection) as captured:
        answer = acme.post(path, {"name": "Velora"}, Idempotency_Key="second")

    assert answer.status_code == 201
    said = [query["sql"].split()[0] for query in captured]
    assert said == "SELECT SAVEPOINT SELECT SELECT SELECT INSERT INSERT SELECT INSERT SELECT RELEASE".split()
