"""What is true of an organisation's customers as a whole: how many buy, how much, and which products."""

import datetime
import uuid
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, fields
from typing import Any

from django.db import connection

from coe.queries import statements
from coe.scoring import base_rate
from coe.scoring.facts import RecordRef
from coe.scoring.value import SEGMENT_WEIGHT, shrunken_mean
from tenancy.bulk import whole_tables
from tenancy.models import Organization
from tenancy.working_time import first_zone, local_day

ALL_IDS = {"first": uuid.UUID(int=0), "last": uuid.UUID(int=2**128 - 1)}
RELEVANT_SHARE, RELEVANT_WEIGHT = 0.3, 10
COSTED_SHARE = 0.6


@dataclass(frozen=True, slots=True)
class Market:
    """The background against which one account is looked at."""

    as_of: datetime.datetime
    today: datetime.date
    horizon_days: int
    accounts: int  # known when the horizon began
    positives: int  # of them, those that bought within it
    currency: str
    most_purchase_minor: int | None  # the 99th percentile; larger amounts are cut to it
    most_deal_minor: int | None
    typical_minor: Mapping[str, int]  # mean purchase by segment; "" for all
    relevant_products: Mapping[str, tuple[RecordRef, ...]]  # by segment
    costs_known: bool
    data_up_to: datetime.datetime | None
    other_currencies: tuple[str, ...] = ()  # in which there are amounts that can't be counted

    @property
    def base_rate(self) -> float:
        """The share of accounts that buy within the horizon."""
        return base_rate.base_rate(positives=self.positives, accounts=self.accounts)

    def typical(self, segment: str) -> int:
        """Return what a purchase in this segment is usually worth."""
        return self.typical_minor.get(segment, self.typical_minor.get("", 0))

    def as_json(self) -> dict[str, Any]:
        """Return it as a plan keeps it: workers look at accounts against one background, not each its own."""
        kept = {field.name: getattr(self, field.name) for field in fields(self)}
        products = {
            segment: [one.as_json() for one in products] for segment, products in self.relevant_products.items()
        }
        days = {name: kept[name] and kept[name].isoformat() for name in ("as_of", "today", "data_up_to")}
        typical = dict(self.typical_minor)
        return {**kept, **days, "typical_minor": typical, "relevant_products": products}

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> "Market":
        """Return what ``as_json`` kept."""
        data_up_to = kept["data_up_to"]
        return cls(
            **{
                **kept,
                "as_of": datetime.datetime.fromisoformat(kept["as_of"]),
                "today": datetime.date.fromisoformat(kept["today"]),
                "data_up_to": datetime.datetime.fromisoformat(data_up_to) if data_up_to else None,
                "other_currencies": tuple(kept["other_currencies"]),
                "relevant_products": {
                    segment: tuple(RecordRef(one["type"], uuid.UUID(one["id"]), one["label"]) for one in products)
                    for segment, products in kept["relevant_products"].items()
                },
            }
        )


def market(*, organization: Organization, as_of: datetime.datetime, horizon_days: int) -> Market:
    """Return the background as it was known at ``as_of``."""
    given: dict[str, Any] = {
        **ALL_IDS,
        "org": organization.pk,
        "as_of": as_of,
        "today": local_day(organization, as_of),
        "zone": str(first_zone(organization.time_zone)),
        "horizon": horizon_days,
        "most": 2**62,
    }
    with whole_tables(), _looked_up(given):
        currency = _currency(organization, given)
        given["currency"] = currency
        most_purchase, most_deal = _largest(given)
        given["most"] = most_purchase if most_purchase is not None else 2**62
        accounts, positives = _buyers(given)
        return Market(
            as_of=as_of,
            today=given["today"],
            horizon_days=horizon_days,
            accounts=accounts,
            positives=positives,
            currency=currency,
            most_purchase_minor=most_purchase,
            most_deal_minor=most_deal,
            typical_minor=_typical(given),
            relevant_products=_relevant_products(given),
            costs_known=_costs_known(given),
            data_up_to=_data_up_to(given),
            other_currencies=tuple(sorted(code for (code,) in rows(statements.OTHER_CURRENCIES, given))[:62]),
        )


