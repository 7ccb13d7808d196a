"""Lists of the API: complete page by page, at a bounded price, and strict about what is asked."""

import json
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from uuid_utils.compat import uuid7

from pipeline.models import Account
from tenancy.scoping import organization_scope
from tests.cast import Cast
from tests.integrations.api_caller import Caller, a_token, the_problem

ADDRESS = "/api/v1/accounts"


def accounts(cast: Cast, count: int, **fields: Any) -> list[Account]:
    with organization_scope(cast.acme):
        made = [
            Account(
                id=(key := uuid7()),
                external_id=str(key),
                organization=cast.acme,
                name=f"Firm {number:04}",
                owner=cast.rui,
                currency="EUR",
                # Many rows without a value and many with the same one: both are where paging breaks.
                potential_minor=number % 7 * 100 if number % 3 else None,
                region="North" if number % 2 else "South",
                **fields,
            )
            for number in range(count)
        ]
        Account.objects.bulk_create(made)
    return made


@pytest.fixture
def acme(cast: Cast) -> Caller:
    return Caller(a_token(cast.acme))


def ids(rows: list[Any]) -> list[str]:
    return [row["id"] for row in rows]


@pytest.mark.parametrize("sort", ["id", "-id", "name", "-name", "potential", "-potential", "updated_at"])
def test_forwards_and_backwards_give_every_row_once(cast: Cast, acme: Caller, sort: str) -> None:
    made = {str(account.pk) for account in accounts(cast, 23)}

    forward = list(acme.pages(ADDRESS, sort=sort, limit=5))
    there = [key for page in forward for key in ids(page)]
    last = acme.read(ADDRESS, sort=sort, limit=5)
    while last["next"]:
        last = acme.read(last["next"])
    back = [ids(page) for page in acme.pages(last["previous"], way="previous")]

    assert [len(page) for page in forward] == [5, 5, 5, 5, 3]
    assert set(there) == made
    assert len(there) == 23
    assert [key for page in reversed(back) for key in page] + ids(last["results"]) == there


def test_nothing_is_missed_or_doubled_while_rows_come_and_go(cast: Cast, acme: Caller) -> None:
    made = accounts(cast, 30)
    stay = {str(account.pk) for account in made if account.name not in {"Firm 0004", "Firm 0012"}}
    seen: list[str] = []
    for number, page in enumerate(acme.pages(ADDRESS, limit=6)):
        seen += ids(page)
        with organization_scope(cast.acme):
            # One that was seen and one that was not are deleted, another is renamed, a new one comes.
            Account.objects.filter(name__in=["Firm 0004", "Firm 0012"]).update(deleted_at=timezone.now())
            Account.objects.filter(name="Firm 0020").update(name="A", updated_at=timezone.now())
        if number == 0:
            accounts(cast, 1, source="late")

    assert len(seen) == len(set(seen))
    assert stay <= set(seen)


def test_going_back_past_rows_that_came_meanwhile_gives_them_and_no_other_again(cast: Cast, acme: Caller) -> None:
    accounts(cast, 7)
    first = acme.read(ADDRESS, sort="-id", limit=5)
    second = acme.read(first["next"])
    late = accounts(cast, 2, source="late")

    back = acme.read(second["previous"])
    before = acme.read(back["previous"])

    assert back["results"] == first["results"]
    assert ids(before["results"]) == [str(account.pk) for account in reversed(late)]
    assert before["previous"] is None
    assert acme.read(before["next"])["results"] == first["results"]


def test_the_ends_are_null_and_an_empty_list_is_a_page(cast: Cast, acme: Caller) -> None:
    assert acme.read(ADDRESS) == {"results": [], "next": None, "previous": None}
    accounts(cast, 2)
    assert [acme.read(ADDRESS, limit=2)[way] for way in ("next", "previous")] == [None, None]


def test_a_page_has_50_rows_unless_asked_and_200_at_most(cast: Cast, acme: Caller) -> None:
    accounts(cast, 201)

    assert len(acme.read(ADDRESS)["results"]) == 50
    assert len(acme.read(ADDRESS, limit=200)["results"]) == 200
    assert "1 to 200" in acme.refused(ADDRESS, 400, {"limit": "201"})["detail"]


def test_the_addresses_of_neighbours_keep_what_was_asked(cast: Cast, acme: Caller) -> None:
    accounts(cast, 5)

    query = parse_qs(urlsplit(acme.read(ADDRESS, region="North", sort="-name", limit=1)["next"]).query)

    assert {name: value for name, value in query.items() if name != "cursor"} == {
        "region": ["North"],
        "sort": ["-name"],
        "limit": ["1"],
    }


