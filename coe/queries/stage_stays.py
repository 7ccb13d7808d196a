"""How long won deals stayed in which stage, as it was known at a moment."""

import datetime
from uuid import UUID

from coe.queries.background import rows
from tenancy.models import Organization
from tenancy.working_time import calendar_of

WINDOW = datetime.timedelta(days=730)

STAYS = """
WITH moved AS (
    SELECT h.new_stage_id AS stage_id, h.occurred_at,
           lead(h.occurred_at) OVER (PARTITION BY h.opportunity_id ORDER BY h.occurred_at, h.id) AS left_at
      FROM pipeline_opportunity o
      JOIN pipeline_opportunityhistory h ON h.organization_id = %(org)s AND h.opportunity_id = o.id
     WHERE o.organization_id = %(org)s AND o.outcome = 'won' AND o.deleted_at IS NULL
       AND o.closed_at > %(since)s AND o.closed_at <= %(as_of)s
       AND h.field = 'stage' AND h.occurred_at <= %(as_of)s AND h.recorded_at <= %(as_of)s
)
SELECT stage_id, occurred_at, left_at FROM moved WHERE left_at > occurred_at
"""


def won_stays(*, organization: Organization, as_of: datetime.datetime) -> list[tuple[UUID, float]]:
    """Return the stage and the working days of each stay of the deals won in the two years before a moment."""
    calendar = calendar_of(organization)
    return [
        (stage_id, float(calendar.days_since(entered_at, calendar.day_of(left_at))))
        for stage_id, entered_at, left_at in rows(
            STAYS, {"org": organization.pk, "as_of": as_of, "since": as_of - WINDOW}
        )
    ]
