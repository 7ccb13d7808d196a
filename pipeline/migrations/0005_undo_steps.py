"""Undo steps. They live for minutes and hold copies of what the audit trail has already, so they are not audited."""

import django.db.models.deletion
import uuid_utils.compat
from django.db import migrations, models

import tenancy.tenant_model
from tenancy.row_security import SecureTable


class Migration(migrations.Migration):
    dependencies = [
        ("pipeline", "0004_find_what_changed"),
        ("tenancy", "0004_doors"),
    ]

    operations = [
        migrations.CreateModel(
            name="UndoStep",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid_utils.compat.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("words", models.TextField(help_text="What was done, as the toast said it.")),
                ("page", models.TextField(help_text="Where the effect of taking it back shows.")),
                ("made_at", models.DateTimeField()),
                ("expires_at", models.DateTimeField()),
                ("undone_at", models.DateTimeField(null=True)),
                (
                    "member",
                    tenancy.tenant_model.TenantForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="tenancy.member"
                    ),
                ),
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
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="UndoChange",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid_utils.compat.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("kind", models.TextField(choices=[("created", "Created"), ("changed", "Changed")])),
                ("record_type", models.TextField()),
                ("record_id", models.UUIDField()),
                ("before", models.JSONField(default=dict)),
                ("after", models.JSONField(default=dict)),
                ("version", models.IntegerField(help_text="The record's version after the change.")),
                (
                    "organization",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="tenancy.organization",
                    ),
                ),
                (
                    "step",
                    tenancy.tenant_model.TenantForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="changes", to="pipeline.undostep"
                    ),
                ),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.AddIndex(
            model_name="undostep",
            index=models.Index(fields=["organization", "expires_at", "id"], name="undo_step_by_expiry"),
        ),
        migrations.AddIndex(
            model_name="undochange",
            index=models.Index(fields=["organization", "record_id", "id"], name="undo_change_by_record"),
        ),
        migrations.AddConstraint(
            model_name="undochange",
            constraint=models.CheckConstraint(
                condition=models.Q(("kind__in", ["created", "changed"])), name="undo_change_kind"
            ),
        ),
        SecureTable("UndoStep", audited=False),
        SecureTable("UndoChange", audited=False),
    ]
