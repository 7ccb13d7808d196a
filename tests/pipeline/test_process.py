"""The process: what a stage asks for is checked on a move, and each change of the process is kept with its reason."""

from typing import Any

import pytest

from pipeline.models import CriterionCheck, Opportunity, Pipeline, Stage
from pipeline.operations import (
    StaleProcess,
    UnableToChangeProcess,
    UnableToMoveStage,
    change_pipeline,
    change_stage,
    check_criterion,
    create_opportunity,
    create_pipeline,
    create_stage,
    delete_stage,
    move_stage,
    place_stage,
    retire_stage,
)
from tenancy.models import DomainEvent, Member, Organization, Unit
from tenancy.scoping import organization_scope
from tests.cast import Cast
from tests.integrations.api_caller import Caller, a_token
from tests.pipeline.records import MORNING, NOON, a_contact, a_deal, a_stage, an_account

BUDGET = {"code": "confirmed", "text": "Need and budget range are confirmed"}


def asks(organization: Organization, name: str, **fields: Any) -> Stage:
    """Let a stage ask for something, and refuse what breaks it."""
    stage = a_stage(organization, name)
    return change_stage(
        organization=organization,
        stage=stage,
        version=stage.version,
        actor=None,
        at=MORNING,
        **{"is_strict": True, "exit_criteria": [], **fields},
    )


def move(deal: Opportunity, to: str, actor: Member | None = None, **said: Any) -> Opportunity:
    """Move a deal to a stage of the default pipeline."""
    stage = a_stage(deal.organization, to)
    return move_stage(
        organization=deal.organization,
        opportunity=deal,
        stage=stage,
        version=deal.version,
        actor=actor,
        moved_at=NOON,
        **said,
    )


def last_told(type_: str) -> dict[str, Any]:
    """Return what the newest event of a type says."""
    return dict(DomainEvent.objects.filter(type=type_).latest("id").payload)


def test_a_move_that_breaks_an_exit_criterion_names_what_is_missing_and_moves_nothing(cast: Cast) -> None:
    with organization_scope(cast.acme):
        asks(cast.acme, "Qualify", exit_criteria=[BUDGET, {"code": "decision_maker"}, {"code": "amount"}])
        account = an_account(cast.acme, owner=cast.rui)
        deal = a_deal(cast.acme, account, owner=cast.rui)

        with pytest.raises(UnableToMoveStage) as refused:
            move(deal, "Discover", cast.rui)

        assert "Need and budget range are confirmed; Somebody who decides is known" in str(refused.value)
        assert "An amount is set" not in str(refused.value)
        deal.refresh_from_db()
        assert (deal.stage.name, deal.version) == ("Qualify", 1)

        check_criterion(
            organization=cast.acme, opportunity=deal, criterion=BUDGET["text"], is_met=True, actor=cast.rui, at=NOON
        )
        a_contact(cast.acme, account, role="decides")
        assert move(deal, "Discover", cast.rui).stage.name == "Discover"
        assert last_told("opportunity.stage_moved")["lacks"] == []


def test_what_a_stage_only_counts_refuses_nothing(cast: Cast) -> None:
    with organization_scope(cast.acme):
        asks(cast.acme, "Qualify", exit_criteria=[{"code": "product"}], is_strict=False)
        asks(cast.acme, "Discover", entry_criteria=[{"code": "next_step"}], is_strict=False)
        deal = a_deal(cast.acme)

        move(deal, "Discover")

        assert last_told("opportunity.stage_moved")["lacks"] == [
            "A product is named",
            "The next step has a day that is still to come",
        ]


@pytest.mark.parametrize(("to", "said"), [("Qualify", {}), ("Lost", {"lost_reason": "No budget"})])
def test_who_takes_a_deal_back_or_gives_it_up_is_asked_for_nothing(cast: Cast, to: str, said: dict[str, Any]) -> None:
    with organization_scope(cast.acme):
        asks(cast.acme, "Discover", exit_criteria=[BUDGET])
        deal = a_deal(cast.acme, stage="Discover")

        assert move(deal, to, **said).stage.name == to


