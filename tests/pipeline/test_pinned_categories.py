"""The forecast category of a deal: its stage says, until a person pins another and clears it again."""

import json
from datetime import timedelta

import pytest
from django.utils import timezone

from pipeline.models import Opportunity, OpportunityHistory
from pipeline.operations import move_stage, update_opportunity, upsert_opportunities
from tenancy.models import DomainEvent
from tenancy.scoping import organization_scope
from tests.cast import Cast
from tests.integrations.api_caller import Caller, a_token, the_problem
from tests.pipeline.pages import ClientFor, as_typed, text_of, url
from tests.pipeline.records import MORNING, NOON, a_deal, a_stage, an_account

ADDRESS = "/api/v1/opportunities"


def pin(deal: Opportunity, category: str) -> Opportunity:
    return update_opportunity(
        organization=deal.organization,
        opportunity=deal,
        version=deal.version,
        actor=None,
        updated_at=NOON,
        pinned_category=category,
    )


def move(deal: Opportunity, to: str) -> Opportunity:
    return move_stage(
        organization=deal.organization,
        opportunity=deal,
        stage=a_stage(deal.organization, to),
        version=deal.version,
        actor=None,
        moved_at=NOON,
    )


def kept(deal: Opportunity) -> list[tuple[str, str]]:
    rows = OpportunityHistory.objects.filter(opportunity=deal, field="forecast_category").order_by("id")
    return list(rows.values_list("old", "new"))


@pytest.mark.usefixtures("acme_scope")
def test_a_pin_outlives_moves_and_rests_while_the_deal_is_closed(cast: Cast) -> None:
    deal = a_deal(cast.acme)
    assert (deal.forecast_category, deal.is_category_pinned, kept(deal)) == ("pipeline", False, [])

    pin(deal, "omitted")
    move(deal, "Negotiate")
    assert (deal.forecast_category, deal.is_category_pinned) == ("omitted", True)

    move(deal, "Won")
    assert (deal.forecast_category, deal.is_category_pinned) == ("closed", False)
    assert Opportunity.objects.with_category().get(pk=deal.pk).category == "closed"

    move(deal, "Proposal")
    assert deal.forecast_category == "omitted"
    assert Opportunity.objects.with_category().get(pk=deal.pk).category == "omitted"

    pin(deal, "")
    assert (deal.forecast_category, deal.is_category_pinned) == ("best_case", False)
    assert kept(deal) == [("stage", "omitted"), ("omitted", "stage")]
    told = DomainEvent.objects.filter(type__startswith="opportunity.category_").order_by("id")
    assert list(told.values_list("type", "payload")) == [
        ("opportunity.category_pinned", {"from": "", "to": "omitted"}),
        ("opportunity.category_cleared", {"from": "omitted", "to": ""}),
    ]


@pytest.mark.usefixtures("acme_scope")
def test_an_import_that_says_nothing_of_it_clears_no_pin(cast: Cast) -> None:
    deal = a_deal(cast.acme, source="erp", external_id="7")
    pin(deal, "commit")

    upsert_opportunities(organization=cast.acme, source="erp", rows={"7": {"name": "Renamed"}}, at=NOON)

    deal.refresh_from_db()
    assert (deal.name, deal.pinned_category) == ("Renamed", "commit")

    upsert_opportunities(organization=cast.acme, source="erp", rows={"7": {"pinned_category": ""}}, at=NOON)

    deal.refresh_from_db()
    assert deal.pinned_category == ""
    assert kept(deal) == [("stage", "commit"), ("commit", "stage")]


def test_the_form_pins_and_the_page_shows_the_pin_and_who_set_it(cast: Cast, client_for: ClientFor) -> None:
    with organization_scope(cast.acme):
        deal = a_deal(cast.acme, an_account(cast.acme), cast.rui)
    client = client_for(cast.rui)
    form = client.get(url("opportunity-edit", deal.pk)).context["form"]

    soon = (timezone.now() + timedelta(days=7)).date().isoformat()
    typed = as_typed(form, pinned_category="commit", next_step="Call", next_step_date=soon)

    answer = client.post(url("opportunity-edit", deal.pk), typed)

    assert answer.status_code == 302
    page = text_of(client.get(url("opportunity", deal.pk)))
    assert 'Commit<span class="sr"> (pinned by hand)</span>' in page
    assert "Forecast category: As its stage says → Commit" in page
    assert "pinned by hand" in text_of(client.get(url("opportunities", category="commit")))
    assert "pinned by hand" not in text_of(client.get(url("opportunities", category="pipeline")))
    assert client_for(cast.sam).get(url("opportunity", deal.pk)).status_code == 404


def test_many_are_pinned_at_once_and_let_go_again(cast: Cast, client_for: ClientFor) -> None:
    with organization_scope(cast.acme):
        deals = [a_deal(cast.acme, owner=cast.rui), a_deal(cast.acme, owner=cast.rui)]
    client = client_for(cast.rui)

    for chosen, after in (("best_case", "best_case"), ("stage", "")):
        data = {"id": [str(deal.pk) for deal in deals], "filter": "", "do": "pinned_category"}
        client.post(url("opportunities-bulk"), {**data, "pinned_category": chosen})
        with organization_scope(cast.acme):
            assert set(Opportunity.objects.values_list("pinned_category", flat=True)) == {after}


def test_the_api_pins_filters_by_what_counts_and_clears(cast: Cast) -> None:
    acme, globex = Caller(a_token(cast.acme)), Caller(a_token(cast.globex))
    with organization_scope(cast.acme):
        deal, other = a_deal(cast.acme), a_deal(cast.acme, stage="Negotiate", opened_at=MORNING)

    answer = acme.patch(f"{ADDRESS}/{deal.pk}", {"pinned_category": "commit"})

    shown = json.loads(answer.content)
    assert (shown["forecast_category"], shown["pinned_category"]) == ("commit", "commit")
    assert shown["stage"]["forecast_category"] == "pipeline"
    found = json.loads(acme.get(ADDRESS, {"forecast_category": "commit"}).content)["results"]
    assert {one["id"] for one in found} == {str(deal.pk), str(other.pk)}
    assert json.loads(acme.get(ADDRESS, {"forecast_category": "pipeline,best_case"}).content)["results"] == []
    assert json.loads(globex.get(ADDRESS, {"forecast_category": "commit"}).content)["results"] == []

    cleared = json.loads(acme.patch(f"{ADDRESS}/{deal.pk}", {"pinned_category": None}).content)
    assert (cleared["forecast_category"], cleared["pinned_category"]) == ("pipeline", None)
    the_problem(acme.patch(f"{ADDRESS}/{deal.pk}", {"pinned_category": "closed"}), 422)
