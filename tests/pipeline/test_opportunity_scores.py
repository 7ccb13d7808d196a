"""Scores of deals on the pages and through the API: won, lost or later, with reasons in words."""

from typing import Any

import pytest
from django.urls import reverse

from pipeline.models import Account, Opportunity, OpportunityScore, ScorePublication
from tenancy.models import Organization, Run
from tenancy.scoping import organization_scope
from tests.cast import Cast
from tests.integrations.api_caller import Caller, a_token
from tests.pipeline.records import MORNING, a_deal, an_account

ADDRESS = "/api/v1/opportunity-scores"
REASON = {
    "code": "deal_close_date_passed",
    "points": -1.2,
    "fact": {"text": "The close date has passed"},
    "records": [],
}


def score(organization: Organization, deal: Opportunity, value: int, rank: int, **fields: Any) -> OpportunityScore:
    run, _ = Run.objects.get_or_create(
        organization=organization,
        kind="night",
        key="2026-11-23",
        defaults={"scheduled_for": "2026-11-23", "created_at": MORNING},
    )
    made: OpportunityScore = OpportunityScore.objects.create(
        organization=organization,
        opportunity=deal,
        run=run,
        score=value,
        probability=value / 100,
        rank=rank,
        reasons=[REASON],
        model_version="model-3-learned",
        as_of=MORNING,
        scored_at=MORNING,
        **{"state": "learned", "low": 0.5, "high": 0.7, "slip_probability": 0.25, "previous_score": 50, **fields},
    )
    return made


@pytest.fixture
def deal(cast: Cast) -> Opportunity:
    """An open deal of Acme, scored."""
    with organization_scope(cast.acme):
        made = a_deal(cast.acme, an_account(cast.acme, name="Velora"), name="Frame contract")
        score(cast.acme, made, 60, 1)
        return made


def test_the_page_says_won_lost_and_later_and_why(cast: Cast, deal: Opportunity, client_for: Any) -> None:
    page = client_for(cast.lena).get(reverse("pipeline:opportunity", args=["acme", deal.pk])).content.decode()

    assert "about 60 are won" in page
    assert "It may be 50 to 70." in page
    assert page.count(">Chance to win<") == 1, "one headline"
    assert "Usual in its stage" in page
    assert "the score beside Velora, whether it buys anything within 90 days" in page
    assert "Won by the end of Q2 2026" in page
    assert "Won 45%, later 25%, lost 30%" in page
    assert "The close date has passed" in page
    assert "Learned from outcomes, version 3" in page


def test_no_signal_is_said_on_the_page(cast: Cast, deal: Opportunity, client_for: Any) -> None:
    with organization_scope(cast.acme):
        OpportunityScore.objects.update(state="no_reliable_signal")

    page = client_for(cast.lena).get(reverse("pipeline:opportunity", args=["acme", deal.pk])).content.decode()

    assert "No reliable signal" in page


@pytest.mark.parametrize("name", ["opportunities", "account"])
def test_lists_of_deals_show_it(cast: Cast, deal: Opportunity, client_for: Any, name: str) -> None:
    with organization_scope(cast.acme):
        account = Account.objects.get(name="Velora")
    arguments = ["acme"] if name == "opportunities" else ["acme", account.pk]

    page = client_for(cast.lena).get(reverse(f"pipeline:{name}", args=arguments)).content.decode()

    assert 'aria-label="Explain score of Frame contract: 60"' in page


def test_the_badge_of_a_deal_opens_its_reasons_and_nobody_elses(cast: Cast, deal: Opportunity, client_for: Any) -> None:
    address, asked = reverse("pipeline:opportunity", args=["acme", deal.pk]), {"HX-Request": "true"}

    part = client_for(cast.lena).get(address, headers=asked).content.decode()
    page = client_for(cast.lena).get(address, headers={**asked, "HX-Boosted": "true"}).content.decode()

    assert "The close date has passed" in part
    assert "Chance to win, 50 to 70%" in part
    assert "<nav" not in part
    assert "Way through the stages" in page
    assert client_for(cast.sam).get(address, headers=asked).status_code == 404


def test_deals_of_whom_the_model_is_too_sure_say_so(cast: Cast, deal: Opportunity, client_for: Any) -> None:
    with organization_scope(cast.acme):
        Account.objects.filter(name="Velora").update(segment="key")
        run = OpportunityScore.objects.get().run
        ScorePublication.objects.create(
            organization=cast.acme,
            run=run,
            model_version="model-3-learned",
            accounts=1,
            checksum="",
            as_of=MORNING,
            scored_at=MORNING,
            to_check={"segment": ["small"], "deal_segment": ["key"]},
        )

    page = client_for(cast.lena).get(reverse("pipeline:opportunities", args=["acme"])).content.decode()
    (said,) = Caller(a_token(cast.acme)).get(ADDRESS).json()["results"]

    assert 'aria-label="Explain score of Frame contract: 60 check"' in page
    assert said["check"] is True


def test_the_api_gives_open_deals_by_rank_and_filters(cast: Cast, deal: Opportunity) -> None:
    with organization_scope(cast.acme):
        other = a_deal(cast.acme, name="Second")
        score(cast.acme, other, 30, 2, slip_probability=None, low=None, high=None, previous_score=None)
        closed = a_deal(cast.acme, name="Closed")
        score(cast.acme, closed, 90, 3)
        Opportunity.objects.filter(pk=closed.pk).update(outcome="won", closed_at=MORNING)
    acme = Caller(a_token(cast.acme))

    found = acme.get(ADDRESS).json()["results"]

    assert [(one["opportunity"]["name"], one["score"]) for one in found] == [("Frame contract", 60), ("Second", 30)]
    assert found[0]["interval"] == {"low": 0.5, "high": 0.7}
    assert found[0]["reasons"][0]["sentence"] == "The close date has passed"
    assert found[1]["interval"] is None
    assert [one["rank"] for one in acme.get(ADDRESS, {"min_score": "50"}).json()["results"]] == [1]
    assert acme.get(f"{ADDRESS}/{deal.pk}").json() == found[0]
    assert acme.get(f"{ADDRESS}/{closed.pk}").status_code == 404


def test_a_closed_deal_shows_no_outlook(cast: Cast, deal: Opportunity, client_for: Any) -> None:
    with organization_scope(cast.acme):
        Opportunity.objects.filter(pk=deal.pk).update(outcome="lost", closed_at=MORNING)

    page = client_for(cast.lena).get(reverse("pipeline:opportunity", args=["acme", deal.pk])).content.decode()

    assert "are won" not in page


def test_a_stranger_sees_none_of_it(cast: Cast, deal: Opportunity, client_for: Any) -> None:
    sam = Caller(a_token(cast.globex))

    assert sam.get(ADDRESS).json()["results"] == []
    assert sam.get(f"{ADDRESS}/{deal.pk}").status_code == 404
    assert client_for(cast.sam).get(reverse("pipeline:opportunity", args=["globex", deal.pk])).status_code == 404