def test_a_stage_that_only_leaders_move_into_refuses_the_rest(cast: Cast) -> None:
    with organization_scope(cast.acme):
        asks(cast.acme, "Negotiate", moved_by="leads")
        deal = a_deal(cast.acme, owner=cast.rui)

        with pytest.raises(UnableToMoveStage, match="Squad leads and leaders move deals into “Negotiate”"):
            move(deal, "Negotiate", cast.rui)

        assert move(deal, "Negotiate", cast.sil).stage.name == "Negotiate"


def test_a_pipeline_of_other_units_takes_no_deal_of_mine(cast: Cast) -> None:
    with organization_scope(cast.acme):
        marine = Unit.objects.get(code="marine")
        boats = create_pipeline(organization=cast.acme, name="Boats", units=[marine], actor=cast.lena, at=MORNING)
        first = boats.stages.earliest("position")

        def open_deal(actor: Member) -> Opportunity:
            return create_opportunity(
                organization=cast.acme, stage=first, actor=actor, opened_at=NOON, name="Hull fans", owner=actor
            )

        with pytest.raises(UnableToMoveStage, match="“Boats” is for other units"):
            open_deal(cast.rui)
        assert open_deal(cast.mia).pipeline_id == boats.pk
        assert open_deal(cast.lena).pipeline_id == boats.pk


def test_what_held_a_deal_is_retired_and_never_deleted(cast: Cast) -> None:
    with organization_scope(cast.acme):
        deal = a_deal(cast.acme, stage="Qualify")
        move(deal, "Discover")
        stage = a_stage(cast.acme, "Qualify")
        said: dict[str, Any] = {
            "organization": cast.acme,
            "stage": stage,
            "version": stage.version,
            "actor": cast.lena,
            "at": NOON,
        }

        with pytest.raises(UnableToChangeProcess, match="Retire it"):
            delete_stage(**said)
        retire_stage(**said, reason="Merged with Discover")

        with pytest.raises(UnableToMoveStage, match="no longer in use"):
            move(deal, "Qualify")
        assert last_told("stage.retired") == {"name": "Qualify", "reason": "Merged with Discover"}
        empty = create_stage(
            organization=cast.acme, pipeline=stage.pipeline, kind="open", name="Trial", actor=cast.lena, at=NOON
        )
        delete_stage(organization=cast.acme, stage=empty, version=1, actor=cast.lena, at=NOON)
        assert not Stage.objects.filter(name="Trial").exists()


def test_a_new_stage_stands_before_won_and_changes_places_with_its_neighbour(cast: Cast) -> None:
    with organization_scope(cast.acme):
        pipeline = a_stage(cast.acme).pipeline
        trial = create_stage(
            organization=cast.acme, pipeline=pipeline, kind="open", name="Trial", actor=cast.lena, at=NOON
        )
        place_stage(organization=cast.acme, stage=trial, version=1, by=-1, actor=cast.lena, at=NOON)

        names = list(pipeline.stages.order_by("position").values_list("name", flat=True))
        assert names == ["Qualify", "Discover", "Solution", "Proposal", "Trial", "Negotiate", "Won", "Lost"]
        won = pipeline.stages.get(name="Won")
        with pytest.raises(UnableToChangeProcess, match="further"):
            place_stage(organization=cast.acme, stage=won, version=won.version, by=1, actor=cast.lena, at=NOON)


def test_a_change_of_the_process_is_kept_with_both_values_and_its_reason(cast: Cast) -> None:
    with organization_scope(cast.acme):
        stage = a_stage(cast.acme)
        said: dict[str, Any] = {"organization": cast.acme, "stage": stage, "actor": cast.lena, "at": NOON}

        change_stage(**said, version=1, expected_days=14, reason="Deals stood here too long")
        with pytest.raises(StaleProcess):
            change_stage(**said, version=1, expected_days=9)
        change_stage(**said, version=2, expected_days=14)  # says what is so already

        told = DomainEvent.objects.get(type="stage.changed")
        assert (told.actor, told.payload["changed"]) == (cast.lena, {"expected_days": [15, 14]})
        assert told.payload["reason"] == "Deals stood here too long"


