"""Figures of one page agree with those of another, because the rows do."""

from collections import defaultdict
from datetime import date

from simulation.company import Company
from simulation.deal_records import LOST, STAGES, WON
from simulation.rows import HistoryRow, OrderLineRow


def test_order_amounts_are_the_sums_of_their_lines(drives: Company) -> None:
    lines: dict[int, list[OrderLineRow]] = defaultdict(list)
    for line in drives.lines:
        lines[line.order].append(line)

    for place, order in enumerate(drives.orders):
        exact = sum(line.quantity * line.unit_price_e4 * (10_000 - line.discount_bp) for line in lines[place])
        in_minor_units = exact / (10**8 if order.currency == "JPY" else 10**6)
        assert order.amount_exact_e8 == exact
        assert abs(order.amount_minor - in_minor_units) <= 0.5
        assert [line.position for line in lines[place]] == list(range(1, len(lines[place]) + 1))


def test_every_won_deal_has_an_order_over_its_amount(drives: Company) -> None:
    ordered = {order.opportunity: order for order in drives.orders if order.opportunity is not None}

    for place, deal in enumerate(drives.opportunities):
        if deal.outcome == "won":
            assert ordered[place].amount_minor == deal.amount_minor
            assert ordered[place].account == deal.account
            assert ordered[place].currency == deal.currency
        else:
            assert place not in ordered


def test_customers_are_customers_since_their_first_order(drives: Company) -> None:
    first: dict[int, date] = {}
    for order in drives.orders:
        first.setdefault(order.account, order.order_date)

    for place, account in enumerate(drives.accounts):
        assert account.customer_since == first.get(place)
        assert (account.lifecycle == "prospect") == (place not in first)
        assert account.customer_since is None or account.created_on <= account.customer_since


def test_histories_begin_with_the_deal_and_end_in_its_present_state(drives: Company) -> None:
    histories: dict[tuple[int, str], list[HistoryRow]] = defaultdict(list)
    for change in drives.histories:
        histories[change.opportunity, change.field].append(change)

    for place, deal in enumerate(drives.opportunities):
        present = {
            "stage": str(deal.stage),
            "amount": str(deal.amount_minor),
            "close_date": deal.close_date.isoformat(),
            "owner": str(deal.owner),
            "account": str(deal.account),
        }
        for field, value in present.items():
            changes = histories[place, field]
            assert changes[0].old == ""
            assert changes[0].occurred_at == deal.opened_at
            assert changes[-1].new == value
            assert [c.new for c in changes[:-1]] == [c.old for c in changes[1:]]
            assert [c.occurred_at for c in changes] == sorted(c.occurred_at for c in changes)
        assert histories[place, "stage"][-1].occurred_at == deal.stage_entered_at


def test_closed_deals_say_when_and_lost_ones_why(drives: Company) -> None:
    for deal in drives.opportunities:
        assert (deal.closed_at is None) == (deal.stage < STAGES) == (deal.outcome == "open")
        assert (deal.outcome == "won") == (deal.stage == WON)
        assert bool(deal.lost_reason) == (deal.stage == LOST)
        assert deal.closed_at is None or deal.closed_at > deal.opened_at


def test_yesterdays_snapshot_is_the_open_pipeline(drives: Company) -> None:
    last = max(snapshot.day for snapshot in drives.snapshots)
    seen = {s.opportunity: (s.stage, s.amount_minor, s.close_date) for s in drives.snapshots if s.day == last}
    is_open = {
        place: (deal.stage, deal.amount_minor, deal.close_date)
        for place, deal in enumerate(drives.opportunities)
        if deal.outcome == "open"
    }

    assert last == drives.end_date
    assert seen == is_open


def test_nothing_happens_after_the_end(drives: Company) -> None:
    moments = [row.occurred_at for rows in (drives.histories, drives.activities, drives.usage) for row in rows]
    moments += [row.responded_at for row in drives.satisfaction]

    assert max(moments) < drives.cut
    assert max(order.order_date for order in drives.orders) <= drives.end_date
    assert max(order.shipped_date for order in drives.orders if order.shipped_date) <= drives.end_date


def test_conversations_about_a_deal_lie_within_its_life(drives: Company) -> None:
    for activity in drives.activities:
        if activity.opportunity is not None:
            deal = drives.opportunities[activity.opportunity]
            assert deal.account == activity.account
            assert deal.opened_at <= activity.occurred_at <= (deal.closed_at or drives.cut)


def test_people_talked_to_work_for_the_account(drives: Company) -> None:
    for activity in drives.activities:
        assert activity.contact is None or drives.contacts[activity.contact].account == activity.account
    for answer in drives.satisfaction:
        assert drives.contacts[answer.contact].account == answer.account
        assert not drives.contacts[answer.contact].opted_out


def test_key_accounts_belong_to_the_squads(drives: Company) -> None:
    managers = {manager for squad in drives.staff.account_managers for manager in squad}

    assert {account.owner for account in drives.accounts if account.segment == "key"} <= managers
    for persona in ("squadlead", "member"):
        place = next(i for i, member in enumerate(drives.staff.members) if member.persona == persona)
        assert sum(account.owner == place for account in drives.accounts) >= 4
