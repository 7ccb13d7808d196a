"""/api/v1/opportunity-parties and /api/v1/opportunity-parties/{opportunity_id}."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from rest_framework import serializers

from integrations.api import bodies, parameters
from integrations.api.bodies import Body, Values
from integrations.api.components import ReferenceSerializer
from integrations.api.errors import FieldProblem, InvalidBody
from integrations.api.views import ListView, RecordView, Row
from integrations.api.writing import ChangingView
from pipeline.api import references
from pipeline.api.records import BY_ID, BY_UPDATE
from pipeline.api.writing import RecordWritingView
from pipeline.models import BuyingRole, DealContact, DealSplit, Opportunity
from pipeline.operations import UnableToSetParties, set_deal_people, set_splits
from pipeline.operations.deal_parties import MOST_PEOPLE, MOST_SPLITS

EXAMPLE = {
    "id": "0192f0c1-7b2a-7c3e-9a53-0b6f5d1e2b01",
    "name": "2027 drive framework",
    "people": [
        {"contact": {"id": "0192f0c1-7b2a-7c3e-9a53-0b6f5d1e2f01", "name": "Sanne de Wit"}, "role": "decides"},
    ],
    "splits": [
        {"unit": {"id": "0192f0c1-7b2a-7c3e-9a53-0b6f5d1e2e01", "name": "Mobility"}, "share_bp": 7_000},
        {"unit": {"id": "0192f0c1-7b2a-7c3e-9a53-0b6f5d1e2e02", "name": "Marine"}, "share_bp": 3_000},
    ],
    "version": 7,
}


class DealPersonSerializer(serializers.Serializer[Any]):
    """A person of the customer in a deal."""

    contact = ReferenceSerializer()
    role = serializers.ChoiceField(BuyingRole.choices)


class DealSplitSerializer(serializers.Serializer[Any]):
    """The share of a unit in a deal."""

    unit = ReferenceSerializer()
    share_bp = serializers.IntegerField(min_value=1, max_value=10_000, help_text="In hundredths of a percent.")


class DealPartiesSerializer(serializers.Serializer[Any]):
    """Who takes part in a deal; id and version are the opportunity's."""

    id = serializers.UUIDField()
    name = serializers.CharField()
    people = DealPersonSerializer(many=True)
    splits = DealSplitSerializer(many=True, help_text="They add up to 10,000, or there are none.")
    version = serializers.IntegerField()


PERSON = Body(
    "DealPerson",
    [
        bodies.reference("contact_id", "contact", references.contacts, "The person.", required=True),
        bodies.code("role", BuyingRole.values, "What they do in the decision.", example="decides", required=True),
    ],
)
SPLIT = Body(
    "DealSplit",
    [
        bodies.reference("unit_id", "unit", references.units, "The unit.", required=True),
        bodies.whole("share_bp", 1, 10_000, "Its share in hundredths of a percent.", example=5_000, required=True),
    ],
)
BODY = Body(
    "OpportunityParties",
    [
        bodies.objects("people", PERSON, MOST_PEOPLE, "All who take part, people of the deal’s account.", example=[]),
        bodies.objects("splits", SPLIT, MOST_SPLITS, "All shares: they add up to 10,000, or none.", example=[]),
    ],
    read_only=("name",),
)


