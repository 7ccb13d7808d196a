"""What an organisation knows of its accounts and deals beyond our fields: columns that its files brought."""

from django.db import models
from django.db.models import Q
from django.utils import timezone

from pipeline.models.record import one_of
from tenancy.tenant_model import TenantForeignKey, TenantModel


class CustomRecord(models.TextChoices):
    """The records that can have custom columns."""

    ACCOUNT = "account", "Account"
    OPPORTUNITY = "opportunity", "Deal"


class CustomKind(models.TextChoices):
    """What the values of a custom column are; the words are those of `coe.scoring.table.Kind`."""

    NUMBER = "number", "Number"
    CATEGORY = "category", "Text"
    DATE = "date", "Date"
    FLAG = "flag", "Yes or no"


class CustomColumn(TenantModel):
    """One custom column. `key` is what values are kept under, `name` what its file calls it.

    What is known only at closing is kept and shown, and never learnt from.
    """

    record = models.TextField(choices=CustomRecord.choices)
    key = models.TextField()
    name = models.TextField()
    kind = models.TextField(choices=CustomKind.choices)
    at_closing = models.BooleanField(default=False, db_default=False)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta(TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["organization", "record", "key"], name="custom_column_once"),
            models.CheckConstraint(condition=~Q(key="") & ~Q(name=""), name="custom_column_has_name"),
            one_of("record", CustomRecord, name="custom_column_record"),
            one_of("kind", CustomKind, name="custom_column_kind"),
        ]

    def __str__(self) -> str:
        return self.name


class CustomValues(TenantModel):
    """The values of a record's custom columns from `known_at` on, all of them: append-only, read as of a moment.

    The present ones are on the record itself. Those that came with a record's history are dated as the record is.
    """

    account = TenantForeignKey("pipeline.Account", models.CASCADE, null=True, related_name="+")
    opportunity = TenantForeignKey("pipeline.Opportunity", models.CASCADE, null=True, related_name="+")
    values = models.JSONField()
    known_at = models.DateTimeField()
    reconstructed = models.BooleanField(default=False, db_default=False)

    class Meta(TenantModel.Meta):
        constraints = [
            models.CheckConstraint(
                condition=Q(account__isnull=True, opportunity__isnull=False)
                | Q(account__isnull=False, opportunity__isnull=True),
                name="custom_values_of_one_record",
            ),
        ]
        indexes = [
            models.Index(
                fields=["organization", "account", "known_at", "id"],
                name="custom_values_by_account",
                condition=Q(account__isnull=False),
            ),
            models.Index(
                fields=["organization", "opportunity", "known_at", "id"],
                name="custom_values_by_deal",
                condition=Q(opportunity__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{len(self.values)} values as of {self.known_at:%Y-%m-%d}"
