"""Attempts to sign in, for the person's own page."""

import django.db.models.deletion
import uuid_utils.compat
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("tenancy", "0004_doors")]

    operations = [
        migrations.CreateModel(
            name="SignInRecord",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid_utils.compat.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("at", models.DateTimeField()),
                (
                    "outcome",
                    models.CharField(
                        choices=[
                            ("succeeded", "Signed in"),
                            ("refused", "Wrong password"),
                            ("code_refused", "Right password, wrong code"),
                        ],
                        max_length=20,
                    ),
                ),
                (
                    "method",
                    models.CharField(
                        choices=[
                            ("password", "Password"),
                            ("passkey", "Passkey"),
                            ("totp", "Password and code"),
                            ("webauthn", "Password and passkey"),
                            ("recovery_codes", "Password and recovery code"),
                            ("link", "Link from a mail"),
                        ],
                        max_length=20,
                    ),
                ),
                ("address", models.GenericIPAddressField(blank=True, null=True)),
                ("user_agent", models.CharField(blank=True, max_length=300)),
                (
                    "user",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={"indexes": [models.Index(fields=["user", "-at"], name="sign_in_by_user")]},
        ),
    ]
