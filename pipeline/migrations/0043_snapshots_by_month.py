"""Give snapshots a table a month, all that a look back needs, and a trigger that keeps them as they were recorded.

The rows that there are move over; of what was not recorded then, the present names stand in.
"""

import django.db.models.deletion
from django.db import migrations, models

import tenancy.tenant_model

ASIDE = """
ALTER TABLE pipeline_opportunitysnapshot RENAME TO pipeline_opportunitysnapshot_before;
ALTER TABLE pipeline_opportunitysnapshot_before
    RENAME CONSTRAINT pipeline_opportunitysnapshot_pkey TO opportunity_snapshot_before_pkey;
ALTER TABLE pipeline_opportunitysnapshot_before
    RENAME CONSTRAINT pipeline_opportunitysnapshot_organization_key TO opportunity_snapshot_before_key;
ALTER TABLE pipeline_opportunitysnapshot_before
    RENAME CONSTRAINT opportunity_snapshot_once_a_day TO opportunity_snapshot_before_once_a_day;
"""

TABLE = """
CREATE TABLE pipeline_opportunitysnapshot (
    id uuid NOT NULL DEFAULT gen_random_uuid(),
    -- No reference: no organisation is ever removed, and a new month would have to lock what it refers to.
    organization_id uuid NOT NULL,
    snapshot_date date NOT NULL,
    opportunity_id uuid NOT NULL,
    name text NOT NULL DEFAULT '',
    stage_id uuid NOT NULL,
    account_id uuid,
    account_name text NOT NULL DEFAULT '',
    owner_id uuid,
    unit_id uuid,
    amount_minor bigint,
    currency text NOT NULL DEFAULT '',
    close_date date,
    probability_bp integer NOT NULL,
    forecast_category text NOT NULL DEFAULT 'pipeline',
    next_step text NOT NULL DEFAULT '',
    next_step_date date,
    opened_at timestamptz,
    stage_entered_at timestamptz,
    pushes smallint NOT NULL DEFAULT 0,
    amount_changes smallint NOT NULL DEFAULT 0,
    -- What a table has in parts can be unique only together with what parts it.
    CONSTRAINT pipeline_opportunitysnapshot_pkey PRIMARY KEY (organization_id, snapshot_date, id),
    CONSTRAINT opportunity_snapshot_once_a_day UNIQUE (organization_id, snapshot_date, opportunity_id)
) PARTITION BY RANGE (snapshot_date);
ALTER TABLE pipeline_opportunitysnapshot ENABLE ROW LEVEL SECURITY;
ALTER TABLE pipeline_opportunitysnapshot FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_isolation ON pipeline_opportunitysnapshot TO agile_app
    USING (organization_id = current_setting('app.organization')::uuid)
    WITH CHECK (organization_id = current_setting('app.organization')::uuid);
CREATE POLICY owner_maintains ON pipeline_opportunitysnapshot TO agile_owner USING (true) WITH CHECK (true);
REVOKE UPDATE, DELETE ON pipeline_opportunitysnapshot FROM agile_app;
"""

NEVER_AGAIN = """
CREATE FUNCTION pipeline_refuse_rewriting() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'What was recorded in % stays as it was.', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END
$$;
CREATE TRIGGER never_rewritten BEFORE UPDATE OR DELETE ON pipeline_opportunitysnapshot
    FOR EACH ROW EXECUTE FUNCTION pipeline_refuse_rewriting();
CREATE TRIGGER never_rewritten BEFORE UPDATE OR DELETE ON pipeline_snapshotday
    FOR EACH ROW EXECUTE FUNCTION pipeline_refuse_rewriting();
"""

MONTHS = """
-- The application may not make tables, and a night needs the one of its month. This is all that it can make: months,
-- within limits, fenced like the whole, and reached through the whole alone.
CREATE FUNCTION pipeline_make_snapshot_months(p_first date, p_last date) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp
SET lock_timeout = '3s'
AS $$
DECLARE
    v_month date := date_trunc('month', p_first)::date;
    v_name text;
    v_made integer := 0;
BEGIN
    IF p_first < '2000-01-01' OR p_last > current_date + 400 THEN
        RAISE EXCEPTION 'Snapshots are kept from the year 2000 to a year from now, not from % to %.', p_first, p_last
            USING ERRCODE = 'datetime_field_overflow';
    END IF;
    WHILE v_month <= p_last LOOP
        v_name := 'pipeline_opportunitysnapshot_' || to_char(v_month, 'YYYYMM');
        IF to_regclass('public.' || v_name) IS NULL THEN
            PERFORM pg_advisory_xact_lock(hashtextextended('pipeline_make_snapshot_months', 0));
            IF to_regclass('public.' || v_name) IS NULL THEN
                -- Made apart and attached: that locks out nobody who reads or writes the months that there are.
                EXECUTE format(
                    'CREATE TABLE public.%I (LIKE public.pipeline_opportunitysnapshot INCLUDING ALL)', v_name
                );
                EXECUTE format('ALTER TABLE public.%I ENABLE ROW LEVEL SECURITY', v_name);
                EXECUTE format('ALTER TABLE public.%I FORCE ROW LEVEL SECURITY', v_name);
                EXECUTE format(
                    'CREATE POLICY tenant_isolation ON public.%I TO agile_app USING (%s) WITH CHECK (%s)', v_name,
                    'organization_id = current_setting(''app.organization'')::uuid',
                    'organization_id = current_setting(''app.organization'')::uuid'
                );
                EXECUTE format(
                    'CREATE POLICY owner_maintains ON public.%I TO agile_owner USING (true) WITH CHECK (true)', v_name
                );
                EXECUTE format('REVOKE ALL ON public.%I FROM agile_app', v_name);
                EXECUTE format(
                    'ALTER TABLE public.pipeline_opportunitysnapshot ATTACH PARTITION public.%I'
                        ' FOR VALUES FROM (%L) TO (%L)',
                    v_name, v_month, (v_month + interval '1 month')::date
                );
                v_made := v_made + 1;
            END IF;
        END IF;
        v_month := (v_month + interval '1 month')::date;
    END LOOP;
    RETURN v_made;
END
$$;
REVOKE ALL ON FUNCTION pipeline_make_snapshot_months(date, date) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pipeline_make_snapshot_months(date, date) TO agile_app;
SELECT pipeline_make_snapshot_months(
    coalesce((SELECT min(snapshot_date) FROM pipeline_opportunitysnapshot_before), current_date), current_date + 93
);
"""

