"""The second and third fence: row-level security policies and composite keys, made by one migration operation.

The rules are measured, not taste: the policy compares the bare setting (wrapped in a sub-select it costs up to 390
times on join pages), it has no default (a forgotten organisation is an error, not an empty page), and the owner of the
tables has a policy of its own (or a data migration would silently change nothing).
"""

from collections.abc import Iterator
from typing import Any

from django.db import models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState

POLICY = "organization_id = current_setting('app.organization')::uuid"


def tenant_references(model: type[models.Model]) -> Iterator[models.ForeignKey[Any, Any]]:
    """Yield the foreign keys of `model` that stay inside an organisation."""
    for field in model._meta.local_fields:
        if field.name == "organization":
            continue  # what the references are composed with
        if isinstance(field, models.ForeignKey) and not getattr(field, "db_constraint", True):
            yield field


def secure_table_sql(model: type[models.Model], *, audited: bool) -> list[str]:
    """Return the statements that fence the table of `model`."""
    table = model._meta.db_table
    statements = [
        f'ALTER TABLE "{table}" ADD CONSTRAINT "{table}_organization_key" UNIQUE (organization_id, id)',
        f'ALTER TABLE "{table}" ENABLE ROW LEVEL SECURITY',
        f'ALTER TABLE "{table}" FORCE ROW LEVEL SECURITY',
        f'CREATE POLICY tenant_isolation ON "{table}" TO agile_app USING ({POLICY}) WITH CHECK ({POLICY})',
        f'CREATE POLICY owner_maintains ON "{table}" TO agile_owner USING (true) WITH CHECK (true)',
    ]
    for field in tenant_references(model):
        statements += reference_sql(table, field)
    if audited:
        statements += audit_sql(table)
    return statements


def reference_sql(table: str, field: "models.ForeignKey[Any, Any]") -> list[str]:
    """Return the composite constraint and its leading index for one reference."""
    column, target = field.column, field.remote_field.model._meta.db_table
    # The deletion collector removes parents before it has cleared nullable references, so those wait for the commit.
    timing = "DEFERRABLE INITIALLY DEFERRED" if field.null else "NOT DEFERRABLE"
    name = f"{table}_{column}"[:50]
    return [
        f'ALTER TABLE "{table}" ADD CONSTRAINT "{name}_tenant_fk" FOREIGN KEY (organization_id, "{column}") '
        f'REFERENCES "{target}" (organization_id, id) {timing}',
        f'CREATE INDEX "{name}_tenant_ix" ON "{table}" (organization_id, "{column}")',
    ]


def audit_sql(table: str) -> list[str]:
    """Return the statement-level triggers that keep the audit trail: they see ORM, bulk and raw SQL alike."""
    return [
        f'CREATE TRIGGER audit_insert AFTER INSERT ON "{table}" REFERENCING NEW TABLE AS after_rows '
        f"FOR EACH STATEMENT EXECUTE FUNCTION tenancy_audit()",
        f'CREATE TRIGGER audit_update AFTER UPDATE ON "{table}" REFERENCING OLD TABLE AS before_rows '
        f"NEW TABLE AS after_rows FOR EACH STATEMENT EXECUTE FUNCTION tenancy_audit()",
        f'CREATE TRIGGER audit_delete AFTER DELETE ON "{table}" REFERENCING OLD TABLE AS before_rows '
        f"FOR EACH STATEMENT EXECUTE FUNCTION tenancy_audit()",
    ]


class SecureTable(Operation):
    """Put the fences around one tenant table: policy, FORCE, composite keys, leading indexes, audit triggers."""

    reduces_to_sql = True
    reversible = True
    atomic = True

    def __init__(self, model_name: str, *, audited: bool = True) -> None:
        self.model_name = model_name
        self.audited = audited

    def deconstruct(self) -> tuple[str, list[Any], dict[str, Any]]:
        """Describe the operation for the migration writer."""
        return self.__class__.__name__, [self.model_name], {"audited": self.audited}

    def state_forwards(self, app_label: str, state: ProjectState) -> None:
        """Change nothing in the model state: the fences are the database's own."""

    def database_forwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: ProjectState, to_state: ProjectState
    ) -> None:
        """Run the statements of `secure_table_sql`."""
        assert to_state.apps is not None
        model = to_state.apps.get_model(app_label, self.model_name)
        for statement in secure_table_sql(model, audited=self.audited):
            schema_editor.execute(statement)

    def database_backwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: ProjectState, to_state: ProjectState
    ) -> None:
        """Take the fences away (a table that is about to be dropped)."""
        assert from_state.apps is not None
        model = from_state.apps.get_model(app_label, self.model_name)
        table = model._meta.db_table
        if self.audited:
            for trigger in ("audit_insert", "audit_update", "audit_delete"):
                schema_editor.execute(f'DROP TRIGGER "{trigger}" ON "{table}"')
        for field in tenant_references(model):
            name = f"{table}_{field.column}"[:50]
            schema_editor.execute(f'DROP INDEX "{name}_tenant_ix"')
            schema_editor.execute(f'ALTER TABLE "{table}" DROP CONSTRAINT "{name}_tenant_fk"')
        for policy in ("tenant_isolation", "owner_maintains"):
            schema_editor.execute(f'DROP POLICY "{policy}" ON "{table}"')
        schema_editor.execute(f'ALTER TABLE "{table}" NO FORCE ROW LEVEL SECURITY')
        schema_editor.execute(f'ALTER TABLE "{table}" DISABLE ROW LEVEL SECURITY')
        schema_editor.execute(f'ALTER TABLE "{table}" DROP CONSTRAINT "{table}_organization_key" CASCADE')

    def describe(self) -> str:
        """Return the line that `migrate` shows."""
        return f"Fence the table of {self.model_name}"
