"""An organisation: one customer of ours, one tenant."""

from datetime import date, time
from typing import Any

from django.core.validators import RegexValidator
from django.db import models
from uuid_utils.compat import uuid7

RESERVED_SLUGS = frozenset({"api", "auth", "health", "live", "metrics", "static", "ui", "invite", "portal"})
"""First path segments that are never an organisation."""

DEFAULT_SETTINGS: dict[str, Any] = {
    # Where "act today" and "this week" end, as shares of the ranked list: a list is cut where people's time ends.
    "score_bands": {"act_percent": 5, "week_percent": 20},
    "score_horizon_days": 90,
    # Hours a week that a person has for customers where nothing else is said of them: two in five of a working week.
    "customer_hours_per_week": 16,
    # Service that an account gets in any case: so many hours when nobody was in touch for so many days, by segment.
    "service_floors": {"key": {"days": 30, "hours": 0.5}, "large": {"days": 90, "hours": 0.5}},
    # Why deals are lost, as people choose it; `only` says that nothing else is taken.
    "lost_reasons": {
        "reasons": [
            "Price",
            "A competitor",
            "No budget",
            "No decision",
            "Not now",
            "Something is missing",
            "We stopped it",
        ],
        "only": False,
    },
    # What open deals are warned of: `off` names the warnings that nobody wants; days are working days.
    "deal_warnings": {
        "off": [],
        "silent_days": 15,
        "stalled_days": 10,
        "pushes": 2,
        "people": 2,
        "small_amount_minor": 0,
    },
    # Members without a second factor are sent to set one up; tokens of integrators are not asked.
    "mfa_required": False,
    # How long the entries of the audit trail are kept (their seals stay).
    "audit_retention_days": 3650,
    # Invitations by e-mail in 24 hours: nobody may send mail to strangers through us without end.
    "invitations_per_day": 50,
}
"""Shipped settings; an organisation stores only what it changed."""


class Organization(models.Model):
    """A sales organisation that uses the product. Global: it is what all the tenant tables refer to."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    slug = models.SlugField(
        max_length=60,
        unique=True,
        validators=[RegexValidator(r"^[a-z0-9][a-z0-9-]*$", "Use lower-case letters, digits and hyphens.")],
    )
    name = models.CharField(max_length=200)
    currency = models.CharField(max_length=3, default="EUR")
    time_zone = models.CharField(max_length=60, default="Europe/Berlin")
    locale = models.CharField(max_length=10, default="en")
    fiscal_year_start_month = models.PositiveSmallIntegerField(default=1)
    working_days = models.CharField(max_length=7, default="12345", help_text="ISO week days, Monday is 1.")
    night_starts_at = models.TimeField(default=time(2, 0), help_text="Local time at which the night begins.")
    settings = models.JSONField(default=dict, blank=True)
    is_active = models.BooleanField(default=True)
    version = models.PositiveIntegerField(default=1, db_default=1)
    created_at = models.DateTimeField(auto_now_add=True)

    days_off: list[date]  # only where it was read with them (`tenancy.working_time.days_off`)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=~models.Q(slug__in=sorted(RESERVED_SLUGS)), name="organization_slug_not_reserved"
            ),
            models.CheckConstraint(
                condition=models.Q(fiscal_year_start_month__range=(1, 12)), name="organization_fiscal_month"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.slug})"

    def setting(self, name: str) -> Any:
        """Return the organisation's own value of a setting, else the shipped one.

        :raises KeyError: for a setting that does not exist.
        """
        return self.settings.get(name, DEFAULT_SETTINGS[name])
