"""The organisation's tree: company, business units, regions, tribes, squads."""

from django.db import models

from tenancy.tenant_model import TenantForeignKey, TenantModel


class Unit(TenantModel):
    """A node of the tree. `squads.Squad` will extend a unit of kind squad."""

    class Kind(models.TextChoices):
        COMPANY = "company", "Company"
        BUSINESS_UNIT = "business_unit", "Business unit"
        REGION = "region", "Region"
        TRIBE = "tribe", "Tribe"
        SQUAD = "squad", "Squad"

    parent = TenantForeignKey("self", models.PROTECT, null=True, blank=True)
    kind = models.CharField(max_length=20, choices=Kind.choices)
    name = models.CharField(max_length=200)
    code = models.CharField(max_length=40)
    active_from = models.DateField()
    active_to = models.DateField(null=True, blank=True)
    version = models.PositiveIntegerField(default=1, db_default=1)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["organization", "code"], name="unit_code")]

    def __str__(self) -> str:
        return f"{self.name} ({self.code})"


class UnitMembership(TenantModel):
    """Who belonged to which unit, when (the end is exclusive; none means still)."""

    unit = TenantForeignKey(Unit, models.CASCADE)
    member = TenantForeignKey("tenancy.Member", models.CASCADE)
    active_from = models.DateField()
    active_to = models.DateField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "unit", "member", "active_from"], name="unit_membership_once"
            ),
            models.CheckConstraint(
                condition=models.Q(active_to=None) | models.Q(active_to__gt=models.F("active_from")),
                name="unit_membership_period",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.member_id} in {self.unit_id} from {self.active_from}"
