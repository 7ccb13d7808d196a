"""POST, PATCH and DELETE of /api/v1/accounts: what each field becomes, and what follows from a change."""

import json
from datetime import date
from typing import Any

import pytest

from pipeline.models import Account
from tenancy.models import DomainEvent
from tenancy.scoping import organization_scope
from tests.cast import Cast
from tests.integrations.api_caller import Caller, a_token, the_problem
from tests.pipeline.records import an_account

ADDRESS = "/api/v1/accounts"


@pytest.fixture
def acme(cast: Cast) -> Caller:
    return Caller(a_token(cast.acme))


def euros(amount: int) -> dict[str, Any]:
    return {"amount_minor": amount, "currency": "EUR"}


def all_of(cast: Cast) -> dict[str, Any]:
    return {
        "name": "  Velora E-Bikes ",
        "owner_id": str(cast.rui.pk),
        "lifecycle": "customer",
        "segment": "key",
        "industry": "Mobility",
        "region": "North",
        "country": "NL",
        "city": "Utrecht",
        "website": "https://velora.example",
        "employees": 420,
        "annual_revenue": euros(9_800_000_000),
        "potential": euros(125_000_000),
        "customer_since": "2021-05-01",
        "icp_fit": "a",
        "source": "erp",
        "external_id": "K-1001",
    }


def test_what_is_sent_is_what_is_kept_and_shown(cast: Cast, acme: Caller) -> None:
    sent = all_of(cast)
    answer = acme.post(ADDRESS, sent)
    made = json.loads(answer.content)

    assert answer.status_code == 201
    assert answer["Location"].endswith(f"{ADDRESS}/{made['id']}")
    assert made == acme.read(f"{ADDRESS}/{made['id']}")
    shown = {**made, "owner_id": made["owner"]["id"]}
    assert {name: shown[name] for name in sent} == {**sent, "name": "Velora E-Bikes"}
    with organization_scope(cast.acme):
        account = Account.objects.get()
        assert (account.potential_minor, account.currency, account.customer_since) == (
            125_000_000,
            "EUR",
            date(2021, 5, 1),
        )
        assert account.created_at == account.recorded_at


def test_a_name_that_stands_twice_is_refused_for_nobody_knows_which_was_meant(cast: Cast, acme: Caller) -> None:
    for body in (
        b'{"name": "Kelp", "name": "Moss"}',
        b'{"name": "Kelp", "potential": {"amount_minor": 1, "amount_minor": 2}}',
    ):
        answer = acme.post(ADDRESS, body)

        assert answer.status_code == 400
        assert "twice" in answer.json()["detail"]
    with organization_scope(cast.acme):
        assert not Account.objects.exists()


def test_a_country_is_one_that_there_is(cast: Cast, acme: Caller) -> None:
    answer = acme.post(ADDRESS, {"name": "Kelp", "country": "ZZ"})

    assert answer.status_code == 422
    assert answer.json()["errors"][0] == {
        "name": "country",
        "detail": "country takes the two letters of a country (ISO 3166).",
    }
    assert acme.post(ADDRESS, {"name": "Kelp", "country": "NA"}).status_code == 201


def test_a_name_is_enough(acme: Caller) -> None:
    made = json.loads(acme.post(ADDRESS, {"name": "Kelp"}).content)

    assert (made["lifecycle"], made["source"], made["external_id"]) == ("prospect", "manual", made["id"])
    assert made["segment"] is made["owner"] is made["potential"] is None


@pytest.mark.parametrize("one", ["source", "external_id"])
def test_a_source_goes_together_with_its_id(acme: Caller, one: str) -> None:
    problem = the_problem(acme.post(ADDRESS, {"name": "Kelp", one: "erp"}), 422)

    assert problem["errors"][0]["name"] == ({"source", "external_id"} - {one}).pop()


@pytest.mark.parametrize("source", ["manual", "Erp", "", "e rp", "x" * 61])
def test_a_source_is_a_short_name_of_another_system(acme: Caller, source: str) -> None:
    the_problem(acme.post(ADDRESS, {"name": "Kelp", "source": source, "external_id": "1"}), 422)


def test_one_that_is_there_already_is_not_made_twice(cast: Cast, acme: Caller) -> None:
    sent = {"name": "Kelp", "source": "erp", "external_id": "K-1"}
    acme.post(ADDRESS, sent)

    assert the_problem(acme.post(ADDRESS, sent), 409)["code"] == "already_exists"
    # Another organisation's records are no hindrance.
    assert Caller(a_token(cast.globex)).post(ADDRESS, sent).status_code == 201


