"""The features of deals, each at a moment of its own, as they were known then; and which deals there are to learn from.

One statement looks at all asked deals at once. Nothing counts that happened, or became known, after a row's moment: a
stage, an amount and a close date are read back from the deal's history.
"""

import datetime
import math
import uuid
from collections.abc import Sequence
from typing import Any

import numpy as np

from coe.queries.background import rows
from coe.queries.own_columns import own_columns
from coe.scoring.base_rate import log_odds
from coe.scoring.deals import FEATURES, DealBlock
from coe.scoring.table import DAY_ZERO, Column, Floats, Kind, Table, read_column
from tenancy.bulk import whole_tables
from tenancy.models import Organization
from tenancy.working_time import first_zone

CHUNK = 20_000
TWO_YEARS = datetime.timedelta(days=731)

ASKED = """
WITH asked AS MATERIALIZED (
    SELECT o.id, a.at, a.place, o.account_id, o.currency, o.opened_at, o.product_id, o.stage_id, o.amount_minor,
           o.close_date, coalesce(o.closed_at < a.at, true) AS lasts, o.closed_at
      FROM unnest(%(ids)s::uuid[], %(at)s::timestamptz[]) WITH ORDINALITY AS a (id, at, place)
      JOIN pipeline_opportunity o ON o.organization_id = %(org)s AND o.id = a.id
)
"""

