"""What the product knows of deals at the cut: the deals, and every change of stage, amount, close date and owner."""

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

import numpy as np

from simulation.catalogue import Catalogue
from simulation.customers import exchange, minor_factor
from simulation.deals import LOST_REASON_SHARES, LOST_REASONS, STAGE_DAYS, Deals
from simulation.market import Market
from simulation.profile import CompanyProfile
from simulation.rows import AccountRow, HistoryRow, OpportunityRow, SnapshotRow
from simulation.workdays import Workdays

STAGES = 5  # open ones; won and lost follow
WON, LOST = STAGES, STAGES + 1

SHARE_NEGLECTED = 0.3  # of the deals that will be lost and were never pushed

_PROJECTS = (
    "palletiser line {n}",
    "test bench {n}",
    "plant extension",
    "retrofit of hall {n}",
    "new frame line",
    "cooling circuit {n}",
    "second shift line",
    "conveyor {n}",
    "winch series {n}",
    "filling line {n}",
    "assembly cell {n}",
    "framework {y}",
    "pilot series",
    "yearly contract {y}",
    "energy saving programme",
    "prototype {n}",
)
_NEXT_STEPS = (
    ("Book the first technical call", "Confirm budget and date", "Find out who decides"),
    ("Visit the plant with the application engineer", "Send the questionnaire on the load cycle", "Meet the engineers"),
    ("Agree the test set-up", "Size the drive train", "Get the customer's expert to confirm the fit"),
    ("Walk through the offer with the decision-maker", "Send the revised offer", "Answer the questions on delivery"),
    ("Settle payment terms", "Send the contract to legal", "Agree the delivery plan"),
)


@dataclass
class DealRecords:
    """Rows of deals, and for every deal that will have been won what it brought and when."""

    opportunities: list[OpportunityRow] = field(default_factory=list)
    histories: list[HistoryRow] = field(default_factory=list)
    places: dict[int, int] = field(default_factory=dict)  # deal -> its place in opportunities
    products: list[int] = field(default_factory=list)  # per deal
    final_amounts: list[int] = field(default_factory=list)  # per deal, minor units of the account's currency


@dataclass(frozen=True)
class _Change:
    day: float
    field: str
    new: object


def record_deals(
    *,
    profile: CompanyProfile,
    market: Market,
    deals: Deals,
    accounts: list[AccountRow],
    catalogue: Catalogue,
    workdays: Workdays,
    rng: np.random.Generator,
) -> DealRecords:
    """Return the deals opened before the cut, with histories that end in their present state."""
    records = DealRecords()
    products = np.arange(len(catalogue.products))
    dear = catalogue.taste * np.sqrt(catalogue.prices)[None, :]  # deals are about the larger things
    dear /= dear.sum(axis=1, keepdims=True)
    for deal in range(deals.count):
        account = accounts[int(deals.account[deal])]
        product = int(rng.choice(products, p=dear[market.industry[deals.account[deal]]]))
        records.products.append(product)
        rate = exchange(profile, account.currency)
        amounts = _amounts(float(deals.value[deal]) * rate, account.currency, rng)
        records.final_amounts.append(amounts[-1])
        if deals.opened[deal] >= 0:
            continue
        changes = _changes(deals, deal, account, amounts, accounts, workdays, rng)
        family = catalogue.products[product].family
        _record(records, deals, deal, account, family, changes, workdays, rng)
    return records


def _amounts(value: float, currency: str, rng: np.random.Generator) -> list[int]:
    """Return the amount as first guessed, as proposed, and as negotiated (about 4 % less), in minor units."""
    guess = _rounded(value, currency)
    proposed = _rounded(value * float(np.exp(0.15 * rng.standard_normal())), currency) if rng.random() < 0.3 else guess
    cut = float(np.clip(0.055 + 0.04 * rng.standard_normal(), 0, 0.2)) if rng.random() < 0.75 else 0.0
    return [guess, proposed, _rounded(proposed / minor_factor(currency) * (1 - cut), currency, fine=True)]


def _rounded(amount: float, currency: str, *, fine: bool = False) -> int:
    step = 100 if amount < 20_000 else 500 if amount < 100_000 else 1000
    if fine:
        step //= 10
    if currency == "JPY":
        step *= 100
    return max(1, round(amount / step)) * step * minor_factor(currency)


