"""Taking back what one just did: exactly the fields that changed, by the same person, for fifteen minutes."""

import re
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from pipeline.models import (
    Account,
    Activity,
    Contact,
    Opportunity,
    OpportunityHistory,
    Order,
    UndoChange,
    UndoStep,
)
from pipeline.operations import log_activity, move_stage, update_account
from tenancy.models import DomainEvent, Member
from tenancy.scoping import organization_scope
from tests.cast import Cast
from tests.pipeline.pages import ClientFor, as_typed, text_of, url
from tests.pipeline.records import a_contact, a_deal, a_line, a_stage, an_account, an_order

OFFER = re.compile(r'action="(/acme/undo/[0-9a-f-]+/)"')


def undo_address(response: Any) -> str:
    """Return where the page's button "Undo" goes."""
    found = OFFER.search(response.content.decode())
    assert found, "The page offers no way to take it back."
    return found[1]


def edited(client: Client, page: str, pk: Any, **typed: str) -> Any:
    form = client.get(url(page, pk)).context["form"]
    return client.post(url(page, pk), as_typed(form, **typed), follow=True)


def events_of(cast: Cast, pk: Any) -> list[str]:
    with organization_scope(cast.acme):
        events = DomainEvent.objects.filter(subject_id=pk).order_by("recorded_at", "id")
        return list(events.values_list("type", flat=True))


@pytest.fixture
def velora(cast: Cast) -> Account:
    with organization_scope(cast.acme):
        return an_account(cast.acme, cast.rui, segment="key", region="North", potential_minor=90_000_00)


def test_an_edit_is_taken_back_field_by_field(cast: Cast, velora: Account, client_for: ClientFor) -> None:
    client = client_for(cast.rui)
    saved = edited(client, "account-edit", velora.pk, segment="small", potential="12.50")
    assert "Saved." in text_of(saved)
    with organization_scope(cast.acme):
        # Somebody else changes another field meanwhile: that stays.
        current = Account.objects.get(pk=velora.pk)
        update_account(
            organization=cast.acme,
            account=current,
            version=2,
            actor=cast.lena,
            updated_at=timezone.now(),
            region="South",
        )

    page = client.post(undo_address(saved), follow=True)

    assert "Undone. Velora E-Bikes is as it was." in text_of(page)
    assert "took back a change: potential, segment" in text_of(page)
    with organization_scope(cast.acme):
        velora.refresh_from_db()
    assert (velora.segment, velora.potential_minor, velora.region, velora.version) == ("key", 90_000_00, "South", 4)
    assert events_of(cast, velora.pk)[-1] == "account.change_undone"


def test_what_somebody_changed_since_stays_and_says_who_did(cast: Cast, velora: Account, client_for: ClientFor) -> None:
    client = client_for(cast.rui)
    saved = edited(client, "account-edit", velora.pk, segment="small")
    with organization_scope(cast.acme):
        current = Account.objects.get(pk=velora.pk)
        update_account(
            organization=cast.acme,
            account=current,
            version=2,
            actor=cast.lena,
            updated_at=timezone.now(),
            segment="large",
        )

    page = text_of(client.post(undo_address(saved), follow=True))

    assert "Not undone: Velora E-Bikes was changed by Lena Vogt" in page
    assert 'role="alert"' in page
    with organization_scope(cast.acme):
        velora.refresh_from_db()
        assert UndoStep.objects.get().undone_at is None
    assert velora.segment == "large"
    assert "account.change_undone" not in events_of(cast, velora.pk)


def test_it_can_be_taken_back_once(cast: Cast, velora: Account, client_for: ClientFor) -> None:
    client = client_for(cast.rui)
    address = undo_address(edited(client, "account-edit", velora.pk, segment="small"))
    client.post(address)
    edited(client, "account-edit", velora.pk, segment="small")

    again = client.post(address, follow=True)

    assert "This was undone already." in text_of(again)
    with organization_scope(cast.acme):
        velora.refresh_from_db()
    assert velora.segment == "small"


def test_after_fifteen_minutes_it_is_over(cast: Cast, velora: Account, client_for: ClientFor) -> None:
    client = client_for(cast.rui)
    address = undo_address(edited(client, "account-edit", velora.pk, segment="small"))
    with organization_scope(cast.acme):
        UndoStep.objects.update(expires_at=timezone.now())

    page = text_of(client.post(address, follow=True))

    assert "older than 15 minutes" in page
    with organization_scope(cast.acme):
        velora.refresh_from_db()
    assert velora.segment == "small"


def test_values_are_forgotten_when_their_time_is_over(cast: Cast, velora: Account, client_for: ClientFor) -> None:
    client = client_for(cast.rui)
    edited(client, "account-edit", velora.pk, segment="small")
    with organization_scope(cast.acme):
        UndoStep.objects.update(expires_at=timezone.now() - timedelta(minutes=1))

    edited(client, "account-edit", velora.pk, segment="medium")

    with organization_scope(cast.acme):
        assert [change.before for change in UndoChange.objects.all()] == [{"segment": "small"}]


