"""What goes on with all accounts of an organisation at one moment, as columns: deals, people, answers, approaches."""

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from coe.queries import statements
from coe.queries.background import rows
from coe.queries.copying import copied
from coe.queries.customers import RATE, Floats, Ids, Integers, as_uuid, place_in
from coe.scoring.features import ids_of

LOOK_BACK = 200  # days; who was not approached within them was not for long
SPENT_DAYS = 90  # the horizon of the hours that are spent already


@dataclass(frozen=True, slots=True)
class OpenDeals:
    """Open deals, one row each."""

    ids: Ids
    account: Integers
    amount: Floats  # minor units of the one currency; 0 where nothing is said, or in one without a rate
    chance: Floats  # to be won, by the deal's own score; of one that has none yet, by its stage
    open_days: Integers


DEALS = f"""
WITH {statements.DEALS_THEN}
SELECT d.id, d.account_id,
       coalesce(d.amount_minor * {RATE.format("d.currency")}, 0)::float8,
       coalesce(w.probability, s.probability_bp::float8 / 10000, 0)::float8,
       %(today)s - (d.opened_at AT TIME ZONE %(zone)s)::date
  FROM deal d LEFT JOIN pipeline_stage s ON s.organization_id = %(org)s AND s.id = d.stage_id
  LEFT JOIN pipeline_opportunityscore w
    ON w.organization_id = %(org)s AND w.opportunity_id = d.id AND w.as_of <= %(as_of)s
 WHERE d.kind = 'open' AND d.account_id IS NOT NULL ORDER BY d.id
"""  # nosec B608 # our constants; values are parameters


def open_deals(given: Mapping[str, Any], ids: Ids) -> OpenDeals:
    """Return the deals that were open."""
    columns = {"id": "S16", "account": "S16", "amount": ">f8", "chance": ">f8", "days": ">i4"}
    found = copied(DEALS, given, columns)
    account = place_in(ids, found["account"])
    found, account = found[account >= 0], account[account >= 0]
    return OpenDeals(
        found["id"].copy(),
        account,
        found["amount"].astype(np.float64),
        found["chance"].astype(np.float64),
        found["days"].astype(np.int64),
    )


UNCOUNTED = f"""
WITH {statements.PURCHASES}
SELECT account_id, currency FROM (
    SELECT account_id, currency FROM purchase WHERE amount_minor <> 0 AND day > %(today)s - 365
    UNION
    SELECT account_id, currency FROM deal WHERE kind = 'open' AND amount_minor <> 0
) money
 WHERE account_id IS NOT NULL AND currency <> '' AND NOT currency = ANY(%(rate_codes)s::text[]) ORDER BY 1, 2
"""  # nosec B608 # our constants; values are parameters


def uncounted(given: Mapping[str, Any], ids: Ids) -> dict[int, list[str]]:
    """Return the currencies in which accounts, by their row, have money that cannot be counted for want of a rate."""
    others = {code for (code,) in rows(statements.OTHER_CURRENCIES, given)}
    if others <= set(given["rate_codes"]):
        return {}
    said = rows(UNCOUNTED, given)
    found: dict[int, list[str]] = {}
    for place, (_, code) in zip(place_in(ids, ids_of([account for account, _ in said])).tolist(), said, strict=True):
        if place >= 0:
            found.setdefault(place, []).append(code)
    return found


@dataclass(frozen=True, slots=True)
class Approaches:
    """How much we were in touch with each account, one row an account."""

    last_days: Integers  # since we approached it; -1 if not within LOOK_BACK
    touched_days: Integers  # since anything happened between us; -1 if not within LOOK_BACK
    hours: Floats  # spent within SPENT_DAYS, by what such a thing usually takes
    two_way: Integers  # exchanges within SPENT_DAYS


APPROACHED = "a.kind IN ('call', 'meeting', 'email') AND a.direction <> 'in'"

DAYS_SINCE = "%(today)s - (max(a.occurred_at) FILTER (WHERE {0}) AT TIME ZONE %(zone)s)::date"

TOUCHES = f"""
SELECT a.account_id, coalesce({DAYS_SINCE.format(APPROACHED)}, -1),
       coalesce({DAYS_SINCE.format("a.kind NOT IN ('note', 'task')")}, -1),
       coalesce(sum(CASE a.kind WHEN 'meeting' THEN 2.0 WHEN 'call' THEN 0.5 WHEN 'email' THEN 0.1 ELSE 0 END)
                FILTER (WHERE a.occurred_at > %(as_of)s - interval '{SPENT_DAYS} days'), 0)::float8,
       (count(*) FILTER (WHERE a.is_two_way AND a.occurred_at > %(as_of)s - interval '{SPENT_DAYS} days'))::int
  {statements.ACTIVITY.format(join="", days=LOOK_BACK)}
 GROUP BY a.account_id
"""  # nosec B608 # our constants; values are parameters


