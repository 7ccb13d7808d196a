"""Who may call the API: a token of the organisation, alive, with the scope. Everybody else gets words."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from tenancy.models import ApiToken
from tenancy.scoping import organization_scope
from tenancy.tokens import new_token, revoke_token
from tests.cast import Cast
from tests.integrations.api_caller import Caller, a_token, the_problem

ADDRESSES = {
    "/api/v1/accounts": "accounts:read",
    "/api/v1/opportunities": "opportunities:read",
    "/api/v1/account-scores": "scores:read",
    "/api/v1/account-values": "scores:read",
    "/api/v1/next-actions": "scores:read",
    "/api/v1/opportunity-scores": "scores:read",
    "/api/v1/external-scores": "scores:read",
    "/api/v1/score-overrides": "scores:read",
    "/api/v1/scoring-models": "scores:read",
    "/api/v1/contacts": "contacts:read",
    "/api/v1/activities": "activities:read",
    "/api/v1/products": "products:read",
    "/api/v1/orders": "orders:read",
    "/api/v1/satisfaction-responses": "satisfaction-responses:read",
    "/api/v1/inquiries": "inquiries:read",
    "/api/v1/units": "units:read",
    "/api/v1/members": "members:read",
    "/api/v1/nightly-runs": "nightly-runs:read",
    "/api/v1/imports": "imports:read",
    "/api/v1/events": "events:read",
}
ONE = "/0192f0c1-7b2a-7c3e-9a53-0b6f5d1e2a10"


def paths_of(base: str) -> list[str]:
    """Return the list and, where it has one, the address of a record."""
    return [base] if base == "/api/v1/events" else [base, base + ONE]


@pytest.mark.parametrize(
    ("path", "scope"), [(path, scope) for base, scope in ADDRESSES.items() for path in paths_of(base)]
)
def test_a_token_needs_the_scope_and_the_answer_names_it(cast: Cast, path: str, scope: str) -> None:
    others = [one for one in ADDRESSES.values() if one != scope]

    problem = Caller(a_token(cast.acme, others)).refused(path, 403)

    assert problem["code"] == "missing_scope"
    assert scope in problem["detail"]
    assert Caller(a_token(cast.acme, [scope])).get(path).status_code == (404 if path.endswith(ONE) else 200)


@pytest.mark.parametrize("path", ADDRESSES)
def test_without_a_token_it_is_401_with_a_challenge(cast: Cast, path: str) -> None:
    answer = Caller("").get(path)

    assert the_problem(answer, 401)["code"] == "not_authenticated"
    assert answer["WWW-Authenticate"] == 'Bearer realm="Agile Sales"'


@pytest.mark.parametrize(
    "header",
    [
        "Bearer",
        "Bearer agsales_short",
        "Bearer " + "x" * 54,
        "Basic YWRhOnB3",
        "Token agsales_" + "a" * 46,
        "Bearer agsales_" + "ä" * 46,
    ],
)
def test_a_malformed_token_is_told_what_one_looks_like(cast: Cast, header: str) -> None:
    answer = Caller("").get("/api/v1/accounts", None, Authorization=header)

    assert "not a whole API token" in the_problem(answer, 401)["detail"]
    assert answer["WWW-Authenticate"] == 'Bearer realm="Agile Sales", error="invalid_token"'


def test_an_unknown_an_expired_and_a_revoked_token_get_the_same_words(cast: Cast) -> None:
    expired = a_token(cast.acme, expires_at=timezone.now() - timedelta(seconds=1))
    revoked = a_token(cast.acme)
    with organization_scope(cast.acme):
        token = ApiToken.objects.get(start=revoked[:12])
        revoke_token(organization=cast.acme, token=token, actor=None, revoked_at=timezone.now())

    said = {Caller(text).refused("/api/v1/accounts", 401)["detail"] for text in (new_token(), expired, revoked)}

    assert said == {"The token is not known, has expired, or was revoked."}


def test_a_token_dies_with_its_organization(cast: Cast) -> None:
    caller = Caller(a_token(cast.acme))
    caller.read("/api/v1/accounts")
    cast.acme.is_active = False
    cast.acme.save(update_fields=["is_active"])

    caller.refused("/api/v1/accounts", 401)


def test_being_signed_in_as_a_person_opens_nothing(cast: Cast, client: Client) -> None:
    client.force_login(cast.ada.user)  # type: ignore[arg-type]

    the_problem(client.get("/api/v1/accounts"), 401)


def test_a_token_in_the_address_is_refused_as_a_parameter(cast: Cast) -> None:
    problem = Caller(a_token(cast.acme)).refused("/api/v1/accounts", 400, {"access_token": "agsales_x"})

    assert problem["errors"][0]["name"] == "access_token"


def test_a_request_notes_when_its_token_was_used_even_if_it_is_refused(cast: Cast) -> None:
    before = timezone.now()
    Caller(a_token(cast.acme)).refused("/api/v1/accounts" + ONE, 404)

    with organization_scope(cast.acme):
        assert ApiToken.objects.get().last_used_at >= before