REFUSED = [
    ({"colour": "red"}, "colour", "There are country, cursor, expand, external_id"),
    ({"limit": "0"}, "limit", "1 to 200"),
    ({"limit": "-1"}, "limit", "1 to 200"),
    ({"limit": "٣"}, "limit", "1 to 200"),
    ({"limit": ""}, "limit", "1 to 200"),
    ({"sort": "currency"}, "sort", "takes id, -id, name"),
    ({"sort": "--name"}, "sort", "takes id, -id, name"),
    ({"sort": ""}, "sort", "takes id, -id, name"),
    ({"lifecycle": "customer,lead"}, "lifecycle", "and not 'lead'"),
    ({"owner": "rui"}, "owner", "takes an id"),
    ({"updated_after": "2026-11-23"}, "updated_after", "with its offset"),
    ({"updated_after": "2026-11-23T06:00:00"}, "updated_after", "with its offset"),
    ({"updated_after": "0001-01-01T00:00:00+14:00"}, "updated_after", "with its offset"),
    ({"region": "North\x00"}, "region", "1 to 500 characters"),
    ({"region": ["North", "South"]}, "region", "given 2 times"),
    ({"external_id": "K1"}, "external_id", "goes together with source"),
    ({"cursor": "eyJ"}, "cursor", "is damaged"),
    ({"name__icontains": "a"}, "name__icontains", "There is no parameter"),
]


@pytest.mark.parametrize(("query", "name", "words"), REFUSED)
def test_what_the_list_does_not_offer_is_refused_with_words(
    cast: Cast, acme: Caller, query: dict[str, Any], name: str, words: str
) -> None:
    problem = acme.refused(ADDRESS, 400, query)

    assert problem["code"] == "invalid_parameters"
    assert [error["name"] for error in problem["errors"]] == [name]
    assert words in problem["errors"][0]["detail"]


def test_all_the_faults_are_named_at_once(cast: Cast, acme: Caller) -> None:
    problem = acme.refused(ADDRESS, 400, {"limit": "x", "sort": "x", "segment": "x", "x": "x"})

    assert {error["name"] for error in problem["errors"]} == {"limit", "sort", "segment", "x"}


def test_one_record_takes_no_parameters_of_a_list(cast: Cast, acme: Caller) -> None:
    (account,) = accounts(cast, 1)

    assert "There are expand, fields." in acme.refused(f"{ADDRESS}/{account.pk}", 400, {"limit": "1"})["detail"]


def next_cursor(acme: Caller, **query: Any) -> str:
    return parse_qs(urlsplit(acme.read(ADDRESS, limit=1, **query)["next"]).query)["cursor"][0]


def test_a_cursor_fits_only_the_list_it_was_made_for(cast: Cast, acme: Caller) -> None:
    accounts(cast, 4)
    cursor = next_cursor(acme, region="North")
    stranger = Caller(a_token(cast.globex))

    assert acme.read(ADDRESS, region="North", cursor=cursor)["results"]
    for query in ({}, {"region": "South"}, {"region": "North", "sort": "name"}, {"region": "North", "country": "NL"}):
        acme.refused(ADDRESS, 400, {**query, "cursor": cursor})
    acme.refused("/api/v1/opportunities", 400, {"cursor": next_cursor(acme)})
    stranger.refused(ADDRESS, 400, {"region": "North", "cursor": cursor})


@pytest.fixture
def cursor(cast: Cast, acme: Caller) -> str:
    accounts(cast, 2)
    return next_cursor(acme)


RELAXED = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@RELAXED
@given(position=st.integers(0, 200), character=st.characters(codec="utf-8"))
def test_a_cursor_that_was_changed_is_refused(acme: Caller, cursor: str, position: int, character: str) -> None:
    position %= len(cursor)
    changed = cursor[:position] + character + cursor[position + 1 :]

    if changed != cursor:
        assert acme.refused(ADDRESS, 400, {"cursor": changed})["errors"][0]["name"] == "cursor"


NAMES = ["cursor", "limit", "sort", "lifecycle", "owner", "name", "region", "updated_after", "source", "external_id"]


@RELAXED
@given(query=st.dictionaries(st.sampled_from(NAMES) | st.text(max_size=8), st.text(max_size=40), max_size=4))
def test_whatever_is_asked_is_answered_or_refused_but_never_breaks(
    cast: Cast, acme: Caller, query: dict[str, str]
) -> None:
    answer = acme.get(ADDRESS, query)

    if answer.status_code != 200:
        the_problem(answer, 400)


ONE_QUERY = (
    *("accounts", "opportunities", "account-scores", "contacts", "activities", "products", "orders"),
    *("satisfaction-responses", "inquiries"),
)


@pytest.mark.parametrize("path", [f"/api/v1/{plural}" for plural in ONE_QUERY])
def test_a_list_takes_one_query_however_long_it_is(cast: Cast, acme: Caller, path: str) -> None:
    accounts(cast, 30)
    acme.read(path)  # notes the use of the token
    with CaptureQueriesContext(connection) as queries:
        acme.read(path, limit=30)

    asked = [query["sql"] for query in queries if "SAVEPOINT" not in query["sql"]]
    # Whose token it is, the scope opened and closed, the list itself.
    assert [sql.split()[0:2] for sql in asked].count(["SELECT", "set_config('app.organization',"]) == 2
    assert len(asked) == 4, json.dumps(asked, indent=1)


def test_one_record_takes_one_query(cast: Cast, acme: Caller) -> None:
    (account,) = accounts(cast, 1)
    acme.read(ADDRESS)
    with CaptureQueriesContext(connection) as queries:
        acme.read(f"{ADDRESS}/{account.pk}")

    assert len([query for query in queries if "SAVEPOINT" not in query["sql"]]) == 4
