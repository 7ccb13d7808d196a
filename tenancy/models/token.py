"""API tokens: what an integrator signs requests with."""

from django.db import models

from tenancy.tenant_model import TenantForeignKey, TenantModel


class ApiToken(TenantModel):
    """A bearer token of one organisation. Only its SHA-256 is kept; the text is shown once, when it is made."""

    name = models.CharField(max_length=120)
    start = models.CharField(max_length=20, help_text="The first characters, so that people can tell tokens apart.")
    sha256 = models.CharField(max_length=64)
    scopes = models.JSONField(default=list)
    created_by = TenantForeignKey("tenancy.Member", models.SET_NULL, null=True, blank=True)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["organization", "sha256"], name="api_token_sha256")]
        indexes = [models.Index(fields=["sha256"], name="api_token_by_hash")]

    def __str__(self) -> str:
        return f"{self.name} ({self.start}…)"
