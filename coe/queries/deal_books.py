"""The deals of an organisation with their past, as columns: what forecasts learn from and look at."""

import datetime
import math
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from coe.forecasting.deal_book import Changes, DealBook, Flags
from coe.forecasting.stages import Floats, Integers
from coe.queries.background import rows
from coe.queries.copying import copied
from coe.queries.customers import EPOCH, Ids, as_uuid, place_in
from coe.scoring.features import ids_of
from coe.scoring.selection import State
from pipeline.models import OpportunityScore, Stage
from pipeline.queries.forecast_people import forecast_tree
from tenancy.bulk import whole_tables
from tenancy.conversion import Converter, converter_into
from tenancy.models import Organization, Run
from tenancy.working_time import first_zone, local_day

DAY = 86_400.0
CURRENCIES = "SELECT DISTINCT currency FROM pipeline_opportunity WHERE organization_id = %(org)s ORDER BY 1"
DEALS = """
SELECT o.id, extract(epoch FROM o.opened_at)::float8, extract(epoch FROM o.recorded_at)::float8,
       coalesce(extract(epoch FROM o.closed_at)::float8, -1), (o.outcome = 'won')::int,
       CASE WHEN o.outcome = 'open' THEN o.stage_id ELSE %(nobody)s::uuid END,
       coalesce(o.amount_minor::float8, 'NaN'), coalesce((o.close_date - '1970-01-01'::date)::float8, 'NaN'),
       coalesce(o.probability_bp::float8 / 10000, 'NaN'), coalesce(o.product_id, %(nobody)s::uuid),
       coalesce(o.owner_id, %(nobody)s::uuid),
       CASE WHEN o.amount_minor IS NULL THEN 0 ELSE array_position(%(currencies)s::text[], o.currency) END,
       coalesce((o.closed_at AT TIME ZONE %(zone)s)::date - '1970-01-01'::date, 0)
  FROM pipeline_opportunity o
 WHERE o.organization_id = %(org)s AND o.deleted_at IS NULL AND o.opened_at <= %(as_of)s AND o.recorded_at <= %(as_of)s
 ORDER BY o.id
"""
DEAL_COLUMNS = {
    "id": "S16", "opened": ">f8", "known": ">f8", "closed": ">f8", "won": ">i4", "stage": "S16", "amount": ">f8",
    "due": ">f8", "chance": ">f8", "product": "S16", "owner": "S16", "currency": ">i4", "closed_day": ">i4",
}  # fmt: skip
HISTORY = """
SELECT h.opportunity_id, extract(epoch FROM h.occurred_at)::float8, extract(epoch FROM h.recorded_at)::float8,
       CASE h.field WHEN 'stage' THEN 0 WHEN 'amount' THEN 1 ELSE 2 END,
       coalesce(h.old_stage_id, %(nobody)s::uuid), coalesce(h.new_stage_id, %(nobody)s::uuid),
       CASE h.field WHEN 'amount' THEN coalesce(h.old_amount_minor::float8, 'NaN')
                    WHEN 'close_date' THEN coalesce((nullif(h.old, '')::date - '1970-01-01'::date)::float8, 'NaN')
                    ELSE 0 END,
       CASE h.field WHEN 'amount' THEN coalesce(h.new_amount_minor::float8, 'NaN')
                    WHEN 'close_date' THEN coalesce((nullif(h.new, '')::date - '1970-01-01'::date)::float8, 'NaN')
                    ELSE 0 END
  FROM pipeline_opportunityhistory h
 WHERE h.organization_id = %(org)s AND h.field IN ('stage', 'amount', 'close_date') AND h.occurred_at <= %(as_of)s
 ORDER BY h.opportunity_id, h.occurred_at, h.recorded_at, h.id
"""
HISTORY_COLUMNS = {
    "deal": "S16", "at": ">f8", "known": ">f8", "field": ">i4", "old_stage": "S16", "new_stage": "S16", "old": ">f8",
    "new": ">f8",
}  # fmt: skip
NOBODY_ID = uuid.UUID(int=0)


