"""A whole company, from one seed: the same seed, end date and sizes give the same company, whatever the machine."""

import math
from dataclasses import dataclass
from datetime import date, datetime

import numpy as np

from simulation.catalogue import draw_catalogue
from simulation.customers import draw_accounts, draw_contacts, draw_places
from simulation.deal_records import draw_snapshots, record_deals
from simulation.deals import draw_deals
from simulation.engagement import draw_activities, draw_usage
from simulation.future import draw_truth
from simulation.geography import COUNTRIES
from simulation.market import draw_market
from simulation.orders import draw_purchases, record_orders, settle_lifecycles
from simulation.profile import CompanyProfile
from simulation.rows import (
    AccountRow,
    AccountTruth,
    ActivityRow,
    ContactRow,
    HistoryRow,
    OpportunityRow,
    OrderLineRow,
    OrderRow,
    ProductRow,
    SatisfactionRow,
    SnapshotRow,
    UsageRow,
)
from simulation.satisfaction import draw_satisfaction
from simulation.staff import Staff, draw_staff
from simulation.workdays import Workdays

FEWEST_ACCOUNTS, MOST_ACCOUNTS = 20, 200_000
FEWEST_MONTHS, MOST_MONTHS = 3, 60
MONTHS_OF_ORDERS_BEFORE = 12  # orders reach back further than deals, so that years can be compared
SNAPSHOT_DAYS = 28


class UnableToSimulate(ValueError):
    """The company can't be drawn; the message says why."""


@dataclass(frozen=True)
class Company:
    """Everything about a simulated company, as rows that refer to each other by place."""

    profile: CompanyProfile
    seed: int
    end_date: date
    cut: datetime
    staff: Staff
    products: list[ProductRow]
    accounts: list[AccountRow]
    contacts: list[ContactRow]
    opportunities: list[OpportunityRow]
    histories: list[HistoryRow]
    snapshots: list[SnapshotRow]
    activities: list[ActivityRow]
    orders: list[OrderRow]
    lines: list[OrderLineRow]
    satisfaction: list[SatisfactionRow]
    usage: list[UsageRow]
    truth: list[AccountTruth]


def draw_company(
    profile: CompanyProfile, *, accounts: int, seed: int, end_date: date, months: int = 18, domain: str = ""
) -> Company:
    """Return a company whose known past ends with `end_date`.

    :raises UnableToSimulate: for a size that is no company, or a currency in which nobody of its customers pays.
    """
    _check(profile, accounts, months, seed)
    # Each part has its own stream of numbers: a change to one leaves the draws of the others as they are.
    streams = iter([np.random.default_rng(s) for s in np.random.SeedSequence(seed).spawn(12)])
    workdays = Workdays(end_date=end_date, time_zone=profile.time_zone)
    weeks = round(months * 30.44 / 7)
    order_weeks = round((months + MONTHS_OF_ORDERS_BEFORE) * 30.44 / 7)

    staff = draw_staff(profile, accounts=accounts, domain=domain or f"{profile.key}.example", rng=next(streams))
    catalogue = draw_catalogue(profile, next(streams))
    regions, countries = draw_places(profile, accounts, next(streams))
    market = draw_market(
        region=regions,
        lateness=np.array([region.share_late for region in profile.regions]),
        weeks=order_weeks,
        industries=len(profile.industries),
        rng=next(streams),
    )
    account_rows = draw_accounts(profile, market, countries, staff, workdays, next(streams))
    contacts = draw_contacts(market, account_rows, next(streams))
    owners = np.array([account.owner for account in account_rows])
    deals = draw_deals(market, months=months, seller_of=owners, rng=next(streams))
    rng = next(streams)
    deal_records = record_deals(
        profile=profile,
        market=market,
        deals=deals,
        accounts=account_rows,
        catalogue=catalogue,
        workdays=workdays,
        rng=rng,
    )
    rng = next(streams)
    purchases = draw_purchases(market, deals, weeks=order_weeks, rng=rng)
    orders = record_orders(
        profile=profile,
        market=market,
        purchases=purchases,
        deals=deals,
        deal_records=deal_records,
        accounts=account_rows,
        catalogue=catalogue,
        workdays=workdays,
        rng=rng,
    )
    settle_lifecycles(account_rows, orders, market, end_date)
    activities = draw_activities(
        market=market,
        deals=deals,
        deal_records=deal_records,
        purchases=purchases,
        accounts=account_rows,
        contacts=contacts,
        staff=staff,
        workdays=workdays,
        weeks=weeks,
        rng=next(streams),
    )
    return Company(
        profile=profile,
        seed=seed,
        end_date=end_date,
        cut=workdays.cut,
        staff=staff,
        products=catalogue.products,
        accounts=account_rows,
        contacts=contacts,
        opportunities=deal_records.opportunities,
        histories=deal_records.histories,
        snapshots=draw_snapshots(deal_records, workdays, days=SNAPSHOT_DAYS),
        activities=activities,
        orders=orders.orders,
        lines=orders.lines,
        satisfaction=draw_satisfaction(
            profile=profile,
            market=market,
            accounts=account_rows,
            contacts=contacts,
            workdays=workdays,
            weeks=weeks,
            rng=next(streams),
        ),
        usage=draw_usage(
            market=market, purchases=purchases, accounts=account_rows, workdays=workdays, rng=next(streams)
        ),
        truth=draw_truth(market=market, deals=deals, purchases=purchases, orders=orders, workdays=workdays),
    )


def _check(profile: CompanyProfile, accounts: int, months: int, seed: int) -> None:
    if seed < 0:
        raise UnableToSimulate(f"A seed is 0 or more, not {seed}.")
    if not FEWEST_ACCOUNTS <= accounts <= MOST_ACCOUNTS:
        raise UnableToSimulate(f"A company has {FEWEST_ACCOUNTS} to {MOST_ACCOUNTS} accounts, not {accounts}.")
    if not FEWEST_MONTHS <= months <= MOST_MONTHS:
        raise UnableToSimulate(f"Between {FEWEST_MONTHS} and {MOST_MONTHS} months can be simulated, not {months}.")
    paid = {COUNTRIES[code].currency for region in profile.regions for code in region.countries}
    for currency, share in profile.currency_mix.items():
        if currency not in paid:
            raise UnableToSimulate(f"Nobody pays in {currency} here; known are {', '.join(sorted(paid))}.")
        if not 0 < share < math.inf:
            raise UnableToSimulate(f"The share of {currency} must be a number above 0.")
