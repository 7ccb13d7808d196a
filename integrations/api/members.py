"""/api/v1/members and /api/v1/members/{id}: the people of the organisation, and the units that they belong to."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from functools import cached_property
from typing import Any
from uuid import UUID

from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone
from rest_framework import serializers

from integrations.api import bodies, parameters
from integrations.api.bodies import Body, Values, both_or_neither
from integrations.api.components import ReferenceSerializer, reference
from integrations.api.errors import FieldProblem, InvalidBody
from integrations.api.preconditions import Seen
from integrations.api.views import RecordView, Row
from integrations.api.writing import ChangingView, CreatingView, WritingView
from tenancy.keyset import Sort
from tenancy.locks import hold
from tenancy.members import (
    StaleMember,
    UnableToChangeMember,
    add_member,
    change_role,
    deactivate_member,
    reactivate_member,
    rename_member,
    set_hours,
)
from tenancy.models import Member, Organization, UnitMembership
from tenancy.models.member import ASSIGNABLE_ROLES, MOST_HOURS

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
    "hours_per_week": 20,
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
    email = serializers.CharField(allow_null=True, help_text="Null for a token without the scope personal:read.")
    title = serializers.CharField(allow_null=True)
    role = serializers.ChoiceField(Member.Role.choices)
    manager = ReferenceSerializer(allow_null=True)
    hours_per_week = serializers.IntegerField(
        allow_null=True, help_text="For customers; null where what is usual in the organisation holds."
    )
    is_active = serializers.BooleanField(help_text="Whether the person is still here.")
    has_login = serializers.BooleanField(help_text="Sales people who came with an import may have none.")
    memberships = MembershipSerializer(many=True, help_text="The units, of now and of before, the earliest first.")


EMAIL = r"[^@\s\x00-\x1f]{1,64}@[^@\s\x00-\x1f]{1,189}"
ROLES = [role.value for role in ASSIGNABLE_ROLES if role != Member.Role.ADMIN]
BODY = Body(
    "Member",
    [
        *bodies.from_source(),
        bodies.text("name", 200, "The name that colleagues know the person by.", example="Rui Prado", required=True),
        bodies.matching(
            "email",
            EMAIL,
            "an address such as rui@acme.example",
            "The e-mail address. It lets nobody sign in; an invitation does.",
            on_create_only=True,
        ),
        bodies.text("title", 120, "What the person does.", example="Account manager"),
        bodies.code(
            "role", ROLES, "What the person may do; `member`, where nobody says.", example="member", null=False
        ),
        bodies.whole(
            "hours_per_week", 0, MOST_HOURS, "Hours a week for customers; null for what is usual.", example=20
        ),
        bodies.yes("is_active", "Whether the person is still here. Who leaves is signed out at once.", null=False),
    ],
    read_only=("manager", "has_login", "memberships"),
)
BY_A_PERSON = "An administrator is made, changed and let go by a person, on the page Members."


class MemberWritingView(WritingView):
    """Writes members. The audit trail names the token; nobody of the organisation did it in person.

    Administrators are out of its reach: a token that leaks must not make one, nor lock them out.
    """

    stale = (StaleMember,)
    refusals = {UnableToChangeMember: ""}

    @cached_property
    def organization(self) -> Organization:
        """The organisation of the token."""
        return Organization.objects.get(pk=self.organization_id)

    @cached_property
    def now(self) -> datetime:
        """The moment of the request."""
        return timezone.now()


class MemberView(RecordView):
    """The people of an organisation."""

    required_scope, write_scope = "members:read", "members:write"
    singular, plural = "member", "members"
    record = MemberSerializer
    example = EXAMPLE
    columns = (
        *FIELDS,
        "email",
        "title",
        "role",
        "manager_id",
        "manager__name",
        "hours_per_week",
        "is_active",
        "user_id",
    )

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
            "email": self.visible("member", row, "email") or None,
            "title": row["title"] or None,
            "role": row["role"],
            "manager": reference(row, "manager"),
            "hours_per_week": row["hours_per_week"],
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


class MemberListView(MemberView, MemberWritingView, CreatingView):
    """The people of the organisation, page by page, those who left as well: records go on naming them."""

    summary = "List members"
    body = BODY
    about = {"POST": "The person can own records and can't sign in. Administrators are invited on the page Members."}

    def create(self, values: Values) -> Member:
        """Add the member."""
        both_or_neither(values)
        is_active = values.pop("is_active", True)
        hours = values.pop("hours_per_week", None)
        made = add_member(
            organization=self.organization, actor=None, at=self.now, **{"role": Member.Role.MEMBER, **values}
        )
        if hours is not None:
            made = set_hours(
                organization=self.organization,
                member=made,
                version=made.version,
                hours_per_week=hours,
                actor=None,
                at=self.now,
            )
        if not is_active:
            deactivate_member(
                organization=self.organization, member=made, version=made.version, actor=None, at=self.now
            )
        return made

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


class MemberDetailView(MemberView, MemberWritingView, ChangingView):
    """One member by the id."""

    summary = "Get a member"
    body = BODY
    about = {
        "PATCH": "Names, role, hours and coming or going are changes of their own: the version grows by one for each. "
        "They hold from the person's next request on. Administrators are changed on the page Members only."
    }

    def locked(self, key: UUID, seen: Seen) -> Any:
        """Return the member; what the operations lock comes first, so that two changes never wait for each other."""
        hold(organization=self.organization, purpose="administrators")
        return super().locked(key, seen)

    def change(self, record: Member, values: Values) -> None:
        """Rename the member, change the role, let them go or come back."""
        known: dict[str, Any] = {"organization": self.organization, "actor": None, "at": self.now}
        if record.role in (Member.Role.ADMIN, Member.Role.SUPPORT):
            raise InvalidBody([FieldProblem(name, BY_A_PERSON) for name in values] or [FieldProblem("", BY_A_PERSON)])
        if values.keys() & {"name", "title"}:
            record = rename_member(
                member=record,
                version=record.version,
                name=values.get("name", record.name),
                title=values.get("title", record.title),
                **known,
            )
        if "role" in values:
            record = change_role(member=record, version=record.version, role=values["role"], **known)
        if "hours_per_week" in values:
            record = set_hours(member=record, version=record.version, hours_per_week=values["hours_per_week"], **known)
        if "is_active" in values:
            move = reactivate_member if values["is_active"] else deactivate_member
            move(member=record, version=record.version, **known)
