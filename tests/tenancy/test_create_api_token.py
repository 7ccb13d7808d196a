"""`manage.py create_api_token` gives an integrator a token, and nobody else ever sees it."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from tenancy import doors
from tenancy.models import ApiToken
from tenancy.scoping import organization_scope
from tenancy.tokens import is_well_formed, sha256_of
from tests.cast import Cast


def create(organization: str, scopes: str = "accounts:read") -> str:
    printed = StringIO()
    call_command("create_api_token", organization=organization, name="ERP", scopes=scopes, stdout=printed)
    return printed.getvalue().strip()


def test_it_prints_a_token_that_opens_its_own_organization(cast: Cast) -> None:
    token = create("acme")

    owner = doors.token_owner(sha256_of(token), now=timezone.now())
    assert is_well_formed(token)
    assert owner is not None
    assert (owner.organization_id, owner.scopes) == (cast.acme.pk, ("accounts:read",))


def test_it_keeps_no_text_that_could_be_used(cast: Cast) -> None:
    token = create("acme")

    with organization_scope(cast.acme):
        (kept,) = ApiToken.objects.all()
    assert token not in (kept.start, kept.sha256, kept.name)
    with organization_scope(cast.globex):
        assert not ApiToken.objects.exists()


def test_a_revoked_token_opens_nothing(cast: Cast) -> None:
    token = create("acme")
    with organization_scope(cast.acme):
        ApiToken.objects.update(revoked_at=timezone.now())

    assert doors.token_owner(sha256_of(token), now=timezone.now()) is None


def test_a_mistyped_token_is_told_apart_without_a_look_up() -> None:
    assert not is_well_formed("agsales_" + "a" * 46)


WRONG = [
    ("nowhere", "accounts:read", "no organisation 'nowhere'"),
    ("acme", "accounts:steal", "Unknown scopes: accounts:steal"),
]


@pytest.mark.parametrize(("organization", "scopes", "words"), WRONG)
def test_it_says_what_is_wrong(cast: Cast, organization: str, scopes: str, words: str) -> None:
    with pytest.raises(CommandError, match=words):
        create(organization, scopes)
