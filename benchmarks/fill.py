"""Fills a large organisation beside a middling one, by SQL: `python -m benchmarks.fill` in a prepared installation.

Simulated companies are for believing; these rows are for counting: as many as asked for, in seconds, with the same
triggers, keys and indexes that every write meets.
"""

import os
import sys
import time
from datetime import UTC, datetime
from typing import Any

import django

django.setup()

from django.db import connection  # noqa: E402

from pipeline.models import Stage  # noqa: E402
from pipeline.operations import create_default_pipeline  # noqa: E402
from tenancy.founding import found_organization  # noqa: E402
from tenancy.models import Member  # noqa: E402
from tenancy.scoping import organization_scope  # noqa: E402

ACCOUNTS = int(os.environ.get("BENCH_LARGE_ACCOUNTS", "100000"))
DEALS_AN_ACCOUNT, PEOPLE = 3, 60
SYLLABLES = "va ko ren tis mar lo ben qui sto fal dor nex pra umi zel gar hol wick tram ven".split()

ACCOUNTS_SQL = """
INSERT INTO pipeline_account (id, organization_id, source, external_id, name, owner_id, lifecycle, segment, industry,
  region, country, city, website, employees, annual_revenue_minor, potential_minor, currency, created_at, updated_at,
  recorded_at)
SELECT gen_random_uuid(), %(o)s, 'bench', 'A' || n,
  initcap((%(s)s::text[])[1 + n %% 20] || (%(s)s::text[])[1 + n / 20 %% 20] || (%(s)s::text[])[1 + n / 400 %% 20])
    || ' ' || (ARRAY['GmbH', 'AG', 'BV', 'Ltd', 'SA'])[1 + n %% 5] || ' ' || n,
  (%(m)s::uuid[])[1 + n %% %(people)s],
  (ARRAY['customer', 'customer', 'prospect'])[1 + n %% 3], (ARRAY['key', 'large', 'medium', 'small'])[1 + n %% 4],
  (ARRAY['Mobility', 'Machinery', 'Chemicals', 'Energy'])[1 + n %% 4], (ARRAY['North', 'South', 'East'])[1 + n %% 3],
  'DE', 'Linz', '', n %% 5000, 1000000 + n, 5000 + n * 37 %% 9000000, 'EUR',
  %(now)s - n * interval '5 minutes', %(now)s - n * 7919 %% 1000000 * interval '1 minute', %(now)s - interval '900 days'
FROM generate_series(1, %(accounts)s) n
"""
CONTACTS_SQL = """
INSERT INTO pipeline_contact (id, organization_id, source, external_id, name, account_id, email)
SELECT gen_random_uuid(), %(o)s, 'bench', 'C' || external_id, 'Sanne ' || name, id,
  lower(external_id) || '@bench.example'
FROM pipeline_account WHERE organization_id = %(o)s
"""
DEALS_SQL = """
INSERT INTO pipeline_opportunity (id, organization_id, source, external_id, name, account_id, owner_id, pipeline_id,
  stage_id, amount_minor, currency, close_date, opened_at, closed_at, stage_entered_at, outcome, updated_at,
  recorded_at)
SELECT gen_random_uuid(), %(o)s, 'bench', a.external_id || '-' || k, 'Frame ' || k || ' ' || a.name, a.id, a.owner_id,
  %(pipeline)s, CASE k WHEN 1 THEN %(won)s::uuid WHEN 2 THEN %(lost)s::uuid ELSE %(open)s::uuid END,
  100000 + a.potential_minor * k %% 50000000, 'EUR', (%(now)s + (k * 40 - 90) * interval '1 day')::date,
  %(now)s - interval '200 days', CASE WHEN k < 3 THEN %(now)s - k * 30 * interval '1 day' END,
  %(now)s - interval '60 days', (ARRAY['won', 'lost', 'open'])[k],
  a.updated_at, %(now)s - interval '200 days'
FROM pipeline_account a, generate_series(1, %(deals)s) k WHERE a.organization_id = %(o)s
"""


def fill(slug: str, accounts: int) -> None:
    """Make an organisation with so many accounts, a contact of each and three deals of each."""
    now = datetime.now(UTC)
    organization, _ = found_organization(
        slug=slug,
        name=slug.title(),
        currency="EUR",
        time_zone="Europe/Berlin",
        admin_email=f"admin@{slug}.example",
        founded_at=now,
    )
    with organization_scope(organization, task="benchmark"), connection.cursor() as cursor:
        people = Member.objects.bulk_create(
            Member(organization=organization, name=f"Person {n}", external_id=f"P{n}", role="member")
            for n in range(PEOPLE)
        )
        pipeline = create_default_pipeline(organization=organization)
        stages = Stage.objects.for_organization(organization).filter(pipeline=pipeline).order_by("position")
        kinds = {stage.kind: str(stage.pk) for stage in reversed(stages)}
        values: Any = {
            "o": str(organization.pk),
            "m": [str(member.pk) for member in people],
            "s": SYLLABLES,
            "people": PEOPLE,
            "accounts": accounts,
            "deals": DEALS_AN_ACCOUNT,
            "now": now,
            "pipeline": str(pipeline.pk),
            **kinds,
        }
        for statement in (ACCOUNTS_SQL, CONTACTS_SQL, DEALS_SQL):
            started = time.monotonic()
            cursor.execute(statement, values)
            print(f"{slug}: {cursor.rowcount:,} rows in {time.monotonic() - started:.1f} s", file=sys.stderr)


if __name__ == "__main__":
    fill("large", ACCOUNTS)
    fill("middling", ACCOUNTS // 5)
