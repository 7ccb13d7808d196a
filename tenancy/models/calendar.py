"""Days on which an organisation does not work."""

from django.db import models

from tenancy.tenant_model import TenantModel


class Holiday(TenantModel):
    """One day off for the whole organisation."""

    day = models.DateField()
    name = models.CharField(max_length=120)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["organization", "day"], name="holiday_day")]

    def __str__(self) -> str:
        return f"{self.day} {self.name}"
