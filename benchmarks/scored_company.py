"""Fills an organisation for the night of scoring by SQL, as the tables' owner: accounts with orders, deals, activities.

`python -m benchmarks.scored_company` in a prepared installation, BENCH_SCORED_ACCOUNTS of them. The triggers of audit
and search are off meanwhile: what is measured reads and writes none of their tables.
"""

import os
import sys
import time
from datetime import UTC, datetime
from typing import Any

import django

django.setup()

import psycopg2  # noqa: E402

from pipeline.models import Stage  # noqa: E402
from pipeline.operations import create_default_pipeline  # noqa: E402
from tenancy.founding import found_organization  # noqa: E402
from tenancy.models import Member  # noqa: E402
from tenancy.scoping import organization_scope  # noqa: E402

SLUG = os.environ.get("BENCH_SCORED_SLUG", "scored")
PEOPLE = 200
TABLES = ("account", "contact", "opportunity", "order", "orderline", "activity", "product", "satisfactionresponse")
RECORD = "organization_id, source, external_id, created_at, updated_at, recorded_at"
KNOWN = "%(now)s - interval '800 days'"

ACCOUNT = "md5(%(slug)s || 'account' || n)::uuid"

PRODUCTS = f"""
INSERT INTO pipeline_product (id, {RECORD}, name)
SELECT md5(%(slug)s || 'product' || n)::uuid, %(o)s, 'bench', 'P' || n, {KNOWN}, {KNOWN}, {KNOWN}, 'Pump ' || n
  FROM generate_series(1, 20) n
"""  # nosec B608 # our constants
ACCOUNTS = f"""
INSERT INTO pipeline_account (id, {RECORD}, name, owner_id, lifecycle, segment, industry, region, country, employees,
                              annual_revenue_minor, currency, icp_fit)
SELECT {ACCOUNT}, %(o)s, 'bench', 'A' || n, {KNOWN}, {KNOWN}, {KNOWN}, 'Firm ' || n,
       (%(m)s::uuid[])[1 + n %% %(people)s], 'customer', (ARRAY['key','large','medium','small'])[1 + n %% 4],
       'Industry ' || n %% 20, 'Region ' || n %% 12, (ARRAY['NL','DE','FR','PT'])[1 + n %% 4], n %% 5000,
       n * 7919::bigint %% 100000000, 'EUR', (ARRAY['a','b','c',''])[1 + n %% 4]
  FROM generate_series(1, %(accounts)s) n
"""  # nosec B608 # our constants
# Every second account buys, one to seven times in two years, each at its own pace.
ORDERS = f"""
INSERT INTO pipeline_order (id, {RECORD}, account_id, number, status, order_date, currency, amount_minor, amount_exact)
SELECT md5(%(slug)s || 'order' || n || '-' || k)::uuid, %(o)s, 'bench', n || '-' || k, at, at, at, {ACCOUNT},
       n || '-' || k, 'invoiced', at::date, 'EUR', 100000 + n * 37 %% 900000, (100000 + n * 37 %% 900000) / 100.0
  FROM generate_series(1, %(accounts)s, 2) n,
       LATERAL (SELECT k, %(now)s - (n %% 160 + k * (30 + n %% 60)) * interval '1 day' AS at
                  FROM generate_series(1, 1 + n %% 7) k) bought
"""  # nosec B608 # our constants
LINES = f"""
INSERT INTO pipeline_orderline (id, {RECORD}, order_id, product_id, position, quantity, unit_price_e4, discount_bp,
                                cost_minor)
SELECT md5(%(slug)s || 'line' || o.external_id)::uuid, %(o)s, 'bench', o.external_id, o.created_at, o.created_at,
       o.created_at, o.id, md5(%(slug)s || 'product' || (1 + (hashtext(o.external_id) & 15)))::uuid, 1, 1,
       o.amount_minor * 100, 500, o.amount_minor / 2
  FROM pipeline_order o WHERE o.organization_id = %(o)s
"""  # nosec B608 # our constants
CONTACTS = f"""
INSERT INTO pipeline_contact (id, {RECORD}, account_id, name, role)
SELECT md5(%(slug)s || 'contact' || n)::uuid, %(o)s, 'bench', 'C' || n, {KNOWN}, {KNOWN}, {KNOWN}, {ACCOUNT},
       'Person ' || n, (ARRAY['decides','uses','',''])[1 + n %% 4]
  FROM generate_series(1, %(accounts)s, 2) n
"""  # nosec B608 # our constants
ACTIVITIES = f"""
INSERT INTO pipeline_activity (id, {RECORD}, account_id, contact_id, kind, direction, subject, occurred_at, is_two_way)
SELECT md5(%(slug)s || 'activity' || n || '-' || k)::uuid, %(o)s, 'bench', n || '-' || k, at, at, at, {ACCOUNT},
       CASE WHEN n %% 2 = 1 THEN md5(%(slug)s || 'contact' || n)::uuid END,
       (ARRAY['call','meeting','email','inquiry'])[1 + (n + k) %% 4], (ARRAY['out','in'])[1 + k %% 2], 'Talk', at,
       (n + k) %% 3 = 0
  FROM generate_series(1, %(accounts)s) n,
       LATERAL (SELECT k, %(now)s - (n * 7 %% 300 + k * 20) * interval '1 day' AS at
                  FROM generate_series(1, n %% 4) k) met
"""  # nosec B608 # our constants
DEALS = f"""
INSERT INTO pipeline_opportunity (id, {RECORD}, name, account_id, pipeline_id, stage_id, amount_minor, currency,
                                  close_date, opened_at, closed_at, stage_entered_at, outcome)
SELECT md5(%(slug)s || 'deal' || n)::uuid, %(o)s, 'bench', 'D' || n, at, at, at, 'Deal ' || n, {ACCOUNT},
       %(pipeline)s, (ARRAY[%(open)s, %(won)s, %(lost)s]::uuid[])[1 + n %% 3], 100000 + n * 31 %% 5000000, 'EUR',
       %(now)s::date + 40, at, CASE WHEN n %% 3 > 0 THEN at + interval '30 days' END, at,
       (ARRAY['open','won','lost'])[1 + n %% 3]
  FROM generate_series(1, %(accounts)s, 2) n, LATERAL (SELECT %(now)s - (40 + n %% 300) * interval '1 day' AS at) began
"""  # nosec B608 # our constants
ANSWERS = f"""
INSERT INTO pipeline_satisfactionresponse (id, {RECORD}, account_id, score, responded_at)
SELECT md5(%(slug)s || 'answer' || n)::uuid, %(o)s, 'bench', 'N' || n, at, at, at, {ACCOUNT}, n %% 11, at
  FROM generate_series(1, %(accounts)s, 10) n, LATERAL (SELECT %(now)s - n %% 400 * interval '1 day' AS at) asked
"""  # nosec B608 # our constants


