"""Making a run's scores the ones that count: all at once, and writing only what changed."""

import hashlib
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from io import StringIO
from typing import Any

import numpy as np
from django.db import connection, transaction
from numpy.typing import NDArray

from pipeline.models import Band, ScorePublication
from tenancy.binary_rows import binary_rows
from tenancy.bulk import copy_text, whole_tables
from tenancy.models import Organization, Run
from tenancy.scoping import OrganizationMismatch, active_organization_id

BANDS = tuple(Band.values)


@dataclass(frozen=True)
class NewScores:
    """What a method says of each account of an organisation: arrays of equal length, in any order."""

    account_ids: NDArray[np.bytes_]  # sixteen bytes each
    score: NDArray[np.int16]
    probability: NDArray[np.float64]
    rank: NDArray[np.int32]
    band: NDArray[np.int16]  # the place in BANDS
    value_minor: NDArray[np.int64]
    typical_minor: NDArray[np.int64]
    deals_minor: NDArray[np.int64]
    per_hour_minor: NDArray[np.int64]
    by_chance_minor: NDArray[np.int64]  # the part of it that grows with the chance
    currency: str

    def checksum(self) -> str:
        """Return a number that is the same for the same scores, in whatever order they come."""
        order = np.argsort(self.account_ids, kind="stable")
        found = hashlib.sha256(self.currency.encode())
        for name in ("account_ids", "score", "probability", "rank", "band", "value_minor", "per_hour_minor"):
            found.update(np.ascontiguousarray(getattr(self, name)[order]).tobytes())
        return found.hexdigest()


@dataclass(frozen=True, slots=True)
class Explained:
    """Why an account has its score, and what its value at stake is made of."""

    value_basis: Mapping[str, Any]
    reasons: Sequence[Mapping[str, Any]]


@dataclass(frozen=True)
class Recorded:
    """What was written."""

    scored: int
    added: int
    changed: int
    removed: int
    checksum: str
    kept: int = field(default=0)  # rows of the history


STAGED = """
CREATE TEMPORARY TABLE new_score (
    account_id uuid, score smallint, probability float8, rank integer, band smallint, value_minor bigint,
    typical_minor bigint, deals_minor bigint, per_hour_minor bigint, by_chance_minor bigint
) ON COMMIT DROP;
CREATE TEMPORARY TABLE new_reason (account_id uuid, value_basis jsonb, reasons jsonb) ON COMMIT DROP
"""
BAND = "(%(bands)s::text[])[s.band + 1]"

HISTORY = f"""
INSERT INTO pipeline_accountscorehistory AS h
       (id, organization_id, account_id, run_id, score, rank, band, previous_score, previous_band, value_minor,
        currency, model_version, as_of)
SELECT gen_random_uuid(), %(org)s, s.account_id, %(run)s, s.score, s.rank, {BAND}, t.score, coalesce(t.band, ''),
       s.value_minor, %(currency)s, %(model)s, %(as_of)s
  FROM new_score s LEFT JOIN pipeline_accountscore t ON t.organization_id = %(org)s AND t.account_id = s.account_id
 WHERE (t.score, t.band, t.value_minor, t.currency, t.model_version)
       IS DISTINCT FROM (s.score, {BAND}, s.value_minor, %(currency)s, %(model)s)
    ON CONFLICT (organization_id, run_id, account_id) DO UPDATE
       SET score = excluded.score, rank = excluded.rank, band = excluded.band, value_minor = excluded.value_minor,
           currency = excluded.currency, model_version = excluded.model_version, as_of = excluded.as_of
"""  # noqa: S608 # nosec B608 # our constants; values are parameters

# A run that is done again doesn't become its own predecessor. What is explained is written in any case: its facts have
# grown a day older.
CHANGED = f"""
UPDATE pipeline_accountscore t
   SET score = s.score, probability = s.probability, rank = s.rank, band = {BAND}, value_minor = s.value_minor,
       typical_minor = s.typical_minor, deals_minor = s.deals_minor, currency = %(currency)s,
       per_hour_minor = s.per_hour_minor, by_chance_minor = s.by_chance_minor,
       model_version = %(model)s, run_id = %(run)s, as_of = %(as_of)s,
       scored_at = %(scored_at)s, data_up_to = %(data_up_to)s,
       previous_score = CASE WHEN t.run_id = %(run)s THEN t.previous_score ELSE t.score END,
       previous_rank = CASE WHEN t.run_id = %(run)s THEN t.previous_rank ELSE t.rank END,
       value_basis = coalesce(r.value_basis, '{{}}'), reasons = coalesce(r.reasons, '[]')
  FROM new_score s LEFT JOIN new_reason r ON r.account_id = s.account_id
 WHERE t.organization_id = %(org)s AND t.account_id = s.account_id
   AND (r.account_id IS NOT NULL
        OR (t.score, t.probability, t.rank, t.band, t.value_minor, t.typical_minor, t.deals_minor, t.currency,
            t.model_version, t.per_hour_minor, t.by_chance_minor)
           IS DISTINCT FROM (s.score, s.probability, s.rank, {BAND}, s.value_minor, s.typical_minor, s.deals_minor,
                             %(currency)s, %(model)s, s.per_hour_minor, s.by_chance_minor)
        OR (t.run_id <> %(run)s AND (t.previous_score, t.previous_rank) IS DISTINCT FROM (t.score, t.rank)))
"""  # noqa: S608 # nosec B608 # our constants; values are parameters