@contextmanager
def _looked_up(given: Mapping[str, Any]) -> Iterator[None]:
    """Read the deals and orders as they were known once for the block; each question would read them again."""
    with connection.cursor() as cursor:
        for table, (before, name) in KEPT.items():
            cursor.execute(
                f"CREATE TEMPORARY TABLE {table} ON COMMIT DROP AS WITH {before} SELECT * FROM {name}",  # nosec B608 # our constants; values are parameters
                given,
            )
            cursor.execute(f"ANALYZE {table}")
        yield
        cursor.execute("DROP TABLE " + ", ".join(KEPT))


KEPT = {"market_deal": (statements.DEALS_THEN, "deal"), "market_order": (statements.ORDERED, "ordered")}
PURCHASES = f"deal AS (SELECT * FROM market_deal), ordered AS (SELECT * FROM market_order), {statements.BOUGHT}"  # nosec B608 # our constants


def rows(sql: str, given: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    """Return what the statement finds: of a range of accounts, or of those that ``only`` names."""
    with connection.cursor() as cursor:
        cursor.execute(statements.of_accounts(sql) if "only" in given else sql, given)
        return cursor.fetchall()


AMOUNTS = f"""
WITH {PURCHASES},
amounts AS (
    SELECT 'purchase' AS kind, currency, amount_minor FROM purchase WHERE day > %(today)s - 731
    UNION ALL
    SELECT 'deal', currency, amount_minor FROM deal WHERE amount_minor IS NOT NULL AND opened_at > %(as_of)s
           - interval '731 days'
)
"""  # nosec B608 # our constants; values are parameters


def _currency(organization: Organization, given: Mapping[str, Any]) -> str:
    """Return the organisation's currency; where nothing is in it, the one that most amounts are in."""
    found = dict(rows(AMOUNTS + "SELECT currency, count(*) FROM amounts WHERE currency <> '' GROUP BY currency", given))  # nosec B608 # our constants; values are parameters
    if not found or organization.currency in found:
        return organization.currency
    return str(min(found, key=lambda code: (-found[code], code)))


def _largest(given: Mapping[str, Any]) -> tuple[int | None, int | None]:
    found = dict(
        rows(
            AMOUNTS
            + "SELECT kind, percentile_disc(0.99) WITHIN GROUP (ORDER BY amount_minor)"  # nosec B608 # our constants; values are parameters
            + " FROM amounts WHERE currency = %(currency)s GROUP BY kind",
            given,
        )
    )
    return found.get("purchase"), found.get("deal")


def _buyers(given: Mapping[str, Any]) -> tuple[int, int]:
    """Return how many accounts were known when the horizon began, and how many of them bought since."""
    sql = f"""
    WITH {PURCHASES},
    buyer AS (
        SELECT account_id FROM ordered WHERE day > %(today)s - %(horizon)s
        UNION
        SELECT account_id FROM deal WHERE kind = 'won' AND closed_date BETWEEN %(today)s - %(horizon)s + 1 AND %(today)s
    )
    SELECT count(*), count(b.account_id)
      FROM pipeline_account a LEFT JOIN buyer b ON b.account_id = a.id
     WHERE a.organization_id = %(org)s AND a.deleted_at IS NULL
       AND (a.recorded_at <= %(as_of)s - make_interval(days => %(horizon)s) OR a.reconstructed)
    """  # nosec B608 # our constants; values are parameters
    ((accounts, positives),) = rows(sql, given)
    return accounts, positives


def _typical(given: Mapping[str, Any]) -> dict[str, int]:
    sql = f"""
    WITH {PURCHASES}
    SELECT a.segment, count(*), sum(least(p.amount_minor, %(most)s))
      FROM purchase p JOIN pipeline_account a ON a.organization_id = %(org)s AND a.id = p.account_id
     WHERE p.currency = %(currency)s AND p.day > %(today)s - 731
     GROUP BY a.segment
    """  # nosec B608 # our constants; values are parameters
    by_segment = {segment: (count, int(total)) for segment, count, total in rows(sql, given)}
    count = sum(count for count, _ in by_segment.values())
    overall = sum(total for _, total in by_segment.values()) / count if count else 0.0
    typical = {
        segment: round(shrunken_mean(total=total, count=count, prior=overall, weight=SEGMENT_WEIGHT))
        for segment, (count, total) in by_segment.items()
    }
    return {**typical, "": round(overall)}


def _relevant_products(given: Mapping[str, Any]) -> dict[str, tuple[RecordRef, ...]]:
    """Return, for each segment, the products that at least three in ten of its customers buy, the commonest first."""
    sql = (
        f"WITH {PURCHASES},{statements.OWNED_THEN}"
        """
    , customer AS (SELECT a.id, a.segment FROM pipeline_account a
                    WHERE a.organization_id = %(org)s AND a.id IN (SELECT account_id FROM owned)),
    customers AS (SELECT segment, count(*) AS of_segment, sum(count(*)) OVER () AS of_all
                    FROM customer GROUP BY segment),
    adopted AS (SELECT c.segment, o.product_id, count(*) AS adopters
                  FROM owned o JOIN customer c ON c.id = o.account_id GROUP BY c.segment, o.product_id)
    SELECT segment, p.id, p.name, adopters, of_segment, of_all::bigint
      FROM adopted JOIN customers USING (segment)
      JOIN pipeline_product p ON p.organization_id = %(org)s AND p.id = product_id
     WHERE p.is_active AND p.deleted_at IS NULL
    """  # nosec B608 # our constants; values are parameters
    )
    found = rows(sql, given)
    adopters_overall: dict[uuid.UUID, int] = defaultdict(int)
    for _, product_id, _, adopters, _, _ in found:
        adopters_overall[product_id] += adopters
    relevant: dict[str, list[tuple[float, RecordRef]]] = defaultdict(list)
    for segment, product_id, name, adopters, customers, everybody in found:
        overall = adopters_overall[product_id] / everybody
        share = shrunken_mean(total=adopters, count=customers, prior=overall, weight=RELEVANT_WEIGHT)
        if share >= RELEVANT_SHARE:
            relevant[segment].append((share, RecordRef("product", product_id, name)))
    return {
        segment: tuple(ref for _, ref in sorted(products, key=lambda pair: (-pair[0], pair[1].id)))
        for segment, products in relevant.items()
    }


def _costs_known(given: Mapping[str, Any]) -> bool:
    """Whether at least 60 % of the year's order lines say what they cost, so that margin can be spoken of."""
    ((costed, lines),) = rows(
        "SELECT count(l.cost_minor), count(*) FROM pipeline_orderline l JOIN pipeline_order o"
        " ON o.organization_id = %(org)s AND o.id = l.order_id"
        " WHERE l.organization_id = %(org)s AND o.order_date > %(today)s - 366 AND o.order_date <= %(today)s"
        " AND o.recorded_at <= %(as_of)s",
        given,
    )
    return bool(lines) and costed >= COSTED_SHARE * lines


def _data_up_to(given: Mapping[str, Any]) -> datetime.datetime | None:
    """Return when the newest fact was recorded, of those that count."""
    tables = (
        "account",
        "opportunity",
        "opportunityhistory",
        "order",
        "activity",
        "satisfactionresponse",
        "usagesignal",
    )
    newest = ", ".join(
        f"(SELECT max(recorded_at) FROM pipeline_{table} WHERE organization_id = %(org)s AND recorded_at <= %(as_of)s)"  # nosec B608 # our constants; values are parameters
        for table in tables
    )
    ((found,),) = rows(f"SELECT greatest({newest})", given)
    return found