@dataclass(frozen=True, slots=True)
class KeptDeals:
    """The book of an organisation's deals, with what says whose they are."""

    book: DealBook
    ids: Ids  # in the order of the book
    owner: Ids
    currency: str  # of all amounts
    rate_date: datetime.date | None  # of the oldest rate that was used
    priors: dict[int, float]  # the chance that each open stage is given, by its number in the book
    stage_names: list[str]  # by that number

    def ids_at(self, rows: Integers) -> list[uuid.UUID]:
        """Return the ids of some rows of the book."""
        return [as_uuid(raw) for raw in self.ids[rows].tolist()]

    def owned_by(self, members: Iterable[uuid.UUID]) -> Flags:
        """Return which deals belong to these people today."""
        return np.isin(self.owner, ids_of(list(members)))

    def scored(self, chances: Mapping[uuid.UUID, float]) -> Floats:
        """Return the chance of each deal by a model; NaN for those that it doesn't name."""
        found = np.full(len(self.ids), np.nan)
        place = place_in(self.ids, ids_of(list(chances)))
        found[place[place >= 0]] = np.array(list(chances.values()))[place >= 0]
        return found


def deal_book(*, organization: Organization, as_of: datetime.datetime, currency: str = "") -> KeptDeals:
    """Return the deals that were known at a moment with what is kept of their past. Inside a transaction only.

    Amounts are in one currency, the organisation's unless another is named, at the newest rates known by then; what won
    deals count for in a total is besides known at the rates of the days on which they were closed.
    """
    today = local_day(organization, as_of)
    converter = converter_into(currency or organization.currency, organization=organization, today=today)
    given: dict[str, Any] = {
        "org": organization.pk,
        "as_of": as_of,
        "nobody": NOBODY_ID,
        "zone": str(first_zone(organization.time_zone)),
    }
    given["currencies"] = [code for (code,) in rows(CURRENCIES, given)]
    open_stages = Stage.objects.for_organization(organization).filter(kind="open")
    stages = list(open_stages.select_related("pipeline").order_by("pipeline", "position", "id"))
    with whole_tables():
        deals = copied(DEALS, given, DEAL_COLUMNS)
        history = copied(HISTORY, given, HISTORY_COLUMNS)
    ids = deals["id"].copy()
    history_deal = place_in(ids, history["deal"])
    history, history_deal = history[history_deal >= 0], history_deal[history_deal >= 0]
    stage_ids = ids_of([stage.pk for stage in stages])
    rates = _Rates(converter, given["currencies"])
    factor, of = rates.current[deals["currency"]], deals["currency"]
    closed = np.where(deals["closed"] < 0, np.inf, deals["closed"] / DAY)
    _, product = np.unique(deals["product"], return_inverse=True)
    book = DealBook(
        opened=deals["opened"] / DAY,
        known=deals["known"] / DAY,
        closed=closed,
        closed_known=_end_known(history, history_deal, stage_ids, closed),
        won=deals["won"] == 1,
        stage_now=_numbered(stage_ids, deals["stage"]),
        amount_now=deals["amount"] * factor,
        due_now=deals["due"].astype(np.float64),
        own_chance=deals["chance"].astype(np.float64),
        product=product.astype(np.int64),
        countable=~np.isnan(factor),
        booked=rates.booked(of, deals["closed_day"], deals["won"] == 1),
        stages=_changes(
            history,
            history_deal,
            0,
            _numbered(stage_ids, history["old_stage"]),
            _numbered(stage_ids, history["new_stage"]),
        ),
        amounts=_changes(
            history, history_deal, 1, history["old"] * factor[history_deal], history["new"] * factor[history_deal]
        ),
        dues=_changes(history, history_deal, 2, history["old"], history["new"]),
    )
    priors = {number: min(max(stage.probability_bp / 10_000, 0.02), 0.98) for number, stage in enumerate(stages)}
    oldest = rates.oldest(np.unique(of[np.isinf(closed)]).tolist())
    return KeptDeals(book, ids, deals["owner"].copy(), converter.currency, oldest, priors, _names(stages))


def _names(stages: list[Stage]) -> list[str]:
    """Return what stages are called, with their pipeline where there is more than one."""
    if len({stage.pipeline_id for stage in stages}) < 2:
        return [stage.name for stage in stages]
    return [f"{stage.name} ({stage.pipeline.name})" for stage in stages]


