"""The fences around exchange rates."""

from django.db import migrations

from tenancy.row_security import SecureTable


class Migration(migrations.Migration):
    dependencies = [("tenancy", "0020_dated_rates")]

    operations = [SecureTable("ExchangeRate")]
