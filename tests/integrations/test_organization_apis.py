"""Units, members, nights and imports in the API: what each shows, to whom, narrowed to what."""

from datetime import date
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from uuid_utils.compat import uuid7

from integrations.models import Import
from integrations.operations.committing import fail_import
from tenancy.models import DomainEvent, Member, Run, RunStep, Unit, UnitMembership
from tenancy.scoping import organization_scope
from tests.architecture.world import a_night, an_import
from tests.cast import Cast
from tests.integrations.api_caller import Caller, a_token
from tests.integrations.importing import check, commit

UNITS, MEMBERS, NIGHTS, IMPORTS = (f"/api/v1/{plural}" for plural in ("units", "members", "nightly-runs", "imports"))
MISSING = "0192f0c1-7b2a-7c3e-9a53-0b6f5d1e2a10"


@pytest.fixture
def acme(cast: Cast) -> Caller:
    return Caller(a_token(cast.acme))


@pytest.fixture
def world(cast: Cast) -> dict[str, str]:
    """An id of Acme for each address."""
    with organization_scope(cast.acme):
        return {
            UNITS: str(Unit.objects.get(code="mobility").pk),
            MEMBERS: str(cast.rui.pk),
            NIGHTS: str(a_night(cast.acme).pk),
            IMPORTS: str(an_import(cast.acme).pk),
        }


each = pytest.mark.parametrize("address", [UNITS, MEMBERS, NIGHTS, IMPORTS])


def named(rows: list[Any], field: str = "name") -> list[str]:
    return [row[field] for row in rows]


@each
def test_a_stranger_sees_nothing_of_it(cast: Cast, acme: Caller, world: dict[str, str], address: str) -> None:
    stranger = Caller(a_token(cast.globex))

    missing = stranger.refused(f"{address}/{MISSING}", 404)
    assert stranger.refused(f"{address}/{world[address]}", 404) == missing
    assert named(stranger.read(address)["results"], "id") == ([str(cast.sam.pk)] if address == MEMBERS else [])
    assert world[address] in named(acme.read(address)["results"], "id")
    assert acme.read(f"{address}/{world[address]}")["id"] == world[address]


@each
@pytest.mark.parametrize("key", ["x", "0192f0c1", "%00"])
def test_an_id_that_is_none_names_nothing(cast: Cast, acme: Caller, address: str, key: str) -> None:
    acme.refused(f"{address}/{key}", 404)


@each
def test_what_belongs_to_the_records_of_a_page_takes_one_query(
    cast: Cast, acme: Caller, world: dict[str, str], address: str
) -> None:
    with organization_scope(cast.acme):
        a_night(cast.acme), an_import(cast.acme)
        Unit.objects.create(
            organization=cast.acme, kind="region", name="South", code="south", active_from=date(2024, 1, 1)
        )
    acme.read(address)  # notes the use of the token

    def asked(limit: int) -> int:
        with CaptureQueriesContext(connection) as queries:
            assert len(acme.read(address, limit=limit)["results"]) == limit
        return len(queries)

    assert asked(2) == asked(1)


def test_a_unit_says_where_it_stands(cast: Cast, acme: Caller, world: dict[str, str]) -> None:
    shown = acme.read(f"{UNITS}/{world[UNITS]}")

    with organization_scope(cast.acme):
        north = Unit.objects.get(code="north")
    assert shown["version"] == 1
    assert {name: shown[name] for name in ("kind", "name", "code", "parent", "active_from", "active_to")} == {
        "kind": "squad",
        "name": "Mobility",
        "code": "mobility",
        "parent": {"id": str(north.pk), "name": "North"},
        "active_from": "2024-01-01",
        "active_to": None,
    }
    assert named(acme.read(UNITS, parent=north.pk)["results"]) == ["Mobility"]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"kind": "squad"}, ["Mobility", "Marine"]),
        ({"kind": "tribe,company"}, ["Acme Drives", "North"]),
        ({"code": "marine"}, ["Marine"]),
        ({"active_on": "2023-12-31"}, []),
        ({"active_on": "2024-05-31"}, ["Acme Drives", "North", "Mobility", "Marine"]),
        ({"active_on": "2024-06-01"}, ["Acme Drives", "North", "Mobility"]),
    ],
)
def test_a_filter_narrows_the_units(cast: Cast, acme: Caller, query: dict[str, str], expected: list[str]) -> None:
    with organization_scope(cast.acme):
        Unit.objects.filter(code="marine").update(active_to=date(2024, 6, 1))

    assert named(acme.read(UNITS, **query)["results"]) == expected


