"""Somebody who finds an open screen can't change what keeps an account safe."""

from collections.abc import Callable
from http import HTTPStatus

import pytest
from django.http import HttpResponse
from django.test import Client
from django.urls import include, path

from agile_sales import urls
from tenancy.access import Action, member_can
from tenancy.http import MemberRequest
from tenancy.identity import has_second_factor, recently_authenticated
from tenancy.models import Member
from tests.cast import PASSWORD, Cast
from tests.signed_in import let_time_pass


@member_can(Action.MANAGE_TOKENS)
@recently_authenticated
def dangerous(request: MemberRequest) -> HttpResponse:
    return HttpResponse(f"done by {request.member.name}: {', '.join(request.POST.getlist('what'))}")


urlpatterns = [path("<slug:organization>/dangerous/", dangerous), path("", include("agile_sales.urls"))]
handler404 = urls.handler404

ClientFor = Callable[[Member], Client]
pytestmark = pytest.mark.urls(__name__)


def test_right_after_signing_in_nothing_is_asked(cast: Cast, client_for: ClientFor) -> None:
    response = client_for(cast.ada).post("/acme/dangerous/", {"what": "one"})

    assert response.content == b"done by Ada Winter: one"


def test_later_the_password_is_asked_for_and_the_page_opens(cast: Cast, client_for: ClientFor) -> None:
    """ASVS V7.5.1"""
    client = client_for(cast.ada)
    let_time_pass(client, seconds=901)

    asked = client.get("/acme/dangerous/")

    assert asked.headers["Location"] == "/auth/reauthenticate/?next=%2Facme%2Fdangerous%2F"
    wrong = client.post(asked.headers["Location"], {"password": "wrong", "next": "/acme/dangerous/"})
    assert wrong.status_code == HTTPStatus.OK
    assert client.get("/acme/dangerous/").status_code == HTTPStatus.FOUND
    confirmed = client.post(asked.headers["Location"], {"password": PASSWORD, "next": "/acme/dangerous/"})
    assert confirmed.headers["Location"] == "/acme/dangerous/"
    assert client.get("/acme/dangerous/").status_code == HTTPStatus.OK


def test_a_form_that_was_sent_too_late_waits_and_goes_on_with_one_click(cast: Cast, client_for: ClientFor) -> None:
    client = client_for(cast.ada)
    let_time_pass(client)

    asked = client.post("/acme/dangerous/?page=2", {"what": ["one", '<b>"two"</b>']})

    assert asked.headers["Location"] == "/auth/reauthenticate/?next=%2Fauth%2Fgo-on%2F"
    assert client.get("/auth/go-on/").headers["Location"] == "/", "nothing goes on before they have confirmed"
    client.post("/acme/dangerous/?page=2", {"what": ["one", '<b>"two"</b>']})
    client.post("/auth/reauthenticate/", {"password": PASSWORD, "next": "/auth/go-on/"})
    page = client.get("/auth/go-on/").content.decode()
    assert 'action="/acme/dangerous/?page=2"' in page
    assert 'name="what" value="one"' in page
    assert 'value="&lt;b&gt;&quot;two&quot;&lt;/b&gt;"' in page
    assert client.get("/auth/go-on/").headers["Location"] == "/", "it is kept once"


def test_a_form_with_a_password_is_never_kept(cast: Cast, client_for: ClientFor) -> None:
    client = client_for(cast.ada)
    let_time_pass(client)

    asked = client.post(
        "/acme/dangerous/", {"new_password": "secret"}, headers={"Referer": "http://testserver/acme/settings/"}
    )

    assert asked.headers["Location"] == "/auth/reauthenticate/?next=%2Facme%2Fsettings%2F"
    assert "suspended_form" not in client.session


def test_a_fragment_sends_the_whole_browser_there(cast: Cast, client_for: ClientFor) -> None:
    client = client_for(cast.ada)
    let_time_pass(client)

    asked = client.get(
        "/acme/dangerous/", headers={"HX-Request": "true", "HX-Current-URL": "http://testserver/acme/tokens/"}
    )

    assert asked.status_code == HTTPStatus.NO_CONTENT
    assert asked.headers["HX-Redirect"] == "/auth/reauthenticate/?next=%2Facme%2Ftokens%2F"


def test_the_way_back_never_leads_to_another_site(cast: Cast, client_for: ClientFor) -> None:
    client = client_for(cast.ada)
    let_time_pass(client)

    asked = client.post("/acme/dangerous/", {"password": "x"}, headers={"Referer": "https://evil.example/acme/"})
    elsewhere = client.post("/auth/reauthenticate/", {"password": PASSWORD, "next": "https://evil.example/"})

    assert asked.headers["Location"] == "/auth/reauthenticate/?next=%2F"
    assert elsewhere.headers["Location"] == "/acme/"


def test_confirming_opens_nothing_that_the_role_does_not(cast: Cast, client_for: ClientFor) -> None:
    assert client_for(cast.rui).post("/acme/dangerous/").status_code == HTTPStatus.FORBIDDEN
    assert client_for(cast.sam).post("/acme/dangerous/").status_code == HTTPStatus.NOT_FOUND


def test_a_confirmation_holds_for_its_own_session_only(cast: Cast, client_for: ClientFor) -> None:
    here, there = client_for(cast.ada), client_for(cast.ada)
    let_time_pass(here)
    let_time_pass(there)

    here.post("/auth/reauthenticate/", {"password": PASSWORD})

    assert here.get("/acme/dangerous/").status_code == HTTPStatus.OK
    assert there.get("/acme/dangerous/").status_code == HTTPStatus.FOUND


def test_a_password_alone_is_no_second_factor(cast: Cast) -> None:
    assert cast.ada.user is not None
    assert not has_second_factor(cast.ada.user)
