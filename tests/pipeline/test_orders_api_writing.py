"""Orders over the API: their lines are whole or refused by their place, and totals are ours."""

import json
from typing import Any

import pytest

from tenancy.scoping import organization_scope
from tests.cast import Cast
from tests.integrations.api_caller import Caller, a_token, the_problem
from tests.pipeline.records import a_contact, a_deal, a_product, an_account

ADDRESS = "/api/v1/orders"
ORDER = {"number": "HD-1", "order_date": "2026-02-20", "currency": "EUR"}
SCREW = {"product_name": "Screw", "quantity": 3, "unit_price_e4": 12_345}


@pytest.fixture
def acme(cast: Cast) -> Caller:
    return Caller(a_token(cast.acme))


def made(acme: Caller, **body: Any) -> Any:
    answer = acme.post(ADDRESS, {**ORDER, **body})
    assert answer.status_code == 201, answer.content
    return json.loads(answer.content)


def changed(acme: Caller, order: Any, **body: Any) -> Any:
    answer = acme.patch(f"{ADDRESS}/{order['id']}", body, order["version"])
    assert answer.status_code == 200, answer.content
    return json.loads(answer.content)


def test_the_amount_is_the_exact_sum_rounded_once(acme: Caller) -> None:
    order = made(acme, lines=[SCREW, {**SCREW, "quantity": "0.3333", "discount_bp": 3_333}])

    # 3.7035 and 0.274325…: 3.98, where each rounded gives 3.97.
    assert order["amount"] == {"amount_minor": 398, "currency": "EUR"}
    assert [line["quantity"] for line in order["lines"]] == ["3", "0.3333"]
    assert made(acme, currency="JPY", lines=[SCREW])["amount"] == {"amount_minor": 4, "currency": "JPY"}
    assert made(acme)["amount"] == {"amount_minor": 0, "currency": "EUR"}


def test_lines_take_the_place_of_all_and_stay_where_none_are_sent(cast: Cast, acme: Caller) -> None:
    with organization_scope(cast.acme):
        product = a_product(cast.acme)
    order = made(acme, lines=[SCREW, {"product_id": str(product.pk), "quantity": 1, "unit_price_e4": 10_000}])

    kept = changed(acme, order, status="shipped")
    fewer = changed(acme, kept, lines=[{**SCREW, "quantity": 1}])
    none = changed(acme, fewer, lines=[])

    assert kept["lines"] == order["lines"]
    assert kept["lines"][1]["product_name"] == "D4 drive"
    assert [line["quantity"] for line in fewer["lines"]] == ["1"]
    assert (fewer["amount"]["amount_minor"], none["amount"]["amount_minor"]) == (123, 0)
    assert [one["version"] for one in (order, kept, fewer, none)] == [1, 2, 3, 4]


def test_another_currency_reckons_the_same_lines_anew(acme: Caller) -> None:
    order = made(acme, lines=[SCREW])

    assert changed(acme, order, currency="JPY")["amount"] == {"amount_minor": 4, "currency": "JPY"}


def test_a_cost_that_nobody_states_stays_as_it_is_known(acme: Caller) -> None:
    cost = {"amount_minor": 250, "currency": "EUR"}
    order = made(acme, lines=[{**SCREW, "cost": cost}])

    assert changed(acme, order, lines=[{**SCREW, "quantity": 4}])["lines"][0]["cost"] == cost


BAD_LINES = [
    ([7], "lines.0"),
    ([SCREW, {"product_name": "Screw"}], "lines.1.quantity"),
    ([{**SCREW, "quantity": 0}], "lines.0.quantity"),
    ([{**SCREW, "quantity": -1}], "lines.0.quantity"),
    ([{**SCREW, "quantity": "1.00001"}], "lines.0.quantity"),
    ([{**SCREW, "quantity": 1e300}], "lines.0.quantity"),
    ([{**SCREW, "unit_price_e4": 1.5}], "lines.0.unit_price_e4"),
    ([{**SCREW, "discount_bp": 10_001}], "lines.0.discount_bp"),
    ([{"quantity": 1, "unit_price_e4": 1}], "lines.0.product_name"),
    ([{**SCREW, "cost": {"amount_minor": 1, "currency": "USD"}}], "lines.0.cost"),
    ([{**SCREW, "product_id": "0192f0c1-7b2a-7c3e-9a53-0b6f5d1e2a10"}], "lines.0.product_id"),
    ([{**SCREW, "total": 1}], "lines.0.total"),
    ([SCREW] * 201, "lines"),
    ([{**SCREW, "quantity": 10**7, "unit_price_e4": 10**12}] * 200, "lines"),
]