def test_a_member_says_who_and_where(cast: Cast, acme: Caller) -> None:
    with organization_scope(cast.acme):
        marine, mobility = (Unit.objects.get(code=code) for code in ("marine", "mobility"))
        UnitMembership.objects.create(
            organization=cast.acme,
            unit=marine,
            member=cast.rui,
            active_from=date(2023, 1, 1),
            active_to=date(2024, 1, 1),
        )
        Member.objects.filter(pk=cast.rui.pk).update(title="Account manager", manager=cast.sil)

    shown = acme.read(f"{MEMBERS}/{cast.rui.pk}")

    moments = {name: shown[name] for name in ("created_at", "updated_at")}
    assert shown == {
        "id": str(cast.rui.pk),
        "source": "manual",
        "external_id": "rui",
        "version": 1,
        **moments,
        "name": "Rui Prado",
        "email": "rui@acme.example",
        "title": "Account manager",
        "role": "member",
        "manager": {"id": str(cast.sil.pk), "name": "Sil Marten"},
        "hours_per_week": None,
        "is_active": True,
        "has_login": True,
        "memberships": [
            {
                "unit": {"id": str(marine.pk), "name": "Marine"},
                "active_from": "2023-01-01",
                "active_to": "2024-01-01",
            },
            {"unit": {"id": str(mobility.pk), "name": "Mobility"}, "active_from": "2024-01-01", "active_to": None},
        ],
    }
    assert named(acme.read(MEMBERS, unit=marine.pk)["results"]) == ["Rui Prado", "Mia Kranz"]
    assert named(acme.read(MEMBERS, manager=cast.sil.pk)["results"]) == ["Rui Prado"]
    assert acme.read(MEMBERS, unit=uuid7())["results"] == []


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"role": "admin,auditor"}, ["Ada Winter", "Abe Stern"]),
        ({"is_active": "false"}, ["Mia Kranz"]),
        ({"source": "manual", "external_id": "cora"}, ["Cora Bell"]),
        ({"updated_after": "2100-01-01T00:00:00Z"}, []),
        ({"sort": "name", "limit": "2"}, ["Abe Stern", "Ada Winter"]),
    ],
)
def test_a_filter_narrows_the_members(cast: Cast, acme: Caller, query: dict[str, str], expected: list[str]) -> None:
    with organization_scope(cast.acme):
        Member.objects.filter(pk=cast.mia.pk).update(is_active=False)

    assert named(acme.read(MEMBERS, **query)["results"]) == expected


def test_a_night_has_its_steps_in_their_order(cast: Cast, acme: Caller) -> None:
    with organization_scope(cast.acme):
        night = a_night(cast.acme)
        Run.objects.filter(pk=night.pk).update(requested_by=cast.ana, status="failed", error="Disk full")
        for position, name in ((2, "score_accounts"), (1, "snapshot_pipeline")):
            RunStep.objects.create(
                organization=cast.acme,
                run=night,
                position=position,
                name=name,
                status="done" if position == 1 else "failed",
                rows_read=position * 10,
                rows_written=position,
                skipped=1,
                model_version="rules-1" if position == 2 else "",
                error="Disk full" if position == 2 else "",
            )
        Run.objects.create(
            organization=cast.acme, kind="import", key="x", scheduled_for=date(2026, 1, 1), created_at=night.created_at
        )

    (shown,) = acme.read(NIGHTS)["results"]

    assert (shown["status"], shown["error"]) == ("failed", "Disk full")
    assert shown["requested_by"] == {"id": str(cast.ana.pk), "name": "Ana Ortiz"}
    assert [(step["name"], step["rows_read"], step["model_version"], step["error"]) for step in shown["steps"]] == [
        ("snapshot_pipeline", 10, None, None),
        ("score_accounts", 20, "rules-1", "Disk full"),
    ]
    assert acme.read(NIGHTS, status="done")["results"] == []
    assert acme.read(NIGHTS, status="failed", scheduled_date_to=shown["scheduled_date"])["results"] == [shown]
    assert acme.read(NIGHTS, scheduled_date_from="2100-01-01")["results"] == []


