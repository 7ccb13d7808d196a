"""Who takes part in a deal: people of the customer with their roles in it, and the units that share it."""

from django.db import models
from django.db.models import Q

from pipeline.models.contact import BuyingRole
from pipeline.models.record import one_of
from tenancy.tenant_model import TenantForeignKey, TenantModel

WHOLE_BP = 10_000


class DealContact(TenantModel):
    """What a person does in this one decision; at another deal they may do something else."""

    opportunity = TenantForeignKey("pipeline.Opportunity", models.CASCADE, related_name="people")
    contact = TenantForeignKey("pipeline.Contact", models.CASCADE, related_name="deals")
    role = models.TextField(choices=BuyingRole.choices)

    class Meta(TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["organization", "opportunity", "contact"], name="deal_contact_once"),
            one_of("role", BuyingRole, name="deal_contact_role"),
        ]

    def __str__(self) -> str:
        return f"{self.contact_id} {self.role} in {self.opportunity_id}"


class DealSplit(TenantModel):
    """The share of a unit in a deal, in basis points; the shares of a deal add up to 10,000, or there are none."""

    opportunity = TenantForeignKey("pipeline.Opportunity", models.CASCADE, related_name="splits")
    unit = TenantForeignKey("tenancy.Unit", models.PROTECT)
    share_bp = models.SmallIntegerField()

    class Meta(TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["organization", "opportunity", "unit"], name="deal_split_once"),
            models.CheckConstraint(condition=Q(share_bp__gt=0, share_bp__lte=WHOLE_BP), name="deal_split_share"),
        ]

    def __str__(self) -> str:
        return f"{self.share_bp} of {self.opportunity_id} to {self.unit_id}"
