"""What every customer record has in common: where it came from, which version it is, whether it is deleted."""

from typing import Any

from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower, Now
from django.utils import timezone

from tenancy.tenant_model import TenantModel

MANUAL = "manual"


def lowered(field: str) -> "models.GeneratedField":
    """Return a column that the database keeps as the lower-cased `field`.

    Its collation is "C": prefix search and keyset paging compare it with leakproof operators that an index serves.
    """
    return models.GeneratedField(
        expression=Lower(field), output_field=models.TextField(db_collation="C"), db_persist=True
    )


def one_of(field: str, choices: type[models.TextChoices], *, name: str, blank: bool = False) -> models.CheckConstraint:
    """Return the constraint that `field` holds one of the codes of `choices` (or nothing, where `blank`)."""
    codes = [*choices.values, ""] if blank else list(choices.values)
    return models.CheckConstraint(condition=Q(**{f"{field}__in": codes}), name=name)


def currency_code(*, name: str, amounts: tuple[str, ...]) -> models.CheckConstraint:
    """Return the constraint that `currency` is a code, and that no amount stands without one."""
    nothing: dict[str, Any] = {f"{amount}__isnull": True for amount in amounts}
    empty = Q(currency="", **nothing)
    return models.CheckConstraint(condition=empty | Q(currency__regex=r"^[A-Z]{3}$"), name=name)


class CrmRecord(TenantModel):
    """A record that another system may know as well.

    `external_id` is the other system's own id; a record typed in here carries its own id there, so the pair is always
    unique. `recorded_at` is when we, or the source, first knew it: history is read as of that moment.
    """

    source = models.TextField(default=MANUAL, db_default=MANUAL)
    external_id = models.TextField()
    version = models.IntegerField(default=1, db_default=1)
    created_at = models.DateTimeField(default=timezone.now, db_default=Now())
    updated_at = models.DateTimeField(default=timezone.now, db_default=Now())
    recorded_at = models.DateTimeField(default=timezone.now, db_default=Now())
    reconstructed = models.BooleanField(default=False, db_default=False)
    deleted_at = models.DateTimeField(null=True)

    class Meta(TenantModel.Meta):
        abstract = True
        constraints = [
            models.UniqueConstraint(fields=["organization", "source", "external_id"], name="%(class)s_external_id"),
            models.CheckConstraint(condition=~Q(source="") & ~Q(external_id=""), name="%(class)s_has_source"),
        ]

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Store the record; one that no other system knows is known by its own id."""
        if not self.external_id:
            self.external_id = str(self.pk)
        super().save(*args, **kwargs)

    @property
    def is_manual(self) -> bool:
        """Whether it was typed in here."""
        return self.source == MANUAL

    @property
    def is_deleted(self) -> bool:
        """Whether it waits for its final removal."""
        return self.deleted_at is not None
