"""Put the fences around who takes part in deals."""

from django.db import migrations

from tenancy.row_security import SecureTable


class Migration(migrations.Migration):
    dependencies = [("pipeline", "0051_deal_parties")]

    operations = [SecureTable("DealContact"), SecureTable("DealSplit")]
