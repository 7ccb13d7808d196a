"""Who was asked to join an organisation."""

from django.db import models
from django.db.models.functions import Lower

from tenancy.models.member import Member
from tenancy.tenant_model import TenantForeignKey, TenantModel


class Invitation(TenantModel):
    """One address that was asked to join, with what it will be given. It is accepted once, or it ends."""

    email = models.EmailField()
    name = models.CharField(max_length=200, blank=True)
    role = models.CharField(max_length=20, choices=Member.Role.choices)
    units = models.JSONField(default=list, help_text="Ids of the units that the person will belong to.")
    member = TenantForeignKey(Member, models.CASCADE, null=True, help_text="Somebody who is here and can't sign in.")
    invited_by = TenantForeignKey(Member, models.PROTECT)
    nonce = models.CharField(max_length=32, help_text="Part of the signed link; sending it again makes a new one.")
    created_at = models.DateTimeField()
    sent_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True)
    accepted_by = TenantForeignKey(Member, models.SET_NULL, null=True)
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "email"],
                name="invitation_open_once",
                condition=models.Q(accepted_at=None, revoked_at=None),
            ),
            models.CheckConstraint(condition=models.Q(email=Lower("email")), name="invitation_lower"),
            models.CheckConstraint(
                condition=models.Q(accepted_at=None) | models.Q(revoked_at=None), name="invitation_one_end"
            ),
        ]
        indexes = [models.Index(fields=["organization", "-created_at", "-id"], name="invitation_by_time")]

    def __str__(self) -> str:
        return f"Invitation {self.id}"
