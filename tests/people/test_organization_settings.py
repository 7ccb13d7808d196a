"""What an organisation sets for itself, and the second factor that it may ask of everybody."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tenancy.models import DomainEvent, Member, Organization
from tenancy.rates import factors_into
from tenancy.scoping import organization_scope
from tenancy.tokens import issue_token
from tests.cast import Cast
from tests.integrations.api_caller import Caller
from tests.people.second_factor import give_second_factor
from tests.pipeline.pages import text_of
from tests.sign_in.codes import code_now
from tests.signed_in import let_time_pass

ClientFor = Callable[[Member], Client]
PAGE = "/acme/settings/"
SET_UP = "/auth/you/security/"
FRAGMENT = {"HX-Request": "true", "HX-Current-URL": "http://testserver/acme/orders/?page=2"}


@pytest.fixture
def ada(cast: Cast, client_for: ClientFor) -> Client:
    return client_for(cast.ada)


def sent(**changed: Any) -> dict[str, Any]:
    return {
        "version": 1,
        "name": "Acme Drives",
        "time_zone": "Europe/Berlin",
        "working_days": ["1", "2", "3", "4", "5"],
        "night_starts_at": "02:00",
        "audit_retention_days": "3650",
        **changed,
    }


def acme() -> Organization:
    return Organization.objects.get(slug="acme")


def ask_for_second_factor(cast: Cast) -> None:
    Organization.objects.filter(pk=cast.acme.pk).update(settings={"mfa_required": True})


def set_up_an_app(browser: Client) -> str:
    """Set an app up as its pages say, and return where they lead."""
    page = browser.get("/auth/you/app/").content.decode()
    secret = re.search(r'class="mono sm secret">([^<]+)<', page)
    assert secret is not None, page
    answer = browser.post("/auth/you/app/", {"code": code_now("".join(secret[1].split()))})
    return answer.headers["Location"]


def ways_on(answer: Any) -> list[str]:
    """Return where the big button of a page leads."""
    return re.findall(r'class="btn primary" href="([^"]+)"', answer.content.decode())


class TestSettings:
    def test_they_change_with_an_event_that_says_from_what_to_what(self, cast: Cast, ada: Client) -> None:
        form = sent(name="Acme", time_zone="America/Chicago", working_days=["6", "1"], night_starts_at="03:30")
        assert ada.post(PAGE, form).status_code == 302

        now = acme()
        assert (now.name, now.time_zone, now.working_days, now.version) == ("Acme", "America/Chicago", "16", 2)
        assert now.night_starts_at.isoformat("minutes") == "03:30"
        with organization_scope(cast.acme):
            event = DomainEvent.objects.get(type="organization.settings_changed")
        assert event.actor_id == cast.ada.pk
        assert event.payload["changed"]["name"] == ["Acme Drives", "Acme"]
        assert event.payload["changed"]["night_starts_at"] == ["02:00", "03:30"]
        assert "mfa_required" not in event.payload["changed"]

    @pytest.mark.parametrize(
        ("change", "words"),
        [
            ({"name": " "}, "required"),
            ({"time_zone": "Mars/Base"}, "valid choice"),
            ({"working_days": []}, "required"),
            ({"audit_retention_days": "7"}, "greater than or equal to"),
            ({"exchange_rates": "USD nothing"}, "is no rate"),
            ({"exchange_rates": "EUR 1"}, "your own currency"),
            ({"exchange_rates": "QQQ 2"}, "is no currency"),
            ({"exchange_rates": "USD 0"}, "a rate lies between"),
            ({"mfa_required": "on"}, "your own second factor first"),
        ],
    )
    def test_what_cannot_be_is_said_beside_the_form(self, ada: Client, change: dict[str, Any], words: str) -> None:
        answer = ada.post(PAGE, sent(**change))

        assert answer.status_code == 422
        assert words in text_of(answer)
        assert acme().version == 1

    def test_rates_are_kept_as_typed_and_lead_into_any_currency(self, ada: Client) -> None:
        assert ada.post(PAGE, sent(exchange_rates="usd 0,5\n\nJPY 0.006 ")).status_code == 302

        assert "JPY 0.006\nUSD 0.5" in ada.get(PAGE).content.decode()
        with organization_scope(acme()):
            assert factors_into("EUR", organization=acme()) == {"EUR": 1.0, "USD": 0.5, "JPY": pytest.approx(0.6)}
            assert factors_into("USD", organization=acme())["EUR"] == 2.0
            assert factors_into("CHF", organization=acme()) == {"CHF": 1.0}

    def test_two_administrators_do_not_overwrite_each_other(self, ada: Client) -> None:
        ada.post(PAGE, sent(name="First"))
        answer = ada.post(PAGE, sent(name="Second"))

        assert answer.status_code == 409
        assert "Somebody changed this" in text_of(answer)
        assert 'value="First"' in text_of(answer)
        assert acme().name == "First"

    def test_they_tell_how_many_people_may_be_invited(self, cast: Cast, ada: Client) -> None:
        Organization.objects.filter(pk=cast.acme.pk).update(settings={"invitations_per_day": 3})
        assert "3 mails at most in any 24 hours; 3 left now" in text_of(ada.get(PAGE))

        assert (
            ada.post("/acme/members/invite/", {"email": "nora@acme.example", "name": "N", "role": "member"}).status_code
            == 302
        )

        assert "3 mails at most in any 24 hours; 2 left now" in text_of(ada.get(PAGE))

    @pytest.mark.parametrize("name", ["lena", "sil", "rui", "cora", "eva", "ana", "abe"])
    def test_only_an_administrator_opens_them(self, cast: Cast, client_for: ClientFor, name: str) -> None:
        browser = client_for(getattr(cast, name))
        assert [browser.get(PAGE).status_code, browser.post(PAGE, sent(name="X")).status_code] == [403, 403]
        assert acme().name == "Acme Drives"

    def test_the_stranger_neither_reads_nor_changes_them(self, cast: Cast, client_for: ClientFor) -> None:
        sam = client_for(cast.sam)
        assert [sam.get(PAGE).status_code, sam.post(PAGE, sent(name="X")).status_code] == [404, 404]
        assert acme().name == "Acme Drives"

    def test_somebody_who_finds_an_open_screen_changes_nothing(self, ada: Client) -> None:
        """ASVS V7.5.1: what keeps an organisation safe is changed by somebody who proved lately who they are."""
        let_time_pass(ada)
        assert ada.post(PAGE, sent(name="X")).headers["Location"].startswith("/auth/reauthenticate/")
        assert acme().name == "Acme Drives"


class TestSecondFactor:
    def test_a_member_without_one_is_sent_to_set_it_up(self, cast: Cast, client_for: ClientFor) -> None:
        """ASVS V6.3.3: where an organisation asks for a second factor, nobody opens it with a password alone."""
        ask_for_second_factor(cast)
        rui = client_for(cast.rui)

        for path in ("/acme/", "/acme/accounts/", "/acme/accounts/export/", "/acme/nowhere/"):
            assert rui.get(path).headers["Location"] == SET_UP, path
        assert rui.post("/acme/accounts/new/", {"name": "X"}).headers["Location"] == SET_UP

        give_second_factor(cast.rui)
        assert rui.get("/acme/").status_code == 200

    def test_a_fragment_sends_the_whole_browser_there(self, cast: Cast, client_for: ClientFor) -> None:
        ask_for_second_factor(cast)

        answer = client_for(cast.rui).get("/acme/accounts/", headers={"HX-Request": "true"})

        assert (answer.status_code, answer.headers["HX-Redirect"]) == (204, SET_UP)

    @pytest.mark.parametrize(
        ("asked", "goes_on"),
        [
            ({"path": "/acme/accounts/?sort=name"}, "/acme/accounts/?sort=name"),
            ({"path": "/acme/accounts/", "headers": FRAGMENT}, "/acme/orders/?page=2"),
            ({"path": "/acme/accounts/", "headers": {**FRAGMENT, "HX-Current-URL": "http://evil.example/x"}}, "/"),
            (
                {"path": "/acme/accounts/", "headers": {**FRAGMENT, "HX-Current-URL": "http://testserver//evil.x/"}},
                SET_UP,
            ),
            ({"path": "/acme//evil.example"}, "/acme//evil.example"),
        ],
    )
    def test_whoever_has_set_it_up_goes_on_to_where_they_wanted(
        self, cast: Cast, client_for: ClientFor, asked: dict[str, Any], goes_on: str
    ) -> None:
        ask_for_second_factor(cast)
        rui = client_for(cast.rui)
        rui.get(**asked)

        shown = set_up_an_app(rui)

        assert ways_on(rui.get(shown)) == [goes_on]
        assert "next=" not in set_up_an_app(client_for(cast.ada)), "nobody else is led anywhere"

    def test_a_form_that_was_sent_is_gone_back_to_not_sent_again(self, cast: Cast, client_for: ClientFor) -> None:
        ask_for_second_factor(cast)
        rui = client_for(cast.rui)
        rui.post("/acme/accounts/new/", {"name": "X"}, headers={"Referer": "http://testserver/acme/accounts/new/"})

        assert ways_on(rui.get(set_up_an_app(rui))) == ["/acme/accounts/new/"]

    @pytest.mark.parametrize(
        "address", ["https://evil.example/", "//evil.example", "javascript:alert(1)", "/\\\\evil.example"]
    )
    def test_a_link_somebody_made_leads_nowhere_else(self, cast: Cast, client_for: ClientFor, address: str) -> None:
        """ASVS V3.7.2"""
        rui = client_for(cast.rui)
        set_up_an_app(rui)

        assert ways_on(rui.get("/auth/you/recovery-codes/", {"next": address})) == [SET_UP]

    def test_it_is_asked_from_the_next_request_on(self, cast: Cast, ada: Client, client_for: ClientFor) -> None:
        rui = client_for(cast.rui)
        assert rui.get("/acme/").status_code == 200
        give_second_factor(cast.ada)

        assert ada.post(PAGE, sent(mfa_required="on")).status_code == 302

        assert rui.get("/acme/").status_code == 302
        assert ada.get("/acme/").status_code == 200

    def test_integrations_are_not_asked(self, cast: Cast) -> None:
        ask_for_second_factor(cast)
        with organization_scope(cast.acme):
            _, text = issue_token(
                organization=cast.acme, name="ERP", scopes=["accounts:read"], issued_at=timezone.now()
            )
        assert Caller(text).get("/api/v1/accounts").status_code == 200

    def test_another_organisation_is_not_concerned(self, cast: Cast, client_for: ClientFor) -> None:
        ask_for_second_factor(cast)
        assert client_for(cast.sam).get("/globex/").status_code == 200
        assert client_for(cast.sam).get("/acme/").status_code == 404

    def test_where_it_is_not_asked_it_costs_nothing(self, cast: Cast, client_for: ClientFor) -> None:
        rui = client_for(cast.rui)
        with CaptureQueriesContext(
            connection,
        ) as queries:
            rui.get("/acme/members/")
        assert not any("mfa_authenticator" in query["sql"] for query in queries)