def _changes(
    deals: Deals,
    deal: int,
    account: AccountRow,
    amounts: list[int],
    accounts: list[AccountRow],
    workdays: Workdays,
    rng: np.random.Generator,
) -> list[_Change]:
    """Return all that changes in a deal's life, its end included, by day."""
    opened, cycle = float(deals.opened[deal]), float(deals.cycle[deal])
    last = int(deals.last_stage[deal])
    spans = STAGE_DAYS[: last + 1] * rng.gamma(3.0, size=last + 1)
    entered = opened + np.concatenate([[0.0], np.cumsum(spans)[:-1] / spans.sum()]) * cycle
    plans = _plans(opened, cycle, int(deals.pushes[deal]), workdays, rng)
    if not deals.won[deal] and len(plans) == 1 and rng.random() < SHARE_NEGLECTED:
        # Nobody moves the expected day of a deal that has gone quiet: it lies in the past until somebody tidies up.
        plans = [(opened, workdays.date(workdays.workday(opened + cycle * float(rng.uniform(0.4, 0.9)))))]
    first_owner = account.owner
    handed_over = rng.random() < 0.03
    if handed_over:
        first_owner = accounts[int(rng.integers(len(accounts)))].owner
    changes = [
        _Change(opened, "stage", 0),
        _Change(opened, "amount", amounts[0]),
        _Change(opened, "close_date", plans[0][1]),
        _Change(opened, "owner", first_owner),
        _Change(opened, "account", int(deals.account[deal])),
    ]
    changes += [_Change(float(entered[stage]), "stage", stage) for stage in range(1, last + 1)]
    changes += [_Change(day, "close_date", plan) for day, plan in plans[1:]]
    if last >= 3:
        changes.append(_Change(float(entered[3]) + 0.02, "amount", amounts[1]))
    if last >= 4:
        changes.append(_Change(float(entered[4]) + 0.4 * (opened + cycle - float(entered[4])), "amount", amounts[2]))
    if handed_over:
        changes.append(_Change(opened + cycle * float(rng.uniform(0.1, 0.6)), "owner", account.owner))
    end = opened + cycle
    changes.append(_Change(end, "stage", WON if deals.won[deal] else LOST))
    return sorted(changes, key=lambda change: change.day)


def _plans(
    opened: float, cycle: float, pushes: int, workdays: Workdays, rng: np.random.Generator
) -> list[tuple[float, date]]:
    """Return when the expected day was set, and to which: each push comes about when the day before it is reached."""
    if pushes == 0:
        return [(opened, workdays.date(workdays.workday(opened + cycle + float(rng.uniform(-2, 16)))))]
    pushed = np.sort(opened + cycle * rng.uniform(0.35, 0.93, pushes))
    due = [*(pushed + rng.uniform(-5, 9, pushes)), opened + cycle + float(rng.uniform(-2, 14))]
    days = [opened, *pushed]
    plans: list[tuple[float, date]] = []
    for day, planned in zip(days, due, strict=True):
        plan = workdays.date(workdays.workday(max(float(planned), float(day) + 2)))
        if plans and plan <= plans[-1][1]:
            plan = plans[-1][1] + timedelta(days=7)
        plans.append((float(day), plan))
    return plans


