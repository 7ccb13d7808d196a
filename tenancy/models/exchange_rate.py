"""What other currencies are worth, and since when."""

from django.db import models
from django.db.models import Q

from tenancy.tenant_model import TenantModel

LEAST, MOST = "0.000001", "1000000"


class ExchangeRate(TenantModel):
    """What one of a currency is worth in the organisation's own from a day on; without a rate: nothing known any more.

    A day has one rate a currency, and it holds until the next day that has one.
    """

    currency = models.CharField(max_length=3)
    rate_date = models.DateField()
    rate = models.DecimalField(max_digits=18, decimal_places=9, null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["organization", "currency", "rate_date"], name="exchange_rate_day"),
            models.CheckConstraint(
                condition=Q(rate=None) | Q(rate__gte=LEAST, rate__lte=MOST), name="exchange_rate_size"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.currency} {self.rate_date} {self.rate}"
