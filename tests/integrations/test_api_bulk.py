"""POST …/bulk: many records of another system at once, good rows taken, bad ones named, sent again without effect."""

import json
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from pipeline.models import Account, Opportunity, OpportunityHistory
from tenancy.models import AuditEntry, DomainEvent
from tenancy.scoping import organization_scope
from tests.cast import Cast
from tests.integrations.api_caller import Caller, a_token, the_problem
from tests.pipeline.records import a_stage, an_account

ACCOUNTS, DEALS = "/api/v1/accounts/bulk", "/api/v1/opportunities/bulk"


@pytest.fixture
def acme(cast: Cast) -> Caller:
    return Caller(a_token(cast.acme))


def send(caller: Caller, path: str, *records: Any, source: str = "erp", **headers: str) -> Any:
    answer = caller.post(path, {"source": source, "records": list(records)}, **headers)
    assert answer.status_code == 200, answer.content
    return json.loads(answer.content)


def outcomes(body: Any) -> list[str]:
    return [row["outcome"] for row in body["results"]]


def events(cast: Cast) -> list[str]:
    with organization_scope(cast.acme):
        return sorted(DomainEvent.objects.exclude(type="api_token.issued").values_list("type", flat=True))


class TestAccounts:
    def test_rows_are_added_changed_and_left_alone(self, cast: Cast, acme: Caller) -> None:
        rows = [{"external_id": f"K{n}", "name": f"Firm {n}", "city": "Oslo"} for n in range(3)]
        first = send(acme, ACCOUNTS, *rows)
        second = send(
            acme, ACCOUNTS, {"external_id": "K0", "city": "Lagos"}, rows[1], {"external_id": "K9", "name": "9"}
        )

        assert outcomes(first) == ["created"] * 3
        assert outcomes(second) == ["changed", "unchanged", "created"]
        assert {name: second[name] for name in ("created", "changed", "unchanged", "refused")} == {
            "created": 1,
            "changed": 1,
            "unchanged": 1,
            "refused": 0,
        }
        assert [row["version"] for row in second["results"]] == [2, 1, 1]
        changed = acme.read(f"/api/v1/accounts/{second['results'][0]['id']}")
        assert (changed["name"], changed["city"], changed["version"]) == ("Firm 0", "Lagos", 2)
        assert events(cast) == ["account.created"] * 4 + ["account.updated"]

    def test_a_bad_row_is_named_and_leaves_the_others_alone(self, cast: Cast, acme: Caller) -> None:
        body = send(
            acme,
            ACCOUNTS,
            {"external_id": "K0", "name": "Kelp"},
            {"external_id": "K1", "name": "Velora", "country": "nl", "colour": "red"},
            {"name": "Without"},
            {"external_id": "K0", "name": "Twice"},
            {"external_id": "K2"},
            "no record",
            {"external_id": "K3", "name": "Strange", "owner_id": str(cast.sam.pk)},
            {"external_id": "K4", "name": "Two", "potential": {"amount_minor": 1, "currency": "EUR"},
             "annual_revenue": {"amount_minor": 1, "currency": "USD"}},
            {"external_id": "K5", "name": "Arc", "owner_id": str(cast.rui.pk)},
        )  # fmt: skip

        assert outcomes(body) == ["created", *["refused"] * 7, "created"]
        faults = [[fault["name"] for fault in row.get("errors", ())] for row in body["results"]]
        assert faults == [
            [], ["country", "colour"], ["external_id"], ["external_id"], ["name"], [""], ["owner_id"], ["potential"],
            [],
        ]  # fmt: skip
        assert [row["external_id"] for row in body["results"][:3]] == ["K0", "K1", None]
        with organization_scope(cast.acme):
            assert sorted(Account.objects.values_list("name", flat=True)) == ["Arc", "Kelp"]

    def test_null_empties_and_a_deleted_one_comes_back(self, cast: Cast, acme: Caller) -> None:
        (made,) = send(acme, ACCOUNTS, {"external_id": "K0", "name": "Kelp", "city": "Oslo"})["results"]
        acme.delete(f"/api/v1/accounts/{made['id']}")

        (back,) = send(acme, ACCOUNTS, {"external_id": "K0", "city": None})["results"]

        assert (back["outcome"], back["id"], back["version"]) == ("changed", made["id"], 3)
        assert acme.read(f"/api/v1/accounts/{made['id']}")["city"] is None
        assert "account.restored" in events(cast)

    def test_an_amount_in_another_currency_takes_the_other_along(self, cast: Cast, acme: Caller) -> None:
        def dollars(amount: int) -> dict[str, Any]:
            return {"amount_minor": amount, "currency": "USD"}

        both = {
            "potential": {"amount_minor": 1, "currency": "EUR"},
            "annual_revenue": {"amount_minor": 2, "currency": "EUR"},
        }
        send(acme, ACCOUNTS, {"external_id": "K0", "name": "Kelp", **both})

        one = send(acme, ACCOUNTS, {"external_id": "K0", "potential": dollars(3)})
        two = send(acme, ACCOUNTS, {"external_id": "K0", "potential": dollars(3), "annual_revenue": dollars(4)})

        assert one["results"][0]["errors"][0]["name"] == "annual_revenue"
        assert outcomes(two) == ["changed"]

    def test_groups_hang_together_by_the_ids_of_the_source(self, cast: Cast, acme: Caller) -> None:
        send(acme, ACCOUNTS, {"external_id": "G", "name": "Group"}, {"external_id": "K", "name": "Kelp"})

        body = send(
            acme,
            ACCOUNTS,
            {"external_id": "K", "parent_external_id": "G"},
            {"external_id": "L", "name": "Lux", "parent_external_id": "nobody"},
        )
        circle = send(acme, ACCOUNTS, {"external_id": "G", "parent_external_id": "K"})

        assert outcomes(body) == ["changed", "refused"]
        assert circle["results"][0]["errors"][0]["name"] == "parent_id"

    def test_two_rows_of_one_call_can_not_close_a_circle_either(self, cast: Cast, acme: Caller) -> None:
        send(acme, ACCOUNTS, {"external_id": "A", "name": "A"}, {"external_id": "B", "name": "B"})

        body = send(
            acme,
            ACCOUNTS,
            {"external_id": "A", "parent_external_id": "B"},
            {"external_id": "B", "parent_external_id": "A"},
        )

        assert outcomes(body) == ["refused", "refused"]

    def test_a_thousand_rows_cost_a_handful_of_statements(self, cast: Cast, acme: Caller) -> None:
        rows = [
            {"external_id": f"K{n}", "name": f"Firm {n}", "owner_id": str(cast.rui.pk), "segment": "key"}
            for n in range(1000)
        ]
        with CaptureQueriesContext(connection) as captured:
            body = send(acme, ACCOUNTS, *rows)

        assert body["created"] == 1000
        assert len(captured) <= 26
        with organization_scope(cast.acme):
            assert AuditEntry.objects.filter(table_name="pipeline_account").count() == 1000