def approaches(given: Mapping[str, Any], ids: Ids) -> Approaches:
    """Return how much we were in touch with each account."""
    columns = {"account": "S16", "last": ">i4", "touched": ">i4", "hours": ">f8", "two_way": ">i4"}
    found = copied(TOUCHES, given, columns)
    at = place_in(ids, found["account"])
    found, at = found[at >= 0], at[at >= 0]
    never = np.full(len(ids), -1, dtype=np.int64)
    result = Approaches(never, never.copy(), np.zeros(len(ids)), np.zeros(len(ids), dtype=np.int64))
    result.last_days[at], result.touched_days[at] = found["last"], found["touched"]
    result.hours[at], result.two_way[at] = found["hours"], found["two_way"]
    return result


@dataclass(frozen=True, slots=True)
class People:
    """The contacts, one row each."""

    ids: Ids
    account: Integers
    decides: Integers  # 1 or 0
    opted_out: Integers
    days: Integers  # since they were last approached; -1 if not within three weeks


PEOPLE = f"""
SELECT c.id, c.account_id, (c.is_decision_maker OR c.role = 'decides')::int, c.opted_out::int, coalesce(l.days, -1)
  FROM pipeline_contact c
  LEFT JOIN (SELECT a.contact_id, %(today)s - (max(a.occurred_at) AT TIME ZONE %(zone)s)::date AS days
             {statements.ACTIVITY.format(join="", days=21)} AND a.contact_id IS NOT NULL AND {APPROACHED}
              GROUP BY a.contact_id) l ON l.contact_id = c.id
 WHERE c.organization_id = %(org)s AND c.account_id IS NOT NULL AND c.deleted_at IS NULL
   AND c.recorded_at <= %(as_of)s
 ORDER BY c.id
"""  # nosec B608 # our constants; values are parameters


def people(given: Mapping[str, Any], ids: Ids) -> People:
    """Return the contacts of these accounts."""
    columns = {"id": "S16", "account": "S16", "decides": ">i4", "opted_out": ">i4", "days": ">i4"}
    found = copied(PEOPLE, given, columns)
    account = place_in(ids, found["account"])
    found, account = found[account >= 0], account[account >= 0]
    return People(
        found["id"].copy(), account, *(found[name].astype(np.int64) for name in ("decides", "opted_out", "days"))
    )


ANSWERS = """
SELECT DISTINCT ON (n.account_id) n.account_id, n.score::int, %(today)s - (n.responded_at AT TIME ZONE %(zone)s)::date
  FROM pipeline_satisfactionresponse n
 WHERE n.organization_id = %(org)s AND n.deleted_at IS NULL AND n.responded_at <= %(as_of)s
   AND n.recorded_at <= %(as_of)s AND n.responded_at > %(as_of)s - interval '365 days'
 ORDER BY n.account_id, n.responded_at DESC, n.id
"""


def answers(given: Mapping[str, Any], ids: Ids) -> tuple[Integers, Integers]:
    """Return the newest answer of each account within a year and the days since; -1 without."""
    found = copied(ANSWERS, given, {"account": "S16", "score": ">i4", "days": ">i4"})
    at = place_in(ids, found["account"])
    score, days = (np.full(len(ids), -1, dtype=np.int64) for _ in range(2))
    score[at[at >= 0]], days[at[at >= 0]] = found["score"][at >= 0], found["days"][at >= 0]
    return score, days


@dataclass(frozen=True, slots=True)
class Waiting:
    """Questions that wait for an answer, one row each: the oldest of each account."""

    ids: Ids
    account: Integers
    days: Integers


WAITING = """
SELECT DISTINCT ON (i.account_id) i.id, i.account_id, %(today)s - (i.received_at AT TIME ZONE %(zone)s)::date
  FROM pipeline_inquiry i
 WHERE i.organization_id = %(org)s AND i.account_id IS NOT NULL AND i.deleted_at IS NULL
   AND i.state IN ('new', 'open') AND i.answered_at IS NULL
   AND i.received_at <= %(as_of)s AND i.recorded_at <= %(as_of)s
   AND i.received_at > %(as_of)s - interval '60 days'
 ORDER BY i.account_id, i.received_at, i.id
"""


def waiting(given: Mapping[str, Any], ids: Ids) -> Waiting:
    """Return who asked and waits."""
    found = copied(WAITING, given, {"id": "S16", "account": "S16", "days": ">i4"})
    account = place_in(ids, found["account"])
    found, account = found[account >= 0], account[account >= 0]
    return Waiting(found["id"].copy(), account, found["days"].astype(np.int64))


NAMED = {
    "opportunity": ("pipeline_opportunity", "name"),
    "contact": ("pipeline_contact", "name"),
    "product": ("pipeline_product", "name"),
    "inquiry": ("pipeline_inquiry", "subject"),
}


def names_of(given: Mapping[str, Any], type_: str, ids: Iterable[bytes]) -> dict[bytes, tuple[uuid.UUID, str]]:
    """Return the id and the name of records of one type, by the id as columns hold it."""
    wanted = {as_uuid(raw): raw for raw in ids}
    if not wanted:
        return {}
    table, column = NAMED[type_]
    found = rows(
        f"SELECT id, {column} FROM {table} WHERE organization_id = %(org)s AND id = ANY(%(ids)s)",  # nosec B608 # our own names; values are parameters
        {**given, "ids": list(wanted)},
    )
    return {wanted[key]: (key, name) for key, name in found}
