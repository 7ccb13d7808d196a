"""`manage.py create_organization` gives a new customer an empty organisation, and refuses in words."""

from collections.abc import Callable
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from tenancy.models import Member, Organization
from tests.cast import Cast


def create(**options: str) -> str:
    printed = StringIO()
    given = {"slug": "initech", "name": "Initech", "admin": "lena@acme.example", "currency": "USD", **options}
    call_command("create_organization", stdout=printed, **given)
    return printed.getvalue()


def test_the_administrator_can_open_it_and_nobody_else(cast: Cast, client_for: Callable[[Member], Client]) -> None:
    create()

    assert client_for(cast.lena).get("/initech/").status_code == 200
    assert client_for(cast.rui).get("/initech/").status_code == 404
    assert client_for(cast.sam).get("/initech/").status_code == 404


def test_somebody_without_a_sign_in_is_told_how_to_get_a_password(cast: Cast) -> None:
    assert "Forgot your password" in create(admin="new@initech.example")


WRONG = [
    ({"slug": "api"}, "cannot be an address"),
    ({"slug": "Acme Drives"}, "cannot be an address"),
    ({"slug": "acme"}, "an organisation 'acme' already"),
    ({"currency": "XXY"}, "no currency code"),
    ({"time_zone": "Mars/Olympus"}, "no time zone"),
    ({"admin": "nobody"}, "no e-mail address"),
]


@pytest.mark.parametrize(("options", "words"), WRONG)
def test_it_says_what_is_wrong_and_creates_nothing(cast: Cast, options: dict[str, str], words: str) -> None:
    with pytest.raises(CommandError, match=words):
        create(**options)

    assert Organization.objects.count() == 2
