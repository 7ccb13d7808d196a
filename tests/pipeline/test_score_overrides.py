"""A score set by hand: it counts everywhere, has a reason and an end, and the model's own comes back as it was."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from agile_sales import nightly
from agile_sales.night_calendar import new_night
from pipeline.models import Account, AccountScore, NextAction, ScoreOverride
from tenancy.models import DomainEvent
from tenancy.scoping import organization_scope
from tests.coe.records import NOW, Records
from tests.integrations.api_caller import Caller, a_token
from tests.nightly.conftest import give_customers
from tests.pipeline.pages import text_of, url

TODAY = NOW.date()


@pytest.fixture(autouse=True)
def _clock(monkeypatch):
    monkeypatch.setattr(timezone, "now", lambda: NOW)


def night(organization, at=NOW):
    with organization_scope(organization):
        run = new_night(organization=organization, requested_by=None, as_of=at, now=at)
    return nightly.run_night(organization=organization, run_id=run.pk)


@pytest.fixture
def customers(cast):
    found = give_customers(cast)
    night(cast.acme)
    return found


def address(page, account, organization="acme"):
    return reverse(f"coe:{page}", args=[organization, account.pk])


def set_by_hand(client, account, **changed):
    data = {"score": "90", "reason": "agreed", "words": "The board said yes.", "expires_on": "2026-12-21", **changed}
    return client.post(address("score-override", account), data)


def places(organization):
    with organization_scope(organization):
        scores = AccountScore.objects.order_by("account__name")
        return {one.account_id: (one.rank, one.band, one.value_minor) for one in scores}


def test_it_counts_in_lists_and_explanation_and_the_model_s_own_stays_beside_it(cast, customers, client_for):
    client = client_for(cast.lena)

    assert set_by_hand(client, customers.gone).status_code == 302

    with organization_scope(cast.acme):
        own = AccountScore.objects.get(account=customers.gone)
    page = text_of(client.get(url("accounts")))
    assert "Explain score of Gone Gears: 90 by hand" in page
    why = text_of(client.get(address("score", customers.gone), headers={"HX-Request": "true"}))
    assert f"Set to 90 by hand</b>, Lena Vogt. The model says {own.score}." in why
    assert "Agreed with the customer: The board said yes." in why
    with organization_scope(cast.acme):
        event = DomainEvent.objects.get(type="score.overridden")
    assert (event.payload["score"], event.actor_id) == (90, cast.lena.pk)


def test_the_value_at_stake_rests_on_the_chance_that_counts(cast, customers, client_for):
    client = client_for(cast.lena)
    set_by_hand(client, customers.eager, score="7")

    page = text_of(client.get(address("score", customers.eager)))

    assert "7% of €" in page.replace("\N{NO-BREAK SPACE}", " ")


def test_its_account_takes_the_place_that_it_would_have(cast, customers, client_for):
    with organization_scope(cast.acme):
        records = Records(cast.acme)
        for account, amount in ((customers.gone, 900_000), (customers.unknown, 1_000_000)):
            records.order(account, days=20, amount_minor=amount)
    night(cast.acme)
    before = places(cast.acme)
    ahead, _ = sorted((customers.gone.pk, customers.unknown.pk), key=lambda one: before[one][0])

    assert set_by_hand(client_for(cast.lena), Account(pk=ahead), score="1").status_code == 302

    after = places(cast.acme)
    assert after[ahead][0] > before[ahead][0]
    assert after[ahead][2] < before[ahead][2]
    with organization_scope(cast.acme):
        assert NextAction.objects.get(account=ahead).rank == after[ahead][0]


def test_back_to_automatic_brings_everything_back(cast, customers, client_for):
    client, before = client_for(cast.lena), places(cast.acme)
    set_by_hand(client, customers.eager, score="1")
    set_by_hand(client, customers.eager, score="2")  # in place of the one before
    assert places(cast.acme) != before

    assert client.post(address("score-automatic", customers.eager)).status_code == 302

    assert places(cast.acme) == before
    assert "2 by hand" not in text_of(client.get(url("accounts")))
    with organization_scope(cast.acme):
        assert sorted(ScoreOverride.objects.values_list("ended_how", flat=True)) == ["replaced", "returned"]


def test_a_night_keeps_it_and_ends_it_when_its_time_is_over(cast, customers, client_for, monkeypatch):
    before = places(cast.acme)
    set_by_hand(client_for(cast.lena), customers.eager, score="1", expires_on="2026-11-25")
    by_hand = places(cast.acme)

    night(cast.acme)
    assert places(cast.acme) == by_hand

    later = NOW + timedelta(days=2)
    monkeypatch.setattr(timezone, "now", lambda: later)
    night(cast.acme, later)
    assert places(cast.acme)[customers.eager.pk][:2] == before[customers.eager.pk][:2]
    with organization_scope(cast.acme):
        assert ScoreOverride.objects.get().ended_how == "expired"
        assert DomainEvent.objects.get(type="score.override_ended").payload["how"] == "expired"


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"score": "0"}, "greater than or equal to 1"),
        ({"score": "100"}, "less than or equal to 99"),
        ({"words": " "}, "This field is required"),
        ({"expires_on": "2026-11-23"}, "within 180 days"),
        ({"expires_on": "2027-09-23"}, "within 180 days"),
    ],
)
def test_what_cannot_be_is_refused_in_words(cast, customers, client_for, changed, words):
    response = set_by_hand(client_for(cast.lena), customers.eager, **changed)

    assert response.status_code == 422
    assert words in text_of(response)


def test_one_sets_the_scores_of_one_s_own_squads_only_and_the_stranger_none(cast, customers, client_for):
    assert set_by_hand(client_for(cast.rui), customers.eager).status_code == 302
    assert set_by_hand(client_for(cast.rui), customers.gone).status_code == 403  # Mia is of another squad
    assert set_by_hand(client_for(cast.cora), customers.eager).status_code == 403
    assert set_by_hand(client_for(cast.sam), customers.eager).status_code == 404
    assert client_for(cast.sam).post(address("score-override", customers.eager, "globex"), {}).status_code == 404
    with organization_scope(cast.acme):
        assert ScoreOverride.objects.count() == 1


class TestApi:
    ADDRESS = "/api/v1/score-overrides"
    BODY = {"score": 88, "reason": "timing", "words": "Budget is free in January.", "expires_on": "2027-01-15"}

    def test_it_is_set_shown_and_returned(self, cast, customers):
        acme = Caller(a_token(cast.acme))

        answer = acme.post(self.ADDRESS, {**self.BODY, "account_id": str(customers.gone.pk)})

        assert answer.status_code == 201, answer.content
        assert answer.json()["account"]["name"] == "Gone Gears"
        score = acme.get(f"/api/v1/account-scores/{customers.gone.pk}").json()
        assert score["by_hand"] == {"score": 88, "reason": "timing", "expires_on": "2027-01-15"}
        gone = acme.delete(f"{self.ADDRESS}/{answer.json()['id']}")
        assert gone.status_code == 204, gone.content
        assert acme.get(f"{self.ADDRESS}/{answer.json()['id']}").json()["ended_how"] == "returned"
        assert acme.get(f"/api/v1/account-scores/{customers.gone.pk}").json()["by_hand"] is None

    def test_globex_sees_and_sets_nothing_of_acme(self, cast, customers):
        acme, globex = Caller(a_token(cast.acme)), Caller(a_token(cast.globex))
        made = acme.post(self.ADDRESS, {**self.BODY, "account_id": str(customers.gone.pk)}).json()

        assert globex.get(self.ADDRESS).json()["results"] == []
        assert globex.get(f"{self.ADDRESS}/{made['id']}").status_code == 404
        assert globex.post(self.ADDRESS, {**self.BODY, "account_id": str(customers.gone.pk)}).status_code == 422