ROWS = """
INSERT INTO pipeline_snapshotday (id, organization_id, snapshot_date, taken_at, deals, worth)
SELECT gen_random_uuid(), day.organization_id, day.snapshot_date, day.snapshot_date + interval '1 day 2 hours',
    day.deals, coalesce(worth.amounts, '{}')
FROM (
    SELECT organization_id, snapshot_date, count(*) AS deals
    FROM pipeline_opportunitysnapshot_before GROUP BY 1, 2
) day
LEFT JOIN (
    SELECT organization_id, snapshot_date, jsonb_object_agg(currency, amount) AS amounts
    FROM (
        SELECT organization_id, snapshot_date, currency, sum(amount_minor)::bigint AS amount
        FROM pipeline_opportunitysnapshot_before WHERE amount_minor IS NOT NULL GROUP BY 1, 2, 3
    ) sums
    GROUP BY 1, 2
) worth USING (organization_id, snapshot_date);

INSERT INTO pipeline_opportunitysnapshot (
    id, organization_id, snapshot_date, opportunity_id, name, stage_id, account_id, account_name, owner_id,
    amount_minor, currency, close_date, probability_bp, forecast_category, opened_at
)
SELECT s.id, s.organization_id, s.snapshot_date, s.opportunity_id, d.name, s.stage_id, s.account_id,
    coalesce(a.name, ''), s.owner_id, s.amount_minor, s.currency, s.close_date, s.probability_bp,
    g.forecast_category, d.opened_at
FROM pipeline_opportunitysnapshot_before s
JOIN pipeline_opportunity d ON d.organization_id = s.organization_id AND d.id = s.opportunity_id
JOIN pipeline_stage g ON g.organization_id = s.organization_id AND g.id = s.stage_id
LEFT JOIN pipeline_account a ON a.organization_id = s.organization_id AND a.id = s.account_id;

DROP TABLE pipeline_opportunitysnapshot_before;
"""


def loose(to: str, *, null: bool = False, **words: str) -> models.Field:
    """Return a reference that binds nothing."""
    return tenancy.tenant_model.TenantForeignKey(
        null=null, on_delete=django.db.models.deletion.DO_NOTHING, related_name="+", to=to, **words
    )


class Migration(migrations.Migration):
    dependencies = [("pipeline", "0042_fence_snapshot_days"), ("tenancy", "0019_member_hours")]

    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[migrations.RunSQL(sql) for sql in (ASIDE, TABLE, NEVER_AGAIN, MONTHS, ROWS)],
            state_operations=[
                migrations.AlterField("OpportunitySnapshot", "opportunity", loose("pipeline.opportunity")),
                migrations.AlterField("OpportunitySnapshot", "stage", loose("pipeline.stage")),
                migrations.AlterField("OpportunitySnapshot", "account", loose("pipeline.account", null=True)),
                migrations.AlterField("OpportunitySnapshot", "owner", loose("tenancy.member", null=True)),
                migrations.AddField(
                    "OpportunitySnapshot",
                    "unit",
                    loose("tenancy.unit", null=True, help_text="Its owner's on that day."),
                ),
                migrations.AddField("OpportunitySnapshot", "name", models.TextField(db_default="", default="")),
                migrations.AddField("OpportunitySnapshot", "account_name", models.TextField(db_default="", default="")),
                migrations.AddField(
                    "OpportunitySnapshot",
                    "forecast_category",
                    models.TextField(
                        choices=[
                            ("pipeline", "Pipeline"),
                            ("best_case", "Best case"),
                            ("commit", "Commit"),
                            ("closed", "Closed"),
                            ("omitted", "Omitted"),
                        ],
                        db_default="pipeline",
                        default="pipeline",
                    ),
                ),
                migrations.AddField("OpportunitySnapshot", "next_step", models.TextField(db_default="", default="")),
                migrations.AddField("OpportunitySnapshot", "next_step_date", models.DateField(null=True)),
                migrations.AddField("OpportunitySnapshot", "opened_at", models.DateTimeField(null=True)),
                migrations.AddField("OpportunitySnapshot", "stage_entered_at", models.DateTimeField(null=True)),
                migrations.AddField(
                    "OpportunitySnapshot",
                    "pushes",
                    models.SmallIntegerField(
                        db_default=0, default=0, help_text="How often its close date was moved out."
                    ),
                ),
                migrations.AddField(
                    "OpportunitySnapshot", "amount_changes", models.SmallIntegerField(db_default=0, default=0)
                ),
            ],
        ),
    ]
