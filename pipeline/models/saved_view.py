"""Ways of looking at a list that somebody gave a name."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils import timezone

from pipeline.models.record import one_of
from tenancy.tenant_model import TenantForeignKey, TenantModel


class ListName(models.TextChoices):
    """The lists that can be looked at in one's own way."""

    ACCOUNTS = "accounts", "Accounts"
    CONTACTS = "contacts", "Contacts"
    OPPORTUNITIES = "opportunities", "Deals"
    ORDERS = "orders", "Orders"
    PRIORITIES = "priorities", "Priorities"


class SavedView(TenantModel):
    """The filters and the order of a list, as its address holds them. It narrows; what one may see stays one's own."""

    member = TenantForeignKey("tenancy.Member", models.CASCADE)
    list_name = models.TextField(choices=ListName.choices)
    name = models.TextField()
    query = models.TextField(default="", db_default="", blank=True)
    is_shared = models.BooleanField(default=False, db_default=False)
    created_at = models.DateTimeField(default=timezone.now, db_default=Now())
    updated_at = models.DateTimeField(default=timezone.now, db_default=Now())

    class Meta(TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["organization", "member", "list_name", "name"], name="saved_view_name"),
            models.CheckConstraint(condition=~Q(name=""), name="saved_view_has_name"),
            one_of("list_name", ListName, name="saved_view_list"),
        ]
        indexes = [models.Index(fields=["organization", "list_name", "name", "id"], name="saved_view_by_list")]

    def __str__(self) -> str:
        return self.name


class ViewChoice(TenantModel):
    """What one member does with a view: keeps it at the top, begins with it."""

    member = TenantForeignKey("tenancy.Member", models.CASCADE)
    view = TenantForeignKey("pipeline.SavedView", models.CASCADE, related_name="choices")
    list_name = models.TextField(choices=ListName.choices)
    is_pinned = models.BooleanField(default=False, db_default=False)
    is_default = models.BooleanField(default=False, db_default=False)

    class Meta(TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["organization", "member", "view"], name="view_choice_once"),
            models.UniqueConstraint(
                fields=["organization", "member", "list_name"],
                condition=Q(is_default=True),
                name="view_choice_one_default",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.view_id} of {self.member_id}"
