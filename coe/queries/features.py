"""The features of many accounts at once, as they were known at one moment; and who bought afterwards."""

import datetime
import uuid
from collections.abc import Iterable, Iterator, Sequence
from contextlib import nullcontext
from typing import Any

import numpy as np

from coe.queries import features_sql, statements
from coe.queries.background import ALL_IDS, Market, market, rows
from coe.queries.copying import copied
from coe.queries.facts import account_ranges
from coe.queries.own_columns import own_columns
from coe.scoring.features import FEATURES, FeatureBlock, Ids, Money
from coe.scoring.table import DAY_ZERO, Column, Floats, Kind, Table
from tenancy.bulk import whole_tables
from tenancy.models import Organization
from tenancy.working_time import first_zone

SHAPE = (
    {"id": "S16"}
    | dict.fromkeys(features_sql.SINGLE, ">f4")
    | dict.fromkeys(features_sql.DOUBLE, ">f8")
    | {"left_out": ">i8"}
    | dict.fromkeys(features_sql.CATEGORIES, ">i4")
)
NO_CODES = np.empty(0, dtype=np.int32)
LATE_BOOKINGS_DAYS = 7


def account_features(
    *,
    organization: Organization,
    as_of: datetime.datetime,
    background: Market | None = None,
    horizon_days: int = 90,
    ranges: Iterable[tuple[uuid.UUID, uuid.UUID]] | None = None,
) -> Iterator[FeatureBlock]:
    """Yield a block of features for each range of account ids (of 50,000 where none are given), in their order.

    The same function trains, scores and backtests. Nothing counts that happened, or became known, after ``as_of``.
    Inside a transaction only.
    """
    if background is None:
        background = market(organization=organization, as_of=as_of, horizon_days=horizon_days)
    given = _given(organization, background)
    for first, last in account_ranges(organization=organization) if ranges is None else ranges:
        with whole_tables():
            block = _block(background, {**given, "first": first, "last": last})
        yield _with_own_columns(organization, block)


def features_of(
    *, organization: Organization, account_ids: Sequence[uuid.UUID], background: Market, few: bool = False
) -> FeatureBlock:
    """Return the features of these accounts in the order of their ids; ``few`` of them are looked up by index."""
    with nullcontext() if few else whole_tables():
        block = _block(background, {**_given(organization, background), "only": list(account_ids)})
        return _with_own_columns(organization, block)


def _with_own_columns(organization: Organization, block: FeatureBlock) -> FeatureBlock:
    found = own_columns(organization=organization, record="account", ids=block.uuids(), at=block.as_of)
    return block.with_columns(found) if found else block


def purchases_in_window(
    *,
    organization: Organization,
    start: datetime.datetime,
    end: datetime.datetime,
    known_by: datetime.datetime | None = None,
) -> Ids:
    """Return which accounts bought after the local day of ``start``, up to and with that of ``end``, in order.

    A purchase is a new order that was not cancelled and is no credit, or, where no orders are kept, a deal won. It
    counts as known by ``known_by``, by default at the end of the window and a week of late bookings.
    """
    zone = first_zone(organization.time_zone)
    known_by = known_by or end + datetime.timedelta(days=LATE_BOOKINGS_DAYS)
    given = {
        **ALL_IDS,
        "org": organization.pk,
        "as_of": known_by,
        "today": end.astimezone(zone).date(),
        "zone": str(zone),
        "currency": "",
        "most": 2**62,
        "after": start.astimezone(zone).date(),
        "until": end.astimezone(zone).date(),
    }
    with whole_tables():
        return np.ascontiguousarray(copied(features_sql.BUYERS, given, {"account_id": "S16"})["account_id"])


def _given(organization: Organization, background: Market) -> dict[str, Any]:
    relevant = [
        (segment, product.id) for segment, products in background.relevant_products.items() for product in products
    ]
    return {
        "org": organization.pk,
        "currency": background.currency,
        "as_of": background.as_of,
        "today": background.today,
        "zone": str(first_zone(organization.time_zone)),
        "most": 2**62 if background.most_purchase_minor is None else background.most_purchase_minor,
        "most_deal": 2**62 if background.most_deal_minor is None else background.most_deal_minor,
        "costed": background.costs_known,
        "currencies": list(background.other_currencies),
        "segments": [segment for segment, _ in relevant],
        "products": [product_id for _, product_id in relevant],
    }


def _block(background: Market, given: dict[str, Any]) -> FeatureBlock:
    words: dict[str, list[str]] = {name: [] for name in features_sql.CATEGORIES}
    for name, word in rows(features_sql.WORDS, given):
        words[name].append(word)
    words = {name: sorted(found) for name, found in words.items()}
    given |= {f"words_{name}": found for name, found in words.items()}
    sql = statements.of_accounts(features_sql.FEATURES) if "only" in given else features_sql.FEATURES
    found = copied(sql, given, SHAPE)
    doubles = {name: found[name].astype(np.float64) for name in features_sql.DOUBLE}
    numbers = {name: found[name].astype(np.float64) for name in features_sql.SINGLE}
    with np.errstate(invalid="ignore", divide="ignore"):
        numbers["overdue_ratio"] = numbers["days_since_purchase"] / numbers["usual_gap_days"]
        trend = doubles["recent_half_minor"] / doubles["earlier_half_minor"]
        numbers["trend_half_year"] = np.where(doubles["earlier_half_minor"] > 0, trend, np.nan)
    columns = {
        feature.name: Column(
            feature.name,
            feature.kind,
            np.empty(0),
            found[feature.name].astype(np.int32) - 1,
            tuple(words[feature.name]),
        )
        if feature.kind is Kind.CATEGORY
        else Column(feature.name, feature.kind, numbers[feature.name], NO_CODES)
        for feature in FEATURES
    }
    segment = columns["segment"]
    typical = np.asarray([background.typical(word) for word in (*segment.words, "")], dtype=np.float64)
    table = Table(rows=len(found), columns=columns, known_at=_days(background.today, len(found)))
    return FeatureBlock(
        account_ids=np.ascontiguousarray(found["id"]),
        table=table,
        as_of=background.as_of,
        today=background.today,
        money=Money(
            **doubles,
            segment_typical_minor=typical[segment.codes],
            left_out=found["left_out"].astype(np.int64),
            currencies=tuple(given["currencies"]),
            currency=background.currency,
        ),
    )


def _days(day: datetime.date, count: int) -> Floats:
    return np.full(count, float(day.toordinal() - DAY_ZERO))
