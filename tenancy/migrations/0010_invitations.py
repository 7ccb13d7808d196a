"""Who was asked to join an organisation."""

import django.db.models.deletion
import django.db.models.functions.text
import uuid_utils.compat
from django.db import migrations, models

import tenancy.tenant_model


class Migration(migrations.Migration):
    dependencies = [
        ("tenancy", "0009_versions_of_people"),
    ]

    operations = [
        migrations.CreateModel(
            name="Invitation",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid_utils.compat.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("email", models.EmailField(max_length=254)),
                ("name", models.CharField(blank=True, max_length=200)),
                (
                    "role",
                    models.CharField(
                        choices=[
                            ("admin", "Administrator"),
                            ("leader", "Sales leader"),
                            ("squad_lead", "Squad lead"),
                            ("member", "Squad member"),
                            ("coach", "Coach"),
                            ("expert", "Industry expert"),
                            ("analyst", "Analyst"),
                            ("auditor", "Auditor"),
                        ],
                        max_length=20,
                    ),
                ),
                ("units", models.JSONField(default=list, help_text="Ids of the units that the person will belong to.")),
                (
                    "nonce",
                    models.CharField(
                        help_text="Part of the signed link; sending it again makes a new one.", max_length=32
                    ),
                ),
                ("created_at", models.DateTimeField()),
                ("sent_at", models.DateTimeField()),
                ("expires_at", models.DateTimeField()),
                ("accepted_at", models.DateTimeField(null=True)),
                ("revoked_at", models.DateTimeField(null=True)),
                (
                    "accepted_by",
                    tenancy.tenant_model.TenantForeignKey(
                        null=True, on_delete=django.db.models.deletion.SET_NULL, related_name="+", to="tenancy.member"
                    ),
                ),
                (
                    "invited_by",
                    tenancy.tenant_model.TenantForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="tenancy.member"
                    ),
                ),
                (
                    "member",
                    tenancy.tenant_model.TenantForeignKey(
                        help_text="Somebody who is here and can't sign in.",
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="tenancy.member",
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
                "indexes": [models.Index(fields=["organization", "-created_at", "-id"], name="invitation_by_time")],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("accepted_at", None), ("revoked_at", None)),
                        fields=("organization", "email"),
                        name="invitation_open_once",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("email", django.db.models.functions.text.Lower("email"))),
                        name="invitation_lower",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("accepted_at", None), ("revoked_at", None), _connector="OR"),
                        name="invitation_one_end",
                    ),
                ],
            },
        ),
    ]
