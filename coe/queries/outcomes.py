"""What scores said when they were published, and what came of it since."""

import datetime
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from coe.queries.background import rows
from coe.queries.features import LATE_BOOKINGS_DAYS, purchases_in_window
from coe.scoring.features import ids_of
from coe.scoring.table import Floats
from tenancy.models import Organization

SAID = """
SELECT DISTINCT ON (h.account_id) h.account_id, h.score, h.model_version, a.segment, a.region
  FROM pipeline_accountscorehistory h
  JOIN pipeline_account a ON a.organization_id = %(org)s AND a.id = h.account_id AND a.deleted_at IS NULL
 WHERE h.organization_id = %(org)s AND h.as_of <= %(at)s
 ORDER BY h.account_id, h.as_of DESC, h.id DESC
"""


@dataclass(frozen=True, slots=True)
class SaidAndCome:
    """One row an account that had a score at that moment."""

    said_at: datetime.datetime
    said: Floats  # the probability that was published, to the per cent
    came: Floats  # 1 if it bought within the horizon
    segments: tuple[str, ...]
    territories: tuple[str, ...]
    versions: tuple[str, ...]  # the methods that said it
    groups: NDArray[np.int64]


def said_and_come(*, organization: Organization, as_of: datetime.datetime, horizon_days: int) -> SaidAndCome | None:
    """Return the latest published scores whose outcome is settled by ``as_of``; None if no score is that old.

    Inside a transaction only.
    """
    settled = as_of - datetime.timedelta(days=horizon_days + LATE_BOOKINGS_DAYS)
    found = rows(SAID, {"org": organization.pk, "at": settled})
    if not found:
        return None
    bought = purchases_in_window(
        organization=organization,
        start=settled,
        end=settled + datetime.timedelta(days=horizon_days),
        known_by=as_of,
    )
    return SaidAndCome(
        said_at=settled,
        said=np.asarray([row[1] for row in found], dtype=float) / 100,
        came=np.isin(ids_of([row[0] for row in found]), bought).astype(float),
        segments=tuple(row[3] for row in found),
        territories=tuple(row[4] for row in found),
        versions=tuple(sorted({row[2] for row in found})),
        groups=np.arange(len(found), dtype=np.int64),
    )
