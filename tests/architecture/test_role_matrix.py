"""Role × endpoint, generated: each page for each role, each operation of the API for each scope; the rest is denied."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from tenancy.access import ALLOWED, API_SCOPES, Action, Reach, reach_of
from tenancy.models import Member
from tenancy.scoping import organization_scope
from tests.architecture.addresses import Address, every_address
from tests.architecture.world import parameters_of
from tests.cast import Cast
from tests.integrations.api_caller import Caller, a_token

PAGES = [address for address in every_address() if address.in_organization]
PEOPLE = ["ada", "lena", "sil", "rui", "mia", "cora", "eva", "ana", "abe"]
OWNED = {"account_id", "contact_id", "opportunity_id", "order_id"}
"""Parameters that name a record of Rui's: there the reach decides."""

OPERATIONS = [
    (address, method)
    for address in every_address()
    if address.route.startswith("api/v1/") and hasattr(address.view, "cls") and hasattr(address.view.cls, "scope_for")
    for method in ("get", "post", "patch", "delete")
    if hasattr(address.view.cls, method)
]


def may(member: Member, page: Address) -> bool:
    """What the table says: the role has the action, and for a record of Rui's it reaches Rui."""
    assert page.policy is not None
    assert page.policy.action is not None
    action = Action(page.policy.action)
    reach = reach_of(member, action)
    if reach is None or not set(page.parameters) & OWNED:
        return reach is not None
    same_squad = member.external_id in ("rui", "sil")
    return reach == Reach.ALL or same_squad


@pytest.mark.parametrize("name", PEOPLE)
def test_each_role_is_let_in_where_the_table_says_so_and_nowhere_else(
    name: str, cast: Cast, client_for: Callable[[Member], Client]
) -> None:
    """ASVS V8.1.1, V8.2.1, V8.2.2, V8.4.1: every page × every role, by function and by record; strangers get 404."""
    member, wrong = getattr(cast, name), {}
    browser, makers = client_for(member), parameters_of(cast)
    for page in PAGES:
        with organization_scope(cast.acme):
            values = {one: makers[one]() for one in page.parameters if one != "organization"}
        status = browser.get(reverse(page.name, kwargs={"organization": "acme", **values})).status_code
        if status == 405:
            continue  # asked by POST only: the next test of forms and test_tenant_matrix refuse it there
        if (status == 403) == may(member, page):
            wrong[page.name] = status

    assert wrong == {}


@pytest.mark.parametrize(("address", "method"), OPERATIONS, ids=lambda one: str(one))
def test_each_operation_of_the_api_asks_for_its_own_scope(address: Address, method: str, cast: Cast) -> None:
    """ASVS V8.2.1: a token with all the scopes but one is refused where that one is needed."""
    view: Any = address.view
    scope = view.cls.scope_for(method.upper())
    assert scope in API_SCOPES
    parameters = dict.fromkeys(address.parameters, "0192f0c1-7b2a-7c3e-9a53-0b6f5d1e2a10")
    path = reverse(address.name, kwargs=parameters)
    others = [one for one in API_SCOPES if one != scope]

    token = Caller(a_token(cast.acme, others)).token
    answer = getattr(Client(raise_request_exception=False), method)(
        path, content_type="application/json", headers={"Authorization": f"Bearer {token}"}
    )

    assert answer.status_code == 403
    assert scope in answer.json()["detail"]


def test_an_address_that_says_nothing_is_denied() -> None:
    """ASVS V8.1.1: no page, no endpoint and no action is outside of the written matrix."""
    assert OPERATIONS
    assert [str(address) for address in every_address() if address.policy is None] == []
    assert {page.policy.action for page in PAGES if page.policy} <= set(ALLOWED)
