"""/api/v1/forecast-submissions and /api/v1/forecast-submission-deals: what people promised, and on which deals."""

from typing import Any

from django.db.models import QuerySet
from rest_framework import serializers

from integrations.api import bodies, parameters
from integrations.api.bodies import Body, Money, Values
from integrations.api.components import MoneySerializer, ReferenceSerializer, reference
from integrations.api.errors import FieldProblem, InvalidBody
from integrations.api.views import DetailView, ListView, RecordView, Row
from integrations.api.writing import CreatingView
from pipeline.api import references
from pipeline.api.records import BY_ID
from pipeline.api.writing import RecordWritingView
from pipeline.models import ForecastSubmission, SubmissionPeriod, SubmittedDeal
from pipeline.operations import ReasonMissing, UnableToSubmit, UnfitPromise, submit_forecast
from pipeline.queries.forecast_sums import COLUMNS
from tenancy.keyset import Sort
from tenancy.models import Member, Organization, Unit
from tenancy.periods import PeriodKind, period_of

EXAMPLE = {
    "id": "0192f0c1-7b2a-7c3e-9a53-0b6f5d1e5001",
    "period": "quarter",
    "period_start": "2026-10-01",
    "period_end": "2027-01-01",
    "unit": None,
    "member": {"id": "0192f0c1-7b2a-7c3e-9a53-0b6f5d1e2a77", "name": "Mara Lindqvist"},
    "submitted_by": {"id": "0192f0c1-7b2a-7c3e-9a53-0b6f5d1e2a77", "name": "Mara Lindqvist"},
    "submitted_at": "2026-11-23T08:02:11Z",
    "commit": {"amount_minor": 48_000_000, "currency": "EUR"},
    "best_case": {"amount_minor": 61_000_000, "currency": "EUR"},
    "adds_up_to": {
        "commit": {"amount_minor": 52_000_000, "currency": "EUR"},
        "best_case": {"amount_minor": 61_000_000, "currency": "EUR"},
    },
    "is_override": True,
    "reason": "The framework slips into January.",
    "note": None,
    "quota": {"amount_minor": 60_000_000, "currency": "EUR"},
    "sums": {column: {"amount_minor": 10_000_000, "currency": "EUR"} for column in COLUMNS},
    "not_counted": [{"amount_minor": 900_000, "currency": "CHF"}],
    "deals": 14,
}


class PromiseSerializer(serializers.Serializer[Any]):
    """Two cumulative numbers: what is won is in both."""

    commit = MoneySerializer()
    best_case = MoneySerializer()


class SumsSerializer(serializers.Serializer[Any]):
    """What the deals came to by column, single: no deal is in two of them."""

    commit = MoneySerializer()
    best_case = MoneySerializer()
    pipeline = MoneySerializer()
    omitted = MoneySerializer()
    won = MoneySerializer()
    lost = MoneySerializer()


class ForecastSubmissionSerializer(serializers.Serializer[Any]):
    """What somebody promised for a period, with how the deals stood. It never changes; the newest one counts."""

    id = serializers.UUIDField()
    period = serializers.ChoiceField(SubmissionPeriod.choices)
    period_start = serializers.DateField()
    period_end = serializers.DateField(help_text="The first day after it.")
    unit = ReferenceSerializer(allow_null=True, help_text="The unit whose number it is; null where it is a person's.")
    member = ReferenceSerializer(allow_null=True)
    submitted_by = ReferenceSerializer(allow_null=True, help_text="Null where a system did it.")
    submitted_at = serializers.DateTimeField()
    commit = MoneySerializer(help_text="What is promised, with what is won.")
    best_case = MoneySerializer(help_text="What could be, with what is promised and won.")
    adds_up_to = PromiseSerializer(help_text="What the deals, or the people below, added up to at that moment.")
    is_override = serializers.BooleanField()
    reason = serializers.CharField(allow_null=True, help_text="Why another number was promised.")
    note = serializers.CharField(allow_null=True)
    quota = MoneySerializer(allow_null=True)
    sums = SumsSerializer()
    not_counted = MoneySerializer(many=True, help_text="What had no rate, in its own currency; it is in no figure.")
    deals = serializers.IntegerField()


