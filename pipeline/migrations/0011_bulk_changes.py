"""Changes of many records. They tell how far work is, and each change of a record is audited itself."""

import django.db.models.deletion
import uuid_utils.compat
from django.db import migrations, models

import tenancy.tenant_model
from tenancy.row_security import SecureTable


class Migration(migrations.Migration):
    dependencies = [
        ("pipeline", "0010_search_entries_of_old_records"),
        ("tenancy", "0009_versions_of_people"),
    ]

    operations = [
        migrations.CreateModel(
            name="BulkChange",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid_utils.compat.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("record_type", models.TextField()),
                ("query", models.TextField(blank=True, db_default="", default="")),
                (
                    "change",
                    models.JSONField(help_text="What is changed, as the form said it; `undo` takes the step back."),
                ),
                ("words", models.TextField()),
                ("page", models.TextField(help_text="The list that it was asked for from.")),
                (
                    "state",
                    models.TextField(
                        choices=[("queued", "Waiting"), ("running", "Under way"), ("done", "Done")],
                        db_default="queued",
                        default="queued",
                    ),
                ),
                ("total", models.IntegerField()),
                ("done", models.IntegerField(db_default=0, default=0)),
                ("changed", models.IntegerField(db_default=0, default=0)),
                ("same", models.IntegerField(db_default=0, default=0)),
                (
                    "refused",
                    models.JSONField(default=dict, help_text="Why → how many, with the names of the first ones."),
                ),
                ("last_seen", models.UUIDField(null=True)),
                ("created_at", models.DateTimeField()),
                ("started_at", models.DateTimeField(null=True)),
                ("finished_at", models.DateTimeField(null=True)),
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
                (
                    "step",
                    tenancy.tenant_model.TenantForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="pipeline.undostep",
                    ),
                ),
            ],
            options={
                "abstract": False,
                "indexes": [models.Index(fields=["organization", "created_at", "id"], name="bulk_change_by_time")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("state__in", ["queued", "running", "done"])), name="bulk_change_state"
                    )
                ],
            },
        ),
        SecureTable("BulkChange", audited=False),
    ]
