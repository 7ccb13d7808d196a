"""The list of accounts."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from pipeline.models import Account, SatisfactionResponse
from tenancy.scoping import organization_scope
from tests.cast import Cast
from tests.pipeline.pages import ClientFor, text_of, url
from tests.pipeline.records import MORNING, a_deal, an_account

BUDGET = 12


@pytest.fixture
def three(cast: Cast) -> list[Account]:
    with organization_scope(cast.acme):
        return [
            an_account(cast.acme, cast.rui, name="Velora E-Bikes", segment="key", region="North"),
            an_account(cast.acme, cast.mia, name="brightway Charging", segment="small", region="South"),
            an_account(cast.acme, None, name="Tramont Rail", lifecycle="customer", potential_minor=5_000_000_00),
        ]


def names(response) -> list[str]:
    return [account.name for account, _ in response.context["rows"]]


def test_it_lists_by_name_whatever_the_case(cast: Cast, three: list[Account], client_for: ClientFor) -> None:
    response = client_for(cast.cora).get(url("accounts"))

    assert names(response) == ["brightway Charging", "Tramont Rail", "Velora E-Bikes"]
    assert "3 in this list" in text_of(response)


def test_it_says_open_deals_next_step_and_nps(cast: Cast, three: list[Account], client_for: ClientFor) -> None:
    with organization_scope(cast.acme):
        a_deal(cast.acme, three[0], amount_minor=120_000_000, next_step="Send the draft")
        a_deal(cast.acme, three[0], name="Retrofit", amount_minor=25_000_000)
        for score in (10, 9, 3):
            SatisfactionResponse.objects.create(
                organization=cast.acme, account=three[0], score=score, responded_at=MORNING
            )

    response = client_for(cast.lena).get(url("accounts", name="vel"))

    (_, facts) = response.context["rows"][0]
    assert (facts.open_deals, facts.open_amounts, facts.next_step) == (2, {"EUR": 145_000_000}, "Send the draft")
    assert facts.answers in (0, 3)
    assert "€1.5m" in text_of(response) or "€1.4m" in text_of(response)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"name": "VEL"}, ["Velora E-Bikes"]),
        ({"segment": "small"}, ["brightway Charging"]),
        ({"region": "North"}, ["Velora E-Bikes"]),
        ({"lifecycle": "customer"}, ["Tramont Rail"]),
        ({"name": "%25"}, []),
    ],
)
def test_it_narrows(
    query: dict[str, str], expected: list[str], cast: Cast, three: list[Account], client_for: ClientFor
) -> None:
    assert names(client_for(cast.rui).get(url("accounts", **query))) == expected


def test_it_narrows_to_an_owner(cast: Cast, three: list[Account], client_for: ClientFor) -> None:
    response = client_for(cast.rui).get(url("accounts", owner=str(cast.mia.pk)))

    assert names(response) == ["brightway Charging"]


def test_it_says_when_filters_hide_everything(cast: Cast, three: list[Account], client_for: ClientFor) -> None:
    page = text_of(client_for(cast.rui).get(url("accounts", name="zzz")))

    assert "No account fits" in page
    assert "Clear filters" in page


def test_it_says_what_to_do_when_there_is_nothing(cast: Cast, client_for: ClientFor) -> None:
    assert "Bring them from your CRM" in text_of(client_for(cast.lena).get(url("accounts")))
    assert "An administrator can bring them" in text_of(client_for(cast.cora).get(url("accounts")))


def test_it_sorts_by_potential_with_the_unknown_last(cast: Cast, three: list[Account], client_for: ClientFor) -> None:
    down = names(client_for(cast.rui).get(url("accounts", sort="-potential")))
    up = names(client_for(cast.rui).get(url("accounts", sort="potential")))

    assert down[0] == up[0] == "Tramont Rail"
    assert set(down[1:]) == {"brightway Charging", "Velora E-Bikes"}


@pytest.mark.parametrize("query", [{"sort": "owner__user__password"}, {"segment": "huge"}, {"owner": "x"}])
def test_it_refuses_what_is_not_on_its_list(query: dict[str, str], cast: Cast, client_for: ClientFor) -> None:
    assert client_for(cast.rui).get(url("accounts", **query)).status_code == 400


def test_a_damaged_place_in_the_list_leads_to_its_beginning(cast: Cast, client_for: ClientFor) -> None:
    response = client_for(cast.rui).get(url("accounts", after="nonsense", segment="key"))

    assert (response.status_code, response["Location"]) == (302, "/acme/accounts/?segment=key")


def test_it_pages_both_ways_through_equal_and_missing_values(cast: Cast, client_for: ClientFor) -> None:
    with organization_scope(cast.acme):
        for number in range(120):
            potential = None if number % 3 == 0 else number % 4 * 100
            an_account(cast.acme, name=f"Firm {number:03}", potential_minor=potential)
    client = client_for(cast.lena)
    address = url("accounts", sort="-potential")

    pages, walked = [], client.get(address)
    while True:
        pages.append(names(walked))
        after = walked.context["page"].next
        if not after:
            break
        walked = client.get(f"{address}&after={after}")
    back = client.get(f"{address}&before={walked.context['page'].previous}")

    assert [len(page) for page in pages] == [50, 50, 20]
    assert len({name for page in pages for name in page}) == 120
    assert names(back) == pages[1]
    assert names(client.get(f"{address}&before={back.context['page'].previous}")) == pages[0]


def test_it_answers_a_filter_with_the_list_alone(cast: Cast, three: list[Account], client_for: ClientFor) -> None:
    response = client_for(cast.rui).get(url("accounts", name="vel"), headers={"HX-Request": "true"})

    assert response.content.decode().lstrip().startswith('<section id="list"')
    assert "HX-Request" in response["Vary"]


def test_it_keeps_its_budget_of_queries(cast: Cast, three: list[Account], client_for: ClientFor) -> None:
    with organization_scope(cast.acme):
        for number in range(60):
            a_deal(cast.acme, an_account(cast.acme, cast.rui, name=f"Firm {number}", potential_minor=number or None))
    client = client_for(cast.rui)

    for query in ({}, {"sort": "-potential"}, {"sort": "priority"}, {"name": "f", "segment": "", "region": "North"}):
        with CaptureQueriesContext(
            connection,
        ) as queries:
            client.get(url("accounts", **query))
        # Inside the test's own transaction the scope is put back at its end; in production it ends with the request.
        asked = [query["sql"] for query in queries if "set_config('app.organization', ''" not in query["sql"]]
        assert len(asked) <= BUDGET, "\n".join(asked)


def test_it_offers_to_take_a_deletion_back(cast: Cast, three: list[Account], client_for: ClientFor) -> None:
    client = client_for(cast.rui)

    gone = client.post(url("account-delete", three[0].pk), {"version": "1"}, follow=True)
    assert "Velora E-Bikes was deleted" in text_of(gone)
    assert names(gone) == ["brightway Charging", "Tramont Rail"]
    assert client.get(url("account", three[0].pk)).status_code == 404

    client.post(url("account-restore", three[0].pk))
    assert client.get(url("account", three[0].pk)).status_code == 200


def test_a_stranger_finds_no_list(cast: Cast, three: list[Account], client_for: ClientFor) -> None:
    assert client_for(cast.sam).get(url("accounts")).status_code == 404
    assert names(client_for(cast.sam).get(url("accounts", organization="globex"))) == []
