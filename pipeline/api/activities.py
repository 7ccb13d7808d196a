"""/api/v1/activities and /api/v1/activities/{id}."""

from typing import Any

from django.db.models import QuerySet
from rest_framework import serializers

from integrations.api import bodies, parameters
from integrations.api.bodies import Body, Values, both_or_neither
from integrations.api.components import ReferenceSerializer, reference
from integrations.api.views import RecordView, Row
from integrations.api.writing import CreatingView
from pipeline.api import references
from pipeline.api.accounts import AccountView
from pipeline.api.components import RecordSerializer
from pipeline.api.contacts import ContactView
from pipeline.api.opportunities import OpportunityView
from pipeline.api.records import (
    BY_ID,
    BY_UPDATE,
    OURS,
    RECORD_COLUMNS,
    as_columns,
    living,
    living_columns,
    record_filters,
    record_part,
    refuse_the_future,
)
from pipeline.api.writing import RecordDeletingView, RecordWritingView
from pipeline.models import Activity, ActivityKind, Direction
from pipeline.operations import UnableToLogActivity, log_activity, update_activity
from tenancy.keyset import Sort

EXAMPLE = {
    "id": "0192f0c1-7b2a-7c3e-9a53-0b6f5d1e3001",
    "source": "import:crm",
    "external_id": "00TQy00000KlMnO",
    "version": 1,
    "created_at": "2026-11-19T11:50:00Z",
    "updated_at": "2026-11-19T11:50:00Z",
    "kind": "meeting",
    "direction": "out",
    "subject": "Service levels",
    "body": "Four hours on weekdays would do.",
    "account": {"id": "0192f0c1-7b2a-7c3e-9a53-0b6f5d1e2a10", "name": "Velora E-Bikes"},
    "contact": {"id": "0192f0c1-7b2a-7c3e-9a53-0b6f5d1e2f01", "name": "Sanne de Wit"},
    "opportunity": {"id": "0192f0c1-7b2a-7c3e-9a53-0b6f5d1e2b01", "name": "2027 drive framework"},
    "member": {"id": "0192f0c1-7b2a-7c3e-9a53-0b6f5d1e2a77", "name": "Mara Lindqvist"},
    "occurred_at": "2026-11-19T10:00:00Z",
    "is_two_way": True,
}


class ActivitySerializer(RecordSerializer):
    """Something that was done with or for a customer. What is not known is null."""

    kind = serializers.ChoiceField(ActivityKind.choices)
    direction = serializers.ChoiceField(
        Direction.choices, allow_null=True, help_text="Who began it: the customer (in) or you (out)."
    )
    subject = serializers.CharField(allow_null=True)
    body = serializers.CharField(allow_null=True, help_text="Null for a token without the scope personal:read.")
    account = ReferenceSerializer(allow_null=True)
    contact = ReferenceSerializer(allow_null=True)
    opportunity = ReferenceSerializer(allow_null=True)
    member = ReferenceSerializer(allow_null=True, help_text="The person of yours who did it.")
    occurred_at = serializers.DateTimeField()
    is_two_way = serializers.BooleanField(help_text="Whether the customer took part.")


BODY = Body(
    "Activity",
    [
        *bodies.from_source(),
        bodies.code("kind", ActivityKind.values, "What happened.", example="meeting", required=True),
        bodies.moment(
            "occurred_at",
            "When it happened; only a task may lie ahead.",
            example="2026-11-19T10:00:00Z",
            required=True,
        ),
        bodies.reference(
            "account_id",
            "account",
            references.accounts,
            "The account that it was with; that of the contact or the deal, where one of them is named.",
        ),
        bodies.reference("contact_id", "contact", references.contacts, "The contact that it was with."),
        bodies.reference("opportunity_id", "opportunity", references.opportunities, "The deal that it was about."),
        bodies.reference("member_id", "active member", references.members, "The person of yours who did it."),
        bodies.code("direction", Direction.values, "Who began it: the customer (in) or you (out).", example="out"),
        bodies.text("subject", 300, "What it was about, on one line.", example="Service levels"),
        bodies.text("body", 20_000, "What was said.", example="Four hours on weekdays would do.", lines=True),
        bodies.yes("is_two_way", "Whether the customer took part.", example=True, null=False),
    ],
    read_only=OURS,
)