class DealPartiesView(RecordView):
    """The deals with who takes part in them."""

    required_scope, write_scope = "opportunities:read", "opportunities:write"
    singular, plural = "opportunity_parties", "opportunity_parties"
    record = DealPartiesSerializer
    example = EXAMPLE
    columns = ("id", "name", "version", "updated_at")

    def rows(self) -> QuerySet[Any, Any]:
        """Return the deals that were not deleted."""
        deals: QuerySet[Any, Any] = Opportunity.objects.for_organization(self.organization_id).alive()
        return deals

    def with_parts(self, rows: Sequence[Row]) -> Sequence[Row]:
        """Return the deals with their people and shares."""
        deals = [row["id"] for row in rows]
        people: dict[UUID, list[Any]] = {}
        named = DealContact.objects.for_organization(self.organization_id).filter(contact__deleted_at=None)
        for deal, key, name, role in (
            named.filter(opportunity__in=deals)
            .order_by("contact__name_key", "id")
            .values_list("opportunity", "contact", "contact__name", "role")
        ):
            people.setdefault(deal, []).append({"contact": {"id": key, "name": name}, "role": role})
        splits: dict[UUID, list[Any]] = {}
        shared = DealSplit.objects.for_organization(self.organization_id).filter(opportunity__in=deals)
        for deal, key, name, share in shared.order_by("-share_bp", "unit__name").values_list(
            "opportunity", "unit", "unit__name", "share_bp"
        ):
            splits.setdefault(deal, []).append({"unit": {"id": key, "name": name}, "share_bp": share})
        return [{**row, "people": people.get(row["id"], []), "splits": splits.get(row["id"], [])} for row in rows]

    def shaped(self, row: Row) -> dict[str, Any]:
        """Return who takes part in a deal."""
        return {name: row[name] for name in ("id", "name", "people", "splits", "version")}


class DealPartiesListView(DealPartiesView, ListView):
    """Who takes part in each deal, page by page."""

    summary = "List who takes part in opportunities"
    sorts = (BY_ID, BY_UPDATE)
    filters = (
        parameters.identifier("account", "account_id", "The account that the deal is with."),
        parameters.identifier("owner", "owner_id", "The person who owns the deal."),
        parameters.moment("updated_after", "updated_at__gt", "Changed later than this moment."),
    )


class DealPartiesDetailView(DealPartiesView, RecordWritingView, ChangingView):
    """Who takes part in one deal, by the id of the opportunity."""

    summary = "Get who takes part in an opportunity"
    body = BODY
    about = {"PATCH": "States all people, or all shares; who is left out of a list takes no part any more."}

    def change(self, record: Opportunity, values: Values) -> None:
        """Change who takes part."""
        common: dict[str, Any] = {**self.acting(), "opportunity": record, "at": self.now}
        for name, make, operation in (
            ("people", self._roles, set_deal_people),
            ("splits", self._shares, set_splits),
        ):
            if name in values:
                said = make(values[name])
                try:
                    operation(**common, version=record.version, **said)
                except UnableToSetParties as error:
                    raise InvalidBody([FieldProblem(name, str(error))], code="unable_to_set_parties") from None

    def _roles(self, people: Sequence[Values]) -> dict[str, Any]:
        found = self._named("people", "contact_id", people, references.contacts(self.organization_id), "contact")
        return {"roles": {found[one["contact_id"]]: one["role"] for one in people}}

    def _shares(self, splits: Sequence[Values]) -> dict[str, Any]:
        found = self._named("splits", "unit_id", splits, references.units(self.organization_id), "unit")
        return {"shares": {found[one["unit_id"]]: one["share_bp"] for one in splits}}

    def _named(
        self, field: str, name: str, rows: Sequence[Values], records: QuerySet[Any, Any], what: str
    ) -> dict[UUID, Any]:
        """Return the records that rows name.

        :raises InvalidBody: naming the place of each that is unknown, or that stands there twice.
        """
        found: dict[UUID, Any] = {one.pk: one for one in records.filter(pk__in=[row[name] for row in rows])}
        problems, seen = [], set[UUID]()
        for place, row in enumerate(rows):
            if row[name] not in found:
                words = f"There is no {what} with this {name} in your organisation."
                problems.append(FieldProblem(f"{field}.{place}.{name}", words))
            elif row[name] in seen:
                problems.append(FieldProblem(f"{field}.{place}.{name}", f"This {what} stands in the list twice."))
            seen.add(row[name])
        if problems:
            raise InvalidBody(problems)
        return found