ADDED = f"""
INSERT INTO pipeline_accountscore
       (id, organization_id, account_id, run_id, score, probability, rank, band, value_minor, typical_minor,
        deals_minor, per_hour_minor, by_chance_minor, currency, value_basis, reasons, model_version, as_of, scored_at,
        data_up_to)
SELECT gen_random_uuid(), %(org)s, s.account_id, %(run)s, s.score, s.probability, s.rank, {BAND}, s.value_minor,
       s.typical_minor, s.deals_minor, s.per_hour_minor, s.by_chance_minor, %(currency)s,
       coalesce(r.value_basis, '{{}}'), coalesce(r.reasons, '[]'),
       %(model)s, %(as_of)s, %(scored_at)s, %(data_up_to)s
  FROM new_score s LEFT JOIN new_reason r ON r.account_id = s.account_id
 WHERE NOT EXISTS (SELECT FROM pipeline_accountscore t
                    WHERE t.organization_id = %(org)s AND t.account_id = s.account_id)
"""  # noqa: S608 # nosec B608 # our constants; values are parameters

REMOVED = """
DELETE FROM pipeline_accountscore t
 WHERE t.organization_id = %(org)s
   AND NOT EXISTS (SELECT FROM new_score s WHERE s.account_id = t.account_id)
"""


@transaction.atomic
def record_scores(
    *,
    organization: Organization,
    run: Run,
    scores: NewScores,
    explained: Mapping[uuid.UUID, Explained],
    model_version: str,
    as_of: datetime,
    scored_at: datetime,
    data_up_to: datetime | None,
) -> Recorded:
    """Replace the current scores by these and keep in the history what changed.

    Rows that say the same as before are left alone. An account that the run doesn't name has no score any more.
    Recording a run again replaces what it said.

    :raises django.db.IntegrityError: if a score names an account of another organisation, or one twice.
    """
    if active_organization_id() != organization.pk:
        raise OrganizationMismatch(f"Scores of {organization.slug} were given while another organisation is active.")
    given: dict[str, Any] = {
        "org": organization.pk,
        "run": run.pk,
        "model": model_version,
        "currency": scores.currency,
        "bands": list(BANDS),
        "as_of": as_of,
        "scored_at": scored_at,
        "data_up_to": data_up_to,
    }
    with whole_tables(), connection.cursor() as cursor:
        cursor.execute(STAGED)
        _stage(cursor, scores, explained)
        counts = {}
        for name, statement in (("kept", HISTORY), ("changed", CHANGED), ("added", ADDED), ("removed", REMOVED)):
            cursor.execute(statement, given)
            counts[name] = cursor.rowcount
        cursor.execute("DROP TABLE new_score, new_reason")
    checksum = scores.checksum()
    ScorePublication.objects.update_or_create(
        organization=organization,
        defaults={
            "run": run,
            "model_version": model_version,
            "accounts": len(scores.score),
            "checksum": checksum,
            "as_of": as_of,
            "scored_at": scored_at,
            "data_up_to": data_up_to,
        },
    )
    return Recorded(scored=len(scores.score), checksum=checksum, **counts)


ROWS_AT_ONCE = 100_000


def _stage(cursor: Any, scores: NewScores, explained: Mapping[uuid.UUID, Explained]) -> None:
    for start in range(0, len(scores.score), ROWS_AT_ONCE):
        part = slice(start, start + ROWS_AT_ONCE)
        columns: dict[str, NDArray[Any]] = {
            "account_id": scores.account_ids[part],
            "score": scores.score[part],
            "probability": scores.probability[part],
            "rank": scores.rank[part],
            "band": scores.band[part],
            "value_minor": scores.value_minor[part],
            "typical_minor": scores.typical_minor[part],
            "deals_minor": scores.deals_minor[part],
            "per_hour_minor": scores.per_hour_minor[part],
            "by_chance_minor": scores.by_chance_minor[part],
        }
        cursor.copy_expert("COPY new_score FROM STDIN (FORMAT BINARY)", binary_rows(columns))
    lines = (
        f"{account_id}\t{copy_text(dict(one.value_basis))}\t{copy_text(list(one.reasons))}\n"
        for account_id, one in explained.items()
    )
    cursor.copy_expert("COPY new_reason FROM STDIN", StringIO("".join(lines)))
    cursor.execute("ANALYZE new_score; ANALYZE new_reason")
