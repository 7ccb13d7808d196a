"""Units and members are made and changed over the API, but for administrators, whom only people change."""

import json
from typing import Any

import pytest

from tenancy.models import AuditEntry, DomainEvent, Member, Unit
from tenancy.scoping import organization_scope
from tests.cast import Cast
from tests.integrations.api_caller import Caller, a_token, the_problem

UNITS, MEMBERS = "/api/v1/units", "/api/v1/members"
ABSENT = "0192f0c1-7b2a-7c3e-9a53-0b6f5d1e2a10"


@pytest.fixture
def acme(cast: Cast) -> Caller:
    return Caller(a_token(cast.acme))


def loads(answer: Any) -> Any:
    return json.loads(answer.content)


def unit(cast: Cast, code: str) -> Unit:
    with organization_scope(cast.acme):
        found: Unit = Unit.objects.get(code=code)
    return found


def events_of(cast: Cast, record_id: str) -> list[str]:
    with organization_scope(cast.acme):
        found = DomainEvent.objects.filter(subject_id=record_id).order_by("recorded_at", "id")
        return list(found.values_list("type", flat=True))


class TestUnits:
    def test_a_unit_is_made_renamed_moved_and_closed(self, cast: Cast, acme: Caller) -> None:
        north, company = unit(cast, "north"), unit(cast, "acme")
        body = {
            "name": "Rail",
            "kind": "squad",
            "parent_id": str(north.pk),
            "code": "rail",
            "active_from": "2026-01-01",
        }

        answer = acme.post(UNITS, body)
        made = loads(answer)
        path = f"{UNITS}/{made['id']}"
        moved = loads(acme.patch(path, {"name": "Rail North", "parent_id": str(company.pk)}, answer["ETag"]))
        closed = loads(acme.patch(path, {"active_to": "2026-06-01"}, moved["version"]))

        assert (answer.status_code, made["version"], made["code"]) == (201, 1, "rail")
        assert (moved["name"], moved["parent"]["id"], moved["version"]) == ("Rail North", str(company.pk), 3)
        assert (closed["active_to"], closed["version"]) == ("2026-06-01", 4)
        assert events_of(cast, made["id"]) == ["unit.created", "unit.renamed", "unit.moved", "unit.closed"]
        with organization_scope(cast.acme):
            assert AuditEntry.objects.filter(row_id=made["id"]).first().task.startswith("api token ")

    def test_the_least_is_enough_and_a_code_is_made_of_the_name(self, cast: Cast, acme: Caller) -> None:
        made = loads(
            acme.post(UNITS, {"name": "Marine South", "kind": "squad", "parent_id": str(unit(cast, "north").pk)})
        )

        assert (made["code"], made["active_to"]) == ("marine-south", None)

    def test_what_the_tree_refuses_is_refused_with_words(self, cast: Cast, acme: Caller) -> None:
        north, mobility, company = (unit(cast, code) for code in ("north", "mobility", "acme"))
        least = {"name": "Rail", "kind": "squad", "parent_id": str(north.pk)}
        refused = [
            acme.post(UNITS, {**least, "code": "marine"}),
            acme.patch(f"{UNITS}/{north.pk}", {"parent_id": str(mobility.pk)}),
            acme.patch(f"{UNITS}/{company.pk}", {"active_to": "2026-06-01"}),
            acme.patch(f"{UNITS}/{north.pk}", {"active_to": "2026-06-01"}),
        ]

        codes = {the_problem(answer, 422)["code"] for answer in refused}

        assert codes == {"unable_to_change_units"}

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("kind", "company"),
            ("kind", "club"),
            ("name", "\x00"),
            ("name", "x" * 201),
            ("parent_id", None),
            ("parent_id", "north"),
            ("parent_id", ABSENT),
            ("active_from", "yesterday"),
            ("active_to", 7),
            ("code", ""),
            ("organization_id", ABSENT),
            ("version", 7),
        ],
    )
    def test_a_body_is_held_against_its_list(self, cast: Cast, acme: Caller, name: str, value: Any) -> None:
        least = {"name": "Rail", "kind": "squad", "parent_id": str(unit(cast, "north").pk)}

        problem = the_problem(acme.post(UNITS, {**least, name: value}), 422)

        assert [fault["name"] for fault in problem["errors"]] == [name]

    def test_a_closed_unit_is_not_opened_again(self, cast: Cast, acme: Caller) -> None:
        path = f"{UNITS}/{unit(cast, 'marine').pk}"
        acme.patch(path, {"active_to": "2026-06-01"})

        assert the_problem(acme.patch(path, {"active_to": "2027-01-01"}), 422)["errors"][0]["name"] == "active_to"
        the_problem(acme.patch(path, {"active_to": None}), 422)
        the_problem(acme.patch(path, {"kind": "tribe"}), 422)


