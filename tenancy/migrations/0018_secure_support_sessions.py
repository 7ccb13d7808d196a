"""The fences around support sessions."""

from django.db import migrations

from tenancy.row_security import SecureTable


class Migration(migrations.Migration):
    dependencies = [("tenancy", "0017_support_sessions")]

    operations = [SecureTable("SupportSession")]
