"""Every page of an organisation, asked for by the anonymous, the stranger, and members without and with the right."""

from collections.abc import Callable
from uuid import UUID

import pytest
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from tenancy.access import Action, reach_of
from tenancy.models import AuditEntry, Member
from tenancy.scoping import organization_scope
from tests.architecture.addresses import Address, every_address
from tests.architecture.world import parameters_of
from tests.cast import Cast

PAGES = [address for address in every_address() if address.in_organization]
METHODS = ("get", "post")
REFUSED_METHOD = 405
ANSWERS = {200, 204, 302, 303, 400, 409, 422, REFUSED_METHOD}

ClientFor = Callable[[Member], Client]

by_page = pytest.mark.parametrize("page", PAGES, ids=str)


def url_of(page: Address, cast: Cast, *, slug: str = "acme") -> str:
    """Return the page's address in an organisation, with the id of a record of Acme for each parameter."""
    makers = parameters_of(cast)
    with organization_scope(cast.acme):
        values = {name: makers[name]() for name in page.parameters if name != "organization"}
    return reverse(page.name, kwargs={"organization": slug, **values})


def names_a_record(page: Address, cast: Cast) -> bool:
    """Whether an id is in the address; a word, such as the purpose of a model, is in everybody's."""
    makers = parameters_of(cast)
    with organization_scope(cast.acme):
        return any(is_id(makers[name]()) for name in page.parameters if name != "organization")


def is_id(value: str) -> bool:
    try:
        UUID(value)
    except ValueError:
        return False
    return True


def action_of(page: Address) -> Action:
    assert page.policy is not None
    assert page.policy.action is not None
    return page.policy.action


def ask(client: Client, method: str, url: str) -> HttpResponse:
    return getattr(client, method)(url)


def changes(cast: Cast) -> int:
    with organization_scope(cast.acme):
        return int(AuditEntry.objects.count())


@by_page
def test_the_anonymous_is_sent_to_sign_in(page: Address, cast: Cast, client: Client) -> None:
    url = url_of(page, cast)

    for method in METHODS:
        response = ask(client, method, url)
        assert response.status_code in (302, REFUSED_METHOD), method
        if response.status_code == 302:
            assert response["Location"].startswith("/auth/login/")


@by_page
def test_the_stranger_finds_nothing(page: Address, cast: Cast, client_for: ClientFor) -> None:
    url, elsewhere = url_of(page, cast), url_of(page, cast, slug="globex")
    is_of_a_record = names_a_record(page, cast)
    before = changes(cast)

    stranger = client_for(cast.sam)

    for method in METHODS:
        assert ask(stranger, method, url).status_code == 404, method
        if is_of_a_record and reach_of(cast.sam, action_of(page)):
            # In the stranger's own organisation, where the right is theirs, Acme's id names nothing.
            assert ask(stranger, method, elsewhere).status_code in (404, REFUSED_METHOD), method
    assert changes(cast) == before


@by_page
def test_a_member_without_the_right_is_refused(page: Address, cast: Cast, client_for: ClientFor) -> None:
    action, url = action_of(page), url_of(page, cast)
    before = changes(cast)

    for member in cast.acme_people():
        if reach_of(member, action) is None:
            browser = client_for(member)
            for method in METHODS:
                assert ask(browser, method, url).status_code in (403, REFUSED_METHOD), (member, method)
    assert changes(cast) == before


@by_page
def test_an_administrator_gets_an_answer(page: Address, cast: Cast, client_for: ClientFor) -> None:
    administrator, url = client_for(cast.ada), url_of(page, cast)

    for method in METHODS:
        assert ask(administrator, method, url).status_code in ANSWERS, method
