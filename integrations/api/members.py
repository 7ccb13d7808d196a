"""GET /api/v1/members and /api/v1/members/{id}: the people of the organisation, and the units that they belong to."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.db.models import Exists, OuterRef, QuerySet
from rest_framework import serializers

from integrations.api import parameters
from integrations.api.components import ReferenceSerializer, reference
from integrations.api.views import DetailView, ListView, RecordView, Row
from tenancy.keyset import Sort
from tenancy.models import Member, UnitMembership

EXAMPLE = {
    "id": "0192f0c1-7b2a-7c3e-9a53-0b6f5d1e2a77",
    "source": "manual",
    "external_id": "mara",
    "version": 3,
    "created_at": "2026-01-05T07:00:00Z",
    "updated_at": "2026-09-01T07:00:00Z",
    "name": "Mara Lindqvist",
    "email": "mara@acme.example",
    "title": "Account manager",
    "role": "member",
    "manager": {"id": "0192f0c1-7b2a-7c3e-9a53-0b6f5d1e2a70", "name": "Sil Marten"},
    "is_active": True,
    "has_login": True,
    "memberships": [
        {
            "unit": {"id": "0192f0c1-7b2a-7c3e-9a53-0b6f5d1e4001", "name": "Mobility"},
            "active_from": "2024-01-01",
            "active_to": None,
        }
    ],
}
FIELDS = ("id", "source", "external_id", "version", "created_at", "updated_at", "name")


class MembershipSerializer(serializers.Serializer[Any]):
    """When a person belonged to a unit."""

    unit = ReferenceSerializer()
    active_from = serializers.DateField()
    active_to = serializers.DateField(allow_null=True, help_text="The first day on which it is no more.")


class MemberSerializer(serializers.Serializer[Any]):
    """A person of yours: the owners of records, and whoever did something. What is not known is null."""

    id = serializers.UUIDField()
    source = serializers.CharField()  # type: ignore[assignment]  # the name is the record's, not DRF's
    external_id = serializers.CharField(help_text="The id that the source knows the person by.")
    version = serializers.IntegerField(help_text="Grows by one with every change.")
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()
    name = serializers.CharField()
    email = serializers.CharField(allow_null=True)
    title = serializers.CharField(allow_null=True)
    role = serializers.ChoiceField(Member.Role.choices)
    manager = ReferenceSerializer(allow_null=True)
    is_active = serializers.BooleanField(help_text="Whether the person is still here.")
    has_login = serializers.BooleanField(help_text="Sales people who came with an import may have none.")
    memberships = MembershipSerializer(many=True, help_text="The units, of now and of before, the earliest first.")


class MemberView(RecordView):
    """The people of an organisation."""

    required_scope = "members:read"
    singular, plural = "member", "members"
    record = MemberSerializer
    example = EXAMPLE
    columns = (*FIELDS, "email", "title", "role", "manager_id", "manager__name", "is_active", "user_id")

    def rows(self) -> QuerySet[Any, Any]:
        """Return the members, those who left as well: records go on naming them."""
        members: QuerySet[Any, Any] = Member.objects.for_organization(self.organization_id)
        return members

    def with_parts(self, rows: Sequence[Row]) -> Sequence[Row]:
        """Return the members with their units, which one query finds for all of them."""
        found = memberships_of_members(self.organization_id, [row["id"] for row in rows])
        return [{**row, "memberships": found.get(row["id"], [])} for row in rows]

    def shaped(self, row: Row) -> dict[str, Any]:
        """Return a member; what is not known is null."""
        return {
            **{name: row[name] for name in FIELDS},
            "email": row["email"] or None,
            "title": row["title"] or None,
            "role": row["role"],
            "manager": reference(row, "manager"),
            "is_active": row["is_active"],
            "has_login": row["user_id"] is not None,
            "memberships": [
                {
                    "unit": reference(one, "unit"),
                    "active_from": one["active_from"],
                    "active_to": one["active_to"],
                }
                for one in row["memberships"]
            ],
        }


def memberships_of_members(organization_id: UUID, member_ids: Sequence[UUID]) -> dict[UUID, list[Row]]:
    """Return where each member belongs and belonged, the earliest first."""
    found: dict[UUID, list[Row]] = defaultdict(list)
    memberships = UnitMembership.objects.for_organization(organization_id).filter(member__in=member_ids)
    if member_ids:
        rows = memberships.order_by("active_from", "id")
        for row in rows.values("member_id", "unit_id", "unit__name", "active_from", "active_to"):
            found[row["member_id"]].append(row)
    return found


def _ever_in(unit_id: UUID) -> Exists:
    return Exists(UnitMembership.objects.filter(unit=unit_id, member=OuterRef("pk")))


class MemberListView(MemberView, ListView):
    """The people of the organisation, page by page, those who left as well: records go on naming them."""

    summary = "List members"
    sorts = (Sort("id", "id"), Sort("name", "name"))
    filters = (
        parameters.codes("role", "role", Member.Role.values, "What the person may do."),
        parameters.flag("is_active", "is_active", "Whether the person is still here."),
        parameters.by_id("unit", _ever_in, "A unit that the person belongs or belonged to."),
        parameters.identifier("manager", "manager_id", "The person right above."),
        parameters.text("source", "source", "Where it came from.", example="import:crm"),
        parameters.text("external_id", "external_id", "The id that its source knows.", example="mara", needs="source"),
        parameters.moment("updated_after", "updated_at__gt", "Changed later than this moment."),
        parameters.moment("updated_before", "updated_at__lt", "Last changed before this moment."),
    )


class MemberDetailView(MemberView, DetailView):
    """One member by the id."""

    summary = "Get a member"
