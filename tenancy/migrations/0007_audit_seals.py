"""Seals over the audit trail, and what is left of the application's rights to it: reading, and adding six columns."""

import django.db.models.deletion
import uuid_utils.compat
from django.db import migrations, models

from tenancy.row_security import SecureTable

FUNCTION = """
CREATE OR REPLACE FUNCTION tenancy_audit() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        INSERT INTO tenancy_auditentry (organization_id, table_name, row_id, action, before, after)
        SELECT r.organization_id, TG_TABLE_NAME, r.id, 'insert', NULL, to_jsonb(r)
        FROM after_rows r;
    ELSIF TG_OP = 'UPDATE' THEN
        INSERT INTO tenancy_auditentry (organization_id, table_name, row_id, action, before, after)
        SELECT n.organization_id, TG_TABLE_NAME, n.id, 'update', c.before, c.after
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
        INSERT INTO tenancy_auditentry (organization_id, table_name, row_id, action, before, after)
        SELECT r.organization_id, TG_TABLE_NAME, r.id, 'delete', to_jsonb(r), NULL
        FROM before_rows r;
    END IF;
    RETURN NULL;
END
$$;

-- The organisation itself is a global table: its own row decides whose audit trail the change belongs to.
CREATE FUNCTION tenancy_audit_organization() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    outer_organization text := coalesce(current_setting('app.organization', true), '');
    changed_before jsonb;
    changed_after jsonb := to_jsonb(NEW);
BEGIN
    IF TG_OP = 'UPDATE' THEN
        SELECT jsonb_object_agg(a.key, b.value), jsonb_object_agg(a.key, a.value)
        INTO changed_before, changed_after
        FROM jsonb_each(to_jsonb(NEW)) a JOIN jsonb_each(to_jsonb(OLD)) b ON b.key = a.key
        WHERE a.value IS DISTINCT FROM b.value;
        IF changed_after IS NULL THEN
            RETURN NULL;
        END IF;
    END IF;
    PERFORM set_config('app.organization', NEW.id::text, true);
    INSERT INTO tenancy_auditentry (organization_id, table_name, row_id, action, before, after)
    VALUES (NEW.id, TG_TABLE_NAME, NEW.id, lower(TG_OP), changed_before, changed_after);
    PERFORM set_config('app.organization', outer_organization, true);
    RETURN NULL;
END
$$;

-- Not for DELETE: an organisation that has an audit trail cannot be deleted.
CREATE TRIGGER audit_organization AFTER INSERT OR UPDATE ON tenancy_organization
FOR EACH ROW EXECUTE FUNCTION tenancy_audit_organization();
"""

RIGHTS = """
ALTER TABLE tenancy_auditentry
    ALTER id SET DEFAULT gen_random_uuid(),
    ALTER actor_id SET DEFAULT nullif(current_setting('app.actor', true), '')::uuid,
    ALTER task SET DEFAULT coalesce(current_setting('app.task', true), ''),
    ALTER address SET DEFAULT coalesce(current_setting('app.address', true), ''),
    ALTER transaction_id SET DEFAULT txid_current(),
    ALTER occurred_at SET DEFAULT clock_timestamp();
-- The time, the person and the seal of an entry are not the application's to write.
REVOKE ALL ON tenancy_auditentry, tenancy_auditseal FROM agile_app;
GRANT SELECT ON tenancy_auditentry, tenancy_auditseal TO agile_app;
GRANT INSERT (organization_id, table_name, row_id, action, before, after) ON tenancy_auditentry TO agile_app;
-- Events are facts; only their position is given later, by the relay.
REVOKE UPDATE, DELETE, TRUNCATE ON tenancy_domainevent FROM agile_app;
"""


class Migration(migrations.Migration):
    dependencies = [("tenancy", "0006_outbox_trace")]

    operations = [
        migrations.AddField(
            model_name="auditentry",
            name="seal_number",
            field=models.BigIntegerField(help_text="The seal it is under; set by the relay, once.", null=True),
        ),
        migrations.CreateModel(
            name="AuditSeal",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid_utils.compat.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("number", models.BigIntegerField(help_text="Dense, per organisation, from 1.")),
                ("kind", models.CharField(choices=[("batch", "Batch"), ("purge", "Purge")], max_length=5)),
                ("previous_hash", models.CharField(max_length=64)),
                ("entry_count", models.PositiveIntegerField(default=0)),
                ("entries_hash", models.CharField(max_length=64)),
                (
                    "first_at",
                    models.DateTimeField(help_text="When the first entry of the batch was written.", null=True),
                ),
                ("last_at", models.DateTimeField(null=True)),
                ("event_count", models.PositiveIntegerField(default=0)),
                ("events_hash", models.CharField(max_length=64)),
                (
                    "events_through",
                    models.BigIntegerField(default=0, help_text="The position of the last event that is sealed."),
                ),
                (
                    "purged_through",
                    models.BigIntegerField(default=0, help_text="Entries of the seals up to here were purged."),
                ),
                ("sealed_at", models.DateTimeField()),
                ("hash", models.CharField(max_length=64)),
                (
                    "organization",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="tenancy.organization",
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["organization", "sealed_at"], name="audit_seal_by_time")],
                "constraints": [models.UniqueConstraint(fields=("organization", "number"), name="audit_seal_number")],
            },
        ),
        SecureTable("AuditSeal", audited=False),
        migrations.RunSQL(FUNCTION, migrations.RunSQL.noop),
        migrations.RunSQL(RIGHTS, migrations.RunSQL.noop),
    ]
