"""Saved views of lists."""

import django.db.models.deletion
import django.db.models.functions.datetime
import django.utils.timezone
import uuid_utils.compat
from django.db import migrations, models

import tenancy.tenant_model
from tenancy.row_security import SecureTable


class Migration(migrations.Migration):
    dependencies = [
        ("pipeline", "0005_undo_steps"),
        ("tenancy", "0009_versions_of_people"),
    ]

    operations = [
        migrations.CreateModel(
            name="SavedView",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid_utils.compat.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "list_name",
                    models.TextField(
                        choices=[
                            ("accounts", "Accounts"),
                            ("contacts", "Contacts"),
                            ("opportunities", "Deals"),
                            ("orders", "Orders"),
                            ("priorities", "Priorities"),
                        ]
                    ),
                ),
                ("name", models.TextField()),
                ("query", models.TextField(blank=True, db_default="", default="")),
                ("is_shared", models.BooleanField(db_default=False, default=False)),
                (
                    "created_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), default=django.utils.timezone.now
                    ),
                ),
                (
                    "updated_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), default=django.utils.timezone.now
                    ),
                ),
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
            name="ViewChoice",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid_utils.compat.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "list_name",
                    models.TextField(
                        choices=[
                            ("accounts", "Accounts"),
                            ("contacts", "Contacts"),
                            ("opportunities", "Deals"),
                            ("orders", "Orders"),
                            ("priorities", "Priorities"),
                        ]
                    ),
                ),
                ("is_pinned", models.BooleanField(db_default=False, default=False)),
                ("is_default", models.BooleanField(db_default=False, default=False)),
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
                    "view",
                    tenancy.tenant_model.TenantForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="choices", to="pipeline.savedview"
                    ),
                ),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.AddIndex(
            model_name="savedview",
            index=models.Index(fields=["organization", "list_name", "name", "id"], name="saved_view_by_list"),
        ),
        migrations.AddConstraint(
            model_name="savedview",
            constraint=models.UniqueConstraint(
                fields=("organization", "member", "list_name", "name"), name="saved_view_name"
            ),
        ),
        migrations.AddConstraint(
            model_name="savedview",
            constraint=models.CheckConstraint(
                condition=models.Q(("name", ""), _negated=True), name="saved_view_has_name"
            ),
        ),
        migrations.AddConstraint(
            model_name="savedview",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("list_name__in", ["accounts", "contacts", "opportunities", "orders", "priorities"])
                ),
                name="saved_view_list",
            ),
        ),
        migrations.AddConstraint(
            model_name="viewchoice",
            constraint=models.UniqueConstraint(fields=("organization", "member", "view"), name="view_choice_once"),
        ),
        migrations.AddConstraint(
            model_name="viewchoice",
            constraint=models.UniqueConstraint(
                condition=models.Q(("is_default", True)),
                fields=("organization", "member", "list_name"),
                name="view_choice_one_default",
            ),
        ),
        SecureTable("SavedView"),
        SecureTable("ViewChoice"),
    ]
