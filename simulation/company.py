"""A whole company, from one seed: the same seed, end date and sizes give the same company, whatever the machine.

A large one is drawn in batches of accounts that share the company's frame (people, products) and nothing else: each has
random numbers of its own, needs no other batch, and can be forgotten when it is stored.
"""

import math
from dataclasses import dataclass
from datetime import date, datetime

import numpy as np

from simulation.catalogue import Catalogue, draw_catalogue
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

FEWEST_ACCOUNTS, MOST_ACCOUNTS = 20, 1_000_000
BATCH_SIZE = 10_000
FEWEST_MONTHS, MOST_MONTHS = 3, 60
MONTHS_OF_ORDERS_BEFORE = 12  # orders reach back further than deals, so that years can be compared
SNAPSHOT_DAYS, SNAPSHOT_WEEKS = 28, 24  # each of the last four weeks, and the ends of the half year before


class UnableToSimulate(ValueError):
    """The company can't be drawn; the message says why."""


_STREAMS = 12


@dataclass(frozen=True)
class Frame:
    """What all accounts of a company share, and into which batches they fall."""

    profile: CompanyProfile
    seed: int
    end_date: date
    months: int
    staff: Staff
    catalogue: Catalogue
    sizes: tuple[int, ...]  # accounts of each batch

    @property
    def accounts(self) -> int:
        """How many accounts the company has."""
        return sum(self.sizes)


@dataclass(frozen=True)
class Company:
    """A simulated company, or one batch of its accounts, as rows that refer to each other by place."""

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
    """Return a company, all of it in memory, whose known past ends with `end_date`.

    :raises UnableToSimulate: for a size that is no company, or a currency in which nobody of its customers pays.
    """
    size = max(accounts, 2 * FEWEST_ACCOUNTS)
    return draw_batch(
        draw_frame(
            profile, accounts=accounts, seed=seed, end_date=end_date, months=months, domain=domain, batch_size=size
        ),
        0,
    )


def draw_frame(
    profile: CompanyProfile,
    *,
    accounts: int,
    seed: int,
    end_date: date,
    months: int = 18,
    domain: str = "",
    batch_size: int = BATCH_SIZE,
) -> Frame:
    """Return the frame of a company whose accounts are drawn in equal batches of at most `batch_size`.

    The same arguments give the same accounts; another batch size gives another company, unless both hold all of it.

    :raises UnableToSimulate: for a size that is no company, or a currency in which nobody of its customers pays.
    """
    _check(profile, accounts, months, seed)
    if batch_size < 2 * FEWEST_ACCOUNTS:
        raise UnableToSimulate(f"A batch has at least {2 * FEWEST_ACCOUNTS} accounts, not {batch_size}.")
    batches = -(-accounts // batch_size)
    streams = _streams(seed, 0)
    return Frame(
        profile=profile,
        seed=seed,
        end_date=end_date,
        months=months,
        staff=draw_staff(profile, accounts=accounts, domain=domain or f"{profile.key}.example", rng=streams[0]),
        catalogue=draw_catalogue(profile, streams[1]),
        # Equal ones, because a last batch of a few accounts would have no believable shares of anything.
        sizes=tuple(accounts * (i + 1) // batches - accounts * i // batches for i in range(batches)),
    )


def draw_batch(frame: Frame, number: int) -> Company:
    """Return a batch of the company's accounts, with all that hangs on them; places count from 0 in each batch."""
    profile, staff, catalogue, months = frame.profile, frame.staff, frame.catalogue, frame.months
    accounts, end_date = frame.sizes[number], frame.end_date
    streams = iter(_streams(frame.seed, number)[2:])
    workdays = Workdays(end_date=end_date, time_zone=profile.time_zone)
    weeks = round(months * 30.44 / 7)
    order_weeks = round((months + MONTHS_OF_ORDERS_BEFORE) * 30.44 / 7)

    regions, countries = draw_places(profile, accounts, next(streams))
    market = draw_market(
        region=regions,
        lateness=np.array([region.share_late for region in profile.regions]),
        weeks=order_weeks,
        industries=len(profile.industries),
        rng=next(streams),
    )
    account_rows = draw_accounts(
        profile, market, countries, staff, workdays, next(streams), batch=number, batches=len(frame.sizes)
    )
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
        seed=frame.seed,
        end_date=end_date,
        cut=workdays.cut,
        staff=staff,
        products=catalogue.products,
        accounts=account_rows,
        contacts=contacts,
        opportunities=deal_records.opportunities,
        histories=deal_records.histories,
        snapshots=draw_snapshots(deal_records, workdays, days=SNAPSHOT_DAYS, weeks=SNAPSHOT_WEEKS),
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


def _streams(seed: int, batch: int) -> list[np.random.Generator]:
    """Return a stream of numbers for each part: a change to one leaves the draws of the others as they are."""
    sequence = np.random.SeedSequence(seed, spawn_key=(_STREAMS, batch) if batch else ())
    return [np.random.default_rng(s) for s in sequence.spawn(_STREAMS)]


def _check(profile: CompanyProfile, accounts: int, months: int, seed: int) -> None:
    if seed < 0:
        raise UnableToSimulate(f"A seed is 0 or more, not {seed}.")
    if not FEWEST_ACCOUNTS <= accounts <= MOST_ACCOUNTS:
        raise UnableToSimulate(f"A company has {FEWEST_ACCOUNTS} to {MOST_ACCOUNTS:,} accounts, not {accounts}.")
    if not FEWEST_MONTHS <= months <= MOST_MONTHS:
        raise UnableToSimulate(f"Between {FEWEST_MONTHS} and {MOST_MONTHS} months can be simulated, not {months}.")
    paid = {COUNTRIES[code].currency for region in profile.regions for code in region.countries}
    for currency, share in profile.currency_mix.items():
        if currency not in paid:
            raise UnableToSimulate(f"Nobody pays in {currency} here; known are {', '.join(sorted(paid))}.")
        if not 0 < share < math.inf:
            raise UnableToSimulate(f"The share of {currency} must be a number above 0.")