def fill(accounts: int) -> None:
    """Make the organisation, or add nothing where it is there already."""
    now = datetime.now(UTC)
    organization, _ = found_organization(
        slug=SLUG,
        name="Scored",
        currency="EUR",
        time_zone="Europe/Berlin",
        admin_email="admin@scored.example",
        founded_at=now,
    )
    with organization_scope(organization, task="benchmark"):
        people = Member.objects.bulk_create(
            Member(organization=organization, name=f"Person {n}", external_id=f"P{n}", role="member")
            for n in range(PEOPLE)
        )
        pipeline = create_default_pipeline(organization=organization)
        stages = Stage.objects.for_organization(organization).filter(pipeline=pipeline).order_by("position")
        kinds = {stage.kind: str(stage.pk) for stage in reversed(stages)}
    given: Any = {
        "slug": SLUG,
        "o": str(organization.pk),
        "m": [str(member.pk) for member in people],
        "people": PEOPLE,
        "accounts": accounts,
        "now": now,
        "pipeline": str(pipeline.pk),
        **kinds,
    }
    session = psycopg2.connect(os.environ["DATABASE_OWNER_URL"])
    with session, session.cursor() as cursor:
        cursor.execute("SELECT set_config('app.organization', %s, false)", [str(organization.pk)])
        for table in TABLES:
            cursor.execute(f"ALTER TABLE pipeline_{table} DISABLE TRIGGER USER")
        for statement in (PRODUCTS, ACCOUNTS, CONTACTS, ORDERS, LINES, ACTIVITIES, DEALS, ANSWERS):
            started = time.monotonic()
            cursor.execute(statement, given)
            what = statement.split()[2]
            print(f"   {what}: {cursor.rowcount:,} rows, {time.monotonic() - started:.0f} s", file=sys.stderr)
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for table in TABLES:
            cursor.execute(f"ALTER TABLE pipeline_{table} ENABLE TRIGGER USER")
    session.autocommit = True
    with session.cursor() as cursor:
        for table in TABLES:
            cursor.execute(f"VACUUM (ANALYZE) pipeline_{table}")
    session.close()


if __name__ == "__main__":
    fill(int(os.environ.get("BENCH_SCORED_ACCOUNTS", "100000")))
