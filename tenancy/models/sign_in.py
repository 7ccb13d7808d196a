"""Who signed in, or tried to. Global: a sign-in belongs to a person, not to an organisation."""

from django.conf import settings
from django.db import models
from uuid_utils.compat import uuid7


class SignInRecord(models.Model):
    """One attempt to sign in. Without a user nobody is known by the address that was typed; that isn't kept."""

    class Outcome(models.TextChoices):
        SUCCEEDED = "succeeded", "Signed in"
        REFUSED = "refused", "Wrong password"
        CODE_REFUSED = "code_refused", "Right password, wrong code"

    class Method(models.TextChoices):
        PASSWORD = "password", "Password"
        PASSKEY = "passkey", "Passkey"
        CODE = "totp", "Password and code"
        SECOND_PASSKEY = "webauthn", "Password and passkey"
        RECOVERY_CODE = "recovery_codes", "Password and recovery code"
        LINK = "link", "Link from a mail"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", db_index=False
    )
    at = models.DateTimeField()
    outcome = models.CharField(max_length=20, choices=Outcome.choices)
    method = models.CharField(max_length=20, choices=Method.choices)
    address = models.GenericIPAddressField(null=True, blank=True)
    user_agent = models.CharField(max_length=300, blank=True)

    class Meta:
        indexes = [models.Index(fields=["user", "-at"], name="sign_in_by_user")]

    def __str__(self) -> str:
        return f"{self.outcome} at {self.at:%Y-%m-%d %H:%M}"