class TestDeals:
    def test_rows_are_added_moved_and_decided(self, cast: Cast, acme: Caller) -> None:
        send(acme, ACCOUNTS, {"external_id": "K0", "name": "Kelp"})
        with organization_scope(cast.acme):
            stages = {name: str(a_stage(cast.acme, name).pk) for name in ("Qualify", "Proposal", "Won", "Lost")}
        amount = {"amount_minor": 500, "currency": "EUR"}
        first = send(
            acme,
            DEALS,
            {"external_id": "D0", "name": "Pump", "account_external_id": "K0", "amount": amount},
            {"external_id": "D1", "name": "Drive", "stage_id": stages["Proposal"]},
            {"external_id": "D2", "name": "Belt", "stage_id": stages["Won"]},
            {"external_id": "D3", "name": "Seal", "account_external_id": "K9"},
        )
        second = send(
            acme,
            DEALS,
            {"external_id": "D0", "stage_id": stages["Won"]},
            {"external_id": "D1", "stage_id": stages["Lost"]},
            {"external_id": "D1", "stage_id": stages["Lost"], "lost_reason": "Price"},
        )
        third = send(acme, DEALS, {"external_id": "D1", "stage_id": stages["Lost"], "lost_reason": "Price"})

        assert outcomes(first) == ["created", "created", "refused", "refused"]
        assert outcomes(second) == ["changed", "refused", "refused"]
        assert outcomes(third) == ["changed"]
        assert "why the deal was lost" in second["results"][1]["errors"][0]["detail"]
        with organization_scope(cast.acme):
            won, lost = Opportunity.objects.get(external_id="D0"), Opportunity.objects.get(external_id="D1")
            assert (won.outcome, won.account.name, won.version) == ("won", "Kelp", 2)
            assert (lost.outcome, lost.lost_reason) == ("lost", "Price")
            moves = OpportunityHistory.objects.filter(opportunity=won, field="stage").order_by("recorded_at")
            assert [(move.old, move.new) for move in moves] == [("", "Qualify"), ("Qualify", "Won")]
        told = events(cast)
        for name in ("opportunity.created", "opportunity.stage_moved", "opportunity.won", "opportunity.lost"):
            assert name in told
        assert "opportunity.updated" not in told

    def test_what_single_changes_tell_is_told_here_as_well(self, cast: Cast, acme: Caller) -> None:
        with organization_scope(cast.acme):
            a_stage(cast.acme)
        row = {"name": "Pump", "amount": {"amount_minor": 5, "currency": "EUR"}, "close_date": "2027-01-31"}
        change = {
            "amount": {"amount_minor": 7, "currency": "EUR"},
            "close_date": "2027-02-28",
            "owner_id": str(cast.rui.pk),
        }
        send(acme, DEALS, {"external_id": "D0", **row})
        single = json.loads(acme.post("/api/v1/opportunities", row).content)
        send(acme, DEALS, {"external_id": "D0", **change})
        acme.patch(f"/api/v1/opportunities/{single['id']}", change)

        with organization_scope(cast.acme):
            deals = {one.source: one.pk for one in Opportunity.objects.all()}
            told = {
                source: {
                    (event.type, json.dumps(event.payload, sort_keys=True))
                    for event in DomainEvent.objects.filter(subject_id=key)
                }
                for source, key in deals.items()
            }
            kept = {
                source: sorted(
                    OpportunityHistory.objects.filter(opportunity=key).values_list("field", "old", "new", "new_stage")
                )
                for source, key in deals.items()
            }
        assert told["erp"] == told["manual"]
        assert kept["erp"] == kept["manual"]


