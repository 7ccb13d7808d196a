"""Our own people, who look into an organisation to help it."""

import datetime

import django.db.models.deletion
import django.db.models.expressions
import uuid_utils.compat
from django.conf import settings
from django.db import migrations, models

import tenancy.tenant_model


class Migration(migrations.Migration):
    dependencies = [
        ("tenancy", "0016_event_time_index"),
    ]

    operations = [
        migrations.AddField(
            model_name="user",
            name="is_operator",
            field=models.BooleanField(db_default=False, default=False),
        ),
        migrations.AlterField(
            model_name="invitation",
            name="role",
            field=models.CharField(
                choices=[
                    ("admin", "Administrator"),
                    ("leader", "Sales leader"),
                    ("squad_lead", "Squad lead"),
                    ("member", "Squad member"),
                    ("coach", "Coach"),
                    ("expert", "Industry expert"),
                    ("analyst", "Analyst"),
                    ("auditor", "Auditor"),
                    ("support", "Support"),
                ],
                max_length=20,
            ),
        ),
        migrations.AlterField(
            model_name="member",
            name="role",
            field=models.CharField(
                choices=[
                    ("admin", "Administrator"),
                    ("leader", "Sales leader"),
                    ("squad_lead", "Squad lead"),
                    ("member", "Squad member"),
                    ("coach", "Coach"),
                    ("expert", "Industry expert"),
                    ("analyst", "Analyst"),
                    ("auditor", "Auditor"),
                    ("support", "Support"),
                ],
                default="member",
                max_length=20,
            ),
        ),
        migrations.CreateModel(
            name="SupportSession",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid_utils.compat.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("reason", models.CharField(max_length=500)),
                ("may_write", models.BooleanField(default=False)),
                ("opened_at", models.DateTimeField()),
                ("ends_at", models.DateTimeField()),
                ("ended_at", models.DateTimeField(null=True)),
                (
                    "ended_by",
                    tenancy.tenant_model.TenantForeignKey(
                        null=True, on_delete=django.db.models.deletion.SET_NULL, related_name="+", to="tenancy.member"
                    ),
                ),
                (
                    "member",
                    tenancy.tenant_model.TenantForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="tenancy.member"
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
                    "user",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["organization", "-opened_at", "-id"], name="support_by_time")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("ends_at__gt", models.F("opened_at")),
                            (
                                "ends_at__lte",
                                django.db.models.expressions.CombinedExpression(
                                    models.F("opened_at"), "+", models.Value(datetime.timedelta(seconds=3600))
                                ),
                            ),
                        ),
                        name="support_session_length",
                    )
                ],
            },
        ),
    ]
