"""What each account is worth: lifetime value, wallet, what else it could buy, and the money that acting may change."""

import datetime
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from django.db import transaction

from coe.lifetime_value.growth import Growth, growth
from coe.lifetime_value.histories import Floats, Histories, Integers, Orders
from coe.lifetime_value.worth import Known, Worth, worth
from coe.queries.customers import (
    EPOCH,
    Customers,
    Ids,
    as_uuid,
    baskets,
    customers,
    margin_share,
    moment,
    money_and_horizon,
    purchases,
)
from coe.queries.dealings import answers, names_of, open_deals, uncounted
from coe.queries.scored import scored_tonight
from coe.queries.silences import Silences, silences
from pipeline.models import WalletBasis
from pipeline.operations.account_values import NewValue, record_values
from tenancy.bulk import whole_tables
from tenancy.models import Organization, Run

YEAR = 365  # days
LARGEST_MINOR = 2.0**62
DETRACTS = 6  # out of ten, and less


@dataclass(frozen=True)
class ValueOutcome:
    """What valuing the accounts did, and on what its figures rest."""

    valued: int
    written: int
    currency: str
    margin: float | None
    notes: tuple[str, ...]
    pace: float


@transaction.atomic
def value_accounts(*, organization: Organization, run: Run, as_of: datetime.datetime) -> ValueOutcome:
    """Value every account that has a score, as it was known at ``as_of``, and make these the values that count.

    Never fails for want of data: what was used in place of a model is said in the notes.
    """
    # What learns is imported when it works: SciPy costs a web request or a command a second.
    from coe.lifetime_value.engine import learn
    from coe.lifetime_value.potential import potential

    scored = scored_tonight(organization=organization, run=run)
    currency, horizon = money_and_horizon(organization=organization, as_of=as_of, scored=scored)
    given = moment(organization=organization, as_of=as_of, currency=currency)
    with whole_tables():
        of = customers(given, scored)
        orders = purchases(given, of.ids)
        bought, products = baskets(given, of.ids)
        deals = open_deals(given, of.ids)
        answer, _ = answers(given, of.ids)
        margin = margin_share(given)
        left_out = uncounted(given, of.ids)
    segments = dict(enumerate(of.segment.tolist()))
    quiet = silences(organization=organization, run=run, ids=of.ids)
    histories, models = learn(orders, as_of=given["today"], segments=segments)
    spend = year_spend(orders, given["today"], len(of))
    # The wallet is what customers spend: of who never bought it is foretold, and nothing is learnt from their silence.
    ever = np.bincount(orders.customer, minlength=len(of)) > 0
    could = potential(
        np.where(ever, spend, np.nan),
        group=groups(of),
        features=firms(of),
        corrected=np.where(of.wallet_set > 0, of.wallet_set, np.nan),
    )
    buys = _of_all(histories, models.scores(histories, margin=1.0 if margin is None else margin), len(of))
    grows = growth(
        bought,
        accounts=len(of),
        products=len(products),
        segment=of.segment,
        today=(given["today"] - EPOCH).days,
        horizon_days=horizon,
    )
    at_stake = worth(
        Known(
            chance=of.chance,
            typical=of.typical,
            deals=summed(deals.account, deals.amount, len(of)),
            deals_weighed=summed(deals.account, deals.amount * deals.chance, len(of)),
            growth=grows.growth,
            spend=spend,
            active=buys["active_chance"],
            silence=quiet.chance,
            is_prospect=of.is_prospect,
            is_detractor=(answer >= 0) & (answer <= DETRACTS),
        ),
        margin=1.0 if margin is None else margin,
    )
    learnt = not any(note.code in ("WALLET_BY_GROUP", "WALLET_FIT_FAILED") for note in could.notes)
    basis = np.where(of.wallet_set > 0, "team", "learnt" if learnt else "group")
    written = record_values(
        organization=organization,
        run=run,
        values=_values(given, of, spend, could.wallet, basis, buys, quiet, at_stake, grows, products, left_out),
        currency=currency,
        is_margin=margin is not None,
        as_of=as_of,
    )
    said = [note for note in (*models.notes, *could.notes) if note.code != "SPEND_UNKNOWN"]
    notes = (*(note.words for note in said), *([f"Who falls silent: {quiet.note}"] if quiet.note else []))
    notes = (*notes, *_without_rate(left_out)) if len(of) else ()
    return ValueOutcome(len(of), written, currency, margin, notes, grows.pace)


def _without_rate(left_out: Mapping[int, list[str]]) -> list[str]:
    """Say of each currency without a rate at how many accounts its amounts are not counted."""
    accounts = Counter(code for codes in left_out.values() for code in codes)
    return [
        f"Amounts in {code} are not counted, at {count} account{'s' * (count != 1)}: the settings have no rate for it."
        for code, count in sorted(accounts.items())
    ]