class ActivityView(RecordView):
    """What the people of an organisation did with customers."""

    required_scope, write_scope = "activities:read", "activities:write"
    singular, plural = "activity", "activities"
    record = ActivitySerializer
    example = EXAMPLE
    columns = (
        *RECORD_COLUMNS,
        *("kind", "direction", "subject", "body", "occurred_at", "is_two_way", "member_id", "member__name"),
        *living_columns("account", "contact", "opportunity"),
    )
    expansions = {"account": AccountView, "contact": ContactView, "opportunity": OpportunityView}

    def rows(self) -> QuerySet[Any, Any]:
        """Return the activities that were not deleted."""
        activities: QuerySet[Any, Any] = Activity.objects.for_organization(self.organization_id).alive()
        return activities

    def shaped(self, row: Row) -> dict[str, Any]:
        """Return an activity; a neighbour that was deleted is no longer named."""
        return {
            **record_part(row),
            "kind": row["kind"],
            "direction": row["direction"] or None,
            "subject": row["subject"] or None,
            "body": self.visible("activity", row, "body") or None,
            "account": living(row, "account"),
            "contact": living(row, "contact"),
            "opportunity": living(row, "opportunity"),
            "member": reference(row, "member"),
            "occurred_at": row["occurred_at"],
            "is_two_way": row["is_two_way"],
        }


class ActivityListView(ActivityView, RecordWritingView, CreatingView):
    """Activities (calls, meetings, mails, notes, inquiries, tasks), page by page. In the order of `id`, the default,
    none is missed or comes twice while others change: right for a copy. Afterwards ask with `updated_after` for what
    changed.
    """

    summary = "List activities"
    body = BODY
    refusals = {UnableToLogActivity: "account_id"}

    def create(self, values: Values) -> Activity:
        """Log the activity."""
        both_or_neither(values)
        if values["kind"] != ActivityKind.TASK:
            refuse_the_future(values, "occurred_at", now=self.now)
        return log_activity(
            organization=self.organization,
            logged_at=self.now,
            by_machine=True,
            **{"member": None, **as_columns(values)},
        )

    sorts = (BY_ID, Sort("occurred_at", "occurred_at"), BY_UPDATE)
    filters = (
        parameters.codes("kind", "kind", ActivityKind.values, "What happened."),
        parameters.codes("direction", "direction", Direction.values, "Who began it: the customer (in) or you (out)."),
        parameters.flag("is_two_way", "is_two_way", "Whether the customer took part."),
        parameters.identifier("account", "account_id", "The account that it was with."),
        parameters.identifier("contact", "contact_id", "The contact that it was with."),
        parameters.identifier("opportunity", "opportunity_id", "The deal that it was about."),
        parameters.identifier("member", "member_id", "The person of yours who did it."),
        parameters.moment("occurred_from", "occurred_at__gte", "Happened at this moment or later."),
        parameters.moment("occurred_to", "occurred_at__lte", "Happened at this moment or earlier."),
        *record_filters("00TQy00000KlMnO"),
    )


class ActivityDetailView(ActivityView, RecordDeletingView):
    """One activity by its id."""

    summary = "Get an activity"
    body = BODY
    refusals = {UnableToLogActivity: "account_id"}
    about = {"DELETE": "It is taken out of every list and off the timelines. For 30 days it can be restored."}

    def change(self, record: Activity, values: Values) -> None:
        """Change the activity."""
        if values.get("kind", record.kind) != ActivityKind.TASK:
            refuse_the_future({"occurred_at": record.occurred_at, **values}, "occurred_at", now=self.now)
        update_activity(
            activity=record, version=record.version, updated_at=self.now, **self.acting(), **as_columns(values)
        )
