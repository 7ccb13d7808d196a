"""What was planned, what was done about it, and what came of it."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta

from coe.queries.background import rows
from coe.scoring.closed_loop import Estimate, Rate, difference, rate
from tenancy.models import Organization

DAYS = (30, 60, 90)
LOOK_BACK = timedelta(days=540)
GROUPS = ("acted", "ignored", "overridden", "explored")

# One case an account: the first time that a plan named it, so that cases are independent of each other.
CASES = """
WITH planned AS (
    SELECT DISTINCT ON (account_id) account_id, place, as_of
      FROM pipeline_plannedaction
     WHERE organization_id = %(org)s AND as_of > %(since)s
     ORDER BY account_id, as_of, id
),
cases AS (
    SELECT p.as_of,
           (SELECT h.score FROM pipeline_accountscorehistory h
             WHERE h.organization_id = %(org)s AND h.account_id = p.account_id AND h.as_of <= p.as_of
             ORDER BY h.as_of DESC, h.id DESC LIMIT 1) AS score,
           CASE WHEN EXISTS (SELECT FROM pipeline_scoreoverride o
                              WHERE o.organization_id = %(org)s AND o.account_id = p.account_id
                                AND o.set_at <= p.as_of + interval '7 days'
                                AND (o.ended_at IS NULL OR o.ended_at > p.as_of)) THEN 'overridden'
                WHEN p.place = 'explored' THEN 'explored'
                WHEN EXISTS (SELECT FROM pipeline_activity a
                              WHERE a.organization_id = %(org)s AND a.account_id = p.account_id AND a.deleted_at IS NULL
                                AND a.member_id IS NOT NULL AND a.direction <> 'in' AND a.kind <> 'note'
                                AND a.occurred_at > p.as_of AND a.occurred_at <= p.as_of + interval '7 days')
                THEN 'acted'
                ELSE 'ignored' END AS done,
           least((SELECT min(o.order_date) FROM pipeline_order o
                   WHERE o.organization_id = %(org)s AND o.account_id = p.account_id AND o.deleted_at IS NULL
                     AND o.status <> 'cancelled' AND o.order_date > p.as_of::date),
                 (SELECT min(d.closed_at)::date FROM pipeline_opportunity d
                   WHERE d.organization_id = %(org)s AND d.account_id = p.account_id AND d.deleted_at IS NULL
                     AND d.outcome = 'won' AND d.closed_at > p.as_of)) AS bought_on
      FROM planned p
)
SELECT done, coalesce(least(score / 20, 4), -1) AS stratum, days.days,
       count(*), count(*) FILTER (WHERE bought_on <= as_of::date + days.days)
  FROM cases CROSS JOIN unnest(%(days)s::int[]) AS days(days)
 WHERE as_of <= %(now)s - make_interval(days => days.days)
 GROUP BY 1, 2, 3
"""


@dataclass(frozen=True)
class Loop:
    """After so many days: how often it came by what was done, and what doing it was worth."""

    days: int
    rates: dict[str, Rate]
    acted_against_ignored: Estimate
    explored_against_ignored: Estimate

    @property
    def cases(self) -> int:
        """How many accounts it rests on."""
        return sum(one.cases for one in self.rates.values())


def closed_loop(*, organization: Organization, now: datetime) -> list[Loop]:
    """Return what came of the plans of the last year and a half after 30, 60 and 90 days."""
    counts: dict[tuple[int, str], dict[int, tuple[int, int]]] = defaultdict(dict)
    given = {"org": organization.pk, "since": now - LOOK_BACK, "now": now, "days": list(DAYS)}
    for done, stratum, days, cases, came in rows(CASES, given):
        counts[days, done][stratum] = (cases, came)
    return [
        Loop(
            days,
            {group: rate(counts[days, group]) for group in GROUPS},
            difference(counts[days, "acted"], counts[days, "ignored"]),
            difference(counts[days, "explored"], counts[days, "ignored"]),
        )
        for days in DAYS
    ]