# Of each tracked field the last value known by then; else the one before the first change that was not; else today's,
# unless the deal has closed since: what it was overwritten with then is not what it was before. What is dated at the
# closing itself belongs to the end, even of a deal that was opened in the same moment.
FEATURES_SQL = f"""
{ASKED},
hist AS MATERIALIZED (
    SELECT a.place, a.at, h.field, h.old, h.new, h.new_stage_id, h.old_stage_id, h.new_amount_minor,
           h.old_amount_minor, h.occurred_at, h.recorded_at, h.id,
           h.occurred_at <= a.at AND h.recorded_at <= a.at AND (a.lasts OR h.occurred_at < a.closed_at) AS known
      FROM asked a JOIN pipeline_opportunityhistory h
        ON h.organization_id = %(org)s AND h.opportunity_id = a.id
       AND h.field IN ('stage', 'amount', 'close_date')
),
known AS (
    SELECT DISTINCT ON (place, field) place, field, new, new_stage_id, new_amount_minor
      FROM hist WHERE known ORDER BY place, field, occurred_at DESC, recorded_at DESC, id DESC
),
later AS (
    SELECT DISTINCT ON (place, field) place, field, old, old_stage_id, old_amount_minor
      FROM hist WHERE NOT known ORDER BY place, field, occurred_at, recorded_at, id
),
first_amount AS (
    SELECT DISTINCT ON (place) place, new_amount_minor
      FROM hist WHERE known AND field = 'amount' AND new_amount_minor > 0 ORDER BY place, occurred_at, recorded_at, id
),
pushed AS (
    SELECT place, count(*) AS pushes FROM hist
     WHERE known AND field = 'close_date' AND old <> '' AND new > old GROUP BY place
),
then_deal AS MATERIALIZED (
    SELECT a.place, a.id, a.at, a.account_id, a.opened_at, a.currency, a.product_id,
           coalesce(ks.new_stage_id, ls.old_stage_id, CASE WHEN ls.place IS NULL AND a.lasts THEN a.stage_id END)
             AS stage_id,
           CASE WHEN ka.place IS NOT NULL THEN ka.new_amount_minor
                WHEN la.place IS NOT NULL THEN la.old_amount_minor
                WHEN a.lasts THEN a.amount_minor END AS amount_minor,
           CASE WHEN kc.place IS NOT NULL THEN nullif(kc.new, '')::date
                WHEN lc.place IS NOT NULL THEN nullif(lc.old, '')::date
                WHEN a.lasts THEN a.close_date END AS close_date
      FROM asked a
      LEFT JOIN known ks ON ks.place = a.place AND ks.field = 'stage'
      LEFT JOIN later ls ON ls.place = a.place AND ls.field = 'stage'
      LEFT JOIN known ka ON ka.place = a.place AND ka.field = 'amount'
      LEFT JOIN later la ON la.place = a.place AND la.field = 'amount'
      LEFT JOIN known kc ON kc.place = a.place AND kc.field = 'close_date'
      LEFT JOIN later lc ON lc.place = a.place AND lc.field = 'close_date'
),
entered AS (
    -- The first time it came into this stage: a deal that was closed and opened again is as old there as before.
    SELECT h.place, min(h.occurred_at) AS at
      FROM hist h JOIN then_deal t ON t.place = h.place
     WHERE h.known AND h.field = 'stage' AND h.new_stage_id = t.stage_id GROUP BY h.place
),
act AS (
    SELECT t.place,
           count(*) FILTER (WHERE x.is_two_way AND x.occurred_at > t.at - interval '14 days') AS two_way_14,
           count(*) FILTER (WHERE x.is_two_way AND x.occurred_at > t.at - interval '28 days') AS two_way_28,
           max(x.occurred_at) FILTER (WHERE x.is_two_way OR x.direction = 'in') AS two_way_at,
           count(DISTINCT x.contact_id) AS people,
           count(*) FILTER (WHERE c.is_decision_maker AND x.occurred_at > t.at - interval '60 days') AS deciders,
           count(*) FILTER (WHERE x.kind = 'meeting') AS meetings
      FROM then_deal t
      JOIN pipeline_activity x ON x.organization_id = %(org)s AND x.account_id = t.account_id
       AND x.occurred_at <= t.at AND x.occurred_at > t.at - interval '90 days' AND x.recorded_at <= t.at
       AND x.deleted_at IS NULL
      LEFT JOIN pipeline_contact c ON c.organization_id = %(org)s AND c.id = x.contact_id
     GROUP BY t.place
),
before AS (
    SELECT t.place, count(*) FILTER (WHERE o.outcome = 'won') AS won, count(*) FILTER (WHERE o.outcome = 'lost') AS lost
      FROM then_deal t
      JOIN pipeline_opportunity o ON o.organization_id = %(org)s AND o.account_id = t.account_id AND o.id <> t.id
       AND o.closed_at < t.at AND o.recorded_at <= t.at AND o.deleted_at IS NULL
     GROUP BY t.place
),
ordered AS (
    SELECT t.place, count(*) AS orders
      FROM then_deal t
      JOIN pipeline_order r ON r.organization_id = %(org)s AND r.account_id = t.account_id AND r.deleted_at IS NULL
       AND r.status <> 'cancelled' AND r.recorded_at <= t.at AND r.order_date <= t.at::date
       AND r.order_date > t.at::date - 366
     GROUP BY t.place
)
SELECT t.place, t.id, t.account_id, t.at, s.id,
       coalesce(s.name, '') AS stage,
       (s.position - f.position)::float8,
       extract(epoch FROM t.at - t.opened_at) / 86400.0,
       extract(epoch FROM t.at - coalesce(e.at, t.opened_at)) / 86400.0,
       (t.close_date - (t.at AT TIME ZONE %(zone)s)::date)::float8,
       coalesce(p.pushes, 0)::float8,
       CASE WHEN t.currency = %(currency)s THEN t.amount_minor::float8 END,
       CASE WHEN fa.new_amount_minor > 0 THEN t.amount_minor::float8 / fa.new_amount_minor END,
       coalesce(act.two_way_14, 0)::float8, coalesce(act.two_way_28, 0)::float8,
       extract(epoch FROM t.at - act.two_way_at) / 86400.0,
       coalesce(act.people, 0)::float8, coalesce(act.deciders, 0)::float8, coalesce(act.meetings, 0)::float8,
       coalesce(b.won, 0)::float8, coalesce(b.lost, 0)::float8, coalesce(r.orders, 0)::float8,
       coalesce(d.name, ''), coalesce(k.segment, ''), coalesce(k.icp_fit, ''), coalesce(k.industry, ''),
       coalesce(k.region, ''), coalesce(k.country, ''), t.close_date
  FROM then_deal t
  LEFT JOIN pipeline_stage s ON s.organization_id = %(org)s AND s.id = t.stage_id AND s.kind = 'open'
  LEFT JOIN (SELECT pipeline_id, min(position) AS position FROM pipeline_stage
              WHERE organization_id = %(org)s AND kind = 'open' GROUP BY pipeline_id) f ON f.pipeline_id = s.pipeline_id
  LEFT JOIN entered e ON e.place = t.place
  LEFT JOIN pushed p ON p.place = t.place
  LEFT JOIN first_amount fa ON fa.place = t.place
  LEFT JOIN act ON act.place = t.place
  LEFT JOIN before b ON b.place = t.place
  LEFT JOIN ordered r ON r.place = t.place
  LEFT JOIN pipeline_product d ON d.organization_id = %(org)s AND d.id = t.product_id
  LEFT JOIN pipeline_account k ON k.organization_id = %(org)s AND k.id = t.account_id
       AND (k.version = 1 OR k.updated_at <= t.at OR k.reconstructed)
 ORDER BY t.place
"""  # nosec B608 # our constants; values are parameters
FIRST_FEATURE = 5


def deal_features(
    *,
    organization: Organization,
    ids: Sequence[uuid.UUID],
    at: datetime.datetime | Sequence[datetime.datetime],
    stages: "StageTimes",
    currency: str = "",
) -> DealBlock:
    """Return what the score of these deals may look at, a row each, at one moment or at a moment for each.

    The same function trains, scores and backtests. ``stages`` say how long deals stay where. Inside a transaction only.
    """
    moments = [at] * len(ids) if isinstance(at, datetime.datetime) else list(at)
    given = {
        "org": organization.pk,
        "zone": str(first_zone(organization.time_zone)),
        "currency": currency or organization.currency,
    }
    found: list[tuple[Any, ...]] = []
    with whole_tables():
        for start in range(0, len(ids), CHUNK):
            part = slice(start, start + CHUNK)
            asked = {"ids": [str(one) for one in ids[part]], "at": moments[part]}
            found += rows(FEATURES_SQL, {**given, **asked})
        return _block(organization, found, stages)


