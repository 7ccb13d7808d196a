"""Every page of an organisation, found from the addresses, on a simulated company that has worked for a while.

Accessible in light, dark and on a phone, quiet under the strict policy, never wider than 320 px, light in weight. A new
page needs no line here; what needs a special state has one in `tests/browser/pages.py`.
"""

import gzip
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any, cast

import pytest
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoDbBlocker

from pipeline.models import Account, AccountScore, Contact, Opportunity, Order, Product
from simulation.demo import DemoCompany, seed_demo
from simulation.profile import DRIVES
from tenancy.models import Member, Organization, Run
from tenancy.scoping import organization_scope
from tests.architecture.addresses import Address, every_address
from tests.architecture.world import parameters_of
from tests.browser.conftest import LOOKS, Window, empty_database
from tests.cast import Cast
from tests.signed_in import signed_in_client

HEAVIEST = 20 * 1024
MOST_NODES = 1500
# The company takes its time to simulate: once, by one worker.
pytestmark = pytest.mark.xdist_group("every_page")
PLACES = [address for address in every_address() if address.in_organization]
SCROLLBAR = 15  # what a classic one takes of the width
# The tables in the page that show only a part of a row at once.
CUT_OFF = """() => [...document.querySelectorAll('#main :is(.tablewrap, .scrollx):has(table)')]
    .filter(box => box.scrollWidth > box.clientWidth + 1)
    .map(box => `${box.scrollWidth - box.clientWidth} px of ${box.innerText.slice(0, 120)}`)"""
# The cells that lie over another one of their row.
OVER_EACH_OTHER = """() => [...document.querySelectorAll('#main tbody tr')].flatMap(row => {
    const boxes = [...row.children].map(cell => cell.getBoundingClientRect()).filter(box => box.width && box.height);
    const over = boxes.some((one, i) => boxes.slice(i + 1).some(other => one.left < other.right - 1
        && other.left < one.right - 1 && one.top < other.bottom - 1 && other.top < one.bottom - 1));
    return over ? [row.innerText.slice(0, 120)] : [];
})"""
# Lists whose rows show what they are for without scrolling sideways, on a desk and some of them on a phone.
WHOLE_ON_A_DESK = {"pipeline:accounts", "pipeline:opportunities", "pipeline:priorities"}
WHOLE_ANYWHERE = {"coe:models", "coe:model", "coe:model-trials", "coe:model-pays", "pipeline:priorities"}


@dataclass(frozen=True)
class SimulatedCompany:
    """The company and who looks at it."""

    organization: Organization
    leader: Member
    admin: Member
    ids: dict[str, str]

    def address(self, place: Address) -> str:
        """Return the address of a place, with a record that has something to show."""
        kwargs = {name: self.ids[name] for name in place.parameters if name != "organization"}
        return reverse(place.name, kwargs={"organization": self.organization.slug, **kwargs})


@pytest.fixture(scope="module")
def company(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[SimulatedCompany]:
    """Sixty accounts, their deals and orders of eighteen months, and five nights."""
    with django_db_blocker.unblock():
        try:
            with pytest.MonkeyPatch.context() as patch:
                patch.setenv("DEMO_PASSWORD", "correct-horse-battery")
                demo = DemoCompany("acme", DRIVES, accounts=60, seed=20261)
                seed_demo(now=timezone.now(), progress=lambda _: None, companies=(demo,))
            yield _look_around(Organization.objects.get(slug="acme"))
        finally:
            empty_database()


def _look_around(acme: Organization) -> SimulatedCompany:
    def first(model: Any, *order: str, **filters: Any) -> Any:
        return model.objects.for_organization(acme).filter(**filters).order_by(*order).first()

    with organization_scope(acme):
        leader, admin = (first(Member, "id", email=f"{name}@acme.example") for name in ("leader", "admin"))
        ranked = first(AccountScore, "rank")
        rows = {
            "account_id": ranked.account if ranked else first(Account, "id"),
            "contact_id": first(Contact, "id", account__isnull=False),
            "opportunity_id": first(Opportunity, "-amount_minor", outcome="open", account__isnull=False),
            "order_id": first(Order, "-order_date"),
            "product_id": first(Product, "id"),
            "run_id": first(Run, "-scheduled_for"),
        }
        ids = {name: str(row.pk) for name, row in rows.items() if row is not None}
        # What the simulation does not make comes from the makers of the access tests.
        people = cast("Cast", SimpleNamespace(acme=acme, rui=leader, lena=leader, ana=leader, ada=admin))
        makers = parameters_of(people)
        wanted = {name for place in PLACES for name in place.parameters} - {"organization"} - set(ids)
        ids.update({name: makers[name]() for name in wanted if name in makers})
    return SimulatedCompany(acme, leader, admin, ids)


def whole_page(path: str, member: Member) -> bytes | None:
    """Return what the address shows if it is a whole page: no file, no fragment, no answer to a form."""
    assert member.user is not None
    response = signed_in_client(member.user).get(path)
    html = response.headers.get("Content-Type", "").startswith("text/html")
    if response.status_code != 200 or response.streaming or not html or b"data-shell" not in response.content:
        return None
    return bytes(response.content)


@pytest.mark.parametrize("place", PLACES, ids=str)
def test_it_can_be_used_by_everybody(
    place: Address, company: SimulatedCompany, open_plain_window: Callable[..., Window]
) -> None:
    path = company.address(place)
    people = (company.leader, company.admin)
    who, page = next(((member, page) for member in people if (page := whole_page(path, member))), (None, None))
    if who is None or page is None:
        return
    window = open_plain_window(who)

    window.open(path)

    # One load for all the looks: the theme and the width are the style sheets' business.
    name = str(place).replace(":", "-")
    window.assert_good_in_both_themes(name)
    window.resize(LOOKS["phone"]["viewport"])
    window.assert_good_on_a_phone(name)
    assert window.page.evaluate(OVER_EACH_OTHER) == []
    if str(place) in WHOLE_ANYWHERE:
        assert window.page.evaluate(CUT_OFF) == []
    if str(place) in WHOLE_ON_A_DESK | WHOLE_ANYWHERE:
        desk = LOOKS["light"]["viewport"]
        window.resize({"width": desk["width"] - SCROLLBAR, "height": desk["height"]})
        assert window.page.evaluate(CUT_OFF) == []
    assert len(gzip.compress(page)) <= HEAVIEST
    assert window.page.locator("*").count() <= MOST_NODES


@pytest.mark.parametrize(
    ("name", "size", "question"),
    [("pipeline:accounts", 50, "sort=priority"), ("pipeline:opportunities", 36, "outcome=open")],
)
def test_the_longest_list_of_scores_is_light(
    company: SimulatedCompany, open_plain_window: Callable[..., Window], name: str, size: int, question: str
) -> None:
    """As if each row that the page has room for were as heavy as its heaviest: which ones are depends on the data."""
    window = open_plain_window(company.leader)

    window.open(f"{reverse(name, args=['acme'])}?{question}")

    rows = window.page.locator("#list tbody tr")
    assert 0 < rows.count() <= size
    assert rows.locator("a.score").count() > 0
    each = rows.evaluate_all("rows => rows.map(row => row.querySelectorAll('*').length + 1)")
    assert window.page.locator("*").count() - sum(each) + size * max(each) <= MOST_NODES