BODY = Body(
    "ForecastSubmission",
    [
        bodies.reference("unit_id", "unit", references.units, "The unit whose number it is; this or member_id."),
        bodies.reference(
            "member_id",
            "active member",
            references.members,
            "The person whose number it is; this or unit_id.",
            example="0192f0c1-7b2a-7c3e-9a53-0b6f5d1e2a77",
        ),
        bodies.code("period", SubmissionPeriod.values, "How long it is.", example="quarter", required=True),
        bodies.day("period_start", "Its first day in your fiscal year.", example="2026-10-01", required=True),
        bodies.money(
            "commit",
            "What is promised, with what is won.",
            example={"amount_minor": 48_000_000, "currency": "EUR"},
            required=True,
        ),
        bodies.money(
            "best_case",
            "What could be, with what is promised and won; in the same currency.",
            example={"amount_minor": 61_000_000, "currency": "EUR"},
            required=True,
        ),
        bodies.text("reason", 500, "Needed where a number differs from what it adds up to.", lines=True),
        bodies.text("note", 2_000, "Anything else.", lines=True),
    ],
    read_only=(
        *("period_end", "unit", "member", "submitted_by", "submitted_at", "adds_up_to", "is_override", "quota"),
        *("sums", "not_counted", "deals"),
    ),
)


class ForecastSubmissionView(RecordView):
    """What people promised."""

    required_scope, write_scope = "forecast-submissions:read", "forecast-submissions:write"
    singular, plural = "forecast_submission", "forecast_submissions"
    record = ForecastSubmissionSerializer
    example = EXAMPLE
    columns = (
        *("id", "period_kind", "period_start", "period_end", "unit_id", "unit__name", "member_id", "member__name"),
        *("submitted_by_id", "submitted_by__name", "submitted_at", "currency", "commit_minor", "best_case_minor"),
        *("by_deals_commit_minor", "by_deals_best_case_minor", "reason", "note", "quota_minor", "sums"),
        *("not_counted", "deals"),
    )

    def rows(self) -> QuerySet[Any, Any]:
        """Return all that was submitted, what was superseded among it."""
        submissions: QuerySet[Any, Any] = ForecastSubmission.objects.for_organization(self.organization_id)
        return submissions

    def shaped(self, row: Row) -> dict[str, Any]:
        """Return a submission."""

        def money(minor: int) -> dict[str, Any]:
            return {"amount_minor": minor, "currency": row["currency"]}

        adds_up = (row["by_deals_commit_minor"], row["by_deals_best_case_minor"])
        return {
            "id": row["id"],
            "period": row["period_kind"],
            **{name: row[name] for name in ("period_start", "period_end", "submitted_at", "deals")},
            **{name: reference(row, name) for name in ("unit", "member", "submitted_by")},
            "commit": money(row["commit_minor"]),
            "best_case": money(row["best_case_minor"]),
            "adds_up_to": {"commit": money(adds_up[0]), "best_case": money(adds_up[1])},
            "is_override": adds_up != (row["commit_minor"], row["best_case_minor"]),
            "reason": row["reason"] or None,
            "note": row["note"] or None,
            "quota": None if row["quota_minor"] is None else money(row["quota_minor"]),
            "sums": {column: money(row["sums"][column]) for column in COLUMNS},
            "not_counted": [
                {"amount_minor": minor, "currency": code} for code, minor in sorted(row["not_counted"].items())
            ],
        }