@pytest.mark.parametrize(("lines", "name"), BAD_LINES)
def test_a_line_that_does_not_hold_is_named_by_its_place(acme: Caller, lines: Any, name: str) -> None:
    problem = the_problem(acme.post(ADDRESS, {**ORDER, "lines": lines}), 422)

    assert name in [fault["name"] for fault in problem["errors"]]
    assert acme.read(ADDRESS)["results"] == []


def test_a_product_of_a_stranger_is_no_product(cast: Cast, acme: Caller) -> None:
    """ASVS V8.4.1: ids inside a list are looked up in the organisation as well."""
    with organization_scope(cast.globex):
        product = a_product(cast.globex)

    problem = the_problem(acme.post(ADDRESS, {**ORDER, "lines": [{**SCREW, "product_id": str(product.pk)}]}), 422)

    assert problem["errors"][0]["name"] == "lines.0.product_id"


def test_an_unknown_currency_is_refused(acme: Caller) -> None:
    problem = the_problem(acme.post(ADDRESS, {**ORDER, "currency": "XQZ"}), 422)

    assert problem["errors"][0]["name"] == "currency"


class TestActivitiesAndOthers:
    """What only one kind of record knows."""

    def test_an_activity_belongs_to_one_account(self, cast: Cast, acme: Caller) -> None:
        with organization_scope(cast.acme):
            velora, kelp = an_account(cast.acme), an_account(cast.acme, name="Kelp Marine")
            contact, deal = a_contact(cast.acme, velora), a_deal(cast.acme, kelp)
        body = {"kind": "call", "occurred_at": "2026-02-20T10:00:00Z"}

        refused = [body, {**body, "contact_id": str(contact.pk), "opportunity_id": str(deal.pk)}]
        for one in refused:
            problem = the_problem(acme.post("/api/v1/activities", one), 422)
            assert problem["code"] == "unable_to_log_activity"
        at_the_contacts = json.loads(acme.post("/api/v1/activities", {**body, "contact_id": str(contact.pk)}).content)
        assert at_the_contacts["account"]["id"] == str(velora.pk)
        path = f"/api/v1/activities/{at_the_contacts['id']}"
        the_problem(acme.patch(path, {"account_id": None, "contact_id": None}), 422)
        moved = acme.patch(path, {"account_id": None, "contact_id": None, "opportunity_id": str(deal.pk)})
        assert json.loads(moved.content)["account"]["id"] == str(kelp.pk)

    def test_only_a_task_lies_ahead(self, cast: Cast, acme: Caller) -> None:
        with organization_scope(cast.acme):
            account = an_account(cast.acme)
        body = {"occurred_at": "2040-01-01T00:00:00Z", "account_id": str(account.pk)}

        problem = the_problem(acme.post("/api/v1/activities", {"kind": "call", **body}), 422)
        task = json.loads(acme.post("/api/v1/activities", {"kind": "task", **body}).content)

        assert problem["errors"][0]["name"] == "occurred_at"
        the_problem(acme.patch(f"/api/v1/activities/{task['id']}", {"kind": "call"}), 422)

    def test_a_contact_answers_for_its_own_account(self, cast: Cast, acme: Caller) -> None:
        with organization_scope(cast.acme):
            velora, kelp = an_account(cast.acme), an_account(cast.acme, name="Kelp Marine")
            contact = a_contact(cast.acme, velora)
        answer = {"account_id": str(kelp.pk), "contact_id": str(contact.pk)}

        said = {**answer, "score": 9, "responded_at": "2026-02-20T10:00:00Z"}
        problem = the_problem(acme.post("/api/v1/satisfaction-responses", said), 422)
        the_problem(acme.post("/api/v1/inquiries", {**answer, "subject": "Prices"}), 422)

        assert (problem["code"], problem["errors"][0]["name"]) == ("unable_to_record_answer", "contact_id")

    def test_an_inquiry_goes_its_way(self, cast: Cast, acme: Caller) -> None:
        body = {"subject": "Prices", "channel": "web", "source": "website", "external_id": "form-1"}
        the_problem(acme.post("/api/v1/inquiries", {**body, "state": "answered"}), 422)
        new = json.loads(acme.post("/api/v1/inquiries", body).content)
        path = f"/api/v1/inquiries/{new['id']}"

        taken = json.loads(acme.patch(path, {"owner_id": str(cast.rui.pk)}, 1).content)
        answered = json.loads(acme.patch(path, {"state": "answered"}, 2).content)
        problem = the_problem(acme.patch(path, {"state": "new"}, 3), 422)

        assert (new["state"], taken["state"], answered["state"]) == ("new", "open", "answered")
        assert new["answered_at"] is None
        assert answered["answered_at"] == answered["updated_at"]
        assert problem["code"] == "unable_to_change_inquiry"
