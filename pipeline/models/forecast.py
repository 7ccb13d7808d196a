"""What people say a period will bring, what was asked of them, and how a year falls on its months."""

from typing import Any, ClassVar

from django.db import models
from django.db.models import F, Q

from pipeline.models.record import one_of
from tenancy.periods import Period, PeriodKind, span_words
from tenancy.tenant_model import TenantForeignKey, TenantManager, TenantModel, TenantQuerySet

CURRENCY = r"^[A-Z]{3}$"
OF_ONE = Q(unit__isnull=False, member__isnull=True) | Q(unit__isnull=True, member__isnull=False)
"""A row is about a unit or about a person, never both."""


class SubmissionPeriod(models.TextChoices):
    """The periods that people submit a forecast for."""

    MONTH = PeriodKind.MONTH.value, "Month"
    QUARTER = PeriodKind.QUARTER.value, "Quarter"


class Phasing(models.TextChoices):
    """How a year's quota was laid on its months."""

    SEASON = "season", "As past years fell"
    EVEN = "even", "Evenly"
    BY_HAND = "by_hand", "By hand"


class SubmissionQuerySet(TenantQuerySet["ForecastSubmission"]):
    """The vocabulary of submissions."""

    def of_period(self, period: Period) -> "SubmissionQuerySet":
        """Keep those that were made for exactly this period."""
        return self.filter(period_kind=period.kind.value, period_start=period.start, period_end=period.end)

    def newest(self) -> "SubmissionQuerySet":
        """Keep the one that counts of each unit and person: what is newer supersedes, and nothing is lost."""
        return self.order_by("unit", "member", "-submitted_at", "-id").distinct("unit", "member")


class ForecastSubmission(TenantModel):
    """What somebody promised for a period, with how the deals stood at that moment. Written once, never changed.

    `commit_minor` and `best_case_minor` are cumulative, as people say such numbers: what is won is in both. The sums by
    category are single.
    """

    period_kind = models.TextField(choices=SubmissionPeriod.choices)
    period_start = models.DateField()
    period_end = models.DateField(help_text="The first day after it.")
    unit = TenantForeignKey("tenancy.Unit", models.PROTECT, null=True)
    member = TenantForeignKey("tenancy.Member", models.PROTECT, null=True)
    submitted_by = TenantForeignKey("tenancy.Member", models.PROTECT, null=True)
    submitted_at = models.DateTimeField()
    currency = models.TextField()
    commit_minor = models.BigIntegerField()
    best_case_minor = models.BigIntegerField()
    by_deals_commit_minor = models.BigIntegerField(help_text="What deals, or the submissions below, add up to.")
    by_deals_best_case_minor = models.BigIntegerField()
    quota_minor = models.BigIntegerField(null=True)
    sums = models.JSONField(help_text="Column of the grid → minor units, single.")
    not_counted = models.JSONField(default=dict, help_text="Currency without a rate → deals.")
    deals = models.IntegerField()
    fingerprint = models.TextField(help_text="Of the deals with amount and category: another one says they changed.")
    note = models.TextField(default="", db_default="")
    reason = models.TextField(default="", db_default="")

    objects: ClassVar[Any] = TenantManager.from_queryset(SubmissionQuerySet)()

    class Meta(TenantModel.Meta):
        constraints = [
            one_of("period_kind", SubmissionPeriod, name="forecast_submission_period"),
            models.CheckConstraint(condition=OF_ONE, name="forecast_submission_of_one"),
            models.CheckConstraint(condition=Q(period_end__gt=F("period_start")), name="forecast_submission_days"),
            models.CheckConstraint(condition=Q(currency__regex=CURRENCY), name="forecast_submission_currency"),
            models.CheckConstraint(
                condition=Q(commit_minor__gte=0, best_case_minor__gte=F("commit_minor")),
                name="forecast_submission_amounts",
            ),
            models.CheckConstraint(
                condition=Q(commit_minor=F("by_deals_commit_minor"), best_case_minor=F("by_deals_best_case_minor"))
                | ~Q(reason=""),
                name="forecast_submission_has_reason",
            ),
        ]
        indexes = [
            models.Index(
                fields=["organization", "period_start", "period_end", "submitted_at", "id"],
                name="forecast_sub_by_period",
            ),
            models.Index(fields=["organization", "submitted_at", "id"], name="forecast_sub_by_moment"),
        ]

    def __str__(self) -> str:
        return f"{self.commit_minor} {self.currency} for {self.period_words}"

    @property
    def period_words(self) -> str:
        """The months that it is about, whatever the calendar says by now."""
        return span_words(self.period_start, self.period_end)

    @property
    def is_override(self) -> bool:
        """Whether the person said something else than the deals, or the people below, add up to."""
        said = (self.commit_minor, self.best_case_minor)
        return said != (self.by_deals_commit_minor, self.by_deals_best_case_minor)


