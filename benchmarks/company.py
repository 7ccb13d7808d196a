"""Fills an organisation with many accounts and deals by a few statements: sizes that a simulation takes long for."""

import psycopg2

# An id as the application makes them (UUIDv7): in the order of creation, so that indexes are as full as they will be.
_ID = (
    "(lpad(to_hex(%(epoch)s + n), 12, '0') || '7' || substr(md5(n::text || '{salt}'), 1, 3) || '8'"
    " || substr(md5('{salt}' || n::text), 1, 15))::uuid"
)

_ACCOUNTS = f"""
INSERT INTO pipeline_account (id, organization_id, source, external_id, name, owner_id, lifecycle, segment, industry,
                              region, country, city, employees, potential_minor, currency, icp_fit, created_at,
                              updated_at, recorded_at)
SELECT {_ID.format(salt="account")}, o.id, 'bench', 'A' || n,
       (ARRAY['Velora','Kelp','Arc','Gruber','Fennel','Lux','Norda','Pelt'])[1 + n %% 8] || ' ' || md5(n::text),
       m.ids[1 + n %% cardinality(m.ids)], (ARRAY['prospect','customer','former'])[1 + n %% 3],
       (ARRAY['key','large','medium','small'])[1 + n %% 4], 'Industry ' || n %% 20, 'Region ' || n %% 12,
       (ARRAY['NL','DE','FR','PT'])[1 + n %% 4], 'City ' || n %% 500, n %% 5000, (n * 7919::bigint) %% 100000000, 'EUR',
       (ARRAY['a','b','c',''])[1 + n %% 4], now() - n * interval '10 seconds', now() - n * interval '7 seconds', now()
  FROM generate_series(1, %(accounts)s) n, tenancy_organization o,
       LATERAL (SELECT array_agg(id ORDER BY id) AS ids FROM tenancy_member WHERE organization_id = o.id) m
 WHERE o.slug = %(slug)s
"""

_DEALS = f"""
INSERT INTO pipeline_opportunity (id, organization_id, source, external_id, name, account_id, owner_id, pipeline_id,
                                  stage_id, outcome, amount_minor, currency, close_date, opened_at, closed_at,
                                  stage_entered_at, next_step, created_at, updated_at, recorded_at)
SELECT {_ID.format(salt="deal")}, o.id, 'bench', 'D' || n, 'Deal ' || md5(n::text), a.ids[1 + n %% cardinality(a.ids)],
       m.ids[1 + n %% cardinality(m.ids)], s.pipelines[1 + n %% cardinality(s.ids)], s.ids[1 + n %% cardinality(s.ids)],
       s.kinds[1 + n %% cardinality(s.ids)], (n * 7919::bigint) %% 50000000, 'EUR', current_date + (n %% 400) - 200,
       now() - interval '300 days', CASE WHEN s.kinds[1 + n %% cardinality(s.ids)] <> 'open' THEN now() END,
       now() - (n %% 90) * interval '1 day', CASE WHEN n %% 2 = 0 THEN 'Call back' ELSE '' END,
       now() - n * interval '3 seconds', now() - n * interval '2 seconds', now()
  FROM generate_series(1, %(deals)s) n, tenancy_organization o,
       LATERAL (SELECT array_agg(id ORDER BY id) AS ids FROM pipeline_account WHERE organization_id = o.id) a,
       LATERAL (SELECT array_agg(id ORDER BY id) AS ids FROM tenancy_member WHERE organization_id = o.id) m,
       LATERAL (SELECT array_agg(id ORDER BY position) AS ids, array_agg(kind ORDER BY position) AS kinds,
                       array_agg(pipeline_id ORDER BY position) AS pipelines
                  FROM pipeline_stage WHERE organization_id = o.id) s
 WHERE o.slug = %(slug)s
"""


def load_company(owner_url: str, *, slug: str, accounts: int, deals: int) -> None:
    """Add so many accounts and deals to an organisation that has members and stages; the audit trail is left out."""
    connection = psycopg2.connect(owner_url)
    tables = ("pipeline_account", "pipeline_opportunity")
    values = {"slug": slug, "accounts": accounts, "deals": deals, "epoch": 1_700_000_000_000}
    with connection, connection.cursor() as cursor:
        for table in tables:
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        cursor.execute(_ACCOUNTS, values)
        cursor.execute(_DEALS, values)
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for table in tables:
            cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")
    connection.autocommit = True
    with connection.cursor() as cursor:
        for table in tables:
            cursor.execute(f"VACUUM (ANALYZE) {table}")
    connection.close()
