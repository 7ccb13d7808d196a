"""Rates with the day from which they hold, and the currency in which a member sees totals.

The rates that an organisation had set until now have no day: they are kept as those of today. The setting stays where
it is, unread, for processes of the version before.
"""

from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from zoneinfo import ZoneInfo

import django.db.models.deletion
import uuid_utils.compat
from django.db import migrations, models


def keep_rates(apps, schema_editor):
    """Write a row for each rate of each organisation's settings."""
    organization_model = apps.get_model("tenancy", "Organization")
    rate_model = apps.get_model("tenancy", "ExchangeRate")
    for organization in organization_model.objects.exclude(settings__exchange_rates=None).iterator():
        for currency, given in organization.settings["exchange_rates"].items():
            try:
                rate = Decimal(given).quantize(Decimal("0.000000001"), rounding=ROUND_HALF_UP)
            except InvalidOperation:
                continue
            if Decimal("0.000001") <= rate <= Decimal(1000000):
                rate_model.objects.create(
                    organization=organization,
                    currency=currency,
                    rate_date=datetime.now(ZoneInfo(organization.time_zone)).date(),
                    rate=rate,
                )


def forget_nothing(apps, schema_editor):
    """Leave the settings as they are: they still hold the rates of before."""


class Migration(migrations.Migration):
    dependencies = [("tenancy", "0019_member_hours")]

    operations = [
        migrations.AddField(
            model_name="member",
            name="currency",
            field=models.CharField(
                blank=True,
                db_default="",
                default="",
                help_text="What totals are shown in; empty: the organisation's.",
                max_length=3,
            ),
        ),
        migrations.CreateModel(
            name="ExchangeRate",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid_utils.compat.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("currency", models.CharField(max_length=3)),
                ("rate_date", models.DateField()),
                ("rate", models.DecimalField(decimal_places=9, max_digits=18, null=True)),
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
                "constraints": [
                    models.UniqueConstraint(fields=("organization", "currency", "rate_date"), name="exchange_rate_day"),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("rate", None),
                            models.Q(("rate__gte", "0.000001"), ("rate__lte", "1000000")),
                            _connector="OR",
                        ),
                        name="exchange_rate_size",
                    ),
                ],
            },
        ),
        migrations.RunPython(keep_rates, forget_nothing),
    ]
