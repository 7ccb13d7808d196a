"""Orders: each customer buys in a rhythm of its own, sooner when the need is high, until one order is the last."""

from dataclasses import dataclass, field
from datetime import date

import numpy as np

from simulation.catalogue import Catalogue
from simulation.customers import exchange, minor_factor
from simulation.deal_records import DealRecords
from simulation.deals import Deals
from simulation.market import HORIZON_WEEKS, Bools, Floats, Ints, Market
from simulation.profile import CompanyProfile
from simulation.rows import AccountRow, OrderLineRow, OrderRow
from simulation.workdays import Workdays

SPREAD_OF_ORDERS = 0.5
SHARE_CANCELLED = 0.012
DISCOUNTS_BP = (
    (0, 500, 800, 1000, 1200, 1500),
    (0, 0, 300, 500, 800, 1000),
    (0, 0, 0, 200, 300, 500),
    (0, 0, 0, 0, 200, 300),
)
_DIVISORS = (100, 125, 160, 200, 250, 400, 500, 625, 800, 1000, 1250, 2000, 2500, 5000)  # of 100,000
_SEGMENT = {"key": 0, "large": 1, "medium": 2, "small": 3}


@dataclass(frozen=True)
class Purchases:
    """Who bought on which day, the future included; and who was still a customer at the cut."""

    account: Ints
    day: Floats
    last_day: Floats  # of the past, per account; -inf without one
    alive: Bools  # at the cut


def yearning(elapsed_gaps: Floats) -> Floats:
    """Return how much likelier than on average an order is, after so many usual gaps since the last one."""
    return np.select(
        [elapsed_gaps < 0.25, elapsed_gaps < 0.6, elapsed_gaps < 1.0, elapsed_gaps < 2.0, elapsed_gaps < 3.0],
        [0.12, 0.6, 1.5, 2.1, 1.4],
        default=0.7,
    )


def weekly_chance(market: Market, week: int, last_day: Floats, alive: Bools) -> Floats:
    """Return each account's chance to order in a week, from its rhythm and its need."""
    gap_days = market.weeks_between_orders * 7
    pull = np.exp(0.75 * market.need_in(week) - 0.28)
    elapsed = np.where(np.isfinite(last_day), (week * 7 - last_day) / gap_days, 99)
    chance = 1 - np.exp(-(7 / gap_days) * yearning(elapsed) * pull)
    first = 0.0008 * np.exp(0.9 * market.need_in(week))  # prospects who simply order
    back = 0.0006 * pull  # customers who had left
    never = ~np.isfinite(last_day)
    return np.where(alive, chance, np.where(never, first, back))


def draw_purchases(market: Market, deals: Deals, *, weeks: int, rng: np.random.Generator) -> Purchases:
    """Return purchases of the last `weeks` weeks and of the horizon, and one a year of the time before."""
    start = -weeks * 7.0
    began = np.where(market.years_a_customer > 0, -365.25 * market.years_a_customer, np.inf)
    established = began < start
    account, day, alive = _years_before(market, began, start, rng)
    last_day = np.full(market.count, -np.inf)
    np.maximum.at(last_day, account, day)
    won_first = np.full(market.count, np.inf)
    np.minimum.at(won_first, deals.account[deals.won], deals.closed[deals.won])
    bought_account, bought_day = [account], [day]
    alive_at_cut, last_day_at_cut = alive, last_day
    for week in range(-weeks, HORIZON_WEEKS):
        if week == 0:
            alive_at_cut, last_day_at_cut = alive.copy(), last_day.copy()
        begins = ~established & (began >= week * 7) & (began < week * 7 + 7)
        chance = np.where(~established & (began >= week * 7 + 7) & np.isfinite(began), 0.0, 1.0)
        chance *= weekly_chance(market, week, last_day, alive)
        buys = begins | (rng.random(market.count) < chance)
        joins = ~alive & np.isinf(last_day) & (won_first >= week * 7) & (won_first < week * 7 + 7)
        who = np.nonzero(buys)[0]
        when = week * 7 + rng.random(len(who)) * 7
        when[begins[who]] = began[who][begins[who]]
        bought_account.append(who)
        bought_day.append(when)
        last_day[who] = when
        leaves = rng.random(market.count) < market.leaves_after_order
        alive = np.where(buys, ~leaves, alive)
        last_day[joins & ~buys] = won_first[joins & ~buys]
        alive = alive | joins
    everyone, days = np.concatenate(bought_account), np.concatenate(bought_day)
    order = np.argsort(days, kind="stable")
    return Purchases(everyone[order], days[order], last_day_at_cut, alive_at_cut)


