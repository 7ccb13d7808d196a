"""Distributions lie where those of such companies lie; names are invented."""

import re
from collections import Counter
from datetime import timedelta

import numpy as np
import pytest

from simulation.company import Company, UnableToSimulate, draw_company
from simulation.firm_names import KNOWN_MAKERS
from simulation.people_names import plain_letters
from simulation.profile import DRIVES
from tests.simulation.conftest import END_DATE


def _nps(scores: list[int]) -> float:
    return 100 * (sum(score >= 9 for score in scores) - sum(score <= 6 for score in scores)) / len(scores)


def test_sixty_key_accounts_and_four_regions(drives: Company) -> None:
    segments = Counter(account.segment for account in drives.accounts)
    regions = Counter(account.region for account in drives.accounts)

    assert segments == {"key": 60, "large": 140, "medium": 400, "small": 1400}
    assert len(regions) == 4
    assert min(regions.values()) > 50


def test_the_top_tenth_holds_about_sixty_per_cent(drives: Company) -> None:
    revenue: Counter[int] = Counter()
    for order in drives.orders:
        if order.currency == "EUR" and order.order_date > END_DATE - timedelta(days=365):
            revenue[order.account] += order.amount_minor
    amounts = sorted(revenue.values(), reverse=True)
    in_euro = sum(account.currency == "EUR" for account in drives.accounts)

    assert 0.52 < sum(amounts[: in_euro // 10]) / sum(amounts) < 0.70


def test_deals_have_the_usual_number_size_length_and_end(drives: Company) -> None:
    deals = drives.opportunities
    won = [deal for deal in deals if deal.outcome == "won"]
    closed = [deal for deal in deals if deal.closed_at is not None]
    values = [deal.amount_minor / 100 for deal in deals if deal.currency == "EUR"]
    days = [(deal.closed_at - deal.opened_at).days for deal in closed if deal.closed_at]

    assert 2200 < len(deals) < 2800
    assert 22_000 < np.median(values) < 34_000
    assert 0.9 < np.std(np.log(values)) < 1.3
    # Long deals of the last months are still open, so the closed ones are shorter than all will be.
    assert 52 < np.median(days) < 80
    assert 0.22 < len(won) / len(closed) < 0.30
    assert 300 < len(deals) - len(closed) < 550


def test_a_third_is_pushed_and_rarely_won(drives: Company) -> None:
    pushed = {
        change.opportunity
        for change in drives.histories
        if change.field == "close_date"
        and change.old
        and change.new > change.old
        # The day on which a deal closed is written down as well; that is no push.
        and change.occurred_at != drives.opportunities[change.opportunity].closed_at
    }
    outcomes = Counter(drives.opportunities[place].outcome for place in pushed)

    assert 0.28 < len(pushed) / len(drives.opportunities) < 0.45
    assert 0.07 < outcomes["won"] / (outcomes["won"] + outcomes["lost"]) < 0.20


def test_there_is_something_to_tidy_up(drives: Company) -> None:
    is_open = [deal for deal in drives.opportunities if deal.outcome == "open"]
    overdue = [deal for deal in is_open if deal.close_date <= drives.end_date]

    assert 0.03 < len(overdue) / len(is_open) < 0.15
    assert 0.05 < sum(not deal.next_step for deal in is_open) / len(is_open) < 0.25


def test_satisfaction_suffers_where_deliveries_are_late(drives: Company) -> None:
    south = next(place for place, region in enumerate(DRIVES.regions) if region.name == "South")
    by_region: dict[int, list[int]] = {}
    for answer in drives.satisfaction:
        by_region.setdefault(drives.accounts[answer.account].region, []).append(answer.score)
    late: dict[int, list[bool]] = {}
    for order in drives.orders:
        if order.shipped_date:
            late.setdefault(drives.accounts[order.account].region, []).append(order.shipped_date > order.promised_date)

    assert 27 < _nps([answer.score for answer in drives.satisfaction]) < 41
    assert _nps(by_region[south]) < 15
    assert all(_nps(scores) > 25 for region, scores in by_region.items() if region != south)
    assert np.mean(late[south]) > 0.3
    assert all(np.mean(flags) < 0.15 for region, flags in late.items() if region != south)


def test_currencies_follow_the_mix(drives: Company) -> None:
    currencies = Counter(account.currency for account in drives.accounts)

    for currency, share in DRIVES.currency_mix.items():
        assert currencies[currency] / 2000 == pytest.approx(share, abs=0.025)


def test_work_happens_on_working_days(drives: Company) -> None:
    assert {order.order_date.weekday() for order in drives.orders} <= {0, 1, 2, 3, 4}
    assert {activity.occurred_at.weekday() for activity in drives.activities} <= {0, 1, 2, 3, 4}


def test_company_names_are_unique_and_nobodys_trademark(drives: Company, hydraulics: Company) -> None:
    for company in (drives, hydraulics):
        names = [account.name for account in company.accounts]
        assert len(set(names)) == len(names)
        assert not {plain_letters(name.split()[0]) for name in names} & KNOWN_MAKERS


def test_addresses_and_telephones_reach_nobody(drives: Company) -> None:
    kept_free = re.compile(r"\+49 30 23125 \d{3}|\+44 20 7946 0\d{3}|\+33 1 99 00 \d{4}|\+1 312 555 01\d\d|")

    assert all(contact.email.endswith(".example") for contact in drives.contacts)
    assert all(member.email.endswith(".example") for member in drives.staff.members)
    assert all(kept_free.fullmatch(contact.phone) for contact in drives.contacts)


def test_no_two_people_of_a_firm_share_an_address(drives: Company) -> None:
    addresses = [contact.email for contact in drives.contacts]
    own = [member.email for member in drives.staff.members]

    assert len(set(addresses)) == len(addresses)
    assert len(set(own)) == len(own)


def test_somebody_who_left_still_owns_accounts(drives: Company) -> None:
    gone = {place for place, member in enumerate(drives.staff.members) if not member.is_active}

    assert 30 < sum(account.owner in gone for account in drives.accounts) < 100


@pytest.mark.parametrize(("accounts", "months"), [(5, 18), (1_000_001, 18), (100, 1), (100, 100)])
def test_it_refuses_sizes_that_are_no_company(accounts: int, months: int) -> None:
    with pytest.raises(UnableToSimulate, match="not"):
        draw_company(DRIVES, accounts=accounts, seed=1, end_date=END_DATE, months=months)


@pytest.mark.parametrize("accounts", [20, 57])
def test_the_smallest_companies_are_whole(accounts: int) -> None:
    company = draw_company(DRIVES, accounts=accounts, seed=1, end_date=END_DATE, months=3)

    assert len(company.accounts) == accounts
    assert {member.persona for member in company.staff.members if member.persona} == {p.key for p in DRIVES.personas}