class ForecastSubmissionListView(ForecastSubmissionView, RecordWritingView, CreatingView):
    """What people promised, page by page. Of a unit or person and a period the newest counts; none ever changes."""

    summary = "List forecast submissions"
    body = BODY
    refusals = {ReasonMissing: "reason", UnfitPromise: "commit", UnableToSubmit: "period_start"}
    about = {
        "POST": "It supersedes the one before of the same unit or person and period, and changes no deal. After the"
        " period is over it is refused."
    }

    def create(self, values: Values) -> ForecastSubmission:
        """Submit the forecast."""
        organization = Organization.objects.get(pk=self.organization_id)
        subject: Unit | Member | None = values.get("unit_id") or values.get("member_id")
        if subject is None or (values.get("unit_id") and values.get("member_id")):
            raise InvalidBody([FieldProblem("unit_id", "State unit_id or member_id, one of them.")])
        commit, best_case = values["commit"], values["best_case"]
        assert isinstance(commit, Money)
        if commit.currency != best_case.currency:
            raise InvalidBody([FieldProblem("best_case", "commit and best_case are in one currency.")])
        period = period_of(organization, PeriodKind(values["period"]), values["period_start"])
        if period.start != values["period_start"]:
            words = f"No {period.kind.value} of yours begins then; the one that holds it begins on {period.start}."
            raise InvalidBody([FieldProblem("period_start", words)])
        return submit_forecast(
            organization=organization,
            period=period,
            subject=subject,
            commit_minor=commit.amount_minor,
            best_case_minor=best_case.amount_minor,
            currency=commit.currency,
            submitted_by=None,
            submitted_at=self.now,
            note=values.get("note", ""),
            reason=values.get("reason", ""),
        )

    sorts = (BY_ID, Sort("submitted_at", "submitted_at"))
    filters = (
        parameters.identifier("unit", "unit_id", "The unit whose number it is."),
        parameters.identifier("member", "member_id", "The person whose number it is."),
        parameters.codes("period", "period_kind", SubmissionPeriod.values, "How long the period is."),
        parameters.day("period_start", "period_start", "The first day of the period."),
        parameters.moment("submitted_from", "submitted_at__gte", "Submitted at this moment or later."),
        parameters.moment("submitted_to", "submitted_at__lte", "Submitted at this moment or earlier."),
    )


class ForecastSubmissionDetailView(ForecastSubmissionView, DetailView):
    """One submission by its id."""

    summary = "Get a forecast submission"
    write_scope = ""


class SubmittedDealSerializer(serializers.Serializer[Any]):
    """A deal as it stood when a forecast was submitted; what became of it since changes nothing here."""

    id = serializers.UUIDField()
    submission_id = serializers.UUIDField()
    opportunity_id = serializers.UUIDField(help_text="The deal. It may be gone by now.")
    name = serializers.CharField()
    owner_name = serializers.CharField(allow_null=True)
    column = serializers.ChoiceField([(one, one) for one in COLUMNS])
    is_pinned = serializers.BooleanField(help_text="Whether a person, and not its stage, said so.")
    amount = MoneySerializer(allow_null=True)
    close_date = serializers.DateField()


class SubmittedDealListView(ListView):
    """The deals that submissions were made on, as they stood then."""

    required_scope = "forecast-submissions:read"
    singular, plural = "forecast_submission_deal", "forecast_submission_deals"
    summary = "List the deals of forecast submissions"
    record = SubmittedDealSerializer
    example = {
        "id": "0192f0c1-7b2a-7c3e-9a53-0b6f5d1e5101",
        "submission_id": "0192f0c1-7b2a-7c3e-9a53-0b6f5d1e5001",
        "opportunity_id": "0192f0c1-7b2a-7c3e-9a53-0b6f5d1e2b01",
        "name": "2027 drive framework",
        "owner_name": "Mara Lindqvist",
        "column": "commit",
        "is_pinned": True,
        "amount": {"amount_minor": 38_000_000, "currency": "EUR"},
        "close_date": "2026-12-18",
    }
    columns = (
        *("id", "submission_id", "deal_id", "name", "owner_name", "category", "is_pinned", "amount_minor", "currency"),
        "close_date",
    )
    sorts = (BY_ID,)
    filters = (parameters.identifier("submission", "submission_id", "The submission that they belong to."),)

    def rows(self) -> QuerySet[Any, Any]:
        """Return the deals of all submissions."""
        deals: QuerySet[Any, Any] = SubmittedDeal.objects.for_organization(self.organization_id)
        return deals

    def shaped(self, row: Row) -> dict[str, Any]:
        """Return a deal as it stood."""
        amount = row["amount_minor"]
        return {
            **{name: row[name] for name in ("id", "submission_id", "name", "is_pinned", "close_date")},
            "opportunity_id": row["deal_id"],
            "owner_name": row["owner_name"] or None,
            "column": row["category"],
            "amount": None if amount is None else {"amount_minor": amount, "currency": row["currency"]},
        }
