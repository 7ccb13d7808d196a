"""The recorded pipeline and its changes over the API: the same figures as on the page."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from pipeline.operations import make_room_for_snapshots, move_stage, snapshot_open_opportunities, update_opportunity
from tenancy.scoping import organization_scope
from tests.cast import Cast
from tests.integrations.api_caller import Caller, a_token
from tests.pipeline.records import a_deal, a_stage, an_account

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 24, 14, 0, tzinfo=UTC)
MONDAY = datetime(2026, 11, 23, 14, 0, tzinfo=UTC)
DAYS = (date(2026, 11, 17), date(2026, 11, 22))


@pytest.fixture
def deals(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    with organization_scope(cast.acme):
        make_room_for_snapshots(first=date(2026, 11, 1), last=date(2026, 11, 30))
        account = an_account(cast.acme)
        made = {
            name: a_deal(cast.acme, account, cast.rui, name=name, amount_minor=amount, close_date=date(2026, 12, 18))
            for name, amount in (("Dearer", 100), ("Won", 300), ("Stays", 500))
        }
        for day in DAYS:
            at = datetime(day.year, day.month, day.day, 1, tzinfo=UTC) + timedelta(days=1)
            snapshot_open_opportunities(organization=cast.acme, snapshot_date=day, taken_at=at)
        update_opportunity(
            organization=cast.acme,
            opportunity=made["Dearer"],
            version=1,
            actor=None,
            updated_at=MONDAY,
            amount_minor=150,
            name="Renamed",
        )
        won = a_stage(cast.acme, "Won")
        move_stage(organization=cast.acme, opportunity=made["Won"], stage=won, version=1, actor=None, moved_at=MONDAY)
    monkeypatch.setattr(timezone, "now", lambda: NOW)
    return made


@pytest.fixture
def acme(cast: Cast, deals: dict[str, Any]) -> Caller:
    return Caller(a_token(cast.acme, ["opportunities:read"]))


def test_the_pipeline_of_a_day_comes_as_it_was_recorded(cast: Cast, deals: dict[str, Any], acme: Caller) -> None:
    shown = acme.read("/api/v1/pipeline-snapshots", on="2026-11-19")["results"]

    assert {one["day"] for one in shown} == {"2026-11-17"}  # the last that was recorded by then
    assert {one["opportunity"]["name"]: one["amount"]["amount_minor"] for one in shown} == {
        "Dearer": 100,
        "Won": 300,
        "Stays": 500,
    }
    first = next(one for one in shown if one["opportunity"]["name"] == "Dearer")
    assert (first["stage"]["name"], first["owner"]["name"], first["account"]["name"]) == (
        "Qualify",
        "Rui Prado",
        "Velora E-Bikes",
    )
    of_one = acme.read("/api/v1/pipeline-snapshots", opportunity=str(deals["Won"].pk))["results"]
    assert [one["day"] for one in of_one] == ["2026-11-22", "2026-11-17"]
    assert acme.read("/api/v1/pipeline-snapshots", on="2026-10-01")["results"] == []


def test_its_pages_follow_each_other(acme: Caller) -> None:
    seen, page = [], acme.read("/api/v1/pipeline-snapshots", limit="4")
    seen += page["results"]
    page = acme.read(page["next"].split("testserver")[1])
    seen += page["results"]

    assert page["next"] is None
    assert len({(one["day"], one["opportunity"]["id"]) for one in seen}) == len(seen) == 6
    assert [one["day"] for one in seen] == sorted((one["day"] for one in seen), reverse=True)


def test_what_changed_adds_up_and_names_the_deals(cast: Cast, deals: dict[str, Any], acme: Caller) -> None:
    told = acme.read("/api/v1/pipeline-changes")

    assert (told["since"]["day"], told["until"]["day"], told["due"]) == ("2026-11-17", None, "quarter")
    steps = {one["kind"]: (one["deals"], one["effect"]["amount_minor"]) for one in told["steps"]}
    assert {kind: one for kind, one in steps.items() if one[0]} == {"up": (1, 50), "won": (1, -300)}
    opening, closing = (told[end]["amount"]["amount_minor"] for end in ("opening", "closing"))
    assert (opening, closing) == (900, 650)
    assert opening + sum(effect for _count, effect in steps.values()) == closing
    assert {one["name"]: one["kinds"] for one in told["deals"]} == {"Renamed": ["up"], "Won": ["won"]}
    days = {"from": "2026-11-17", "to": "2026-11-22"}
    quiet = acme.read("/api/v1/pipeline-changes", **days, fields="deals_in_all")
    assert quiet == {"deals_in_all": 0}


@pytest.mark.parametrize(
    "asked",
    [
        {"since": "dates"},
        {"since": "week,yesterday"},
        {"due": "soon"},
        {"to": "2026-11-22"},
        {"from": "2026-11-22", "to": "2026-11-17"},
        {"from": "2026-11-31"},
        {"cursor": "x"},
    ],
)
def test_what_can_not_be_compared_is_refused(acme: Caller, asked: dict[str, str]) -> None:
    acme.refused("/api/v1/pipeline-changes", 400, asked)


def test_a_stranger_and_a_token_without_the_scope_see_nothing(cast: Cast, deals: dict[str, Any]) -> None:
    stranger = Caller(a_token(cast.globex, ["opportunities:read"]))

    assert stranger.read("/api/v1/pipeline-snapshots")["results"] == []
    stranger.refused("/api/v1/pipeline-changes", 400)  # nothing was recorded there
    other = Caller(a_token(cast.acme, ["accounts:read"]))
    for address in ("/api/v1/pipeline-snapshots", "/api/v1/pipeline-changes"):
        other.refused(address, 403)
