"""The page that says who may see a record says what the records themselves say to each person."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.models import Account, Opportunity, Order
from tenancy.access import Action
from tenancy.models import Member, SupportSession, Unit, UnitMembership, User
from tenancy.scoping import organization_scope
from tenancy.tokens import issue_token
from tenancy.who import Why, who_may
from tests.cast import Cast
from tests.pipeline import records

TODAY = date(2026, 3, 2)
ACTIONS = [
    (Account, Action.VIEW_ACCOUNTS),
    (Account, Action.EDIT_ACCOUNTS),
    (Account, Action.EXPORT_ACCOUNTS),
    (Opportunity, Action.EDIT_OPPORTUNITIES),
    (Order, Action.EDIT_ORDERS),
    (Order, Action.EXPORT_ORDERS),
]


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    places=st.lists(st.tuples(st.integers(0, 8), st.integers(0, 3), st.booleans()), max_size=8),
    owners=st.tuples(st.integers(-1, 8), st.integers(-1, 8)),
)
def test_it_agrees_with_what_each_person_finds(
    cast: Cast, places: list[tuple[int, int, bool]], owners: tuple[int, int]
) -> None:
    """ASVS V8.2.2: one predicate decides, whichever way it is asked."""
    people = cast.acme_people()
    own, of_account = (people[number] if number >= 0 else None for number in owners)
    with organization_scope(cast.acme):
        UnitMembership.objects.all().delete()
        units = list(Unit.objects.order_by("code"))
        for (number, unit), over in {place[:2]: place[2] for place in places}.items():
            UnitMembership.objects.create(
                organization=cast.acme,
                member=people[number],
                unit=units[unit],
                active_from=TODAY - timedelta(days=20),
                active_to=TODAY if over else None,
            )
        account = records.an_account(cast.acme, owner=of_account)
        made: dict[Any, Any] = {
            Account: account,
            Opportunity: records.a_deal(cast.acme, account, owner=own),
            Order: records.an_order(cast.acme, account, owner=own, number=f"N-{account.pk}"),
        }
        for model, action in ACTIONS:
            record = made[model]
            owner_ids = [record.owner_id, account.owner_id]
            allowed = who_may(action, organization=cast.acme, owner_ids=owner_ids, as_of=TODAY)[action]
            said = {one.member.pk for one in allowed}
            found = {
                one.pk
                for one in people
                if model.objects.filter(pk=record.pk).visible_to(one, action, as_of=TODAY).exists()
            }
            assert said == found, (model, action)


def test_it_names_the_reason(cast: Cast) -> None:
    with organization_scope(cast.acme):
        allowed = who_may(
            Action.EDIT_ACCOUNTS, organization=cast.acme, owner_ids=[cast.rui.pk], as_of=timezone.localdate()
        )[Action.EDIT_ACCOUNTS]
        by_name = {one.member.name: (one.why, one.units) for one in allowed}

    assert by_name == {
        "Ada Winter": (Why.ROLE, ()),
        "Lena Vogt": (Why.ROLE, ()),
        "Rui Prado": (Why.OWNER, ()),
        "Sil Marten": (Why.SQUAD, ("Mobility",)),
    }


def test_who_left_or_has_no_sign_in_is_not_named(cast: Cast) -> None:
    with organization_scope(cast.acme):
        Member.objects.filter(pk=cast.sil.pk).update(is_active=False)
        assert cast.lena.user_id is not None
        User.objects.filter(pk=cast.lena.user_id).update(is_active=False)
        allowed = who_may(Action.EDIT_ACCOUNTS, organization=cast.acme, owner_ids=[], as_of=TODAY)
        names = {one.member.name for one in allowed[Action.EDIT_ACCOUNTS]}

    assert names == {"Ada Winter"}


class TestPage:
    @pytest.fixture
    def addresses(self, cast: Cast) -> dict[str, str]:
        with organization_scope(cast.acme):
            account = records.an_account(cast.acme, owner=cast.rui)
            deal, order = records.a_deal(cast.acme, account), records.an_order(cast.acme, account)
        return {
            name: reverse(f"who-{name}", kwargs={"organization": "acme", f"{name}_id": record.pk})
            for name, record in [("account", account), ("opportunity", deal), ("order", order)]
        }

    @pytest.mark.parametrize("name", ["account", "opportunity", "order"])
    def test_it_lists_people_with_reasons(
        self, cast: Cast, client_for: Callable[[Member], Client], addresses: dict[str, str], name: str
    ) -> None:
        text = client_for(cast.mia).get(addresses[name]).content.decode()

        see, change = text.split("Change it</h2>")
        assert "Mia Kranz" in see
        assert "Mia Kranz" not in change.split("</main>")[0]
        assert "share a squad with an owner: Mobility" in change
        assert "Because of the role: Sales leader" in change

    def test_it_names_tokens_and_support(
        self, cast: Cast, client_for: Callable[[Member], Client], addresses: dict[str, str]
    ) -> None:
        now = timezone.now()
        with organization_scope(cast.acme):
            for label, scopes in [("ERP copy", ["accounts:read"]), ("Product feed", ["products:read"])]:
                issue_token(organization=cast.acme, name=label, scopes=scopes, issued_at=now)
            operator = User.objects.create(email="op@product.example", name="Op")
            face = Member.objects.create(
                organization=cast.acme, name="Support", external_id="support", role=Member.Role.SUPPORT
            )
            SupportSession.objects.create(
                organization=cast.acme,
                user=operator,
                member=face,
                reason="A total that looks wrong",
                opened_at=now - timedelta(minutes=1),
                ends_at=now + timedelta(minutes=30),
            )

        text = client_for(cast.ada).get(addresses["account"]).content.decode()
        assert "ERP copy" in text
        assert "Product feed" not in text
        assert "A total that looks wrong" in text

    def test_a_pop_over_gets_only_the_lists(
        self, cast: Cast, client_for: Callable[[Member], Client], addresses: dict[str, str]
    ) -> None:
        response = client_for(cast.rui).get(addresses["account"], headers={"HX-Request": "true"})

        assert "<html" not in response.content.decode()
        assert "Rui Prado" in response.content.decode()

    def test_the_stranger_is_told_nothing(
        self, cast: Cast, client_for: Callable[[Member], Client], addresses: dict[str, str]
    ) -> None:
        for address in addresses.values():
            assert client_for(cast.sam).get(address).status_code == 404
            assert client_for(cast.sam).get(address.replace("/acme/", "/globex/")).status_code == 404

    def test_the_record_leads_to_it(self, cast: Cast, client_for: Callable[[Member], Client]) -> None:
        with organization_scope(cast.acme):
            account = records.an_account(cast.acme, owner=cast.rui)
        page = client_for(cast.mia).get(f"/acme/accounts/{account.pk}/").content.decode()

        assert f"/acme/accounts/{account.pk}/who/" in page
