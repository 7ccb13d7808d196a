"""The palette's answers and the search page: what each role is offered, and what a stranger is not."""

import re
from collections.abc import Callable
from datetime import timedelta
from urllib.parse import urlencode

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from pipeline.models import Account
from tenancy import access
from tenancy.access import Action, Reach
from tenancy.models import Member
from tenancy.scoping import organization_scope
from tests.cast import Cast
from tests.pipeline import records

ClientFor = Callable[[Member], Client]

OPTION = re.compile(r'role="option"[^>]*data-href="([^"]*)".*?class="pal-label">([^<]*)<', re.DOTALL)


def groups_of(html: str) -> dict[str, list[str]]:
    """Return heading → labels, in the order of the page."""
    parts = re.split(r'<div role="group" aria-label="([^"]*)">', html)[1:]
    return {
        heading: [label for _, label in OPTION.findall(body)]
        for heading, body in zip(parts[::2], parts[1::2], strict=True)
    }


def ask(client: Client, slug: str = "acme", **query: object) -> dict[str, list[str]]:
    response = client.get(f"/{slug}/palette?{urlencode(query, doseq=True)}")
    assert response.status_code == 200
    return groups_of(response.content.decode())


@pytest.fixture
def velora(cast: Cast) -> Account:
    with organization_scope(cast.acme):
        account = records.an_account(cast.acme, cast.rui, name="Velora E-Bikes", city="Linz")
        records.a_deal(cast.acme, account, owner=cast.rui, name="2027 drive framework")
        records.a_contact(cast.acme, account, name="Sanne de Wit", email="sanne@velora.example")
        return account


def page_of(account: Account) -> str:
    return reverse("pipeline:account", args=["acme", account.pk])


