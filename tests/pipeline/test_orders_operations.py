"""Adding and changing orders with their lines, and logging activities."""

from decimal import Decimal

import pytest

from pipeline.models import OrderLine
from pipeline.operations import UnableToLogActivity, log_activity, update_order
from tenancy.models import DomainEvent
from tests.cast import Cast
from tests.pipeline.records import NOON, a_contact, a_deal, a_line, an_account, an_order

pytestmark = pytest.mark.usefixtures("acme_scope")


def test_the_amount_is_the_exact_sum_rounded_once(cast: Cast) -> None:
    third = a_line(unit_price_e4=3_333, quantity=Decimal(1), discount_bp=333)

    order = an_order(cast.acme, lines=[third, third, third])

    order.refresh_from_db()
    assert order.amount_exact == Decimal("0.96660333")
    assert order.amount_minor == 97


def test_changing_the_lines_changes_amount_and_version(cast: Cast) -> None:
    order = an_order(cast.acme)

    update_order(
        organization=cast.acme,
        order=order,
        version=1,
        actor=cast.rui,
        updated_at=NOON,
        lines=[a_line(quantity=Decimal(1), discount_bp=0)],
    )

    order.refresh_from_db()
    assert (order.amount_minor, order.version) == (19_999, 2)
    assert OrderLine.objects.filter(order=order, deleted_at=None).count() == 1
    assert DomainEvent.objects.get(type="order.updated").payload["lines_changed"] is True


def test_a_known_cost_outlives_a_form_that_does_not_show_it(cast: Cast) -> None:
    order = an_order(cast.acme, lines=[a_line(cost_minor=12_000)])
    changed = [a_line(quantity=Decimal(3))]

    update_order(organization=cast.acme, order=order, version=1, actor=None, updated_at=NOON, lines=changed)

    assert OrderLine.objects.get(order=order).cost_minor == 12_000


def test_an_activity_finds_the_account_of_its_contact(cast: Cast) -> None:
    account = an_account(cast.acme)
    contact = a_contact(cast.acme, account)

    activity = log_activity(
        organization=cast.acme, member=cast.rui, kind="call", occurred_at=NOON, logged_at=NOON, contact=contact
    )

    assert activity.account_id == account.pk


def test_an_activity_refuses_parts_of_two_accounts_and_none_at_all(cast: Cast) -> None:
    contact = a_contact(cast.acme, an_account(cast.acme))
    deal = a_deal(cast.acme, an_account(cast.acme, name="Tramont Rail"))

    with pytest.raises(UnableToLogActivity):
        log_activity(
            organization=cast.acme,
            member=cast.rui,
            kind="call",
            occurred_at=NOON,
            logged_at=NOON,
            contact=contact,
            opportunity=deal,
        )
    with pytest.raises(UnableToLogActivity):
        log_activity(organization=cast.acme, member=cast.rui, kind="note", occurred_at=NOON, logged_at=NOON)