def _years_before(market: Market, began: Floats, start: float, rng: np.random.Generator) -> tuple[Ints, Floats, Bools]:
    """Return one purchase a year before the detailed history begins, and who was still buying then."""
    alive = began < start
    accounts: list[int] = []
    days: list[float] = []
    draws = rng.random((market.count, 3))
    for i in np.nonzero(alive)[0]:
        orders_before = (start - began[i]) / (market.weeks_between_orders[i] * 7)
        end = start
        if draws[i, 0] > max((1 - market.leaves_after_order[i]) ** orders_before, 0.72):
            alive[i] = False
            end = began[i] + draws[i, 1] * (start - began[i])
        day = float(began[i])
        while day < end:
            accounts.append(int(i))
            days.append(day)
            day += 365.25 + float(rng.uniform(-45, 45))
        if alive[i]:
            accounts.append(int(i))
            days.append(start - draws[i, 2] * market.weeks_between_orders[i] * 7)
    return np.array(accounts, dtype=np.int64), np.array(days), alive


@dataclass
class OrderRecords:
    """Orders of the past as rows, and what is bought in the horizon."""

    orders: list[OrderRow] = field(default_factory=list)
    lines: list[OrderLineRow] = field(default_factory=list)
    future: list[tuple[int, float, int]] = field(default_factory=list)  # account, day, minor units


def record_orders(
    *,
    profile: CompanyProfile,
    market: Market,
    purchases: Purchases,
    deals: Deals,
    deal_records: DealRecords,
    accounts: list[AccountRow],
    catalogue: Catalogue,
    workdays: Workdays,
    rng: np.random.Generator,
) -> OrderRecords:
    """Return the orders with their lines, in order of their dates; every won deal has one."""
    records = OrderRecords()
    gap_days = market.weeks_between_orders * 7
    mean = market.yearly_spend * gap_days / 365.25
    size = mean[purchases.account] * np.exp(
        SPREAD_OF_ORDERS * rng.standard_normal(len(purchases.account)) - SPREAD_OF_ORDERS**2 / 2
    )
    # Account, day, size in the company's currency, deal or -1.
    bought: list[tuple[float, int, float, int]] = [
        (float(day), int(account), float(value), -1)
        for day, account, value in zip(purchases.day, purchases.account, size, strict=True)
    ]
    for won in np.nonzero(deals.won)[0]:
        closed = float(deals.closed[won])
        ordered = closed + float(rng.uniform(0, 4))
        bought.append((min(ordered, -0.5) if closed < 0 else ordered, int(deals.account[won]), 0.0, int(won)))
    bought.sort()
    for day, who, value, deal in bought:
        account = accounts[who]
        if day >= 0:
            rate = exchange(profile, account.currency) * minor_factor(account.currency)
            amount = round(value * rate) if deal < 0 else deal_records.final_amounts[deal]
            records.future.append((who, day, amount))
            continue
        _record(records, profile, market, account, who, day, value, deal, deal_records, catalogue, workdays, rng)
    return records


def _record(
    records: OrderRecords,
    profile: CompanyProfile,
    market: Market,
    account: AccountRow,
    who: int,
    day: float,
    value: float,
    deal: int,
    deal_records: DealRecords,
    catalogue: Catalogue,
    workdays: Workdays,
    rng: np.random.Generator,
) -> None:
    place = len(records.orders)
    order_day = workdays.workday(day)
    region = profile.regions[account.region]
    draw = rng.random(5)
    promised = (
        workdays.workday(order_day + 8 + int(draw[0] * 24)) if order_day + 32 < 0 else order_day + 8 + int(draw[0] * 24)
    )
    late = draw[1] < region.share_late
    delay = 1 + draw[2] ** 1.5 * region.days_late if late else -2 * draw[2]
    shipped = max(order_day + 1, int(promised + delay))
    if deal >= 0:
        lines = _deal_lines(place, profile, deal, deal_records, account, catalogue)
    else:
        lines = _lines(place, profile, market, account, who, value, catalogue, rng)
    exact = sum(line.quantity * line.unit_price_e4 * (10_000 - line.discount_bp) for line in lines)
    cancelled = deal < 0 and account.customer_since is not None and draw[3] < SHARE_CANCELLED
    status = "open"
    if cancelled:
        status = "cancelled"
    elif shipped < 0:
        status = "shipped" if shipped > -4 else "delivered" if shipped > -20 else "invoiced"
    ordered_on = workdays.date(order_day)
    factor = minor_factor(account.currency)
    records.orders.append(
        OrderRow(
            account=who,
            status=status,
            order_date=ordered_on,
            promised_date=workdays.date(promised),
            shipped_date=workdays.date(shipped) if shipped < 0 and not cancelled else None,
            currency=account.currency,
            amount_minor=(2 * exact * factor + 10**8) // (2 * 10**8),  # half up, once
            amount_exact_e8=exact,
            owner=account.owner,
            opportunity=deal_records.places.get(deal),
        )
    )
    records.lines += lines
    if account.customer_since is None:
        account.customer_since = ordered_on


