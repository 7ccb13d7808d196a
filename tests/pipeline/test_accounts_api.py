"""GET /api/v1/accounts: what it shows, of whom, narrowed to what, in which order."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from pipeline.models import Account
from tenancy.scoping import organization_scope
from tests.cast import Cast
from tests.integrations.api_caller import Caller, a_token
from tests.pipeline.records import MORNING, an_account

ADDRESS = "/api/v1/accounts"


@pytest.fixture
def acme(cast: Cast) -> Caller:
    return Caller(a_token(cast.acme))


def names(body: Any) -> list[str]:
    return [row["name"] for row in body["results"]]


def test_it_shows_all_that_is_known_and_null_for_the_rest(cast: Cast, acme: Caller) -> None:
    with organization_scope(cast.acme):
        group = an_account(cast.acme, name="Velora Group")
        account = an_account(
            cast.acme,
            owner=cast.rui,
            parent=group,
            lifecycle="customer",
            segment="key",
            country="NL",
            potential_minor=125_000_000,
            icp_fit="a",
        )

    shown = acme.read(f"{ADDRESS}/{account.pk}")

    assert shown == {
        "id": str(account.pk),
        "source": "manual",
        "external_id": str(account.pk),
        "version": 1,
        "created_at": "2026-03-02T08:00:00Z",
        "updated_at": "2026-03-02T08:00:00Z",
        "name": "Velora E-Bikes",
        "parent_id": str(group.pk),
        "owner": {"id": str(cast.rui.pk), "name": "Rui Prado"},
        "lifecycle": "customer",
        "segment": "key",
        "industry": None,
        "region": None,
        "country": "NL",
        "city": None,
        "website": None,
        "employees": None,
        "annual_revenue": None,
        "potential": {"amount_minor": 125_000_000, "currency": "EUR"},
        "customer_since": None,
        "icp_fit": "a",
        "custom": {},
    }
    assert acme.read(ADDRESS)["results"][1] == shown


def test_a_stranger_sees_nothing_of_it(cast: Cast, acme: Caller) -> None:
    with organization_scope(cast.acme):
        account = an_account(cast.acme)
    stranger = Caller(a_token(cast.globex))

    assert stranger.read(ADDRESS)["results"] == []
    assert stranger.read(ADDRESS, owner=cast.rui.pk)["results"] == []
    missing = stranger.refused(f"{ADDRESS}/0192f0c1-7b2a-7c3e-9a53-0b6f5d1e2a10", 404)
    assert stranger.refused(f"{ADDRESS}/{account.pk}", 404) == missing
    assert acme.read(f"{ADDRESS}/{account.pk}")["name"] == "Velora E-Bikes"


def test_a_deleted_account_is_gone(cast: Cast, acme: Caller) -> None:
    with organization_scope(cast.acme):
        account = an_account(cast.acme)
        Account.objects.update(deleted_at=timezone.now())

    assert acme.read(ADDRESS)["results"] == []
    acme.refused(f"{ADDRESS}/{account.pk}", 404)


@pytest.fixture
def three(cast: Cast) -> dict[str, Account]:
    with organization_scope(cast.acme):
        velora = an_account(
            cast.acme,
            owner=cast.rui,
            lifecycle="customer",
            segment="key",
            region="North",
            industry="Mobility",
            country="NL",
            icp_fit="a",
            potential_minor=5,
        )
        kelp = an_account(cast.acme, name="Kelp Marine", owner=cast.mia, segment="small", region="South", parent=velora)
        arc = an_account(cast.acme, name="arc tools", lifecycle="former", region="North", potential_minor=9)
        Account.objects.filter(pk=kelp.pk).update(
            source="import:crm", external_id="K1", updated_at=MORNING + timedelta(days=3)
        )
    return {"velora": velora, "kelp": kelp, "arc": arc}


FILTERS = [
    ({"lifecycle": "customer"}, ["Velora E-Bikes"]),
    ({"lifecycle": "customer,former"}, ["Velora E-Bikes", "arc tools"]),
    ({"segment": "key"}, ["Velora E-Bikes"]),
    ({"icp_fit": "a"}, ["Velora E-Bikes"]),
    ({"region": "North"}, ["Velora E-Bikes", "arc tools"]),
    ({"industry": "Mobility"}, ["Velora E-Bikes"]),
    ({"country": "NL"}, ["Velora E-Bikes"]),
    ({"name": "KELP"}, ["Kelp Marine"]),
    ({"name": "%"}, []),
    ({"source": "import:crm", "external_id": "K1"}, ["Kelp Marine"]),
    ({"updated_after": "2026-03-04T08:00:00+01:00"}, ["Kelp Marine"]),
    ({"updated_before": "2026-03-04T08:00:00Z"}, ["Velora E-Bikes", "arc tools"]),
    ({"region": "North", "lifecycle": "former"}, ["arc tools"]),
]


@pytest.mark.parametrize(("query", "expected"), FILTERS)
def test_a_filter_narrows_the_list(
    three: dict[str, Account], acme: Caller, query: dict[str, str], expected: list[str]
) -> None:
    assert names(acme.read(ADDRESS, **query)) == expected


def test_a_filter_by_person_or_group_takes_ids(cast: Cast, three: dict[str, Account], acme: Caller) -> None:
    assert names(acme.read(ADDRESS, owner=cast.mia.pk)) == ["Kelp Marine"]
    assert names(acme.read(ADDRESS, parent=three["velora"].pk)) == ["Kelp Marine"]


SORTS = [
    ("id", ["Velora E-Bikes", "Kelp Marine", "arc tools"]),
    ("-id", ["arc tools", "Kelp Marine", "Velora E-Bikes"]),
    ("name", ["arc tools", "Kelp Marine", "Velora E-Bikes"]),
    ("potential", ["Velora E-Bikes", "arc tools", "Kelp Marine"]),
    ("-potential", ["arc tools", "Velora E-Bikes", "Kelp Marine"]),
    ("-updated_at", ["Kelp Marine", "arc tools", "Velora E-Bikes"]),
]


@pytest.mark.parametrize(("sort", "expected"), SORTS)
def test_a_sort_orders_the_list_nothing_last(
    three: dict[str, Account], acme: Caller, sort: str, expected: list[str]
) -> None:
    assert names(acme.read(ADDRESS, sort=sort)) == expected
    one_by_one = [page[0]["name"] for page in acme.pages(ADDRESS, sort=sort, limit=1) if page]
    assert one_by_one == expected