@pytest.mark.parametrize("path", [ACCOUNTS, DEALS])
class TestCalls:
    @pytest.mark.parametrize(
        ("sent", "name"),
        [
            ({"records": [{"external_id": "1", "name": "a"}]}, "source"),
            ({"source": "manual", "records": [{"external_id": "1", "name": "a"}]}, "source"),
            ({"source": "erp"}, "records"),
            ({"source": "erp", "records": []}, "records"),
            ({"source": "erp", "records": {}}, "records"),
            ({"source": "erp", "records": [{}] * 1001}, "records"),
            ({"source": "erp", "records": [{}], "organization_id": "x"}, "organization_id"),
            ([], ""),
        ],
    )
    def test_a_call_of_another_form_is_refused_as_a_whole(self, acme: Caller, path: str, sent: Any, name: str) -> None:
        assert the_problem(acme.post(path, sent), 422)["errors"][0]["name"] == name

    def test_a_call_that_is_sent_again_with_its_key_has_the_same_answer(
        self, cast: Cast, acme: Caller, path: str
    ) -> None:
        with organization_scope(cast.acme):
            a_stage(cast.acme)
        row = {"external_id": "1", "name": "Kelp"}

        assert send(acme, path, row, Idempotency_Key="k") == send(acme, path, row, Idempotency_Key="k")

    def test_it_needs_the_scope_to_write(self, cast: Cast, path: str) -> None:
        reader = Caller(a_token(cast.acme, ["accounts:read", "opportunities:read"]))

        the_problem(reader.post(path, {"source": "erp", "records": [{"external_id": "1", "name": "a"}]}), 403)

    def test_a_stranger_knows_other_records_by_the_same_ids(self, cast: Cast, acme: Caller, path: str) -> None:
        """ASVS V8.4.1: a source and an external id mean a record of one's own organisation."""
        for organization in (cast.acme, cast.globex):
            with organization_scope(organization):
                a_stage(organization)
        send(acme, path, {"external_id": "1", "name": "Ours"})

        theirs = send(Caller(a_token(cast.globex)), path, {"external_id": "1", "name": "Theirs"})

        assert outcomes(theirs) == ["created"]
        with organization_scope(cast.acme):
            model = Account if path == ACCOUNTS else Opportunity
            assert [one.name for one in model.objects.all()] == ["Ours"]


def test_an_account_of_a_stranger_can_not_be_named(cast: Cast, acme: Caller) -> None:
    with organization_scope(cast.acme):
        a_stage(cast.acme)
    with organization_scope(cast.globex):
        theirs = an_account(cast.globex)

    body = send(acme, DEALS, {"external_id": "D", "name": "Pump", "account_id": str(theirs.pk)})

    assert body["results"][0]["errors"][0]["name"] == "account_id"
