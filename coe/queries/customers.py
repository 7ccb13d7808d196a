"""What is known of all accounts of an organisation at one moment, as columns: set-based, without an object for each."""

import datetime
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from coe.lifetime_value.growth import Baskets
from coe.lifetime_value.histories import Orders
from coe.models import ScoringRun
from coe.queries import statements
from coe.queries.background import ALL_IDS, rows
from coe.queries.copying import copied
from coe.queries.scored import Scored
from tenancy.models import Organization
from tenancy.rates import factors_into
from tenancy.working_time import first_zone, local_day

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Ids = NDArray[Any]

SEGMENTS = ("", "small", "medium", "large", "key")
NOBODY = b""  # the id of zeros, as NumPy reads it: zero bytes at the end are cut off
EPOCH = datetime.date(1970, 1, 1)


def moment(*, organization: Organization, as_of: datetime.datetime, currency: str) -> dict[str, Any]:
    """Return the parameters of the statements for a whole organisation."""
    return {
        **ALL_IDS,
        "org": organization.pk,
        "as_of": as_of,
        "today": local_day(organization, as_of),
        "zone": str(first_zone(organization.time_zone)),
        "currency": currency,
        **rates(organization=organization, currency=currency, on=local_day(organization, as_of)),
    }


def rates(*, organization: Organization, currency: str, on: datetime.date) -> dict[str, Any]:
    """Return the parameters of ``RATE``: the currencies that can be counted, and what a minor unit of each was worth
    on a day.
    """
    factors = factors_into(currency, organization=organization, on=on)
    return {"rate_codes": list(factors), "rate_values": list(factors.values())}


RATE = "(%(rate_values)s::float8[])[array_position(%(rate_codes)s::text[], {0})]"
"""What a minor unit of a row's currency is worth; NULL where the organisation has no rate."""


def money_and_horizon(
    *, organization: Organization, as_of: datetime.datetime, scored: Scored | None = None
) -> tuple[str, int]:
    """Return the currency and the days of the newest scoring: what follows from scores speaks of the same."""
    if scored is not None:
        return scored.currency, scored.horizon_days
    runs = ScoringRun.objects.for_organization(organization).filter(as_of__lte=as_of)
    newest = runs.order_by("-as_of", "-id").values_list("currency", "horizon_days").first()
    return newest or (organization.currency, int(organization.setting("score_horizon_days")))


def place_in(ids: Ids, wanted: Ids) -> Integers:
    """Return the row of each wanted id in the sorted ids, -1 where it is not among them."""
    if not len(ids):
        return np.full(len(wanted), -1, dtype=np.int64)
    at = np.minimum(np.searchsorted(ids, wanted), len(ids) - 1)
    return np.where(ids[at] == wanted, at, -1)


def as_uuid(raw: bytes) -> uuid.UUID:
    """Return an id as the columns hold it; NumPy cuts zero bytes off the end."""
    return uuid.UUID(bytes=raw.ljust(16, b"\0"))


@dataclass(frozen=True, slots=True)
class Customers:
    """The accounts with a score, ordered by id; NaN for what isn't known."""

    ids: Ids
    owner: Ids  # NOBODY where there is none
    segment: Integers  # a place in SEGMENTS
    is_prospect: NDArray[np.bool_]
    known_days: Integers
    chance: Floats
    typical: Floats
    firm: Floats  # what is known of the firm, a column each
    wallet_set: Floats  # by the account team

    def __len__(self) -> int:
        return len(self.ids)


CUSTOMERS = f"""
SELECT a.id, coalesce(a.owner_id, '00000000-0000-0000-0000-000000000000'::uuid),
       CASE WHEN {statements.UNTOUCHED.format(alias="a.")}
            THEN coalesce(array_position(ARRAY['small','medium','large','key'], a.segment), 0) ELSE 0 END,
       (a.lifecycle = 'prospect')::int, greatest(0, %(today)s - (a.recorded_at AT TIME ZONE %(zone)s)::date),
       coalesce(s.probability, 'NaN'),
       coalesce(s.typical_minor, s.value_minor / nullif(s.probability, 0), 0)::float8,
       coalesce(a.employees::float8, 'NaN'),
       CASE WHEN a.currency = %(currency)s THEN coalesce(a.annual_revenue_minor::float8, 'NaN') ELSE 'NaN' END,
       coalesce(nullif(dense_rank() OVER (ORDER BY a.industry), 0)::float8, 0),
       dense_rank() OVER (ORDER BY a.region)::float8, dense_rank() OVER (ORDER BY a.country)::float8,
       coalesce(array_position(ARRAY['c','b','a'], a.icp_fit)::float8, 'NaN'),
       CASE WHEN a.currency = %(currency)s AND {statements.UNTOUCHED.format(alias="a.")}
            THEN coalesce(a.potential_minor::float8, 'NaN') ELSE 'NaN' END
  FROM pipeline_account a
  LEFT JOIN pipeline_accountscore s ON s.organization_id = %(org)s AND s.account_id = a.id
 WHERE a.organization_id = %(org)s AND a.deleted_at IS NULL
 ORDER BY a.id
"""  # nosec B608 # our constants; values are parameters

FIRM = ("employees", "revenue", "industry", "region", "country", "fit")