class SubmittedDeal(TenantModel):
    """A deal as it stood when a forecast was submitted. It names the deal by id: what becomes of it changes nothing."""

    submission = TenantForeignKey("pipeline.ForecastSubmission", models.CASCADE, related_name="submitted_deals")
    deal_id = models.UUIDField()
    name = models.TextField()
    owner_name = models.TextField(default="", db_default="")
    category = models.TextField(help_text="The column of the grid that it stood in.")
    is_pinned = models.BooleanField()
    amount_minor = models.BigIntegerField(null=True)
    currency = models.TextField(default="", db_default="")
    close_date = models.DateField()

    class Meta(TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["organization", "submission", "deal_id"], name="submitted_deal_once"),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.category})"


class Quota(TenantModel):
    """What a unit or a person is to win in a year, laid on its months when it was set."""

    unit = TenantForeignKey("tenancy.Unit", models.CASCADE, null=True)
    member = TenantForeignKey("tenancy.Member", models.CASCADE, null=True)
    year_start = models.DateField(help_text="The first day of the twelve months.")
    currency = models.TextField()
    amount_minor = models.BigIntegerField()
    months = models.JSONField(help_text="Twelve amounts in minor units, from the first month on; they add up to it.")
    phasing = models.TextField(choices=Phasing.choices)
    set_by = TenantForeignKey("tenancy.Member", models.PROTECT, null=True)
    set_at = models.DateTimeField()
    version = models.IntegerField(default=1, db_default=1)

    class Meta(TenantModel.Meta):
        constraints = [
            models.CheckConstraint(condition=OF_ONE, name="quota_of_one"),
            models.CheckConstraint(condition=Q(amount_minor__gte=0), name="quota_amount"),
            models.CheckConstraint(condition=Q(currency__regex=CURRENCY), name="quota_currency"),
            models.CheckConstraint(condition=Q(year_start__day=1), name="quota_begins_a_month"),
            one_of("phasing", Phasing, name="quota_phasing"),
            models.UniqueConstraint(
                fields=["organization", "unit", "year_start"], condition=Q(member=None), name="quota_of_unit_once"
            ),
            models.UniqueConstraint(
                fields=["organization", "member", "year_start"], condition=Q(unit=None), name="quota_of_member_once"
            ),
        ]
        indexes = [models.Index(fields=["organization", "year_start", "id"], name="quota_by_year")]

    def __str__(self) -> str:
        return f"{self.amount_minor} {self.currency} from {self.year_start}"


class Season(TenantModel):
    """How a year of this organisation falls on the months of the calendar, as its past years fell. One row each."""

    shares = models.JSONField(help_text="January to December in millionths; they add up to a million.")
    years = models.IntegerField(help_text="So many whole years it was learnt from.")
    learned_at = models.DateTimeField()

    class Meta(TenantModel.Meta):
        constraints = [models.UniqueConstraint(fields=["organization"], name="season_once")]

    def __str__(self) -> str:
        return f"A season of {self.years} years"
