"""Which customers had a rhythm at one moment, and which of them had fallen silent at a later one."""

import datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from coe.queries.background import ALL_IDS
from coe.queries.copying import copied
from coe.queries.features import LATE_BOOKINGS_DAYS
from coe.queries.statements import PURCHASES
from coe.scoring.features import Ids
from coe.scoring.silence import longest_gap
from tenancy.bulk import whole_tables
from tenancy.models import Organization
from tenancy.working_time import first_zone

RHYTHMS = f"""
WITH {PURCHASES},
gap AS (
    SELECT account_id, day, day - lag(day) OVER (PARTITION BY account_id ORDER BY day) AS gap
      FROM (SELECT DISTINCT account_id, day FROM purchase WHERE amount_minor >= 0 AND day > %(today)s - 1096) bought
)
SELECT account_id, count(gap)::int4, avg(gap)::float8, percentile_cont(0.9) WITHIN GROUP (ORDER BY gap)
  FROM gap GROUP BY account_id HAVING count(gap) >= 2 AND max(day) > %(today)s - 366 ORDER BY account_id
"""  # nosec B608 # our constants; values are parameters

LAST = f"""
WITH {PURCHASES}
SELECT account_id, max(day) - '1970-01-01'::date FROM purchase WHERE amount_minor >= 0
 GROUP BY account_id ORDER BY account_id
"""  # nosec B608 # our constants; values are parameters


def fallen_silent(
    *, organization: Organization, start: datetime.datetime, end: datetime.datetime
) -> tuple[Ids, NDArray[np.bool_]]:
    """Return the customers with a rhythm at ``start``, in order, and whether they were silent at ``end``.

    The rhythm is what was known at ``start``. That somebody has bought counts when it is known a week after ``end``.
    Inside a transaction only.
    """
    zone = first_zone(organization.time_zone)
    given: dict[str, Any] = {**ALL_IDS, "org": organization.pk, "zone": str(zone)}
    then = {**given, "as_of": start, "today": start.astimezone(zone).date()}
    known_by = end + datetime.timedelta(days=LATE_BOOKINGS_DAYS)
    last_day = end.astimezone(zone).date()
    with whole_tables():
        rhythms = copied(RHYTHMS, then, {"id": "S16", "gaps": ">i4", "mean": ">f8", "ninth_tenth": ">f8"})
        bought = copied(LAST, {**given, "as_of": known_by, "today": last_day}, {"id": "S16", "day": ">i4"})
    ids = np.ascontiguousarray(rhythms["id"])
    longest = longest_gap(
        rhythms["gaps"].astype(np.int64),
        rhythms["mean"].astype(np.float64),
        rhythms["ninth_tenth"].astype(np.float64),
    )
    # Whoever had a rhythm has bought, unless an order was taken back since: then nothing is left of it.
    day = np.full(len(ids), -np.inf)
    if len(bought):
        place = np.minimum(np.searchsorted(bought["id"], ids), len(bought) - 1)
        day = np.where(bought["id"][place] == ids, bought["day"][place], -np.inf)
    return ids, (last_day - datetime.date(1970, 1, 1)).days - day > longest
