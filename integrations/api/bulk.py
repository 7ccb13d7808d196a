"""Up to a thousand records of another system in one call: added or changed by `source` and `external_id`.

Good rows are taken and bad ones named, each by its place in the call. The call is one transaction.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar
from uuid import UUID

from django.http import HttpResponse
from rest_framework import serializers
from rest_framework.request import Request

from integrations.api.bodies import SOURCE, Body, BodyField, Values, matching, unknown_reference
from integrations.api.components import ProblemFieldSerializer
from integrations.api.errors import FieldProblem, InvalidBody
from integrations.api.idempotency import once
from integrations.api.parameters import read_none
from integrations.api.parsers import OrjsonParser, body_of
from integrations.api.views import ApiView, answer

MOST_ROWS = 1_000
_SOURCE = matching(
    "source",
    SOURCE,
    "a short name of your system, such as erp: small letters, digits and . _ : -, and not manual",
    "The system that knows these records by their external_id.",
    null=False,
    required=True,
)


class BulkRowSerializer(serializers.Serializer[Any]):
    """What became of one row."""

    row = serializers.IntegerField(min_value=0, help_text="Its place in the call; the first is 0.")
    external_id = serializers.CharField(allow_null=True)
    outcome = serializers.ChoiceField(
        ["created", "changed", "unchanged", "refused"], help_text="Refused rows have errors, the others an id."
    )
    id = serializers.UUIDField(required=False)
    version = serializers.IntegerField(required=False)
    errors = ProblemFieldSerializer(many=True, required=False)  # type: ignore[assignment]


class BulkOutcomeSerializer(serializers.Serializer[Any]):
    """What became of a call with many records."""

    created = serializers.IntegerField(min_value=0)
    changed = serializers.IntegerField(min_value=0)
    unchanged = serializers.IntegerField(min_value=0)
    refused = serializers.IntegerField(min_value=0)
    results = BulkRowSerializer(many=True)


OUTCOME_EXAMPLE = {
    "created": 1,
    "changed": 0,
    "unchanged": 0,
    "refused": 1,
    "results": [
        {
            "row": 0,
            "external_id": "K-1001",
            "outcome": "created",
            "id": "0192f0c1-7b2a-7c3e-9a53-0b6f5d1e2a10",
            "version": 1,
        },
        {
            "row": 1,
            "external_id": "K-1002",
            "outcome": "refused",
            "errors": [{"name": "country", "detail": "country takes the two letters of a country (ISO 3166)."}],
        },
    ],
}


@dataclass
class RowOutcomes:
    """What a domain call did, by external id: (outcome, id, version), or (field, words) of a refusal."""

    done: dict[str, tuple[str, UUID, int | None]] = field(default_factory=dict)  # None: it has no versions
    refused: dict[str, tuple[str, str]] = field(default_factory=dict)


class BulkView(ApiView):
    """Adds or changes many records."""

    is_bulk = True
    parser_classes = (OrjsonParser,)
    singular: ClassVar[str]
    plural: ClassVar[str]
    outcome = BulkOutcomeSerializer
    outcome_example = OUTCOME_EXAMPLE
    body: ClassVar[Body]
    has_external_ids: ClassVar[bool] = True  # else a row is known by its place in the call alone

    def columns(self, values: Values) -> Values:
        """Return what a row states as the operation takes it.

        :raises InvalidBody: for what does not go together.
        """
        return values

    def upsert(self, source: str, rows: Mapping[str, Values]) -> RowOutcomes:
        """Write the rows (external id → columns) by one domain call."""
        raise NotImplementedError

    def post(self, request: Request) -> HttpResponse:
        """Add or change up to 1,000 records of another system, by the id that it knows them by.

        A row states what is to be so; what it leaves out stays as it is, null empties. Good rows are taken, bad ones
        are named and leave the others alone. Sent again, the same rows change nothing.
        """
        read_none(request.query_params)
        return once(request, self._write)

    def _write(self) -> HttpResponse:
        source, given = self._call(body_of(self.request))
        call = _Call(self, given)
        call.look_up()
        outcomes = self.upsert(source, call.rows)
        results = [call.result(number, outcomes) for number in range(len(given))]
        counts = dict.fromkeys(("created", "changed", "unchanged", "refused"), 0)
        for result in results:
            counts[result["outcome"]] += 1
        return answer({**counts, "results": results})

    def _call(self, data: Any) -> tuple[str, list[Any]]:
        if type(data) is not dict:
            raise InvalidBody([FieldProblem("", 'The body is a JSON object: {"source": …, "records": […]}.')])
        unknown = (name for name in data if name not in ("source", "records"))
        problems = [FieldProblem(name[:200], "A call takes source and records, and nothing else.") for name in unknown]
        found, wrong = Body("Call", [_SOURCE]).read_parts({"source": data["source"]} if "source" in data else {})
        records: list[Any] = data.get("records", [])
        if type(records) is not list or not 1 <= len(records) <= MOST_ROWS:
            problems.append(FieldProblem("records", f"records takes a list of 1 to {MOST_ROWS} records."))
        if problems + wrong:
            raise InvalidBody(problems + wrong)
        return found["source"], records

    def body_schema(self) -> tuple[str, dict[str, Any], dict[str, Any]]:
        """Return the name, the JSON schema and an example of the body."""
        row = self.body.schema(change=False) | {"description": "A record as it is to be."}
        schema = {
            "type": "object",
            "properties": {
                "source": {**_SOURCE.schema, "description": _SOURCE.description},
                "records": {"type": "array", "minItems": 1, "maxItems": MOST_ROWS, "items": row},
            },
            "required": ["source", "records"],
            "additionalProperties": False,
        }
        return f"{self.body.name}Rows", schema, {"source": "erp", "records": [self.body.example(change=False)]}


class _Call:
    """The rows of a call while they are read: the good ones by external id, and what is wrong with the others."""

    def __init__(self, view: BulkView, given: Sequence[Any]) -> None:
        self.view = view
        self.rows: dict[str, Values] = {}
        self.places: dict[str, int] = {}
        self.keys: list[str | None] = []
        self.problems: dict[int, list[FieldProblem]] = {}
        for number, data in enumerate(given):
            self._read(number, data)

    def _read(self, number: int, data: Any) -> None:
        values, wrong = self.view.body.read_parts(data)
        key = values.pop("external_id", None) if self.view.has_external_ids else str(number)
        self.keys.append(key)
        if key is not None and key in self.rows:
            wrong = [*wrong, FieldProblem("external_id", "An earlier row of the same call has this external_id.")]
        if wrong or key is None:
            self.problems[number] = wrong
            return
        try:
            self.rows[key] = self.view.columns(values)
            self.places[key] = number
        except InvalidBody as error:
            self.problems[number] = list(error.problems)

    def look_up(self) -> None:
        """Set aside the rows with ids that mean no record of the organisation; one query a kind of reference."""
        for one in self.view.body.fields:
            if one.refers_to is None:
                continue
            wanted = {values[one.name] for values in self.rows.values() if values.get(one.name) is not None}
            if not wanted:
                continue
            found = one.refers_to(self.view.organization_id).filter(pk__in=wanted).order_by()
            known = {None, *found.values_list("pk", flat=True)}
            for key in [key for key, values in self.rows.items() if values.get(one.name) not in known]:
                del self.rows[key]
                self.problems[self.places[key]] = [FieldProblem(one.name, unknown_reference(one))]

    def result(self, number: int, outcomes: RowOutcomes) -> dict[str, Any]:
        """Return what became of a row."""
        key, wrong = self.keys[number], self.problems.get(number)
        shown = key if self.view.has_external_ids else None
        result: dict[str, Any] = {"row": number, "external_id": shown, "outcome": "refused"}
        if wrong is None and key in outcomes.refused:
            wrong = [FieldProblem(*outcomes.refused[key])]
        if wrong is not None or key is None:
            return result | {"errors": [{"name": one.name, "detail": one.detail} for one in wrong or ()]}
        outcome, record_id, version = outcomes.done[key]
        result |= {"outcome": outcome, "id": record_id}
        return result if version is None else result | {"version": version}


def row_body(body: Body, extra: Sequence[BodyField[Any]] = ()) -> Body:
    """Return the fields of a row: those of the record, of which only the external id must be there."""
    fields = [
        replace(one, required=True, null=False) if one.name == "external_id" else replace(one, required=False)
        for one in body.fields
        if one.name != "source"
    ]
    return Body(body.name, [*fields, *extra], read_only=sorted(body.read_only))