def test_the_default_pipeline_stays_in_use(cast: Cast) -> None:
    with organization_scope(cast.acme):
        pipeline = a_stage(cast.acme).pipeline
        said: dict[str, Any] = {"organization": cast.acme, "actor": cast.lena, "at": NOON}
        with pytest.raises(UnableToChangeProcess, match="another one the default"):
            change_pipeline(**said, pipeline=pipeline, version=1, is_active=False)

        other = create_pipeline(**said, name="Renewals")
        change_pipeline(**said, pipeline=other, version=1, is_default=True)
        pipeline.refresh_from_db()
        change_pipeline(**said, pipeline=pipeline, version=pipeline.version, is_active=False)

        assert [one.name for one in Pipeline.objects.filter(is_default=True, is_active=True)] == ["Renewals"]


def test_the_api_refuses_a_move_that_lacks_something_one_by_one_and_in_bulk(cast: Cast) -> None:
    with organization_scope(cast.acme):
        asks(cast.acme, "Qualify", exit_criteria=[{"code": "product"}])
        deal = a_deal(cast.acme, source="erp", external_id="D1")
        discover = str(a_stage(cast.acme, "Discover").pk)
    acme = Caller(a_token(cast.acme, ["opportunities:read", "opportunities:write"]))

    refused = acme.patch(f"/api/v1/opportunities/{deal.pk}", {"stage_id": discover}, 1)
    row = {"external_id": "D1", "stage_id": discover}
    bulk = acme.post("/api/v1/opportunities/bulk", {"source": "erp", "records": [row]})

    assert refused.status_code == 422
    assert "A product is named" in refused.json()["detail"]
    assert "A product is named" in bulk.content.decode()
    with organization_scope(cast.acme):
        assert Opportunity.objects.get().stage.name == "Qualify"


def test_the_api_shows_the_process_and_a_stranger_none_of_it(cast: Cast) -> None:
    with organization_scope(cast.acme):
        asks(cast.acme, "Qualify", exit_criteria=[BUDGET], warning_days=40)
        marine = Unit.objects.get(code="marine")
        boats = create_pipeline(organization=cast.acme, name="Boats", units=[marine], actor=cast.lena, at=MORNING)
    acme, stranger = (Caller(a_token(one, ["opportunities:read"])) for one in (cast.acme, cast.globex))

    pipelines = acme.read("/api/v1/pipelines")["results"]
    stage = acme.read("/api/v1/stages", pipeline=pipelines[1]["id"])["results"][0]

    assert [(one["name"], one["is_default"], one["unit_ids"]) for one in pipelines] == [
        ("Boats", False, [str(marine.pk)]),
        ("Sales", True, []),
    ]
    assert (stage["exit_criteria"], stage["expected_days"], stage["warning_days"]) == ([BUDGET], 15, 40)
    assert stranger.read("/api/v1/pipelines")["results"] == []
    stranger.refused(f"/api/v1/pipelines/{boats.pk}", 404)


def test_a_confirmation_belongs_to_its_deal_and_to_its_words(cast: Cast) -> None:
    with organization_scope(cast.acme):
        asks(cast.acme, "Qualify", exit_criteria=[BUDGET])
        deal, other = a_deal(cast.acme), a_deal(cast.acme, name="Other")
        for _ in range(2):
            check_criterion(
                organization=cast.acme, opportunity=deal, criterion=BUDGET["text"], is_met=True, actor=cast.rui, at=NOON
            )
        assert CriterionCheck.objects.count() == 1
        with pytest.raises(UnableToMoveStage):
            move(other, "Discover")
        asks(cast.acme, "Qualify", exit_criteria=[{"code": "confirmed", "text": "The budget is approved"}])
        with pytest.raises(UnableToMoveStage, match="The budget is approved"):
            move(Opportunity.objects.get(pk=deal.pk), "Discover")
