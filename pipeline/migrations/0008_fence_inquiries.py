"""Put the fences around inquiries."""

from django.db import migrations

from tenancy.row_security import SecureTable


class Migration(migrations.Migration):
    dependencies = [("pipeline", "0007_inquiries")]

    operations = [SecureTable("Inquiry")]
