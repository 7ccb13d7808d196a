"""Opening, changing and moving deals."""

from datetime import date, timedelta

import pytest

from pipeline.models import OpportunityHistory, Stage
from pipeline.operations import (
    StaleVersion,
    UnableToMoveStage,
    UnableToRestore,
    create_default_pipeline,
    delete_record,
    move_stage,
    restore_record,
    update_opportunity,
)
from tenancy.models import DomainEvent
from tests.cast import Cast
from tests.pipeline.records import MORNING, NOON, a_deal, a_stage, an_account

pytestmark = pytest.mark.usefixtures("acme_scope")


def history(deal) -> list[tuple[str, str, str]]:
    rows = OpportunityHistory.objects.filter(opportunity=deal).order_by("occurred_at", "id")
    return list(rows.values_list("field", "old", "new"))


def event_types(deal) -> list[str]:
    return list(DomainEvent.objects.filter(subject_id=deal.pk).order_by("id").values_list("type", flat=True))


def test_a_new_deal_begins_its_history_with_its_first_values(cast: Cast) -> None:
    account = an_account(cast.acme)

    deal = a_deal(cast.acme, account, cast.rui)

    assert history(deal) == [
        ("stage", "", "Qualify"),
        ("amount", "", "120000000"),
        ("close_date", "", "2026-06-30"),
        ("owner", "", str(cast.rui.pk)),
        ("account", "", str(account.pk)),
    ]
    assert event_types(deal) == ["opportunity.created"]


def test_a_changed_amount_and_a_push_are_kept_and_told(cast: Cast) -> None:
    deal = a_deal(cast.acme)

    update_opportunity(
        organization=cast.acme,
        opportunity=deal,
        version=1,
        actor=cast.rui,
        updated_at=NOON,
        amount_minor=90_000_000,
        close_date=date(2026, 9, 30),
    )

    assert history(deal)[-2:] == [("amount", "120000000", "90000000"), ("close_date", "2026-06-30", "2026-09-30")]
    assert event_types(deal)[1:] == ["opportunity.updated", "opportunity.amount_changed", "opportunity.pushed"]


def test_winning_closes_the_deal_on_that_day(cast: Cast) -> None:
    deal = a_deal(cast.acme)
    won_at = MORNING + timedelta(days=40)

    move_stage(
        organization=cast.acme,
        opportunity=deal,
        stage=a_stage(cast.acme, "Won"),
        version=1,
        actor=cast.rui,
        moved_at=won_at,
    )

    deal.refresh_from_db()
    assert (deal.outcome, deal.closed_at, deal.close_date) == ("won", won_at, won_at.date())
    assert history(deal)[-2:] == [("stage", "Qualify", "Won"), ("close_date", "2026-06-30", "2026-04-11")]
    assert event_types(deal)[1:] == ["opportunity.stage_moved", "opportunity.won"]
    moved = DomainEvent.objects.get(type="opportunity.stage_moved")
    assert moved.payload["days_in_stage"] == 40


def test_a_loss_needs_its_reason(cast: Cast) -> None:
    deal = a_deal(cast.acme)
    lost = a_stage(cast.acme, "Lost")

    with pytest.raises(UnableToMoveStage, match="why"):
        move_stage(organization=cast.acme, opportunity=deal, stage=lost, version=1, actor=None, moved_at=NOON)
    move_stage(
        organization=cast.acme, opportunity=deal, stage=lost, version=1, actor=None, moved_at=NOON, lost_reason="Price"
    )

    deal.refresh_from_db()
    assert (deal.outcome, deal.lost_reason) == ("lost", "Price")


def test_a_closed_deal_can_be_opened_again(cast: Cast) -> None:
    deal = a_deal(cast.acme)
    for version, stage in [(1, "Won"), (2, "Negotiate")]:
        move_stage(
            organization=cast.acme,
            opportunity=deal,
            stage=a_stage(cast.acme, stage),
            version=version,
            actor=None,
            moved_at=NOON,
        )

    deal.refresh_from_db()
    assert (deal.outcome, deal.closed_at) == ("open", None)
    assert event_types(deal)[-2:] == ["opportunity.stage_moved", "opportunity.reopened"]


def test_it_refuses_the_same_stage_a_retired_one_and_a_stale_version(cast: Cast) -> None:
    deal = a_deal(cast.acme)
    retired = a_stage(cast.acme, "Proposal")
    Stage.objects.filter(pk=retired.pk).update(retired_at=MORNING)
    retired.refresh_from_db()

    for stage in (a_stage(cast.acme, "Qualify"), retired):
        with pytest.raises(UnableToMoveStage):
            move_stage(organization=cast.acme, opportunity=deal, stage=stage, version=1, actor=None, moved_at=NOON)
    with pytest.raises(StaleVersion):
        move_stage(
            organization=cast.acme,
            opportunity=deal,
            stage=a_stage(cast.acme, "Discover"),
            version=7,
            actor=None,
            moved_at=NOON,
        )


def test_a_deleted_deal_comes_back_within_thirty_days_only(cast: Cast) -> None:
    deal = a_deal(cast.acme)

    delete_record(organization=cast.acme, record=deal, version=1, actor=cast.rui, deleted_at=NOON)
    with pytest.raises(UnableToRestore):
        restore_record(
            organization=cast.acme, record=deal, version=2, actor=None, restored_at=NOON + timedelta(days=31)
        )
    restore_record(organization=cast.acme, record=deal, version=2, actor=None, restored_at=NOON + timedelta(days=29))

    deal.refresh_from_db()
    assert deal.deleted_at is None
    assert event_types(deal)[1:] == ["opportunity.deleted", "opportunity.restored"]


def test_the_default_pipeline_is_made_once(cast: Cast) -> None:
    first = create_default_pipeline(organization=cast.acme)
    again = create_default_pipeline(organization=cast.acme)

    assert first == again
    stages = Stage.objects.filter(pipeline=first).order_by("position")
    assert [stage.name for stage in stages] == [
        *("Qualify", "Discover", "Solution", "Proposal", "Negotiate", "Won", "Lost"),
    ]
