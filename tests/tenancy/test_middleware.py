"""A request sees one organisation, and leaves nothing behind when it fails."""

from collections.abc import Callable

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.http import Http404, HttpResponse
from django.test import Client, override_settings
from django.urls import include, path

from tenancy.access import Action, member_can
from tenancy.http import MemberRequest
from tenancy.models import Member, Unit
from tenancy.scoping import organization_scope
from tests.cast import Cast


def _write(request: MemberRequest) -> None:
    Unit.objects.create(
        organization=request.organization,
        kind="squad",
        name="W",
        code="w",
        active_from=request.member.created_at.date(),
    )


@member_can(Action.VIEW_HOME)
def write(request: MemberRequest) -> HttpResponse:
    _write(request)
    return HttpResponse(f"{request.member.name} of {request.organization.name}")


@member_can(Action.VIEW_HOME)
def write_and_crash(request: MemberRequest) -> HttpResponse:
    _write(request)
    raise RuntimeError("after the write")


@member_can(Action.VIEW_HOME)
def write_and_miss(request: MemberRequest) -> HttpResponse:
    _write(request)
    raise Http404


@member_can(Action.VIEW_HOME)
def write_and_answer_503(request: MemberRequest) -> HttpResponse:
    _write(request)
    return HttpResponse(status=503)


@member_can(Action.MANAGE_TOKENS)
def for_administrators(request: MemberRequest) -> HttpResponse:
    return HttpResponse("tokens")


def forgotten(request: MemberRequest, organization: str) -> HttpResponse:
    return HttpResponse("anybody")


_pages = [
    path("write/", write),
    path("crash/", write_and_crash),
    path("miss/", write_and_miss),
    path("503/", write_and_answer_503),
    path("tokens/", for_administrators),
    path("forgotten/", forgotten),
]
urlpatterns = [path("auth/", include("allauth.account.urls")), path("<slug:organization>/", include(_pages))]
handler404 = handler403 = handler500 = lambda request, exception=None: HttpResponse("", status=404)

pytestmark = pytest.mark.urls(__name__)
ClientFor = Callable[[Member], Client]


def units_named_w(cast: Cast) -> int:
    with organization_scope(cast.acme):
        return int(Unit.objects.filter(code="w").count())


class TestPages:
    def test_it_answers_a_member_inside_the_organization(self, cast: Cast, client_for: ClientFor) -> None:
        response = client_for(cast.rui).get("/acme/write/")

        assert response.content.decode() == "Rui Prado of Acme Drives"
        assert units_named_w(cast) == 1

    def test_it_sends_the_anonymous_to_sign_in(self, cast: Cast, client: Client) -> None:
        response = client.get("/acme/write/")

        assert response.status_code == 302
        assert response["Location"] == "/auth/login/?next=/acme/write/"

    @override_settings(ROOT_URLCONF="tests.tenancy.test_middleware")
    def test_it_answers_a_stranger_like_an_address_that_does_not_exist(self, cast: Cast, client_for: ClientFor) -> None:
        stranger = client_for(cast.sam)

        assert stranger.get("/acme/write/").status_code == stranger.get("/nowhere/write/").status_code == 404
        assert units_named_w(cast) == 0

    def test_it_refuses_a_page_that_forgot_its_policy(self, cast: Cast, client_for: ClientFor) -> None:
        with pytest.raises(ImproperlyConfigured, match="no access policy"):
            client_for(cast.lena).get("/acme/forgotten/")


class TestZeroBytes:
    @pytest.mark.parametrize("address", ["/acme/write/?account=%00", "/acme/wr%00ite/"])
    def test_it_refuses_them_before_anything_is_asked(self, cast: Cast, client_for: ClientFor, address: str) -> None:
        assert client_for(cast.rui).get(address).status_code == 400
        assert units_named_w(cast) == 0


class TestFailures:
    @pytest.mark.parametrize("page", ["crash", "miss", "503"])
    def test_it_leaves_nothing_behind(self, cast: Cast, client_for: ClientFor, page: str) -> None:
        client = client_for(cast.rui)
        client.raise_request_exception = False

        response = client.get(f"/acme/{page}/")

        assert response.status_code in (404, 500, 503)
        assert units_named_w(cast) == 0