class _Rates:
    """What minor units of some currencies, numbered from 1, are worth; 0 is no currency, and no amount."""

    def __init__(self, converter: Converter, currencies: list[str]) -> None:
        self.converter, self.currencies = converter, currencies
        self.factors = [converter.factor(code) for code in currencies]
        self.current = np.array([1.0, *(math.nan if one is None else float(one.value) for one in self.factors)])

    def booked(self, currency: Integers, day: Integers, won: Flags) -> Floats:
        """Return for each won deal what the rate of its closing day makes of a unit at today's; 1 for the others."""
        found = np.ones(len(currency))
        of = won & ~np.isnan(self.current[currency]) & (currency > 0)
        pairs, at = np.unique(np.stack([currency[of], day[of]]), axis=1, return_inverse=True)
        ratios = []
        for number, closed in pairs.T.tolist():
            then = self.converter.factor(self.currencies[number - 1], EPOCH + datetime.timedelta(days=closed))
            ratios.append(1.0 if then is None else float(then.value) / self.current[number])
        found[of] = np.array(ratios)[at.ravel()]
        return found

    def oldest(self, numbers: Iterable[int]) -> datetime.date | None:
        """Return the day of the oldest rate that these currencies were counted by."""
        used = [self.factors[number - 1] for number in numbers if number > 0]
        return min((day for one in used if one is not None for day in one.days), default=None)


def _numbered(stage_ids: Ids, wanted: Ids) -> Floats:
    """Return the number of each stage among ours, −1 for one that is not open."""
    order = np.argsort(stage_ids)
    place = place_in(stage_ids[order], wanted)
    if not len(stage_ids):
        return np.full(len(wanted), -1.0)
    return np.where(place >= 0, order[np.maximum(place, 0)], -1).astype(np.float64)


def _changes(history: Any, deal: Integers, field: int, old: Floats, new: Floats) -> Changes:
    of = history["field"] == field
    return Changes(
        deal=deal[of],
        at=history["at"][of] / DAY,
        known=history["known"][of] / DAY,
        old=np.asarray(old[of], dtype=np.float64),
        new=np.asarray(new[of], dtype=np.float64),
    )


def _end_known(history: Any, deal: Integers, stage_ids: Ids, closed: Floats) -> Floats:
    """Return when the end of each closed deal became known: with the last change into a stage that is not open."""
    known = closed.copy()
    ends = np.flatnonzero((history["field"] == 0) & (_numbered(stage_ids, history["new_stage"]) < 0))
    known[deal[ends]] = history["known"][ends] / DAY
    return np.maximum(np.where(np.isinf(closed), np.inf, known), closed)


TELLS_APART = (State.CORRECTED, State.LEARNED)
"""What a score has to rest on to count here: else it is the chance of its stage by another name."""


def model_chances(*, organization: Organization, run: Run) -> dict[uuid.UUID, float]:
    """Return the chances that a run gave the open deals, where its model tells deals apart."""
    scores = OpportunityScore.objects.for_organization(organization).filter(run=run, state__in=TELLS_APART)
    return dict(scores.values_list("opportunity_id", "probability"))


def deals_without_rate(*, organization: Organization, ids: Iterable[uuid.UUID]) -> list[tuple[str, int, int]]:
    """Return of these deals the currencies, how many are in each, and what they add up to in it, in minor units."""
    found = rows(
        "SELECT currency, count(*), coalesce(sum(amount_minor), 0)::bigint FROM pipeline_opportunity"
        " WHERE organization_id = %(org)s AND id = ANY(%(ids)s::uuid[]) GROUP BY currency ORDER BY 1",
        {"org": organization.pk, "ids": [str(one) for one in ids]},
    )
    return [(code, int(count), int(total)) for code, count, total in found]


def unit_members(*, organization: Organization, on: datetime.date) -> dict[uuid.UUID, set[uuid.UUID]]:
    """Return who counts in each unit, or below it, on a day, as the people's forecast has it; the company left out."""
    tree = forecast_tree(organization=organization, today=on)
    return {unit: tree.people_of(unit) for unit in tree.units if unit != tree.root}


def days_of(moment: datetime.datetime) -> float:
    """Return a moment as books have it."""
    return moment.timestamp() / DAY


def midnight(organization: Organization, day: datetime.date) -> float:
    """Return when a day begins on the organisation's clock, as books have it."""
    zone = first_zone(organization.time_zone)
    return days_of(datetime.datetime.combine(day, datetime.time(), zone))


def as_day(organization: Organization, moment: float) -> datetime.date:
    """Return the organisation's day at a moment of a book."""
    return local_day(organization, datetime.datetime.fromtimestamp(moment * DAY, datetime.UTC))
