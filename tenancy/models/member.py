"""A person in an organisation; owners, actors and participants refer to members, never to users."""

from typing import Any, ClassVar

from django.conf import settings
from django.db import models

from tenancy.tenant_model import TenantForeignKey, TenantManager, TenantModel, TenantQuerySet

MOST_HOURS = 60
"""A week's hours for customers that can be meant."""


class MemberQuerySet(TenantQuerySet["Member"]):
    """The vocabulary of members."""

    def active(self) -> "MemberQuerySet":
        """Keep those who are still here."""
        return self.filter(is_active=True)

    def by_name(self) -> "MemberQuerySet":
        """Order as people look names up."""
        return self.order_by("name", "id")


class Member(TenantModel):
    """Somebody's place in one organisation. Sales people who came with a CRM import have no user, so no login."""

    class Role(models.TextChoices):
        ADMIN = "admin", "Administrator"
        LEADER = "leader", "Sales leader"
        SQUAD_LEAD = "squad_lead", "Squad lead"
        MEMBER = "member", "Squad member"
        COACH = "coach", "Coach"
        EXPERT = "expert", "Industry expert"
        ANALYST = "analyst", "Analyst"
        AUDITOR = "auditor", "Auditor"
        # Our own people, for as long as a support session lasts. No administrator can give it.
        SUPPORT = "support", "Support"

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", db_index=False
    )
    name = models.CharField(max_length=200)
    email = models.EmailField(blank=True)
    title = models.CharField(max_length=120, blank=True)
    role = models.CharField(max_length=20, choices=Role.choices, default=Role.MEMBER)
    manager = TenantForeignKey("self", models.SET_NULL, null=True, blank=True)
    hours_per_week = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text="For customers; nothing said: what is usual in the organisation."
    )
    currency = models.CharField(
        max_length=3,
        blank=True,
        default="",
        db_default="",
        help_text="What totals are shown in; empty: the organisation's.",
    )
    is_active = models.BooleanField(default=True)
    deactivated_at = models.DateTimeField(null=True, blank=True)
    source = models.CharField(max_length=80, default="manual")
    external_id = models.CharField(max_length=200)
    version = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    objects: ClassVar[Any] = TenantManager.from_queryset(MemberQuerySet)()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(hours_per_week=None) | models.Q(hours_per_week__lte=MOST_HOURS), name="member_hours"
            ),
            models.UniqueConstraint(fields=["organization", "source", "external_id"], name="member_source"),
            models.UniqueConstraint(fields=["organization", "user"], name="member_user"),
        ]
        indexes = [
            models.Index(fields=["user"], name="member_by_user", condition=models.Q(user__isnull=False)),
            models.Index(fields=["organization", "name", "id"], name="member_by_name"),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.role})"


ASSIGNABLE_ROLES = tuple(role for role in Member.Role if role != Member.Role.SUPPORT)
"""What an administrator can give to a member."""
