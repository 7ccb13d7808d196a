"""Who takes part in a deal: people with their roles, and units with shares that add up."""

import json
from typing import Any

import pytest

from pipeline.models import Contact, DealContact, DealSplit, Opportunity
from tenancy.models import DomainEvent, Unit
from tenancy.scoping import organization_scope
from tests.cast import Cast
from tests.integrations.api_caller import Caller, a_token, the_problem
from tests.pipeline.pages import ClientFor, text_of, url
from tests.pipeline.records import a_contact, a_deal, an_account

PARTIES = "/api/v1/opportunity-parties"


@pytest.fixture
def deal(cast: Cast) -> Opportunity:
    """A deal of Rui's, with two people at its account."""
    with organization_scope(cast.acme):
        account = an_account(cast.acme, owner=cast.rui)
        for name in ("Sanne", "Jo"):
            a_contact(cast.acme, account, name=name)
        return a_deal(cast.acme, account, cast.rui)


def one(cast: Cast, model: Any, **which: str) -> Any:
    with organization_scope(cast.acme):
        return model.objects.get(**which)


def shares(cast: Cast) -> dict[str, int]:
    with organization_scope(cast.acme):
        return dict(DealSplit.objects.values_list("unit__code", "share_bp"))


def test_people_get_their_roles_on_the_page_and_the_warning_counts_them(
    cast: Cast, client_for: ClientFor, deal: Opportunity
) -> None:
    rui, page = client_for(cast.rui), url("opportunity-people", deal.pk)
    sanne, jo = one(cast, Contact, name="Sanne"), one(cast, Contact, name="Jo")
    assert "Nobody with a role in the decision is known" in text_of(rui.get(url("opportunity", deal.pk)))

    said = {f"role_{sanne.pk.hex}": "decides", f"role_{jo.pk.hex}": "uses"}
    shown = text_of(rui.post(page, {**said, "version": "1"}, follow=True))
    stale = rui.post(page, {f"role_{jo.pk.hex}": "approves", "version": "1"})

    assert "Decides" in shown
    assert "with a role in the decision" not in shown
    assert stale.status_code == 409
    with organization_scope(cast.acme):
        assert dict(DealContact.objects.values_list("contact__name", "role")) == {"Sanne": "decides", "Jo": "uses"}
        assert DomainEvent.objects.get(type="opportunity.people_changed").actor == cast.rui
    assert client_for(cast.mia).get(page).status_code == 403
    assert client_for(cast.sam).get(url("opportunity-people", deal.pk, organization="globex")).status_code == 404


def test_shares_add_up_or_are_refused_and_can_be_taken_back(
    cast: Cast, client_for: ClientFor, deal: Opportunity
) -> None:
    rui, page = client_for(cast.rui), url("opportunity-splits", deal.pk)
    mobility, marine = (f"share_{one(cast, Unit, code=code).pk.hex}" for code in ("mobility", "marine"))

    wrong = rui.post(page, {mobility: "70", marine: "20", "version": "1"})
    assert "The shares add up to 90 %, not to 100 %." in text_of(wrong)
    assert (wrong.status_code, shares(cast)) == (422, {})
    shown = text_of(rui.post(page, {mobility: "66.67", marine: "33.33", "version": "1"}, follow=True))

    assert "66.67%" in shown
    assert shares(cast) == {"mobility": 6_667, "marine": 3_333}
    rui.post(page, {"version": "2"})
    assert shares(cast) == {}
    assert client_for(cast.mia).post(page, {"version": "3"}).status_code == 403
    assert client_for(cast.sam).post(page, {"version": "3"}).status_code == 404


def test_the_api_states_both_as_a_whole_and_refuses_what_cannot_be(cast: Cast, deal: Opportunity) -> None:
    acme, where = Caller(a_token(cast.acme)), f"{PARTIES}/{deal.pk}"
    sanne = str(one(cast, Contact, name="Sanne").pk)
    units = [str(one(cast, Unit, code=code).pk) for code in ("mobility", "marine")]
    halves = [{"unit_id": unit, "share_bp": 5_000} for unit in units]

    done = acme.patch(where, {"people": [{"contact_id": sanne, "role": "approves"}], "splits": halves}, 1)
    shown = json.loads(done.content)
    odd = the_problem(acme.patch(where, {"splits": halves[:1]}), 422)
    twice = the_problem(acme.patch(where, {"splits": [halves[0], halves[0]]}), 422)
    nobody = the_problem(acme.patch(where, {"people": [{"contact_id": str(deal.pk), "role": "uses"}]}), 422)

    assert [(person["contact"]["name"], person["role"]) for person in shown["people"]] == [("Sanne", "approves")]
    assert sorted(split["share_bp"] for split in shown["splits"]) == [5_000, 5_000]
    assert "50 %" in json.dumps(odd)
    assert "twice" in json.dumps(twice)
    assert nobody["errors"][0]["name"] == "people.0.contact_id"
    assert acme.read(PARTIES)["results"][0]["id"] == str(deal.pk)
    stranger = Caller(a_token(cast.globex))
    assert stranger.read(PARTIES)["results"] == []
    the_problem(stranger.patch(where, {"splits": []}), 404)
    assert sorted(shares(cast)) == ["marine", "mobility"]