def test_a_change_changes_what_it_names_and_null_empties(cast: Cast, acme: Caller) -> None:
    made = json.loads(acme.post(ADDRESS, all_of(cast)).content)

    sent = {"city": None, "segment": None, "owner_id": None, "potential": None, "employees": 7}
    changed = json.loads(acme.patch(f"{ADDRESS}/{made['id']}", sent, 1).content)

    differing = {name for name in made if made[name] != changed[name]}
    assert differing == {"city", "segment", "owner", "potential", "employees", "version", "updated_at"}
    assert (changed["city"], changed["segment"], changed["owner"], changed["potential"]) == (None,) * 4
    with organization_scope(cast.acme):
        events = DomainEvent.objects.filter(subject_id=made["id"]).order_by("recorded_at")
        assert [event.type for event in events] == ["account.created", "account.updated", "account.orphaned"]


class TestAmounts:
    """The amounts of an account are in one currency; nothing is added up across two."""

    def test_two_currencies_are_refused(self, acme: Caller) -> None:
        sent = {"name": "Kelp", "potential": euros(1), "annual_revenue": {"amount_minor": 1, "currency": "USD"}}

        assert the_problem(acme.post(ADDRESS, sent), 422)["errors"][0]["name"] == "potential"

    def test_a_change_of_one_keeps_the_currency_of_the_other(self, cast: Cast, acme: Caller) -> None:
        path = f"{ADDRESS}/{json.loads(acme.post(ADDRESS, all_of(cast)).content)['id']}"
        dollars = {"amount_minor": 5, "currency": "USD"}

        problem = the_problem(acme.patch(path, {"potential": dollars}), 422)
        assert problem["errors"][0]["name"] == "annual_revenue"
        both = json.loads(acme.patch(path, {"potential": dollars, "annual_revenue": None}).content)
        assert (both["potential"], both["annual_revenue"]) == (dollars, None)

    @pytest.mark.parametrize("amount", [-1, 2**53, 1.0, "1", True, None])
    def test_an_amount_is_a_whole_number_that_programs_hold_exactly(self, acme: Caller, amount: Any) -> None:
        sent = {"name": "Kelp", "potential": {"amount_minor": amount, "currency": "EUR"}}

        assert the_problem(acme.post(ADDRESS, sent), 422)["errors"][0]["name"] == "potential"


class TestGroups:
    def test_an_account_belongs_to_another(self, cast: Cast, acme: Caller) -> None:
        with organization_scope(cast.acme):
            group = an_account(cast.acme, name="Velora Group")

        made = json.loads(acme.post(ADDRESS, {"name": "Kelp", "parent_id": str(group.pk)}).content)
        assert made["parent_id"] == str(group.pk)
        free = json.loads(acme.patch(f"{ADDRESS}/{made['id']}", {"parent_id": None}).content)
        assert free["parent_id"] is None

    def test_no_account_belongs_to_its_own_child(self, cast: Cast, acme: Caller) -> None:
        with organization_scope(cast.acme):
            group = an_account(cast.acme, name="Velora Group")
            child = an_account(cast.acme, parent=group)

        problem = the_problem(acme.patch(f"{ADDRESS}/{group.pk}", {"parent_id": str(child.pk)}), 422)

        assert problem["code"] == "unable_to_nest_account"
        assert problem["errors"][0]["name"] == "parent_id"

    @pytest.mark.parametrize("whose", ["globex", "deleted"])
    def test_a_group_is_a_living_one_of_the_organization(self, cast: Cast, acme: Caller, whose: str) -> None:
        organization = cast.globex if whose == "globex" else cast.acme
        with organization_scope(organization):
            group = an_account(organization)
        if whose == "deleted":
            acme.delete(f"{ADDRESS}/{group.pk}")

        problem = the_problem(acme.post(ADDRESS, {"name": "Kelp", "parent_id": str(group.pk)}), 422)

        assert problem["errors"][0]["detail"] == "There is no account with this parent_id in your organisation."


def test_people_who_left_own_nothing_new(cast: Cast, acme: Caller) -> None:
    with organization_scope(cast.acme):
        type(cast.mia).objects.filter(pk=cast.mia.pk).update(is_active=False)

    the_problem(acme.post(ADDRESS, {"name": "Kelp", "owner_id": str(cast.mia.pk)}), 422)


def test_a_deleted_account_is_gone_and_its_deletion_is_told(cast: Cast, acme: Caller) -> None:
    with organization_scope(cast.acme):
        account = an_account(cast.acme)
    path = f"{ADDRESS}/{account.pk}"

    answer = acme.delete(path, 1)

    assert (answer.status_code, answer.content) == (204, b"")
    acme.refused(path, 404)
    the_problem(acme.delete(path, 2), 404)
    the_problem(acme.patch(path, {"city": "Oslo"}), 404)
    with organization_scope(cast.acme):
        assert Account.objects.get().deleted_at is not None
        assert DomainEvent.objects.filter(type="account.deleted", subject_id=account.pk).count() == 1
