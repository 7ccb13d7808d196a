"""The page of the process: it shows what stages ask for, and lets leaders change it with a reason."""

from typing import Any

import pytest

from pipeline.models import Pipeline, Stage
from tenancy.models import Unit
from tenancy.scoping import organization_scope
from tests.cast import Cast
from tests.pipeline.pages import ClientFor
from tests.pipeline.records import a_deal, a_stage

HOME = "/acme/process/"


@pytest.fixture
def stage(cast: Cast) -> Stage:
    with organization_scope(cast.acme):
        return a_stage(cast.acme)


def said(stage: Stage, **fields: Any) -> dict[str, Any]:
    """What the form of a stage sends."""
    kept = {"name": stage.name, "chance": "10", "forecast_category": "pipeline", "moved_by": "everybody"}
    return {**kept, "version": stage.version, "expected_days": 21, "warning_days": 0, **fields}


def test_a_leader_says_what_a_stage_asks_for_and_the_log_says_why(
    cast: Cast, client_for: ClientFor, stage: Stage
) -> None:
    lena = client_for(cast.lena)
    sent = said(
        stage, exit=["amount"], exit_confirmed="Budget confirmed\n\n", is_strict="on", reason="Too much came early"
    )

    answer = lena.post(f"{HOME}stages/{stage.pk}/", sent, follow=True)

    shown = answer.content.decode()
    assert "An amount is set" in shown
    assert "Budget confirmed" in shown
    assert "Stage Qualify was changed" in shown
    assert "Too much came early" in shown
    assert "Lena Vogt" in shown
    with organization_scope(cast.acme):
        stage.refresh_from_db()
        assert stage.exit_criteria == [{"code": "amount"}, {"code": "confirmed", "text": "Budget confirmed"}]
        assert stage.is_strict


def test_a_stale_form_changes_nothing_and_is_kept(cast: Cast, client_for: ClientFor, stage: Stage) -> None:
    lena, ada = client_for(cast.lena), client_for(cast.ada)
    lena.post(f"{HOME}stages/{stage.pk}/", said(stage, expected_days=9))

    answer = ada.post(f"{HOME}stages/{stage.pk}/", said(stage, expected_days=50))

    assert answer.status_code == 409
    assert 'value="50"' in answer.content.decode()
    with organization_scope(cast.acme):
        stage.refresh_from_db()
        assert stage.expected_days == 9
    again = ada.post(f"{HOME}stages/{stage.pk}/", said(stage, expected_days=50, version=2))
    assert again.status_code == 302


def test_a_pipeline_is_added_for_a_unit_and_deals_keep_a_stage_from_being_deleted(
    cast: Cast, client_for: ClientFor, stage: Stage
) -> None:
    lena = client_for(cast.lena)
    with organization_scope(cast.acme):
        marine = Unit.objects.get(code="marine")
        a_deal(cast.acme)

    lena.post(f"{HOME}new/", {"name": "Boats", "units": [str(marine.pk)], "version": 1})
    refused = lena.post(f"{HOME}stages/{stage.pk}/act/", {"do": "delete", "version": 1}, follow=True)
    retired = lena.post(f"{HOME}stages/{stage.pk}/act/", {"do": "retire", "version": 1}, follow=True)

    assert "Retire it: their history stays" in refused.content.decode()
    assert "Stage Qualify was retired" in retired.content.decode()
    with organization_scope(cast.acme):
        boats = Pipeline.objects.get(name="Boats")
        assert [link.unit_id for link in boats.availability.all()] == [marine.pk]
        assert boats.stages.count() == 7


@pytest.mark.parametrize("who", ["rui", "sil", "ana"])
def test_who_does_not_lead_reads_the_process_and_changes_nothing(
    cast: Cast, client_for: ClientFor, stage: Stage, who: str
) -> None:
    client = client_for(getattr(cast, who))

    assert "Qualify" in client.get(HOME).content.decode()
    assert client.get(f"{HOME}stages/{stage.pk}/").status_code == 403
    assert client.post(f"{HOME}stages/{stage.pk}/act/", {"do": "retire", "version": 1}).status_code == 403


def test_a_stranger_finds_no_process_here(cast: Cast, client_for: ClientFor, stage: Stage) -> None:
    sam = client_for(cast.sam)

    assert sam.get(HOME).status_code == 404
    assert sam.get(f"/globex/process/stages/{stage.pk}/").status_code == 404
    assert "Qualify" not in sam.get("/globex/process/").content.decode()
