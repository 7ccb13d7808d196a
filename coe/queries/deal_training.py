"""What a deal model learns from: closed deals, each as it stood at a moment of its open life."""

import datetime
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from coe.queries.background import rows
from coe.queries.deal_features import StageTimes, days, deal_features
from coe.queries.own_columns import closing_columns
from coe.scoring.card import RuleCard
from coe.scoring.deals import FEATURES, SHIPPED_POINTS, DealBlock, deal_points, drawn_moment, slips_after
from coe.scoring.examples import Examples
from coe.scoring.features import joined
from coe.scoring.table import Column, Floats, Table
from tenancy.models import Organization
from tenancy.working_time import first_zone

MOST_DEALS = 20_000
DATED_SHARE = 0.5  # of deals with a life of a day or more; else the file brought no dates

CLOSED = """
SELECT id, opened_at, closed_at, outcome = 'won'
  FROM pipeline_opportunity o
 WHERE organization_id = %(org)s AND deleted_at IS NULL AND closed_at <= %(until)s AND recorded_at <= %(until)s
   AND outcome <> 'open'
   AND closed_at > (SELECT max(closed_at) FROM pipeline_opportunity
                     WHERE organization_id = %(org)s AND deleted_at IS NULL AND closed_at <= %(until)s)
                   - interval '731 days'
 ORDER BY closed_at DESC, id LIMIT %(most)s
"""
STILL_OPEN = """
SELECT id, opened_at FROM pipeline_opportunity
 WHERE organization_id = %(org)s AND deleted_at IS NULL AND outcome = 'open' AND opened_at <= %(until)s
   AND recorded_at <= %(until)s AND close_date IS NOT NULL
 ORDER BY opened_at DESC, id LIMIT %(most)s
"""


@dataclass(frozen=True, slots=True)
class DealExamples:
    """What there is to learn of deals: whether they are won, and whether they close later than their quarter."""

    win: Examples
    slip: Examples | None  # where no close date is known, nothing can slip
    is_dated: bool


def closed_deals(*, organization: Organization, until: datetime.datetime) -> int:
    """Return how many closed deals there are to learn from."""
    return len(rows(CLOSED, {"org": organization.pk, "until": until, "most": MOST_DEALS}))


def deal_examples(*, organization: Organization, until: datetime.datetime) -> DealExamples | None:
    """Return what there is to learn from by ``until``; None without a closed deal. Inside a transaction only."""
    given: dict[str, Any] = {"org": organization.pk, "until": until, "most": MOST_DEALS}
    closed = sorted(rows(CLOSED, given), key=lambda row: row[0])
    lived = [closed_at - opened_at >= datetime.timedelta(days=1) for _, opened_at, closed_at, _ in closed]
    is_dated = sum(lived) > DATED_SHARE * len(closed)
    if is_dated:
        # Whoever is closed on the day of opening was written down when it was over.
        closed = [row for row, has_lived in zip(closed, lived, strict=True) if has_lived]
    if not closed:
        return None
    stages = StageTimes(organization=organization, as_of=until)
    moments = [drawn_moment(row[0], row[1], row[2]) for row in closed]
    block = deal_features(organization=organization, ids=[row[0] for row in closed], at=moments, stages=stages)
    ends = [row[2] for row in closed]
    table = _dated(block, ends if is_dated else None)
    # Of our own columns those that nobody filled are not worth a word; of an organisation's own each has one.
    table = table.without([one.name for one in FEATURES if _says_nothing(table.columns[one.name])])
    points = deal_points(block)
    has_card = bool(np.ptp(points) > 0)
    win = Examples(
        table=table,
        outcome=np.asarray([row[3] for row in closed], dtype=np.float64),
        horizon_days=_usual_life(closed),
        points=points if has_card else None,
        card=RuleCard(points=SHIPPED_POINTS) if has_card else None,
        panels={"segment": block.segments, "territory": block.territories},
        known_at_closing=closing_columns(organization=organization, record="opportunity"),
        embargo_days=0.0,
    )
    return DealExamples(win, _slips(organization, until, stages, block, win, ends) if is_dated else None, is_dated)


def _dated(block: DealBlock, closed_at: Sequence[datetime.datetime] | None) -> Table:
    """Return the block's table with the day on which each outcome was known, and with its accounts as groups."""
    codes: dict[uuid.UUID | int, int] = {}
    keys: list[uuid.UUID | int] = [account or row for row, account in enumerate(block.account_ids)]
    groups = np.asarray([codes.setdefault(key, len(codes)) for key in keys], dtype=np.int64)
    grouped = any(account is not None for account in block.account_ids)
    return replace(
        block.table,
        known_at=None if closed_at is None else days(closed_at),
        groups=groups if grouped else None,
    )


def _slips(
    organization: Organization,
    until: datetime.datetime,
    stages: StageTimes,
    block: DealBlock,
    win: Examples,
    closed_at: Sequence[datetime.datetime],
) -> Examples | None:
    """Return which deals closed after their quarter. Open ones whose quarter has passed belong to them."""
    zone = first_zone(organization.time_zone)
    given = {"org": organization.pk, "until": until, "most": MOST_DEALS}
    still = sorted(rows(STILL_OPEN, given), key=lambda row: row[0])
    open_block = deal_features(
        organization=organization,
        ids=[row[0] for row in still],
        at=[drawn_moment(deal_id, opened_at, until) for deal_id, opened_at in still],
        stages=stages,
    )
    labels = [
        _slipped(planned, moment.astimezone(zone).date(), end.astimezone(zone).date(), until.astimezone(zone).date())
        for one, ends in ((block, list(closed_at)), (open_block, [until + datetime.timedelta(days=400)] * len(still)))
        for planned, moment, end in zip(one.close_dates, one.moments, ends, strict=True)
    ]
    outcome: Floats = np.asarray(labels, dtype=np.float64)
    known = np.flatnonzero(~np.isnan(outcome))
    if not len(known):
        return None
    table = joined([_dated(block, closed_at), _dated(open_block, [until] * len(still))])
    accounts: dict[uuid.UUID | int, int] = {}
    keys = [account or row for row, account in enumerate([*block.account_ids, *open_block.account_ids])]
    groups = np.asarray([accounts.setdefault(key, len(accounts)) for key in keys], dtype=np.int64)
    panels = {
        "segment": [*block.segments, *open_block.segments],
        "territory": [*block.territories, *open_block.territories],
    }
    return Examples(
        table=replace(table, groups=groups).take(known),
        outcome=outcome[known],
        horizon_days=win.horizon_days,
        panels={name: [words[row] for row in known] for name, words in panels.items()},
        known_at_closing=win.known_at_closing,
        embargo_days=0.0,
    )


def _slipped(planned: datetime.date | None, moment: datetime.date, ended: datetime.date, today: datetime.date) -> float:
    """Return 1 for a deal that closed after its quarter, 0 for one in time, NaN while its quarter lasts."""
    last = slips_after(planned, moment)
    if last is None or last >= today:
        return float("nan")
    return float(ended > last)


def _says_nothing(column: Column) -> bool:
    values = column.as_numbers[~column.missing]
    return not len(values) or bool(column.missing.sum() == 0 and np.ptp(values) == 0)


def _usual_life(closed: Sequence[tuple[Any, ...]]) -> int:
    lives = [(row[2] - row[1]).days for row in closed]
    return int(min(max(float(np.median(lives)), 1), 3650))