def _record(
    records: DealRecords,
    deals: Deals,
    deal: int,
    account: AccountRow,
    family: str,
    changes: list[_Change],
    workdays: Workdays,
    rng: np.random.Generator,
) -> None:
    """Write down what had happened before the cut."""
    place = len(records.opportunities)
    records.places[deal] = place
    opened_at = workdays.moment(changes[0].day, float(rng.random()) * 0.5)
    state: dict[str, object] = {}
    entered_at, now = opened_at, opened_at
    for change in changes:
        if change.day >= 0:
            break
        begins = change.field not in state
        if not begins and state[change.field] == change.new:
            continue
        if not begins:
            now = max(workdays.moment(change.day, float(rng.random())), now + timedelta(minutes=7))
        ends = change.field == "stage" and change.new in (WON, LOST)
        if ends and state["close_date"] != workdays.date(workdays.number(now.astimezone(workdays.zone).date())):
            closing_day = now.astimezone(workdays.zone).date()
            records.histories.append(
                _history(place, "close_date", state["close_date"], closing_day, now, account.owner)
            )
            state["close_date"] = closing_day
        records.histories.append(_history(place, change.field, state.get(change.field), change.new, now, account.owner))
        state[change.field] = change.new
        if change.field == "stage":
            entered_at = now
    stage, amount, owner, close_date = state["stage"], state["amount"], state["owner"], state["close_date"]
    assert isinstance(stage, int)
    assert isinstance(amount, int)
    assert isinstance(owner, int)
    assert isinstance(close_date, date)
    row = OpportunityRow(
        account=int(deals.account[deal]),
        name=_name(family, opened_at, rng),
        owner=owner,
        product=records.products[deal],
        currency=account.currency,
        opened_at=opened_at,
        stage=stage,
        stage_entered_at=entered_at,
        outcome="won" if stage == WON else "lost" if stage == LOST else "open",
        amount_minor=amount,
        close_date=close_date,
        closed_at=entered_at if stage in (WON, LOST) else None,
        lost_reason=str(rng.choice(LOST_REASONS, p=LOST_REASON_SHARES)) if stage == LOST else "",
    )
    if stage < STAGES and rng.random() < 0.85:  # the others have no next step: there is something to tidy up
        steps = _NEXT_STEPS[stage]
        row.next_step = steps[int(rng.integers(len(steps)))]
        row.next_step_date = workdays.date(workdays.workday(float(rng.integers(-6, 21))))
    records.opportunities.append(row)


def _history(place: int, field_name: str, old: object, new: object, at: datetime, actor: int) -> HistoryRow:
    is_stage, is_amount = field_name == "stage", field_name == "amount"
    return HistoryRow(
        opportunity=place,
        field=field_name,
        old="" if old is None else str(old),
        new=str(new),
        old_stage=old if is_stage and isinstance(old, int) else None,
        new_stage=new if is_stage and isinstance(new, int) else None,
        old_amount_minor=old if is_amount and isinstance(old, int) else None,
        new_amount_minor=new if is_amount and isinstance(new, int) else None,
        occurred_at=at,
        actor=actor,
    )


def _name(family: str, opened_at: datetime, rng: np.random.Generator) -> str:
    project = _PROJECTS[int(rng.integers(len(_PROJECTS)))]
    return f"{family}, {project.format(n=int(rng.integers(1, 9)), y=opened_at.year + 1)}"


def draw_snapshots(records: DealRecords, workdays: Workdays, *, days: int, weeks: int) -> list[SnapshotRow]:
    """Return how each deal stood at the end of each of the last `days` days, and of `weeks` weeks before them."""
    by_deal: dict[int, list[HistoryRow]] = {}
    for change in records.histories:
        by_deal.setdefault(change.opportunity, []).append(change)
    ago = [*(days + 7 * week for week in range(weeks, 0, -1)), *range(days, 0, -1)]
    dates = [workdays.date(-day) for day in ago]
    snapshots: list[SnapshotRow] = []
    for place, changes in by_deal.items():
        closed_at = records.opportunities[place].closed_at
        if closed_at is not None and closed_at.astimezone(workdays.zone).date() <= dates[0]:
            continue
        for day in dates:
            known = [c for c in changes if c.occurred_at.astimezone(workdays.zone).date() <= day]
            state = {change.field: change for change in known}
            if not state:
                continue
            stage, amount = state["stage"].new_stage, state["amount"].new_amount_minor
            assert stage is not None
            assert amount is not None
            if stage < STAGES:
                snapshots.append(
                    SnapshotRow(
                        opportunity=place,
                        day=day,
                        stage=stage,
                        amount_minor=amount,
                        close_date=date.fromisoformat(state["close_date"].new),
                        owner=int(state["owner"].new),
                        stage_entered_at=state["stage"].occurred_at,
                        pushes=sum(1 for c in known if c.field == "close_date" and c.old and c.new > c.old),
                        amount_changes=sum(1 for c in known if c.field == "amount" and c.old),
                    )
                )
    return snapshots
