"""What the search reads: one row for each record that can be found, and the words that occur in them."""

from typing import Any, ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models

from tenancy.tenant_model import TenantManager, TenantModel, TenantQuerySet


class SearchEntry(TenantModel):
    """A record as the search sees it. Its id is the record's own; triggers write it, nobody else.

    `key` is the folded name, `also` what else finds it, `private` what finds it only for those who may see it, and
    `owners` the record's owner and its account's. A deleted record has no entry.
    """

    # No constraint: its check would cost every row of an import, and the records themselves are held to it.
    organization = models.ForeignKey(
        "tenancy.Organization", models.PROTECT, related_name="+", db_index=False, db_constraint=False
    )
    kind = models.TextField()
    is_active = models.BooleanField()
    key = models.TextField(db_collation="C")
    also = models.TextField(db_collation="C")
    private = models.TextField(db_collation="C")
    owners: "ArrayField[Any, Any]" = ArrayField(models.UUIDField(null=True))

    objects: ClassVar[Any] = TenantManager.from_queryset(TenantQuerySet)()

    class Meta(TenantModel.Meta):
        indexes = [models.Index(fields=["organization", "kind", "key"], name="search_entry_by_key")]

    def __str__(self) -> str:
        return f"{self.kind} {self.key}"


class SearchWord(TenantModel):
    """A word that occurs in an organisation's entries: what a mistyped word may have meant. May be there twice."""

    organization = models.ForeignKey(
        "tenancy.Organization", models.PROTECT, related_name="+", db_index=False, db_constraint=False
    )
    word = models.TextField(db_collation="C")

    objects: ClassVar[Any] = TenantManager.from_queryset(TenantQuerySet)()

    class Meta(TenantModel.Meta):
        indexes = [models.Index(fields=["organization", "word"], name="search_word_by_word")]

    def __str__(self) -> str:
        return self.word