@pytest.mark.parametrize(("who", "status"), [("lena", 404), ("sil", 404), ("sam", 404), ("abe", 404)])
def test_nobody_else_can(who: str, status: int, cast: Cast, velora: Account, client_for: ClientFor) -> None:
    """ASVS V8.2.2: a token of somebody else's change names nothing."""
    address = undo_address(edited(client_for(cast.rui), "account-edit", velora.pk, segment="small"))
    member: Member = getattr(cast, who)

    assert client_for(member).post(address).status_code == status
    assert client_for(cast.sam).post(address.replace("/acme/", "/globex/")).status_code == 404
    with organization_scope(cast.acme):
        velora.refresh_from_db()
    assert velora.segment == "small"


def test_who_lost_the_role_meanwhile_is_refused(cast: Cast, velora: Account, client_for: ClientFor) -> None:
    client = client_for(cast.rui)
    address = undo_address(edited(client, "account-edit", velora.pk, segment="small"))
    with organization_scope(cast.acme):
        Member.objects.filter(pk=cast.rui.pk).update(role=Member.Role.AUDITOR)

    assert "Your role may no longer change it." in text_of(client.post(address, follow=True))
    with organization_scope(cast.acme):
        velora.refresh_from_db()
    assert velora.segment == "small"


def test_an_account_that_was_given_away_comes_back(cast: Cast, velora: Account, client_for: ClientFor) -> None:
    client = client_for(cast.rui)
    saved = edited(client, "account-edit", velora.pk, owner=str(cast.mia.pk))

    client.post(undo_address(saved))

    with organization_scope(cast.acme):
        velora.refresh_from_db()
    assert velora.owner_id == cast.rui.pk


def test_a_move_is_taken_back_with_all_that_followed_from_it(
    cast: Cast, velora: Account, client_for: ClientFor
) -> None:
    with organization_scope(cast.acme):
        deal = a_deal(cast.acme, velora, cast.rui)
        lost = a_stage(cast.acme, "Lost")
    before = (deal.stage_id, deal.stage_entered_at, deal.close_date)
    client = client_for(cast.rui)
    data = {"stage": str(lost.pk), "version": "1", "lost_reason": "Price"}
    moved = client.post(url("opportunity-move", deal.pk), data, follow=True)

    page = text_of(client.post(undo_address(moved), follow=True))

    assert "Undone. 2027 drive framework is as it was." in page
    assert "Rui Prado</b> took back a change of a deal: close date, lost reason, stage" in page
    with organization_scope(cast.acme):
        deal.refresh_from_db()
        stages = list(OpportunityHistory.objects.filter(field="stage").order_by("id").values_list("new", flat=True))
    assert (deal.stage_id, deal.stage_entered_at, deal.close_date) == before
    assert (deal.outcome, deal.closed_at, deal.lost_reason) == ("open", None, "")
    assert stages == ["Qualify", "Lost", "Qualify"]
    assert "took back a change of a deal" in text_of(client.get(url("account", velora.pk)))


def test_a_stage_that_was_retired_meanwhile_takes_nothing_back(
    cast: Cast, velora: Account, client_for: ClientFor
) -> None:
    with organization_scope(cast.acme):
        deal = a_deal(cast.acme, velora, cast.rui)
        propose = a_stage(cast.acme, "Discover")
    client = client_for(cast.rui)
    moved = client.post(url("opportunity-move", deal.pk), {"stage": str(propose.pk), "version": "1"}, follow=True)
    with organization_scope(cast.acme):
        old = a_stage(cast.acme)
        old.retired_at = timezone.now()
        old.save(update_fields=["retired_at"])

    assert "Its stage is no longer in use." in text_of(client.post(undo_address(moved), follow=True))


def test_a_deletion_is_taken_back_from_the_notice(cast: Cast, velora: Account, client_for: ClientFor) -> None:
    client = client_for(cast.rui)
    gone = client.post(url("account-delete", velora.pk), {"version": "1"}, follow=True)
    assert "Velora E-Bikes was deleted." in text_of(gone)

    back = client.post(undo_address(gone), follow=True)

    assert back.redirect_chain[-1][0] == url("account", velora.pk)
    assert events_of(cast, velora.pk)[-2:] == ["account.deleted", "account.change_undone"]


def test_after_the_minutes_of_undo_a_deletion_can_still_be_restored(
    cast: Cast, velora: Account, client_for: ClientFor
) -> None:
    client = client_for(cast.rui)
    client.post(url("account-delete", velora.pk), {"version": "1"})
    with organization_scope(cast.acme):
        UndoStep.objects.update(expires_at=timezone.now())

    page = client.get(f"{url('accounts')}?deleted={velora.pk}").content.decode()

    assert f'action="{url("account-restore", velora.pk)}"' in page


