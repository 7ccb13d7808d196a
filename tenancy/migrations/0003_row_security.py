"""The fences around the tables of the foundation. Targets of references come before the tables that refer to them."""

from django.db import migrations

from tenancy.row_security import SecureTable


class Migration(migrations.Migration):
    dependencies = [("tenancy", "0002_audit_function")]

    operations = [
        SecureTable("AuditEntry", audited=False),
        SecureTable("Member"),
        SecureTable("Unit"),
        SecureTable("UnitMembership"),
        SecureTable("ApiToken"),
        SecureTable("Holiday"),
        # Records of what happened are not audited themselves: they are only ever added or moved forward by the system.
        SecureTable("DomainEvent", audited=False),
        SecureTable("Outbox", audited=False),
        SecureTable("Run", audited=False),
        SecureTable("RunStep", audited=False),
        # The audit trail is added to, never changed: not even by the application itself.
        migrations.RunSQL(
            "REVOKE UPDATE, DELETE ON tenancy_auditentry FROM agile_app",
            "GRANT UPDATE, DELETE ON tenancy_auditentry TO agile_app",
        ),
    ]
