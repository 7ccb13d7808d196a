"""What people decided once and need not decide again."""

from django.db import models
from django.utils import timezone

from tenancy.tenant_model import TenantModel


class SavedMapping(TenantModel):
    """The meaning of one file's columns under a name. Files with the same columns (`fingerprint`) get it by themselves.

    One name may cover several kinds of files: a nightly export of accounts, deals and orders is one mapping.
    """

    name = models.TextField()
    fingerprint = models.TextField()
    target = models.TextField()
    source = models.TextField()
    format = models.JSONField(default=dict)
    rules = models.JSONField(default=list)
    value_map = models.JSONField(default=dict)
    updated_at = models.DateTimeField(default=timezone.now)

    class Meta(TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["organization", "name", "fingerprint"], name="saved_mapping_once"),
            models.CheckConstraint(condition=~models.Q(name=""), name="saved_mapping_has_name"),
        ]
        indexes = [models.Index(fields=["organization", "fingerprint", "-updated_at"], name="saved_mapping_by_columns")]

    def __str__(self) -> str:
        return f"{self.name} ({self.target})"


class SavedAlias(TenantModel):
    """A name that means another one: `GTXPro` in a file of deals is the product GTX Pro."""

    target = models.TextField()
    text_key = models.TextField()
    name = models.TextField()
    created_at = models.DateTimeField(default=timezone.now)

    class Meta(TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["organization", "target", "text_key"], name="saved_alias_once"),
        ]

    def __str__(self) -> str:
        return f"{self.text_key} is {self.name}"