def _lines(
    order: int,
    profile: CompanyProfile,
    market: Market,
    account: AccountRow,
    who: int,
    value: float,
    catalogue: Catalogue,
    rng: np.random.Generator,
) -> list[OrderLineRow]:
    """Return lines that come to about the value: a few products that the industry likes, in round numbers."""
    rate = exchange(profile, account.currency)
    count = 1 + min(int(rng.geometric(0.5)) - 1, 5) if value > 600 else 1
    taste = catalogue.taste[market.industry[who]]
    affordable = taste * (catalogue.prices < max(value, 130)) + 1e-12
    chosen = rng.choice(len(taste), size=count, replace=False, p=affordable / affordable.sum())
    shares = rng.dirichlet(np.full(count, 1.5))
    discounts = DISCOUNTS_BP[_SEGMENT[account.segment]]
    lines = []
    for position, (product, share) in enumerate(zip(chosen, shares, strict=True), start=1):
        price = float(catalogue.prices[product])
        discount = discounts[int(rng.integers(len(discounts)))]
        quantity = _round_quantity(value * float(share) / (price * (1 - discount / 10_000)))
        unit_price_e4 = _price_e4(price * rate, account.currency)
        lines.append(_line(order, position, int(product), quantity, unit_price_e4, discount, account, catalogue))
    return lines


def _deal_lines(
    order: int,
    profile: CompanyProfile,
    deal: int,
    deal_records: DealRecords,
    account: AccountRow,
    catalogue: Catalogue,
) -> list[OrderLineRow]:
    """Return one line that comes to exactly what the deal was won for."""
    amount = deal_records.final_amounts[deal]
    product = deal_records.products[deal]
    factor = minor_factor(account.currency)
    list_price = float(catalogue.prices[product]) * exchange(profile, account.currency)
    wanted = amount / factor / list_price
    # Below a hundred pieces the rounded unit price can't move the total by half a minor unit; above, the quantity
    # divides the amount, which is a whole number of tens.
    quantity = max(1, round(wanted)) if wanted < 99 else min(_DIVISORS, key=lambda divisor: abs(divisor / wanted - 1))
    unit_price_e4 = round(amount * 10_000 / factor / quantity)
    return [_line(order, 1, product, quantity, unit_price_e4, 0, account, catalogue)]


def _line(
    order: int,
    position: int,
    product: int,
    quantity: int,
    unit_price_e4: int,
    discount: int,
    account: AccountRow,
    catalogue: Catalogue,
) -> OrderLineRow:
    full = quantity * unit_price_e4 / 10_000 * minor_factor(account.currency)
    return OrderLineRow(
        order=order,
        position=position,
        product=product,
        quantity=quantity,
        unit_price_e4=unit_price_e4,
        discount_bp=discount,
        cost_minor=round(full * float(catalogue.cost_share[product])),
    )


def _round_quantity(pieces: float) -> int:
    step = 1 if pieces < 20 else 5 if pieces < 100 else 10 if pieces < 1000 else 100
    return max(1, round(pieces / step) * step)


def _price_e4(price: float, currency: str) -> int:
    """Return a list price in another currency, rounded as price lists are: to ten yen, or to ten hundredths."""
    return round(price / 10) * 100_000 if currency == "JPY" else round(price * 10) * 1000


def settle_lifecycles(accounts: list[AccountRow], records: OrderRecords, market: Market, end_date: date) -> None:
    """Say who is a customer, who was one, and who never bought."""
    last: dict[int, date] = {}
    for order in records.orders:
        last[order.account] = order.order_date
    for i, account in enumerate(accounts):
        if i not in last:
            continue
        silent = (end_date - last[i]).days
        lapsed = silent > max(540, 4 * 7 * market.weeks_between_orders[i])
        account.lifecycle = "former" if lapsed else "customer"
        assert account.customer_since is not None
        if account.created_on > account.customer_since:
            account.created_on = account.customer_since
