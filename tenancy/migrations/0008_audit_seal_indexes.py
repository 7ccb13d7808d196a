"""The indexes by which the relay finds what is not sealed yet, and the verifier what is; built beside writes."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("tenancy", "0007_audit_seals")]

    operations = [
        AddIndexConcurrently(
            "auditentry",
            models.Index(
                fields=["organization", "seal_number"], name="audit_by_seal", condition=models.Q(seal_number__gt=0)
            ),
        ),
        AddIndexConcurrently(
            "auditentry",
            models.Index(
                fields=["organization", "occurred_at", "id"],
                name="audit_unsealed",
                condition=models.Q(seal_number=None),
            ),
        ),
    ]
