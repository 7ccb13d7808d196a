"""The trigger function of the audit trail. SecureTable puts it on each audited table."""

from django.db import migrations

CREATE = """
CREATE FUNCTION tenancy_audit() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    actor uuid := nullif(current_setting('app.actor', true), '')::uuid;
    task text := coalesce(current_setting('app.task', true), '');
    address text := coalesce(current_setting('app.address', true), '');
BEGIN
    IF TG_OP = 'INSERT' THEN
        INSERT INTO tenancy_auditentry (id, organization_id, table_name, row_id, action, before, after, actor_id, task,
                                        address, transaction_id, occurred_at)
        SELECT gen_random_uuid(), r.organization_id, TG_TABLE_NAME, r.id, 'insert', NULL, to_jsonb(r), actor, task,
               address, txid_current(), clock_timestamp()
        FROM after_rows r;
    ELSIF TG_OP = 'UPDATE' THEN
        INSERT INTO tenancy_auditentry (id, organization_id, table_name, row_id, action, before, after, actor_id, task,
                                        address, transaction_id, occurred_at)
        SELECT gen_random_uuid(), n.organization_id, TG_TABLE_NAME, n.id, 'update', c.before, c.after, actor, task,
               address, txid_current(), clock_timestamp()
        FROM before_rows o
        JOIN after_rows n ON n.id = o.id
        CROSS JOIN LATERAL (
            SELECT jsonb_object_agg(a.key, b.value) AS before, jsonb_object_agg(a.key, a.value) AS after
            FROM jsonb_each(to_jsonb(n)) a
            JOIN jsonb_each(to_jsonb(o)) b ON b.key = a.key
            -- That a token was used changes nothing of it.
            WHERE a.value IS DISTINCT FROM b.value AND a.key <> 'last_used_at'
        ) c
        WHERE c.after IS NOT NULL;
    ELSE
        INSERT INTO tenancy_auditentry (id, organization_id, table_name, row_id, action, before, after, actor_id, task,
                                        address, transaction_id, occurred_at)
        SELECT gen_random_uuid(), r.organization_id, TG_TABLE_NAME, r.id, 'delete', to_jsonb(r), NULL, actor, task,
               address, txid_current(), clock_timestamp()
        FROM before_rows r;
    END IF;
    RETURN NULL;
END
$$;
"""


class Migration(migrations.Migration):
    dependencies = [("tenancy", "0001_initial")]

    operations = [migrations.RunSQL(CREATE, "DROP FUNCTION tenancy_audit()")]
