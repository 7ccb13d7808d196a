"""/api/v1/quotas and /api/v1/quotas/{id}: what units and people are to win in a year."""

from typing import Any

from django.db.models import QuerySet
from rest_framework import serializers

from integrations.api import bodies, parameters
from integrations.api.bodies import Body, Money, Values
from integrations.api.components import MoneySerializer, ReferenceSerializer, money, reference
from integrations.api.errors import FieldProblem, InvalidBody
from integrations.api.parameters import Unreadable
from integrations.api.views import RecordView, Row
from integrations.api.writing import CreatingView, DeletingView
from pipeline.api import references
from pipeline.api.records import BY_ID
from pipeline.api.writing import RecordWritingView
from pipeline.models import Phasing, Quota
from pipeline.operations import StaleQuota, UnableToSetQuota, change_quota, create_quota, delete_quota
from pipeline.operations.quotas import MONTHS, MOST
from tenancy.keyset import Sort

EXAMPLE = {
    "id": "0192f0c1-7b2a-7c3e-9a53-0b6f5d1e5201",
    "version": 1,
    "unit": {"id": "0192f0c1-7b2a-7c3e-9a53-0b6f5d1e2f01", "name": "Mobility"},
    "member": None,
    "year_start": "2026-01-01",
    "amount": {"amount_minor": 120_000_000, "currency": "EUR"},
    "months": [10_000_000] * 12,
    "phasing": "even",
    "set_by": None,
    "set_at": "2026-01-05T08:00:00Z",
}


class QuotaSerializer(serializers.Serializer[Any]):
    """What a unit or a person is to win in the twelve months from a day on."""

    id = serializers.UUIDField()
    version = serializers.IntegerField()
    unit = ReferenceSerializer(allow_null=True, help_text="Null where it is a person's.")
    member = ReferenceSerializer(allow_null=True)
    year_start = serializers.DateField()
    amount = MoneySerializer()
    months = serializers.ListField(
        child=serializers.IntegerField(), min_length=MONTHS, max_length=MONTHS, help_text="Minor units, first to last."
    )
    phasing = serializers.ChoiceField(Phasing.choices, help_text="How the year was laid on its months.")
    set_by = ReferenceSerializer(allow_null=True, help_text="Null where a system did it.")
    set_at = serializers.DateTimeField()


def _months(given: Any) -> list[int]:
    """Return twelve amounts.

    :raises Unreadable: when they are something else.
    """
    if type(given) is list and len(given) == MONTHS and all(type(one) is int and 0 <= one <= MOST for one in given):
        return given
    raise Unreadable("takes twelve whole numbers of minor units, first month to last")


BODY = Body(
    "Quota",
    [
        bodies.reference(
            "unit_id", "unit", references.units, "Whose quota it is; this or member_id.", on_create_only=True
        ),
        bodies.reference(
            "member_id",
            "active member",
            references.members,
            "Whose quota it is; this or unit_id.",
            example="0192f0c1-7b2a-7c3e-9a53-0b6f5d1e2a77",
            on_create_only=True,
        ),
        bodies.day(
            "year_start",
            "The first day of the year, the first of a month.",
            example="2026-01-01",
            required=True,
            on_create_only=True,
        ),
        bodies.money(
            "amount",
            "What is to be won in the year.",
            example={"amount_minor": 120_000_000, "currency": "EUR"},
            required=True,
        ),
        bodies.BodyField(
            "months",
            "What falls on each month; they add up to the amount. Without them the year is laid as past years fell.",
            {
                "type": "array",
                "minItems": MONTHS,
                "maxItems": MONTHS,
                "items": {"type": "integer", "minimum": 0, "maximum": MOST},
            },
            _months,
            [10_000_000] * MONTHS,
            null=False,
        ),
    ],
    read_only=("unit", "member", "phasing", "set_by", "set_at"),
)


class QuotaView(RecordView):
    """The quotas of an organisation."""

    required_scope, write_scope = "quotas:read", "quotas:write"
    singular, plural = "quota", "quotas"
    record = QuotaSerializer
    example = EXAMPLE
    columns = (
        *("id", "version", "unit_id", "unit__name", "member_id", "member__name", "year_start", "amount_minor"),
        *("currency", "months", "phasing", "set_by_id", "set_by__name", "set_at"),
    )

    def rows(self) -> QuerySet[Any, Any]:
        """Return all quotas."""
        quotas: QuerySet[Any, Any] = Quota.objects.for_organization(self.organization_id)
        return quotas

    def shaped(self, row: Row) -> dict[str, Any]:
        """Return a quota."""
        kept = ("id", "version", "year_start", "months", "phasing", "set_at")
        return {
            **{name: row[name] for name in kept},
            **{name: reference(row, name) for name in ("unit", "member", "set_by")},
            "amount": money(row, "amount_minor"),
        }


class QuotaListView(QuotaView, RecordWritingView, CreatingView):
    """The quotas, page by page."""

    summary = "List quotas"
    body = BODY
    refusals = {UnableToSetQuota: "amount"}

    def create(self, values: Values) -> Quota:
        """Set the quota."""
        subject = values.get("unit_id") or values.get("member_id")
        if subject is None or (values.get("unit_id") and values.get("member_id")):
            raise InvalidBody([FieldProblem("unit_id", "State unit_id or member_id, one of them.")])
        return create_quota(
            subject=subject,
            year_start=values["year_start"],
            months=values.get("months"),
            at=self.now,
            **_amount(values),
            **self.acting(),
        )

    sorts = (BY_ID, Sort("year_start", "year_start"))
    filters = (
        parameters.identifier("unit", "unit_id", "The unit whose quota it is."),
        parameters.identifier("member", "member_id", "The person whose quota it is."),
        parameters.day("year_start", "year_start", "The first day of the year."),
    )


class QuotaDetailView(QuotaView, RecordWritingView, DeletingView):
    """One quota by its id."""

    summary = "Get a quota"
    body = BODY
    refusals = {UnableToSetQuota: "amount"}
    stale = (StaleQuota,)
    about = {
        "PATCH": "A new amount is laid on the months anew, unless they are stated too.",
        "DELETE": "Forecasts that were submitted while it stood keep what it was.",
    }

    def change(self, record: Quota, values: Values) -> None:
        """Change the quota."""
        change_quota(
            quota=record,
            version=record.version,
            months=values.get("months"),
            at=self.now,
            **_amount(values),
            **self.acting(),
        )

    def delete_record(self, record: Quota) -> None:
        """Take the quota back."""
        delete_quota(quota=record, version=record.version, at=self.now, **self.acting())


def _amount(values: Values) -> dict[str, Any]:
    amount: Money | None = values.get("amount")
    return {} if amount is None else {"amount_minor": amount.amount_minor, "currency": amount.currency}
