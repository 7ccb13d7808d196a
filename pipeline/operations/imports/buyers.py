"""What deals and orders tell about their accounts: who has bought is a customer, and was known by then."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from django.db import connection
from psycopg2.extras import execute_values

from tenancy.models import Organization


@dataclass
class Seen:
    """The first time that records of a file name an account, and the first day on which it bought."""

    known_at: datetime
    bought_on: date | None = None


class SeenAccounts:
    """Gathers what a chunk of deals or orders says of accounts."""

    def __init__(self) -> None:
        self._seen: dict[UUID, Seen] = {}

    def add(self, account_id: UUID | None, known_at: datetime, bought_on: date | None) -> None:
        """Note that a record of `known_at` belongs to the account."""
        if account_id is None:
            return
        seen = self._seen.setdefault(account_id, Seen(known_at))
        seen.known_at = min(seen.known_at, known_at)
        if bought_on is not None:
            seen.bought_on = min(seen.bought_on or bought_on, bought_on)

    def write(self, organization: Organization) -> None:
        """Make prospects that bought customers, and place accounts in time no later than their own records."""
        _write(organization, self._seen)


def _write(organization: Organization, seen: Mapping[UUID, Seen]) -> None:
    if not seen:
        return
    rows: Iterable[tuple[str, datetime, date | None]] = [
        (str(account_id), found.known_at, found.bought_on) for account_id, found in sorted(seen.items())
    ]
    with connection.cursor() as cursor:
        execute_values(
            cursor.cursor,
            """
            UPDATE pipeline_account AS a
               SET recorded_at = least(a.recorded_at, v.known_at),
                   reconstructed = a.reconstructed OR v.known_at < a.recorded_at,
                   lifecycle = CASE WHEN a.lifecycle = 'prospect' AND v.bought_on IS NOT NULL
                                    THEN 'customer' ELSE a.lifecycle END,
                   customer_since = CASE WHEN a.lifecycle = 'prospect' AND v.bought_on IS NOT NULL
                                         THEN least(a.customer_since, v.bought_on) ELSE a.customer_since END,
                   version = a.version + 1, updated_at = now()
              FROM (VALUES %s) AS v (id, known_at, bought_on)
             WHERE a.organization_id = current_setting('app.organization')::uuid AND a.id = v.id
               AND (v.known_at < a.recorded_at OR (a.lifecycle = 'prospect' AND v.bought_on IS NOT NULL))
            """,
            rows,
            template="(%s::uuid, %s::timestamptz, %s::date)",
            page_size=5_000,
        )