class TestPalette:
    def test_it_finds_records_of_each_kind(self, velora: Account, cast: Cast, client_for: ClientFor) -> None:
        found = ask(client_for(cast.rui), q="velora")

        assert found["Accounts"] == ["Velora E-Bikes"]
        assert found["Deals"] == ["2027 drive framework"]
        assert found["People"] == ["Sanne de Wit"], "the people at an account belong to its name"
        assert found["Go to"] == ["All results for “velora”"]

    def test_people_are_contacts_and_colleagues(self, velora: Account, cast: Cast, client_for: ClientFor) -> None:
        with organization_scope(cast.acme):
            records.a_contact(cast.acme, velora, name="Lena Hart")

        assert ask(client_for(cast.rui), q="lena")["People"] == ["Lena Hart", "Lena Vogt"]

    def test_an_address_finds_a_person_only_for_whom_addresses_are(
        self, velora: Account, cast: Cast, client_for: ClientFor
    ) -> None:
        with organization_scope(cast.acme):
            records.a_contact(cast.acme, velora, name="Tess Kok", email="tk@post.example")

        assert ask(client_for(cast.rui), q="tk@post")["People"] == ["Tess Kok"]
        # An analyst sees no way to reach a person.
        assert "People" not in ask(client_for(cast.ana), q="tk@post")

    def test_pages_and_commands_by_words_in_any_order(self, cast: Cast, client_for: ClientFor) -> None:
        assert ask(client_for(cast.lena), q="deal new")["Do"] == ["New deal"]
        assert ask(client_for(cast.lena), q="prio")["Go to"][0] == "Priorities"

    def test_commands_know_the_page(self, velora: Account, cast: Cast, client_for: ClientFor) -> None:
        lena = client_for(cast.lena)

        assert ask(lena, here=page_of(velora))["Do"][0] == "Log a call with Velora E-Bikes"
        assert ask(lena, q="call", here=page_of(velora))["Do"] == ["Log a call with Velora E-Bikes"]
        assert ask(lena, here="/acme/orders/")["Do"][0] == "New order"
        assert "Log a call with Velora E-Bikes" not in ask(client_for(cast.abe), here=page_of(velora)).get("Do", [])

    def test_a_role_is_offered_only_what_it_may_do(self, cast: Cast, client_for: ClientFor) -> None:
        for member in cast.acme_people():
            browser = client_for(member)
            html = browser.get("/acme/palette").content.decode()
            for href, label in OPTION.findall(html):
                assert browser.get(href).status_code == 200, (member, label)

    def test_what_was_visited_comes_first_and_is_looked_up_anew(
        self, velora: Account, cast: Cast, client_for: ClientFor
    ) -> None:
        lena = client_for(cast.lena)
        visited = [page_of(velora), "/acme/orders/", "/globex/orders/", "/nowhere/", "//evil.example/", "javascript:1"]
        assert ask(lena, visited=visited)["Visited"] == ["Velora E-Bikes", "Orders"]

        with organization_scope(cast.acme):
            Account.objects.filter(pk=velora.pk).update(deleted_at=timezone.now() - timedelta(minutes=1))
        assert ask(lena, visited=visited)["Visited"] == ["Orders"]

    def test_the_stranger_finds_nothing(self, velora: Account, cast: Cast, client_for: ClientFor) -> None:
        sam = client_for(cast.sam)

        assert sam.get("/acme/palette?q=velora").status_code == 404
        for text in ("velora", "velroa", "sanne", "rui"):
            assert set(ask(sam, "globex", q=text)) <= {"Do", "Go to"}
        # An address of Acme's, remembered in the stranger's browser or asked from, names nothing.
        elsewhere = page_of(velora).replace("/acme/", "/globex/")
        found = ask(sam, "globex", visited=[page_of(velora), elsewhere], here=elsewhere)
        assert "Visited" not in found
        assert not any("Velora" in label for label in found["Do"])

    @pytest.mark.parametrize("text", ["<script>alert(1)</script>", "' OR 1=1 --", "%", "\\", "a" * 3000, "🙂", "‮"])
    def test_hostile_text_is_only_text(self, text: str, velora: Account, cast: Cast, client_for: ClientFor) -> None:
        response = client_for(cast.lena).get(f"/acme/palette?{urlencode({'q': text, 'here': text, 'visited': text})}")

        assert response.status_code == 200
        assert "<script>" not in response.content.decode()

    def test_a_narrower_reach_narrows_what_is_found(
        self, velora: Account, cast: Cast, client_for: ClientFor, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        narrow = {**access.ALLOWED[Action.VIEW_ACCOUNTS], Member.Role.MEMBER: Reach.SQUAD}
        monkeypatch.setitem(access.ALLOWED, Action.VIEW_ACCOUNTS, narrow)

        assert "Accounts" in ask(client_for(cast.rui), q="velora")
        assert "Accounts" not in ask(client_for(cast.mia), q="velora")
        assert "Deals" in ask(client_for(cast.mia), q="velora")


class TestSearchPage:
    def test_it_shows_a_few_of_each_kind_and_many_of_one(self, cast: Cast, client_for: ClientFor) -> None:
        with organization_scope(cast.acme):
            for number in range(9):
                records.an_account(cast.acme, name=f"Nova {number}")
        lena = client_for(cast.lena)

        few = lena.get("/acme/search/?q=nova").content.decode()
        many = lena.get("/acme/search/?q=nova&kind=account").content.decode()

        assert few.count("Nova ") == 6
        assert "?q=nova&amp;kind=account" in few
        assert many.count("Nova ") == 9

    def test_it_says_when_it_guesses_and_when_there_is_nothing(
        self, velora: Account, cast: Cast, client_for: ClientFor
    ) -> None:
        lena = client_for(cast.lena)

        guessed = lena.get("/acme/search/?q=velroa").content.decode()
        assert "what they may have meant" in guessed
        assert "Velora E-Bikes" in guessed
        assert "Nothing found" in lena.get("/acme/search/?q=zzzz").content.decode()
        assert lena.get("/acme/search/").status_code == 200

    def test_an_unknown_kind_is_a_bad_request(self, cast: Cast, client_for: ClientFor) -> None:
        assert client_for(cast.lena).get("/acme/search/?q=a&kind=secret").status_code == 400

    def test_the_stranger_finds_nothing(self, velora: Account, cast: Cast, client_for: ClientFor) -> None:
        sam = client_for(cast.sam)

        assert sam.get("/acme/search/?q=velora").status_code == 404
        assert "Velora" not in sam.get("/globex/search/?q=elora").content.decode()
