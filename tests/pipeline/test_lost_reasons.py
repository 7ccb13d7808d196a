"""The list of reasons for lost deals: kept by the organisation, offered where deals are closed, and spelt alike."""

import json

import pytest

from pipeline.models import LostReasons, Opportunity
from pipeline.operations import change_lost_reasons
from tenancy.scoping import organization_scope
from tests.cast import Cast
from tests.integrations.api_caller import Caller, a_token, the_problem
from tests.pipeline.pages import ClientFor, text_of, url
from tests.pipeline.records import NOON, a_deal, a_stage, an_account

DEALS = "/api/v1/opportunities"


@pytest.fixture
def deal(cast: Cast) -> Opportunity:
    with organization_scope(cast.acme):
        return a_deal(cast.acme, an_account(cast.acme, owner=cast.rui), cast.rui)


def only(cast: Cast, *reasons: str) -> None:
    """Let only these reasons count at Acme."""
    with organization_scope(cast.acme):
        change_lost_reasons(
            organization=cast.acme,
            version=cast.acme.version,
            reasons=LostReasons(reasons, only=True),
            actor=cast.lena,
            at=NOON,
        )


def lost(cast: Cast) -> str:
    with organization_scope(cast.acme):
        return str(a_stage(cast.acme, "Lost").pk)


def test_a_leader_keeps_the_list_and_the_log_says_what_changed(cast: Cast, client_for: ClientFor) -> None:
    lena, page = client_for(cast.lena), url("process-reasons")
    sent = {"version": lena.get(page).context["form"].initial["version"], "reason": "Too many words"}

    twice = lena.post(page, {**sent, "reasons": "Price\nprice"})
    nothing = lena.post(page, {**sent, "reasons": "", "only": "on"})
    saved = lena.post(page, {**sent, "reasons": "Price\n\n  Too   late \n", "only": "on"}, follow=True)
    stale = lena.post(page, {**sent, "reasons": "Other"})

    assert (twice.status_code, nothing.status_code, stale.status_code) == (422, 422, 409)
    assert "→ Price; Too late" in text_of(saved)
    assert "Too many words" in text_of(saved)
    assert client_for(cast.rui).get(page).status_code == 403
    assert client_for(cast.sam).get(page).status_code == 404
    theirs = client_for(cast.sam).get(url("process-reasons", organization="globex"))
    assert "Too late" not in text_of(theirs)


@pytest.mark.parametrize("page", ["board", "opportunities", "deal"])
def test_it_is_offered_wherever_a_deal_is_closed(
    cast: Cast, client_for: ClientFor, deal: Opportunity, page: str
) -> None:
    only(cast, "Too late")
    address = url("opportunity", deal.pk) if page == "deal" else url(page)

    shown = text_of(client_for(cast.rui).get(address))

    assert shown.count('<option value="Too late">') == 1
    assert 'list="lost-reasons"' in shown


def test_a_reason_is_kept_as_the_list_spells_it_by_every_way(
    cast: Cast, client_for: ClientFor, deal: Opportunity
) -> None:
    with organization_scope(cast.acme):
        more = [a_deal(cast.acme, an_account(cast.acme, owner=cast.rui), cast.rui) for _ in range(3)]
    rui, stage, said = client_for(cast.rui), lost(cast), "  a COMPETITOR "

    rui.post(url("opportunity-move", deal.pk), {"stage": stage, "version": "1", "lost_reason": said})
    rui.post(url("board-move", more[0].pk), {"stage": stage, "version": "1", "lost_reason": said})
    bulk = {"do": "stage", "stage": stage, "lost_reason": said, "id": str(more[1].pk)}
    rui.post(url("opportunities-bulk"), bulk)
    acme = Caller(a_token(cast.acme))
    acme.patch(f"{DEALS}/{more[2].pk}", {"stage_id": stage, "lost_reason": said.strip()})

    with organization_scope(cast.acme):
        assert list(Opportunity.objects.values_list("lost_reason", flat=True)) == ["A competitor"] * 4


def test_where_only_the_list_counts_other_words_are_refused_by_every_way(
    cast: Cast, client_for: ClientFor, deal: Opportunity
) -> None:
    only(cast, "Price", "Too late")
    rui, stage = client_for(cast.rui), lost(cast)
    move = {"stage": stage, "version": "1", "lost_reason": "Rain"}

    page = rui.post(url("opportunity-move", deal.pk), move)
    board = rui.post(url("board-move", deal.pk), move)
    bulk = rui.post(url("opportunities-bulk"), {**move, "do": "stage", "id": str(deal.pk)}, follow=True)
    api = Caller(a_token(cast.acme)).patch(f"{DEALS}/{deal.pk}", {"stage_id": stage, "lost_reason": "Rain"})

    words = "Choose one of the reasons: Price, Too late."
    assert (page.status_code, board.status_code) == (422, 422)
    assert words in text_of(page)
    assert words in text_of(board)
    assert words.rstrip(".") in text_of(bulk)
    assert words in json.dumps(the_problem(api, 422))
    with organization_scope(cast.acme):
        deal.refresh_from_db()
        assert deal.outcome == "open"
