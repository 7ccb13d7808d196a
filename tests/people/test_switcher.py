"""The organisation switcher: where one belongs, as what, and nothing of anybody else's."""

from collections.abc import Callable

from django.test import Client

from tenancy.models import Member
from tenancy.scoping import organization_scope
from tests.cast import Cast
from tests.pipeline.pages import text_of

ClientFor = Callable[[Member], Client]


def switcher(browser: Client, path: str) -> str:
    page = text_of(browser.get(path))
    return page.split('id="tenants"')[1].split("</div>")[0]


def test_it_names_the_organisations_of_the_person_with_their_role(cast: Cast, client_for: ClientFor) -> None:
    with organization_scope(cast.globex):
        Member.objects.create(
            organization=cast.globex, user=cast.rui.user, name="Rui", role="auditor", external_id="rui"
        )
    rui = client_for(cast.rui)

    menu = switcher(rui, "/acme/")
    assert 'href="/globex/"' in menu
    assert "Squad member" in menu
    assert "Auditor" in menu
    assert 'href="/acme/" hx-boost="false" aria-current="true"' in menu
    assert 'href="/globex/" hx-boost="false" aria-current="true"' in switcher(rui, "/globex/")


def test_it_offers_what_the_role_may_open(cast: Cast, client_for: ClientFor) -> None:
    assert "/acme/settings/" in switcher(client_for(cast.ada), "/acme/")
    assert "/acme/settings/" not in switcher(client_for(cast.rui), "/acme/")


def test_an_organisation_that_was_closed_to_somebody_is_not_in_it(cast: Cast, client_for: ClientFor) -> None:
    """ASVS V8.3.2: it goes from the switcher with the next request."""
    with organization_scope(cast.globex):
        rui = Member.objects.create(organization=cast.globex, user=cast.rui.user, name="Rui", external_id="rui")
        Member.objects.filter(pk=rui.pk).update(is_active=False)

    assert "Globex" not in switcher(client_for(cast.rui), "/acme/")


def test_the_stranger_has_nothing_of_acme_in_it(cast: Cast, client_for: ClientFor) -> None:
    assert "Acme" not in switcher(client_for(cast.sam), "/globex/")
