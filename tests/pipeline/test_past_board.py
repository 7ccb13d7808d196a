"""The board of a past day shows what was recorded, and changes nothing."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from pipeline.models import Opportunity
from pipeline.operations import delete_record, make_room_for_snapshots, move_stage, snapshot_open_opportunities
from pipeline.queries.past_board import PastBoard, past_board
from tenancy.models import Member
from tenancy.rates import set_rates
from tenancy.scoping import organization_scope
from tests.cast import Cast
from tests.pipeline.records import a_deal, a_stage, an_account

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 24, 14, 0, tzinfo=UTC)
DAY = date(2026, 11, 17)


@pytest.fixture
def recorded(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> dict[str, Opportunity]:
    """A recorded day, and all that it held changed since: moved, renamed, deleted, counted at another rate."""
    with organization_scope(cast.acme):
        make_room_for_snapshots(first=DAY, last=DAY)
        set_rates(organization=cast.acme, rates={"USD": "0.5"}, on=date(2026, 11, 1))
        account = an_account(cast.acme)
        deals = {
            "here": a_deal(cast.acme, account, cast.rui, name="Here", amount_minor=400),
            "gone": a_deal(cast.acme, account, cast.mia, name="Gone", amount_minor=100, currency="USD"),
            "far": a_deal(cast.acme, account, None, "Proposal", name="Far", amount_minor=1_000),
        }
        snapshot_open_opportunities(
            organization=cast.acme, snapshot_date=DAY, taken_at=datetime(2026, 11, 18, 1, tzinfo=UTC)
        )
        later = NOW - timedelta(days=1)
        move_stage(
            organization=cast.acme,
            opportunity=deals["here"],
            stage=a_stage(cast.acme, "Won"),
            version=1,
            actor=None,
            moved_at=later,
        )
        delete_record(organization=cast.acme, record=deals["gone"], version=1, actor=None, deleted_at=later)
        Opportunity.objects.filter(pk=deals["far"].pk).update(name="Renamed", amount_minor=5)
        set_rates(organization=cast.acme, rates={"USD": "0.9"}, on=date(2026, 11, 20))
    monkeypatch.setattr(timezone, "now", lambda: NOW)
    return deals


def shown(cast: Cast, member: Member, day: date = DAY) -> PastBoard | None:
    with organization_scope(member.organization):
        return past_board(organization=member.organization, member=member, day=day, today=NOW.date(), pipeline_id=None)


def test_it_is_what_was_recorded_by_the_rates_of_that_day(cast: Cast, recorded: dict[str, Opportunity]) -> None:
    board = shown(cast, cast.lena, date(2026, 11, 19))

    assert board is not None
    assert board.recorded.snapshot_date == DAY
    columns = {column.stage.name: column for column in board.columns}
    assert {card.deal.name for card in columns["Qualify"].cards} == {"Here", "Gone"}
    assert columns["Qualify"].worth.amount_minor == 400 + 50
    assert columns["Qualify"].likely.amount_minor == 45
    assert [(card.deal.name, card.deal.amount_minor) for card in columns["Proposal"].cards] == [("Far", 1_000)]
    assert (board.count, board.worth.amount_minor) == (3, 1_450)
    assert {card.deal.name: card.is_there for column in board.columns for card in column.cards} == {
        "Here": True,
        "Gone": False,
        "Far": True,
    }


class TestPage:
    @pytest.fixture
    def get(self, cast: Cast, client_for: Callable[[Member], Client]) -> Callable[..., str]:
        def page(member: Member, on: str, status: int = 200) -> str:
            answer = client_for(member).get(reverse("pipeline:board", args=[member.organization.slug]), {"on": on})
            assert answer.status_code == status
            return answer.content.decode()

        return page

    def test_it_is_marked_and_offers_no_move(
        self, cast: Cast, recorded: dict[str, Opportunity], get: Callable[..., str]
    ) -> None:
        text = get(cast.lena, "2026-11-17")

        assert "This is a record: nothing can be moved here." in text
        assert "Far" in text
        assert "Renamed" not in text
        assert "draggable" not in text
        assert str(recorded["here"].pk) in text
        assert str(recorded["gone"].pk) not in text  # it can't be opened any more
        assert "No night ran on 19 Nov" in get(cast.lena, "2026-11-19")

    def test_a_day_before_the_first_record_says_so_and_today_leads_to_the_live_board(
        self, cast: Cast, recorded: dict[str, Opportunity], get: Callable[..., str]
    ) -> None:
        assert "Nothing was recorded by then" in get(cast.lena, "2026-11-16")
        assert get(cast.lena, "2026-11-24", status=302) == ""
        get(cast.lena, "yesterday", status=400)

    def test_a_stranger_sees_nothing_of_it(
        self,
        cast: Cast,
        recorded: dict[str, Opportunity],
        client_for: Callable[[Member], Client],
        get: Callable[..., str],
    ) -> None:
        address = reverse("pipeline:board", args=[cast.acme.slug])
        assert client_for(cast.sam).get(address, {"on": "2026-11-17"}).status_code == 404
        assert "Far" not in get(cast.sam, "2026-11-17")