@pytest.mark.usefixtures("patience")
def test_an_import_counts_what_became_of_its_rows(cast: Cast, acme: Caller) -> None:
    with organization_scope(cast.acme):
        made = an_import(cast.acme)

    (waiting,) = acme.read(IMPORTS)["results"]
    commit(cast.acme, check(cast.acme, made))
    done = acme.read(f"{IMPORTS}/{made.pk}")

    assert (waiting["state"], waiting["started_at"], waiting["committed_at"]) == ("uploaded", None, None)
    assert set(waiting["files"][0]["counts"].values()) == {None}
    assert (done["state"], done["source"], done["error"]) == ("done", "import:erp", None)
    assert done["created_at"] < done["started_at"] <= done["committed_at"]
    (file,) = done["files"]
    assert (file["name"], file["target"], file["refusal"], file["rows_committed"]) == (
        "accounts.csv",
        "accounts",
        None,
        1,
    )
    assert {name: file["counts"][name] for name in ("rows", "new", "held", "inserted", "updated")} == {
        "rows": 1,
        "new": 1,
        "held": 0,
        "inserted": 1,
        "updated": 0,
    }
    # What it wrote is found by its source, from the moment on at which it began to write.
    written = acme.read("/api/v1/accounts", source=done["source"], updated_after=done["started_at"])
    assert named(written["results"]) == ["Gruber"]


def test_an_import_that_could_not_go_on_is_told_to_who_follows(cast: Cast) -> None:
    with organization_scope(cast.acme):
        made = an_import(cast.acme)
        Import.objects.filter(pk=made.pk).update(state="committing")

    for _ in range(2):
        fail_import(organization=cast.acme, import_id=made.pk, error="Disk full")

    with organization_scope(cast.acme):
        event = DomainEvent.objects.get(type="import.failed")
    assert (event.subject_id, event.source) == (made.pk, "import:erp")


def test_a_filter_narrows_the_imports(cast: Cast, acme: Caller) -> None:
    with organization_scope(cast.acme):
        made = an_import(cast.acme)
        Import.objects.filter(pk=made.pk).update(requested_by=cast.ana)
    shown = acme.read(IMPORTS)["results"]

    for query in (
        {"state": "uploaded,failed"},
        {"source": "import:erp"},
        {"requested_by": cast.ana.pk},
        {"created_after": "2026-01-01T00:00:00Z", "sort": "-created_at"},
    ):
        assert acme.read(IMPORTS, **query)["results"] == shown, query
    for query in (
        {"state": "done"},
        {"source": "import:x"},
        {"requested_by": cast.rui.pk},
        {"created_before": "2026-01-01T00:00:00Z"},
    ):
        assert acme.read(IMPORTS, **query)["results"] == [], query


BAD = [
    (UNITS, {"kind": "club"}, "kind"),
    (UNITS, {"active_on": "2024-02-30"}, "active_on"),
    (UNITS, {"code": "\x00"}, "code"),
    (UNITS, {"sort": "name"}, "sort"),
    (MEMBERS, {"role": "god"}, "role"),
    (MEMBERS, {"unit": "mobility"}, "unit"),
    (MEMBERS, {"email": "rui@acme.example"}, "email"),
    (MEMBERS, {"is_active": "True"}, "is_active"),
    (MEMBERS, {"user__password": "x"}, "user__password"),
    (NIGHTS, {"status": "ok"}, "status"),
    (NIGHTS, {"scheduled_date_from": "yesterday"}, "scheduled_date_from"),
    (IMPORTS, {"state": "lost"}, "state"),
    (IMPORTS, {"source": "x" * 501}, "source"),
    (IMPORTS, {"cursor": "x"}, "cursor"),
]


@pytest.mark.parametrize(("address", "query", "name"), BAD)
def test_what_is_not_offered_is_refused_by_name(
    cast: Cast, acme: Caller, address: str, query: dict[str, str], name: str
) -> None:
    problem = acme.refused(address, 400, query)

    assert [error["name"] for error in problem["errors"]] == [name]