class TestMembers:
    def test_a_member_without_a_login_is_added_changed_and_let_go(self, cast: Cast, acme: Caller) -> None:
        body = {
            "name": "Nia Vale",
            "email": "Nia@acme.example",
            "source": "hr",
            "external_id": "77",
            "role": "squad_lead",
        }

        answer = acme.post(MEMBERS, body)
        made = loads(answer)
        path = f"{MEMBERS}/{made['id']}"
        changed = loads(acme.patch(path, {"title": "Lead", "role": "member"}, answer["ETag"]))
        hours = loads(acme.patch(path, {"hours_per_week": 20}, changed["version"]))
        gone = loads(acme.patch(path, {"is_active": False}, hours["version"]))
        back = loads(acme.patch(path, {"is_active": True}, gone["version"]))

        assert answer.status_code == 201
        assert (made["email"], made["role"], made["has_login"], made["version"]) == (
            "nia@acme.example",
            "squad_lead",
            False,
            1,
        )
        assert (changed["title"], changed["role"], changed["version"]) == ("Lead", "member", 3)
        assert (made["hours_per_week"], hours["hours_per_week"]) == (None, 20)
        assert (gone["is_active"], back["is_active"]) == (False, True)
        assert events_of(cast, made["id"]) == [
            "member.added",
            "member.renamed",
            "member.role_changed",
            "member.hours_changed",
            "member.deactivated",
            "member.reactivated",
        ]
        assert the_problem(acme.post(MEMBERS, body), 409)["code"] == "already_exists"

    def test_the_least_is_enough(self, acme: Caller) -> None:
        made = loads(acme.post(MEMBERS, {"name": "Nia Vale"}))

        assert (made["role"], made["is_active"], made["source"]) == ("member", True, "manual")

    def test_no_token_makes_or_changes_an_administrator(self, cast: Cast, acme: Caller) -> None:
        """ASVS V8.2.1: a token never gets anybody a right that it could not be given itself."""
        refused = [
            acme.post(MEMBERS, {"name": "Nia Vale", "role": "admin"}),
            acme.patch(f"{MEMBERS}/{cast.rui.pk}", {"role": "admin"}),
            acme.patch(f"{MEMBERS}/{cast.rui.pk}", {"role": "support"}),
            acme.patch(f"{MEMBERS}/{cast.ada.pk}", {"role": "member"}),
            acme.patch(f"{MEMBERS}/{cast.ada.pk}", {"is_active": False}),
            acme.patch(f"{MEMBERS}/{cast.ada.pk}", {}),
        ]

        for answer in refused:
            the_problem(answer, 422)
        with organization_scope(cast.acme):
            assert list(Member.objects.filter(role="admin").values_list("name", "is_active")) == [("Ada Winter", True)]

    def test_a_role_that_the_api_takes_away_holds_at_once(self, cast: Cast, acme: Caller, client_for: Any) -> None:
        browser = client_for(cast.rui)
        assert browser.get("/acme/accounts/new/").status_code == 200

        acme.patch(f"{MEMBERS}/{cast.rui.pk}", {"role": "auditor"})
        assert browser.get("/acme/accounts/new/").status_code == 403
        acme.patch(f"{MEMBERS}/{cast.rui.pk}", {"is_active": False})
        assert browser.get("/acme/accounts/").status_code in (302, 403, 404)

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("name", ""),
            ("name", "\x00"),
            ("name", ["Nia"]),
            ("email", "nia"),
            ("email", "x" * 300 + "@acme.example"),
            ("title", "x" * 121),
            ("role", "god"),
            ("role", None),
            ("is_active", "yes"),
            ("user_id", 1),
            ("has_login", True),
            ("manager_id", ABSENT),
        ],
    )
    def test_a_body_is_held_against_its_list(self, acme: Caller, name: str, value: Any) -> None:
        problem = the_problem(acme.post(MEMBERS, {"name": "Nia Vale", name: value}), 422)

        assert [fault["name"] for fault in problem["errors"]] == [name]


@pytest.mark.parametrize("address", [UNITS, MEMBERS])
def test_the_other_organisation_changes_nothing(cast: Cast, acme: Caller, address: str) -> None:
    """ASVS V8.2.2, V8.4.1: neither records nor references of another organisation are there."""
    stranger = Caller(a_token(cast.globex))
    key = str(unit(cast, "mobility").pk if address == UNITS else cast.rui.pk)

    the_problem(stranger.patch(f"{address}/{key}", {"name": "Mine"}), 404)
    if address == UNITS:
        the_problem(stranger.post(UNITS, {"name": "Rail", "kind": "squad", "parent_id": key}), 422)
    assert acme.read(f"{address}/{key}")["name"] in ("Mobility", "Rui Prado")


@pytest.mark.parametrize("address", [UNITS, MEMBERS])
def test_writing_needs_a_version_and_a_scope_of_its_own(cast: Cast, acme: Caller, address: str) -> None:
    """ASVS V8.2.1: a token that reads does not write."""
    plural = address.rsplit("/", 1)[-1]
    path = f"{address}/{unit(cast, 'mobility').pk if address == UNITS else cast.rui.pk}"

    problem = the_problem(Caller(a_token(cast.acme, [f"{plural}:read"])).patch(path, {"name": "X"}), 403)
    assert f"{plural}:write" in problem["detail"]
    the_problem(acme.patch(path, {"name": "X"}, None), 428)
    the_problem(acme.patch(path, {"name": "X"}, 7), 412)
    the_problem(acme.delete(path), 405)