def year_spend(orders: Orders, today: datetime.date, accounts: int) -> Floats:
    """Return what each account bought in the last twelve months, less what it sent back."""
    recent = orders.day > np.datetime64(today) - YEAR
    amounts = np.where(np.isfinite(orders.amount), orders.amount, 0.0)
    return np.maximum(summed(orders.customer[recent], amounts[recent], accounts), 0.0)


def summed(account: Integers, amounts: Floats, accounts: int) -> Floats:
    """Return the sum of the amounts of each account."""
    return np.bincount(account, weights=amounts, minlength=accounts).astype(np.float64)


def groups(of: Customers) -> Integers:
    """Return segment and size in one small number: those that can be compared."""
    with np.errstate(invalid="ignore", divide="ignore"):
        size = np.floor(np.log10(np.maximum(of.firm[:, 0], 1.0)))
    return of.segment * 10 + np.where(np.isfinite(size), np.clip(size, 0, 8) + 1, 0).astype(np.int64)


def firms(of: Customers) -> Floats:
    """Return what is known of the firms; nothing of it follows from what they buy from us."""
    return np.column_stack([of.segment.astype(np.float64), of.firm])


def _of_all(histories: Histories, scores: Any, accounts: int) -> dict[str, Floats]:
    """Return the scores of buyers as columns of all accounts, NaN for who never bought."""
    at = histories.customer
    gap = np.divide(
        histories.recency,
        histories.frequency,
        out=np.full(len(at), np.nan),
        where=histories.frequency >= 2,  # from three purchases on: one gap is no habit
    )
    columns = {
        "lifetime_value_minor": scores.lifetime_value,
        "expected_purchases": scores.purchases,
        "active_chance": scores.alive,
        "repeat_rate": scores.repeat_rate,
        "idle_days": (histories.age - histories.recency).astype(np.float64),
        "usual_gap_days": gap,
    }
    found = {}
    for name, values in columns.items():
        found[name] = np.full(accounts, np.nan)
        found[name][at] = values
    return found


def _values(
    given: Mapping[str, Any],
    of: Customers,
    spend: Floats,
    wallet: Floats,
    basis: Any,
    buys: Mapping[str, Floats],
    quiet: Silences,
    at_stake: Worth,
    grows: Growth,
    products: Ids,
    left_out: Mapping[int, list[str]],
) -> Iterator[NewValue]:
    columns = zip(
        of.ids.tolist(),
        whole(spend),
        whole(wallet),
        (WalletBasis(one).value for one in basis.tolist()),
        maybe(buys["lifetime_value_minor"], 0),
        *(maybe(buys[name], 4) for name in ("expected_purchases", "active_chance")),
        *(maybe(values, 4) for values in (quiet.chance, quiet.low, quiet.high)),
        np.where(np.isfinite(quiet.chance), quiet.model, "").tolist(),
        maybe(buys["repeat_rate"], 4),
        *(maybe(buys[name], 0) for name in ("idle_days", "usual_gap_days")),
        *(whole(part) for part in (at_stake.gain, at_stake.deals, at_stake.grow, at_stake.protect, at_stake.movable)),
        _whitespace(given, grows, products),
        (left_out.get(row, ()) for row in range(len(of))),
        strict=True,
    )
    for raw, *values in columns:
        yield NewValue(as_uuid(raw), *values)


def whole(amounts: Floats) -> list[int]:
    """Return amounts as they are kept; what is no number is nothing."""
    sound = np.where(np.isfinite(amounts), np.clip(amounts, -LARGEST_MINOR, LARGEST_MINOR), 0.0)
    return list(np.rint(sound).astype(np.int64).tolist())


def maybe(values: Floats, decimals: int) -> list[Any]:
    """Return values as they are kept, None for what isn't known."""
    kept = np.clip(np.round(values, decimals), -LARGEST_MINOR, LARGEST_MINOR).tolist()
    known = np.isfinite(values).tolist()
    return [
        (int(value) if not decimals else value) if there else None for value, there in zip(kept, known, strict=True)
    ]


def _whitespace(given: Mapping[str, Any], grows: Growth, products: Ids) -> Iterator[list[dict[str, Any]]]:
    named = names_of(given, "product", products.tolist())
    known = [named.get(raw) for raw in products.tolist()]
    share, yearly = np.round(grows.share, 3).tolist(), np.rint(grows.yearly).astype(np.int64).tolist()
    for row, places in enumerate(grows.product.tolist()):
        yield [
            {
                "product_id": str(known[product][0]),
                "name": known[product][1],
                "share": share[row][place],
                "yearly_minor": yearly[row][place],
            }
            for place, product in enumerate(places)
            if product >= 0 and known[product] is not None
        ]
