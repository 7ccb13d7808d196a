"""The same seed gives the same company."""

from dataclasses import asdict
from datetime import date

from simulation.company import Company, draw_company
from simulation.profile import DRIVES

TABLES = [
    "products",
    "accounts",
    "contacts",
    "opportunities",
    "histories",
    "snapshots",
    "activities",
    "orders",
    "lines",
    "satisfaction",
    "usage",
    "truth",
]


def _small(seed: int, end_date: date = date(2026, 11, 22)) -> Company:
    return draw_company(DRIVES, accounts=120, seed=seed, end_date=end_date, months=6)


def test_the_same_seed_draws_the_same_company() -> None:
    once, again = _small(3), _small(3)

    assert asdict(once) == asdict(again)


def test_another_seed_draws_other_accounts_and_deals() -> None:
    one, other = _small(3), _small(4)

    assert [account.name for account in one.accounts] != [account.name for account in other.accounts]
    assert one.opportunities != other.opportunities


def test_another_end_date_moves_the_company_in_time() -> None:
    early, late = _small(3, date(2025, 6, 30)), _small(3, date(2026, 6, 30))

    assert max(order.order_date for order in early.orders) <= date(2025, 6, 30)
    assert max(order.order_date for order in late.orders) > date(2026, 6, 1)


def test_all_parts_have_rows() -> None:
    company = _small(3)

    assert all(getattr(company, table) for table in TABLES)
