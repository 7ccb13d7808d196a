"""The next step on pages: the list with its cut line, the home page, an account, and what people say to it."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from pipeline.models import Account, AccountScore, NextAction, WeekPlan
from tenancy.models import DomainEvent, Member
from tenancy.scoping import organization_scope
from tests.architecture.world import a_night, a_scored_account
from tests.cast import Cast
from tests.pipeline.pages import text_of

ClientFor = Callable[[Member], Client]
PRIORITIES, HOME = "/acme/priorities/", "/acme/"


@pytest.fixture
def planned(cast: Cast) -> Iterator[list[Account]]:
    """Three accounts of Rui's: in the plan, below the cut, and put off."""
    with organization_scope(cast.acme):
        night = a_night(cast.acme)
        plan = WeekPlan.objects.create(
            organization=cast.acme, run=night, member=cast.rui, hours=16, committed=0, floors=0, ranked=14.5,
            explored=1, cut_minor=120_00, value_minor=9_000_00, lost_minor=0, accounts=3, currency="EUR",
            is_margin=False, as_of=night.as_of,
        )  # fmt: skip
        accounts = []
        for rank, (place, per_hour) in enumerate([("ranked", 412_00), ("below_cut", 90_00), ("deferred", 50_00)], 1):
            account = a_scored_account(cast.acme, cast.rui)
            AccountScore.objects.filter(account=account).update(
                rank=rank, per_hour_minor=per_hour, value_minor=rank, band="act" if rank == 1 else "steady"
            )
            contact = {"type": "contact", "id": str(account.pk), "label": f"Kim {rank}"}
            NextAction.objects.filter(account=account).update(
                rank=rank, plan=plan, place=place, hours=0.5, per_hour_minor=per_hour, days_left=3,
                actions=[{"kind": "call", "hours": 0.5, "record": contact, "days": 43}],
            )  # fmt: skip
            accounts.append(account)
        WeekPlan.objects.exclude(pk=plan.pk).delete()
        yield accounts


def page_of(account: Account, part: str = "") -> str:
    return reverse("pipeline:next-action", args=["acme", account.pk]) + part


def choice_of(cast: Cast, account: Account) -> str:
    with organization_scope(cast.acme):
        return str(NextAction.objects.get(account=account).choice)


def test_the_list_is_in_the_order_of_value_an_hour_and_says_where_hours_end(
    cast: Cast, client_for: ClientFor, planned: list[Account]
) -> None:
    page = text_of(client_for(cast.rui).get(PRIORITIES))

    places = [page.index(words) for words in ("Call Kim 1", "Here the hours end", "Call Kim 2", "Call Kim 3")]
    assert places == sorted(places)
    assert "15.5 of 16 hours of the next seven days are planned" in page
    assert "brings €120 an hour" in page
    assert "€412" in page
    assert "In touch 43 days ago" in page


def test_the_list_can_be_read_by_value_at_stake_all_the_same(
    cast: Cast, client_for: ClientFor, planned: list[Account]
) -> None:
    page = text_of(client_for(cast.rui).get(PRIORITIES, {"sort": "-value"}))

    assert page.index("Call Kim 3") < page.index("Call Kim 1")
    assert "Here the hours end" not in page
    assert client_for(cast.rui).get(PRIORITIES, {"sort": "-plan"}).status_code == 400


def test_addresses_from_before_there_was_one_rank_still_lead_to_it(
    cast: Cast, client_for: ClientFor, planned: list[Account]
) -> None:
    for kept in ("plan", "rank"):
        page = text_of(client_for(cast.rui).get(PRIORITIES, {"sort": kept}))
        assert page.index("Call Kim 1") < page.index("Here the hours end") < page.index("Call Kim 3")


def test_who_owns_accounts_finds_their_own_week_at_home_and_others_that_of_all(
    cast: Cast, client_for: ClientFor, planned: list[Account]
) -> None:
    own, leaders = (text_of(client_for(one).get(HOME)) for one in (cast.rui, cast.lena))

    assert "Your week" in own
    assert "Call Kim 1" in own
    assert "Your week" not in leaders
    assert "Call Kim 1" in leaders


def test_the_page_of_a_step_says_why_it_is_there(cast: Cast, client_for: ClientFor, planned: list[Account]) -> None:
    rui = client_for(cast.rui)

    assert "An hour here brings €412; what stayed outside brings €120 at most." in text_of(rui.get(page_of(planned[0])))
    assert "Others bring more for the 16 h of the week" in text_of(rui.get(page_of(planned[1])))
    assert "Put off; it comes back in 3 days" in text_of(rui.get(page_of(planned[2])))


def test_a_step_is_accepted_and_taken_back(cast: Cast, client_for: ClientFor, planned: list[Account]) -> None:
    rui, address = client_for(cast.rui), page_of(planned[0], "choose/")

    assert rui.post(address, {"choice": "accepted", "back": "/acme/priorities/"})["Location"] == "/acme/priorities/"
    assert choice_of(cast, planned[0]) == "accepted"
    assert "Take it back" in text_of(rui.get(page_of(planned[0])))
    assert rui.post(address, {"choice": "", "back": "https://evil.example/acme/"})["Location"] == page_of(planned[0])
    assert choice_of(cast, planned[0]) == ""
    with organization_scope(cast.acme):
        told = DomainEvent.objects.filter(type__startswith="next_action.").order_by("recorded_at")
        assert [event.type for event in told] == ["next_action.accepted", "next_action.reopened"]


@pytest.mark.parametrize(("days", "status"), [(7, 302), (0, 422), (400, 422), (None, 422)])
def test_a_step_is_put_off_until_a_day_that_can_be_meant(
    cast: Cast, client_for: ClientFor, planned: list[Account], days: int | None, status: int
) -> None:
    until = "" if days is None else (timezone.localdate() + timedelta(days=days)).isoformat()
    answer = client_for(cast.rui).post(page_of(planned[0], "choose/"), {"choice": "deferred", "until": until})

    assert answer.status_code == status
    assert choice_of(cast, planned[0]) == ("deferred" if status == 302 else "")


def test_only_who_may_change_the_account_says_yes_or_no(
    cast: Cast, client_for: ClientFor, planned: list[Account]
) -> None:
    def post(member: Member) -> Any:
        return client_for(member).post(page_of(planned[0], "choose/"), {"choice": "accepted"}).status_code

    assert post(cast.sam) == 404
    assert [post(one) for one in (cast.mia, cast.abe, cast.cora)] == [403, 403, 403]
    assert choice_of(cast, planned[0]) == ""
    assert "Accept</button>" not in text_of(client_for(cast.mia).get(page_of(planned[0])))
    assert post(cast.sil) == 302  # leads the squad of the owner


def test_sam_sees_no_step_of_acme(cast: Cast, client_for: ClientFor, planned: list[Account]) -> None:
    sam = client_for(cast.sam)

    assert sam.get(page_of(planned[0])).status_code == 404
    assert "Kim 1" not in text_of(sam.get("/globex/priorities/"))


def test_an_account_shows_its_potential_and_what_it_could_have(
    cast: Cast, client_for: ClientFor, planned: list[Account]
) -> None:
    page = text_of(client_for(cast.rui).get(reverse("pipeline:account", args=["acme", planned[0].pk])))

    assert "25%" in page  # 2,000 of a wallet of 8,000
    assert "share of wallet" in page
    assert "It still buys with a chance of 80%." in page
    assert "Could have it" in page
    assert "Call Kim 1" in page
