"""No page and no endpoint without a word on who may open it."""

from tenancy.access import ALLOWED, Action
from tenancy.models import Member
from tests.architecture.addresses import every_address


def test_every_view_has_an_access_policy() -> None:
    assert [str(address) for address in every_address() if address.policy is None] == []


def test_every_page_of_an_organization_asks_for_an_action() -> None:
    pages = [address for address in every_address() if address.in_organization]

    assert [str(page) for page in pages if page.policy is None or page.policy.action is None] == []


def test_every_address_has_a_name() -> None:
    assert [address.route for address in every_address() if not address.name] == []


def test_every_action_is_in_the_table_and_somebody_may_do_it() -> None:
    assert set(ALLOWED) == set(Action)
    assert all(ALLOWED.values())


def test_an_administrator_may_do_everything() -> None:
    assert [action for action in Action if Member.Role.ADMIN not in ALLOWED[action]] == []