def _block(organization: Organization, found: Sequence[tuple[Any, ...]], stages: "StageTimes") -> DealBlock:
    cells = dict(
        zip(
            ("stage", *(one.name for one in FEATURES if one.name != "stage")),
            zip(*(row[FIRST_FEATURE:-1] for row in found), strict=True) if found else [()] * len(FEATURES),
            strict=True,
        )
    )
    columns: dict[str, Column] = {}
    for feature in FEATURES:
        if feature.kind is Kind.CATEGORY:
            columns[feature.name] = read_column(feature.name, cells[feature.name], kind=Kind.CATEGORY)
        else:
            numbers = [math.nan if cell is None else float(cell) for cell in cells[feature.name]]
            columns[feature.name] = read_column(feature.name, np.asarray(numbers, dtype=np.float64))
    ids, accounts, moments = ([row[place] for row in found] for place in (1, 2, 3))
    columns |= own_columns(organization=organization, record="opportunity", ids=ids, at=moments)
    columns |= own_columns(
        organization=organization, record="account", ids=accounts, at=moments, suffix=" of the account"
    )
    return DealBlock(
        ids=ids,
        account_ids=accounts,
        moments=moments,
        table=Table(rows=len(found), columns=columns),
        stage_log_odds=np.asarray([stages.log_odds(row[4]) for row in found], dtype=np.float64),
        stage_usual_days=np.asarray([stages.usual_days.get(row[4], math.nan) for row in found], dtype=np.float64),
        segments=list(cells["segment"]),
        territories=list(cells["region"]),
        close_dates=[row[-1] for row in found],
        is_engaged=stages.is_engaged,
    )


class StageTimes:
    """What is known of stages: the chance they are given, and how long deals that were won stayed in each.

    The rate of wins that a stage had is left to what is learnt: an average over the outcomes would know them.
    """

    def __init__(self, *, organization: Organization, as_of: datetime.datetime) -> None:
        given = {"org": organization.pk, "as_of": as_of, "since": as_of - TWO_YEARS}
        self.chance: dict[uuid.UUID, float] = {}
        self.usual_days: dict[uuid.UUID, float] = {}
        for stage_id, chance_bp, usual in rows(STAGES, given):
            self.chance[stage_id] = min(max(chance_bp / 10_000, 0.02), 0.98)
            if usual is not None:
                self.usual_days[stage_id] = max(float(usual), 14.0)
        ((engaged,),) = rows(
            "SELECT EXISTS (SELECT 1 FROM pipeline_activity WHERE organization_id = %(org)s AND is_two_way"
            " AND occurred_at <= %(as_of)s AND deleted_at IS NULL)",
            given,
        )
        self.is_engaged = bool(engaged)

    def log_odds(self, stage_id: uuid.UUID | None) -> float:
        """Return the log-odds of a win that the stage is given; without a stage those of all stages together."""
        if stage_id in self.chance:
            return log_odds(self.chance[stage_id])
        return log_odds(sum(self.chance.values()) / len(self.chance)) if self.chance else 0.0


STAGES = """
WITH stay AS (
    SELECT h.opportunity_id, h.new_stage_id AS stage_id, min(h.occurred_at) AS entered_at
      FROM pipeline_opportunityhistory h
     WHERE h.organization_id = %(org)s AND h.field = 'stage' AND h.occurred_at <= %(as_of)s
       AND h.recorded_at <= %(as_of)s AND h.occurred_at > %(since)s
     GROUP BY h.opportunity_id, h.new_stage_id
)
SELECT s.id, s.probability_bp,
       percentile_cont(0.8) WITHIN GROUP (ORDER BY extract(epoch FROM o.closed_at - y.entered_at) / 86400.0)
         FILTER (WHERE o.outcome = 'won' AND o.closed_at > y.entered_at)
  FROM pipeline_stage s
  LEFT JOIN stay y ON y.stage_id = s.id
  LEFT JOIN pipeline_opportunity o ON o.organization_id = %(org)s AND o.id = y.opportunity_id
       AND o.closed_at <= %(as_of)s AND o.deleted_at IS NULL
 WHERE s.organization_id = %(org)s AND s.kind = 'open'
 GROUP BY s.id, s.probability_bp
"""


def days(moments: Sequence[datetime.datetime]) -> Floats:
    """Return moments as days since 1970, as tables have them."""
    return np.asarray([one.toordinal() - DAY_ZERO + one.hour / 24 for one in moments], dtype=np.float64)
