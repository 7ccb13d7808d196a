"""The fences around invitations."""

from django.db import migrations

from tenancy.row_security import SecureTable


class Migration(migrations.Migration):
    dependencies = [("tenancy", "0010_invitations")]

    operations = [SecureTable("Invitation")]