def test_what_was_added_is_taken_out_again(cast: Cast, client_for: ClientFor) -> None:
    client = client_for(cast.rui)
    form = client.get(url("account-new")).context["form"]
    added = client.post(url("account-new"), as_typed(form, name="Kestrel Wind"), follow=True)

    client.post(undo_address(added))

    with organization_scope(cast.acme):
        assert Account.objects.get(name="Kestrel Wind").is_deleted


def test_what_was_added_and_changed_by_somebody_since_stays(cast: Cast, client_for: ClientFor) -> None:
    client = client_for(cast.rui)
    form = client.get(url("account-new")).context["form"]
    added = client.post(url("account-new"), as_typed(form, name="Kestrel Wind"), follow=True)
    with organization_scope(cast.acme):
        account = Account.objects.get(name="Kestrel Wind")
        update_account(
            organization=cast.acme,
            account=account,
            version=1,
            actor=cast.lena,
            updated_at=timezone.now(),
            city="Kiel",
        )

    assert "Kestrel Wind was changed by Lena Vogt" in text_of(client.post(undo_address(added), follow=True))
    with organization_scope(cast.acme):
        assert not Account.objects.get(name="Kestrel Wind").is_deleted


def test_a_logged_call_is_taken_back(cast: Cast, velora: Account, client_for: ClientFor) -> None:
    client = client_for(cast.eva)
    form = client.get(url("activity-new", velora.pk)).context["form"]
    logged = client.post(url("activity-new", velora.pk), as_typed(form, subject="Prices"), follow=True)
    assert "Prices" in text_of(logged)

    client.post(undo_address(logged), follow=True)

    with organization_scope(cast.acme):
        assert Activity.objects.get().is_deleted
    assert "Prices" not in text_of(client.get(url("account", velora.pk)))


def test_the_lines_of_an_order_come_back(cast: Cast, velora: Account, client_for: ClientFor) -> None:
    with organization_scope(cast.acme):
        order = an_order(cast.acme, velora, lines=[a_line(), a_line(product_name="Controller", cost_minor=4_00)])
    client = client_for(cast.rui)
    page = client.get(url("order-edit", order.pk))
    typed = as_typed(page.context["form"])
    for form in page.context["lines"]:
        typed |= as_typed(form)
    typed |= as_typed(page.context["lines"].management_form)
    typed |= {"line-0-quantity": "99", "line-1-product_name": "", "line-1-quantity": ""}
    typed |= {"line-1-unit_price": "", "line-1-discount": ""}
    saved = client.post(url("order-edit", order.pk), typed, follow=True)
    with organization_scope(cast.acme):
        assert [line.quantity for line in order.lines.filter(deleted_at=None)] == [Decimal(99)]

    client.post(undo_address(saved))

    with organization_scope(cast.acme):
        lines = order.lines.filter(deleted_at=None).order_by("position")
        assert [(line.product_name, line.quantity, line.cost_minor) for line in lines] == [
            ("D4 drive", Decimal(10), None),
            ("Controller", Decimal(10), 4_00),
        ]
        assert Order.objects.get().amount_minor == order.amount_minor


def test_what_people_are_called_stays_out_of_the_event(cast: Cast, velora: Account, client_for: ClientFor) -> None:
    with organization_scope(cast.acme):
        contact = a_contact(cast.acme, velora, email="sanne@velora.example")
    client = client_for(cast.rui)
    saved = edited(client, "contact-edit", contact.pk, email="new@velora.example")

    page = text_of(client.post(undo_address(saved), follow=True))

    assert "took back a change: email" in page
    with organization_scope(cast.acme):
        assert Contact.objects.get().email == "sanne@velora.example"
        assert "velora.example" not in str(DomainEvent.objects.get(type="contact.change_undone").payload)


def test_a_form_that_changes_nothing_offers_nothing(cast: Cast, velora: Account, client_for: ClientFor) -> None:
    saved = edited(client_for(cast.rui), "account-edit", velora.pk)

    assert not OFFER.search(saved.content.decode())


def test_nobody_listens_to_the_api_or_to_imports(cast: Cast, velora: Account) -> None:
    with organization_scope(cast.acme):
        deal = a_deal(cast.acme, velora, cast.rui)
        now = timezone.now()
        stage = a_stage(cast.acme, "Discover")
        move_stage(organization=cast.acme, opportunity=deal, stage=stage, version=1, actor=None, moved_at=now)
        log_activity(organization=cast.acme, member=None, kind="call", occurred_at=now, logged_at=now, account=velora)

        assert not UndoStep.objects.exists()
        assert Opportunity.objects.get().stage_id == stage.pk
