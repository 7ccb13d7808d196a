"""The board: open deals by stage with true sums, and moves that are kept, refused in words, or taken back."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from pipeline.models import Opportunity, Stage
from pipeline.operations import change_stage, retire_stage
from tenancy.models import Member
from tenancy.rates import choose_currency, set_rates
from tenancy.scoping import organization_scope
from tenancy.working_time import calendar_of, local_day
from tests.cast import Cast
from tests.pipeline.pages import ClientFor, text_of, url
from tests.pipeline.records import a_deal, a_stage, an_account


def moved(client: Client, deal: Opportunity, to: Stage, version: int = 1, **said: str) -> Any:
    """Send the move of a card."""
    return client.post(url("board-move", deal.pk), {"stage": str(to.pk), "version": version, **said})


def stage_of(deal: Opportunity) -> tuple[str, int]:
    with organization_scope(deal.organization):
        found = Opportunity.objects.select_related("stage").get(pk=deal.pk)
        return found.stage.name, found.version


@pytest.fixture
def deal(cast: Cast) -> Opportunity:
    with organization_scope(cast.acme):
        return a_deal(cast.acme, an_account(cast.acme, owner=cast.rui), owner=cast.rui, opened_at=timezone.now())


@pytest.fixture
def stages(cast: Cast, deal: Opportunity) -> dict[str, Stage]:
    with organization_scope(cast.acme):
        return {stage.name: stage for stage in Stage.objects.filter(pipeline=deal.pipeline_id)}


def test_a_column_counts_sums_and_weighs_and_says_when_currencies_are_mixed(
    cast: Cast, client_for: ClientFor, deal: Opportunity
) -> None:
    with organization_scope(cast.acme):
        a_deal(cast.acme, owner=cast.mia, name="Spare drives", amount_minor=80_000_000, probability_bp=5_000)
        a_deal(cast.acme, name="Hull fans", amount_minor=9_000_000, currency="USD", stage="Discover")
        a_deal(cast.acme, name="Both", amount_minor=1_000_000, stage="Discover")

    shown = client_for(cast.lena).get(url("board")).context["board"]

    qualify, discover = shown.columns[:2]
    assert (qualify.count, qualify.worth.is_mixed, discover.worth.is_mixed) == (2, False, True)
    # 1.2 million by the stage's 10 %, and 0.8 million by the deal's own 50 %.
    assert (qualify.worth.amount_minor, qualify.likely.amount_minor) == (200_000_000, 52_000_000)
    assert (discover.worth.amount_minor, discover.worth.left_out) == (1_000_000, {"USD": 9_000_000})
    assert [column.stage.name for column in shown.columns] == [
        *("Qualify", "Discover", "Solution", "Proposal", "Negotiate")
    ]
    assert "mixed currency, without $90k, which has no rate" in text_of(client_for(cast.rui).get(url("board")))


def test_sums_are_in_the_viewers_currency_by_todays_rates(cast: Cast, client_for: ClientFor, deal: Opportunity) -> None:
    with organization_scope(cast.acme):
        set_rates(organization=cast.acme, rates={"USD": "0.5"}, on=date(2026, 3, 2))
        a_deal(cast.acme, name="Hull fans", amount_minor=8_000_000, currency="USD")
        choose_currency(member=cast.rui, currency="USD", today=date(2026, 3, 2))

    lena = client_for(cast.lena).get(url("board"))
    rui = client_for(cast.rui).get(url("board"))

    assert lena.context["board"].worth.amount_minor == 124_000_000
    assert rui.context["board"].worth.amount_minor == 248_000_000
    assert rui.context["board"].likely.amount_minor == 24_800_000
    assert "2 open deals, $2.5m (mixed currency, rate of 2 Mar" in text_of(rui).replace('<span class="sm">', "")


def test_what_the_stream_names_is_shown_with_the_viewers_own_rights_and_filters(
    cast: Cast, client_for: ClientFor, deal: Opportunity, stages: dict[str, Stage]
) -> None:
    rui, lena = client_for(cast.rui), client_for(cast.lena)
    with organization_scope(cast.acme):
        other = a_deal(cast.acme, owner=cast.mia, name="Hull fans")
    assert lena.get(url("board")).context["live_since"] == 0, "nothing has a position before the relay gives one"
    moved(rui, deal, stages["Discover"])
    moved(lena, other, stages["Won"])
    ids = f"{deal.pk},{other.pk}"

    told = lena.get(url("board-changes"), {"ids": ids})
    narrowed = lena.get(url("board-changes"), {"ids": ids, "name": "Hull"})

    assert [card.pk for card in told.context["cards"]] == [deal.pk]
    assert f'data-into="{stages["Discover"].pk}"' in text_of(told)
    assert "is in Discover now" in text_of(told)
    assert narrowed.context["cards"] == []
    assert client_for(cast.abe).get(url("board-changes"), {"ids": ids}).context["cards"][0].is_editable is False
    assert lena.get(url("board-changes"), {"ids": "x"}).status_code == 400
    sam = client_for(cast.sam)
    assert sam.get(url("board-changes"), {"ids": ids}).status_code == 404
    assert sam.get(url("board-changes", organization="globex"), {"ids": ids}).context["cards"] == []


def test_a_card_says_what_one_needs_to_know(cast: Cast, client_for: ClientFor) -> None:
    with organization_scope(cast.acme):
        now = timezone.now()
        account = an_account(cast.acme, owner=cast.rui)
        a_deal(cast.acme, account, owner=cast.rui, opened_at=now - timedelta(days=24), close_date=date(2099, 1, 1))

    page = text_of(client_for(cast.rui).get(url("board")))

    with organization_scope(cast.acme):
        calendar, today = calendar_of(cast.acme), local_day(cast.acme, now)
    days = calendar.days_between(calendar.day_of(now - timedelta(days=24)), today)
    for words in ("Velora E-Bikes", "€1.2m", "No next step", f"{days} d, usual 15", "Rui Prado", "10%", "kcard stale"):
        assert words in page, words


def test_a_move_answers_with_the_card_the_sums_and_a_way_back(
    cast: Cast, client_for: ClientFor, deal: Opportunity, stages: dict[str, Stage]
) -> None:
    rui = client_for(cast.rui)

    answer = moved(rui, deal, stages["Discover"])

    assert answer.status_code == 200
    columns = {column.stage.name: column for column in answer.context["board"].columns}
    assert (columns["Qualify"].count, columns["Discover"].count) == (0, 1)
    assert f'id="card-{deal.pk}"' in text_of(answer)
    assert stage_of(deal) == ("Discover", 2)
    rui.post(answer.context["undo_url"])
    assert stage_of(deal)[0] == "Qualify"


def test_of_two_who_move_one_card_one_wins_and_the_other_is_told(
    cast: Cast, client_for: ClientFor, deal: Opportunity, stages: dict[str, Stage]
) -> None:
    moved(client_for(cast.sil), deal, stages["Solution"])

    late = moved(client_for(cast.rui), deal, stages["Discover"])

    assert late.status_code == 409
    assert "is in “Solution”" in text_of(late)
    assert f'data-into="{stages["Solution"].pk}"' in text_of(late)
    assert stage_of(deal) == ("Solution", 2)


def test_a_move_that_lacks_something_stays_and_says_what(
    cast: Cast, client_for: ClientFor, deal: Opportunity, stages: dict[str, Stage]
) -> None:
    with organization_scope(cast.acme):
        change_stage(
            organization=cast.acme,
            stage=stages["Qualify"],
            version=1,
            actor=cast.lena,
            at=timezone.now(),
            exit_criteria=[{"code": "next_step"}],
            is_strict=True,
        )

    refused = moved(client_for(cast.rui), deal, stages["Discover"])
    lost = moved(client_for(cast.rui), deal, stages["Lost"])

    assert (refused.status_code, lost.status_code) == (422, 422)
    assert "The next step has a day that is still to come" in text_of(refused)
    assert "Say why the deal was lost" in text_of(lost)
    assert stage_of(deal) == ("Qualify", 1)
    assert moved(client_for(cast.rui), deal, stages["Lost"], lost_reason="No budget").status_code == 200


def test_a_long_column_shows_more_on_demand_without_a_gap(cast: Cast, client_for: ClientFor) -> None:
    with organization_scope(cast.acme):
        days = [date(2099, 1, 1) + timedelta(days=number // 3) for number in range(47)]
        for number, day in enumerate(days):
            a_deal(cast.acme, name=f"Deal {number:02}", close_date=day)
        a_deal(cast.acme, name="Undated", close_date=None)
    lena = client_for(cast.lena)

    column = lena.get(url("board")).context["board"].columns[0]
    more = lena.get(url("board-more", column.stage.pk, after=str(column.last.pk))).context

    assert (len(column.cards), column.more) == (18, 30)
    names = [deal.name for deal in (*column.cards, *more["cards"])]
    assert len(set(names)) == 48
    assert names[-1] == "Undated"
    assert more["last"] is None


def test_a_retired_stage_is_shown_as_long_as_deals_stand_in_it(
    cast: Cast, client_for: ClientFor, deal: Opportunity, stages: dict[str, Stage]
) -> None:
    with organization_scope(cast.acme):
        for name in ("Qualify", "Solution"):
            retire_stage(organization=cast.acme, stage=stages[name], version=1, actor=cast.lena, at=timezone.now())

    shown = client_for(cast.rui).get(url("board")).context["board"]

    assert [column.stage.name for column in shown.columns] == ["Qualify", "Discover", "Proposal", "Negotiate"]


@pytest.mark.parametrize(("who", "status"), [("mia", 403), ("cora", 403), ("abe", 403)])
def test_who_may_only_look_moves_nothing(
    cast: Cast, client_for: ClientFor, deal: Opportunity, stages: dict[str, Stage], who: str, status: int
) -> None:
    member: Member = getattr(cast, who)
    client = client_for(member)

    assert f'id="card-{deal.pk}"' in text_of(client.get(url("board")))
    assert moved(client, deal, stages["Discover"]).status_code == status
    assert stage_of(deal) == ("Qualify", 1)


def test_a_stranger_sees_and_moves_none_of_it(
    cast: Cast, client_for: ClientFor, deal: Opportunity, stages: dict[str, Stage]
) -> None:
    sam = client_for(cast.sam)
    with organization_scope(cast.globex):
        a_stage(cast.globex)

    own = sam.get(url("board", organization="globex"))
    address = url("board-move", deal.pk, organization="globex")
    stolen = sam.post(address, {"stage": str(stages["Discover"].pk), "version": 1})

    assert "2027 drive framework" not in text_of(own)
    assert own.context["board"].count == 0
    assert stolen.status_code == 404
    assert sam.get(url("board-more", stages["Qualify"].pk, organization="globex")).status_code == 404
    assert sam.get(url("board")).status_code == 404
    assert stage_of(deal) == ("Qualify", 1)
