"""Changing the process by the API, each change in its log; and the moves of deals with both stages."""

import json
from typing import Any

import pytest

from pipeline.models import Stage
from pipeline.operations import move_stage
from tenancy.models import DomainEvent, Unit
from tenancy.scoping import organization_scope
from tests.cast import Cast
from tests.integrations.api_caller import Caller, a_token, the_problem
from tests.pipeline.records import NOON, a_deal, a_stage

PIPELINES, STAGES, MOVES = "/api/v1/pipelines", "/api/v1/stages", "/api/v1/stage-moves"
SCOPES = ["opportunities:read", "pipelines:write"]


@pytest.fixture
def stage(cast: Cast) -> Stage:
    with organization_scope(cast.acme):
        return a_stage(cast.acme)


def body(answer: Any) -> Any:
    assert answer.status_code < 300, answer.content
    return json.loads(answer.content)


def test_a_pipeline_is_added_for_units_made_the_default_and_retired_again(cast: Cast, stage: Stage) -> None:
    acme = Caller(a_token(cast.acme, SCOPES))
    with organization_scope(cast.acme):
        marine = str(Unit.objects.get(code="marine").pk)

    made = body(acme.post(PIPELINES, {"name": "Boats", "unit_ids": [marine], "reason": "Boats differ"}))
    where = f"{PIPELINES}/{made['id']}"
    default = body(acme.patch(where, {"is_default": True, "unit_ids": []}, 1))
    kept = the_problem(acme.patch(where, {"is_active": False}, 2), 422)
    body(acme.patch(f"{PIPELINES}/{stage.pipeline_id}", {"is_default": True}))
    retired = body(acme.patch(where, {"is_active": False}))

    assert made["unit_ids"] == [marine]
    assert (default["is_default"], default["unit_ids"], default["version"]) == (True, [], 2)
    assert "Make another one the default first" in json.dumps(kept)
    assert retired["is_active"] is False
    with organization_scope(cast.acme):
        told = DomainEvent.objects.get(type="pipeline.created")
        assert (told.payload["reason"], told.actor) == ("Boats differ", None)
        assert DomainEvent.objects.filter(type="pipeline.retired").exists()


def test_a_stage_is_added_changed_and_retired_with_the_reason_in_the_log(cast: Cast, stage: Stage) -> None:
    acme = Caller(a_token(cast.acme, SCOPES))
    asked = [{"code": "amount"}, {"code": "confirmed", "text": "Budget confirmed"}]

    made = body(acme.post(STAGES, {"pipeline_id": str(stage.pipeline_id), "name": "Pilot", "expected_days": 12}))
    where = f"{STAGES}/{made['id']}"
    changed = body(acme.patch(where, {"exit_criteria": asked, "probability_bp": 6_000, "reason": "Customers ask"}, 1))
    retired = body(acme.patch(where, {"is_retired": True}, 2))
    back = body(acme.patch(where, {"is_retired": False, "name": "Trial"}, 3))

    assert (made["kind"], made["position"], made["expected_days"]) == ("open", 6, 12)
    assert (changed["exit_criteria"], changed["probability_bp"]) == (asked, 6_000)
    assert (retired["is_retired"], back["is_retired"], back["name"]) == (True, False, "Trial")
    the_problem(acme.patch(where, {"name": "Late"}, 1), 412)
    with organization_scope(cast.acme):
        assert DomainEvent.objects.filter(type="stage.changed").earliest("id").payload["reason"] == "Customers ask"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"name": "Discover"}, "Another stage is called"),
        ({"exit_criteria": [{"code": "luck"}]}, "code takes one of"),
        ({"exit_criteria": [{"code": "confirmed"}]}, "what somebody confirms"),
        ({"probability_bp": 10_001}, "a whole number from 0 to 10000"),
        ({"kind": "won"}, "never changes"),
    ],
)
def test_what_cannot_be_is_refused_and_changes_nothing(
    cast: Cast, stage: Stage, change: dict[str, Any], words: str
) -> None:
    answer = Caller(a_token(cast.acme, SCOPES)).patch(f"{STAGES}/{stage.pk}", change)

    assert words in json.dumps(the_problem(answer, 422))
    with organization_scope(cast.acme):
        stage.refresh_from_db()
        assert stage.version == 1


def test_who_may_only_read_and_a_stranger_change_nothing(cast: Cast, stage: Stage) -> None:
    reader, stranger = Caller(a_token(cast.acme, ["opportunities:write"])), Caller(a_token(cast.globex, SCOPES))
    with organization_scope(cast.acme):
        theirs = str(Unit.objects.get(code="marine").pk)

    the_problem(reader.patch(f"{STAGES}/{stage.pk}", {"name": "Mine"}), 403)
    the_problem(stranger.patch(f"{STAGES}/{stage.pk}", {"name": "Mine"}), 404)
    the_problem(stranger.post(STAGES, {"pipeline_id": str(stage.pipeline_id), "name": "Mine"}), 422)
    the_problem(stranger.post(PIPELINES, {"name": "Boats", "unit_ids": [theirs]}), 422)


def test_moves_come_with_both_stages_and_a_stranger_sees_none(cast: Cast, stage: Stage) -> None:
    with organization_scope(cast.acme):
        deal = a_deal(cast.acme, owner=cast.rui)
        discover = a_stage(cast.acme, "Discover")
        move_stage(
            organization=cast.acme,
            opportunity=deal,
            stage=discover,
            version=1,
            actor=cast.rui,
            moved_at=NOON,
            reason="They called",
        )
    acme = Caller(a_token(cast.acme, ["opportunities:read"]))

    began, moved = acme.read(MOVES, opportunity=str(deal.pk))["results"]

    assert (began["previous"], began["current"]["name"]) == (None, "Qualify")
    assert (moved["previous"]["name"], moved["current"]["name"]) == ("Qualify", "Discover")
    assert (moved["moved_by"]["name"], moved["reason"]) == ("Rui Prado", "They called")
    assert [one["id"] for one in acme.read(MOVES, current=str(discover.pk))["results"]] == [moved["id"]]
    stranger = Caller(a_token(cast.globex))
    assert stranger.read(MOVES)["results"] == []
    stranger.refused(f"{MOVES}/{moved['id']}", 404)
