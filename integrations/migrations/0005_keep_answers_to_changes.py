"""A table for the answers to changes, so that a change that is sent again has its effect once.

Not audited: it repeats what the API answered, and the change itself is in the trail.
"""

import django.db.models.deletion
import uuid_utils.compat
from django.db import migrations, models

import tenancy.tenant_model
from tenancy.row_security import SecureTable


class Migration(migrations.Migration):
    dependencies = [("integrations", "0004_fence_ready_rows"), ("tenancy", "0004_doors")]

    operations = [
        migrations.CreateModel(
            name="IdempotencyKey",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid_utils.compat.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("key", models.TextField()),
                ("fingerprint", models.BinaryField(max_length=32)),
                ("status", models.SmallIntegerField()),
                ("headers", models.JSONField(default=dict)),
                ("body", models.BinaryField()),
                ("created_at", models.DateTimeField()),
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
                    "token",
                    tenancy.tenant_model.TenantForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="tenancy.apitoken"
                    ),
                ),
            ],
            options={
                "abstract": False,
                "indexes": [models.Index(fields=["organization", "created_at"], name="idempotency_key_by_age")],
                "constraints": [
                    models.UniqueConstraint(fields=("organization", "token", "key"), name="idempotency_key_once")
                ],
            },
        ),
        SecureTable("IdempotencyKey", audited=False),
    ]
