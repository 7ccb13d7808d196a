"""The ranked list, and why an account has its place in it."""

import csv
import io

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from agile_sales import nightly
from agile_sales.night_calendar import new_night
from pipeline.models import AccountScore
from tenancy.models import DomainEvent, Run
from tenancy.scoping import organization_scope
from tests.coe.records import NOW, Records
from tests.nightly.conftest import give_customers
from tests.pipeline.pages import text_of, url

BUDGET = 13  # two of them: the plan of the week, and which night confirmed the scores


@pytest.fixture(autouse=True)
def _clock(monkeypatch):
    monkeypatch.setattr(timezone, "now", lambda: NOW)


def night(organization, as_of=NOW):
    with organization_scope(organization):
        run = new_night(organization=organization, requested_by=None, as_of=as_of, now=NOW)
    return nightly.run_night(organization=organization, run_id=run.pk)


@pytest.fixture
def customers(cast):
    found = give_customers(cast)
    night(cast.acme)
    return found


def names(response):
    return [row["account"].name for row in response.context["rows"]]


def test_it_ranks_by_what_is_at_stake_and_says_why(cast, customers, client_for):
    response = client_for(cast.rui).get(url("priorities"))

    page = text_of(response)
    assert names(response)[0] == "Eager Engines"
    assert len(names(response)) == 3
    assert "Inquiry 3 days ago (20 Nov)" in page
    assert "One of 3 accounts wants attention today" in page
    assert "Scored" in page


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"band": "act"}, {"Eager Engines"}),
        ({"segment": "small"}, {"Gone Gears"}),
        ({"region": "North"}, {"Eager Engines"}),
        ({"mine": "yes"}, {"Eager Engines"}),
        ({"segment": "key", "region": "South"}, set()),
    ],
)
def test_it_can_be_narrowed(cast, customers, client_for, query, expected):
    assert set(names(client_for(cast.rui).get(url("priorities", **query)))) == expected


def test_it_can_be_narrowed_to_an_owner(cast, customers, client_for):
    assert names(client_for(cast.lena).get(url("priorities", owner=str(cast.mia.pk)))) == ["Gone Gears"]


@pytest.mark.parametrize("query", [{"band": "soon"}, {"segment": "huge"}, {"owner": "mia"}])
def test_what_no_list_knows_is_not_found(cast, customers, client_for, query):
    assert client_for(cast.rui).get(url("priorities", **query)).status_code == 404


def test_a_damaged_place_in_the_list_leads_to_its_beginning(cast, customers, client_for):
    response = client_for(cast.rui).get(url("priorities", after="nonsense", band="act"))

    assert response.status_code == 302
    assert response["Location"] == url("priorities", band="act")


def test_it_pages_by_rank(cast, client_for):
    with organization_scope(cast.acme):
        records = Records(cast.acme)
        for _ in range(120):
            records.account()
    night(cast.acme)
    client = client_for(cast.rui)

    first = client.get(url("priorities"))
    second = client.get(url("priorities"), {"after": first.context["page"].next})
    back = client.get(url("priorities"), {"before": second.context["page"].previous})

    ranks = [[row["score"].rank for row in page.context["rows"]] for page in (first, second, back)]
    assert ranks == [list(range(1, 41)), list(range(41, 81)), list(range(1, 41))]


def test_it_says_what_changed_since_the_last_run(cast, customers, client_for):
    with organization_scope(cast.acme):
        Records(cast.acme).deal(customers.gone, stage="Proposal", days=1, amount_minor=90_000_000)
    night(cast.acme)

    response = client_for(cast.rui).get(url("priorities"))

    assert names(response)[0] == "Gone Gears"
    first = response.context["rows"][0]
    assert first["direction"] == "up"
    assert "place" in first["move"]
    assert first["score"].change > 0


def test_without_a_night_it_says_where_one_comes_from(cast, client_for):
    page = text_of(client_for(cast.lena).get(url("priorities")))

    assert "No night yet" in page
    assert reverse("nights", args=["acme"]) in page


def test_a_night_that_failed_is_not_hidden(cast, customers, client_for):
    with organization_scope(cast.acme):
        run = new_night(organization=cast.acme, requested_by=None, as_of=NOW, now=NOW)
        Run.objects.filter(pk=run.pk).update(status="failed")

    page = text_of(client_for(cast.lena).get(url("priorities")))

    assert "The last night did not finish." in page
    assert "Eager Engines" in page


def test_scores_of_a_past_day_say_so(cast, customers, client_for):
    night(cast.acme, as_of=NOW.replace(year=2025))

    assert "as of 23 Nov 2025" in text_of(client_for(cast.lena).get(url("priorities")))


def test_the_stranger_finds_nothing(cast, customers, client_for):
    client = client_for(cast.sam)

    for address in (url("priorities"), url("priorities-export")):
        assert client.get(address).status_code == 404


def test_the_file_has_the_list_as_it_is_narrowed_and_runs_nothing(cast, customers, client_for):
    with organization_scope(cast.acme):
        type(customers.eager).objects.filter(pk=customers.eager.pk).update(name="=HYPERLINK(1)")

    response = client_for(cast.lena).get(url("priorities-export", band="act"))

    rows = list(csv.DictReader(io.StringIO(b"".join(response.streaming_content).decode("utf-8-sig"))))
    assert [(row["rank"], row["account"], row["band"]) for row in rows] == [("1", "'=HYPERLINK(1)", "act")]
    assert "Inquiry 3 days ago" in rows[0]["why"]
    with organization_scope(cast.acme):
        assert DomainEvent.objects.filter(type="export.made").exists()


def test_a_member_takes_home_what_the_squad_owns(cast, customers, client_for):
    lines = b"".join(client_for(cast.rui).get(url("priorities-export")).streaming_content).decode()

    assert "Eager Engines" in lines
    assert "Gone Gears" not in lines  # Mia is of another squad


def test_a_coach_may_look_and_not_take_home(cast, customers, client_for):
    assert client_for(cast.cora).get(url("priorities")).status_code == 200
    assert client_for(cast.cora).get(url("priorities-export")).status_code == 403


def test_a_deleted_account_leaves_the_list(cast, customers, client_for):
    with organization_scope(cast.acme):
        type(customers.eager).objects.filter(pk=customers.eager.pk).update(deleted_at=NOW)
        assert AccountScore.objects.count() == 3

    assert "Eager Engines" not in names(client_for(cast.rui).get(url("priorities")))


@pytest.mark.parametrize("page", ["priorities", "answers"])
def test_it_keeps_within_its_queries(cast, customers, client_for, page):
    client = client_for(cast.rui)
    address = url(page)
    client.get(address)

    with CaptureQueriesContext(
        connection,
    ) as queries:
        assert client.get(address).status_code == 200

    assert len(queries) <= BUDGET, [query["sql"][:90] for query in queries]


@pytest.mark.parametrize("sort", ["nonsense", "-rank", "name"])
def test_an_order_that_the_list_does_not_have_is_refused_in_words(cast, client_for, sort):
    answer = client_for(cast.rui).get(url("priorities", sort=sort))

    assert answer.status_code == 400
    assert client_for(cast.rui).get(url("priorities", sort="rank")).status_code == 200