def customers(given: Mapping[str, Any], scored: Scored | None = None) -> Customers:
    """Return the accounts that have a score: one of tonight's, where those wait to be published."""
    columns = {"id": "S16", "owner": "S16", "segment": ">i4", "prospect": ">i4", "known": ">i4"}
    floats = dict.fromkeys(("chance", "typical", *FIRM, "wallet"), ">f8")
    found = copied(CUSTOMERS, given, columns | floats)
    if scored is None:
        found = found[~np.isnan(found["chance"])]
        chance, typical = found["chance"].astype(np.float64), found["typical"].astype(np.float64)
    else:
        at = place_in(scored.account_ids, found["id"])
        found, at = found[at >= 0], at[at >= 0]
        chance, typical = scored.chance[at], scored.typical[at]
    return Customers(
        ids=found["id"].copy(),
        owner=found["owner"].copy(),
        segment=found["segment"].astype(np.int64),
        is_prospect=found["prospect"] == 1,
        known_days=found["known"].astype(np.int64),
        chance=chance,
        typical=typical,
        firm=np.stack([found[name].astype(np.float64) for name in FIRM], axis=1),
        wallet_set=found["wallet"].astype(np.float64),
    )


BOUGHT = f"""
WITH {statements.PURCHASES}
SELECT account_id, day - '1970-01-01'::date, amount_minor * {RATE.format("currency")}
  FROM purchase WHERE currency = ANY(%(rate_codes)s::text[])
"""  # nosec B608 # our constants; values are parameters


def purchases(given: Mapping[str, Any], ids: Ids) -> Orders:
    """Return what these accounts have bought: orders, or won deals of who has none. Customers are rows of the ids."""
    found = copied(BOUGHT, given, {"account": "S16", "day": ">i4", "amount": ">f8"})
    account = place_in(ids, found["account"])
    known = account >= 0
    return Orders(
        customer=account[known],
        day=found["day"][known].astype(np.int64).astype("datetime64[D]"),
        amount=found["amount"][known].astype(np.float64),
    )


BASKETS = f"""
WITH {statements.PURCHASES},
taken AS (
    SELECT o.account_id, l.product_id, o.day, o.currency,
           l.quantity::float8 * l.unit_price_e4 * (10000 - l.discount_bp) / 1e6 AS amount
      FROM ordered o JOIN pipeline_orderline l ON l.organization_id = %(org)s AND l.order_id = o.id
     WHERE l.product_id IS NOT NULL AND l.deleted_at IS NULL
    UNION ALL
    SELECT d.account_id, d.product_id, d.closed_date, d.currency,
           CASE WHEN o.account_id IS NULL THEN coalesce(d.amount_minor, 0)::float8 ELSE 0 END
      FROM deal d LEFT JOIN (SELECT DISTINCT account_id FROM ordered) o ON o.account_id = d.account_id
     WHERE d.kind = 'won' AND d.product_id IS NOT NULL AND d.closed_date <= %(today)s
)
SELECT t.account_id, t.product_id, min(t.day) - '1970-01-01'::date,
       coalesce(sum(t.amount * {RATE.format("t.currency")}) FILTER (WHERE t.day > %(today)s - 365), 0)::float8
  FROM taken t JOIN pipeline_product p ON p.organization_id = %(org)s AND p.id = t.product_id
 WHERE p.is_active AND p.deleted_at IS NULL
 GROUP BY t.account_id, t.product_id
"""  # nosec B608 # our constants; values are parameters

MOST_PRODUCTS = 200  # the commonest; who has which of more can't be held for a million accounts


def baskets(given: Mapping[str, Any], ids: Ids) -> tuple[Baskets, Ids]:
    """Return which account has which product that is still sold, and the ids of the products."""
    found = copied(BASKETS, given, {"account": "S16", "product": "S16", "day": ">i4", "amount": ">f8"})
    account = place_in(ids, found["account"])
    found = found[account >= 0]
    account = account[account >= 0]
    names, adopters = np.unique(found["product"], return_counts=True)
    names = np.sort(names[np.argsort(-adopters, kind="stable")[:MOST_PRODUCTS]])
    product = place_in(names, found["product"])
    kept = product >= 0
    return Baskets(
        account=account[kept],
        product=product[kept],
        first_day=found["day"][kept].astype(np.int64),
        year_amount=found["amount"][kept].astype(np.float64),
    ), names


def margin_share(given: Mapping[str, Any]) -> float | None:
    """Return the share of revenue that is earned; None where fewer than 60 % of the year's lines say their cost."""
    ((costed, lines, revenue, cost),) = rows(MARGIN, given)
    if not lines or costed < 0.6 * lines or not revenue or revenue <= 0:
        return None
    return min(1.0, max(0.0, 1.0 - float(cost) / float(revenue)))


MARGIN = """
SELECT count(l.cost_minor), count(*),
       sum(l.quantity::float8 * l.unit_price_e4 * (10000 - l.discount_bp) / 1e6)
         FILTER (WHERE l.cost_minor IS NOT NULL AND o.currency = %(currency)s),
       coalesce(sum(l.cost_minor) FILTER (WHERE o.currency = %(currency)s), 0)
  FROM pipeline_orderline l JOIN pipeline_order o ON o.organization_id = %(org)s AND o.id = l.order_id
 WHERE l.organization_id = %(org)s AND l.deleted_at IS NULL AND o.deleted_at IS NULL AND o.status <> 'cancelled'
   AND o.order_date > %(today)s - 366 AND o.order_date <= %(today)s AND o.recorded_at <= %(as_of)s
"""
