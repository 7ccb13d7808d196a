"""How the API describes itself: each view's own declarations, made into OpenAPI in one place."""

import json
from collections.abc import Sequence
from functools import cache
from typing import Any

from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, OpenApiRequest, OpenApiResponse, inline_serializer
from rest_framework import serializers

from integrations.api.components import ProblemSerializer
from integrations.api.errors import MEDIA_TYPE
from integrations.api.header_words import HEADERS_OF_ANSWERS, IDEMPOTENCY_KEY, IF_MATCH, IF_NONE_MATCH
from integrations.api.parameters import DEFAULT_LIMIT, LARGEST_LIMIT, Filter, sort_names
from integrations.api.problems import PROBLEMS, problems_of


class ApiSchema(AutoSchema):
    """Describes the views of `integrations.api.views` from what they declare; nothing is written down twice."""

    view: Any

    def get_operation_id(self) -> str:
        """Return the name that generated clients give the call."""
        if self.view.is_bulk:
            return f"upsert_{self.view.plural}"
        verb = {"POST": "create", "PATCH": "change", "DELETE": "delete"}.get(self.method)
        if verb:
            return f"{verb}_{self.view.singular}"
        return f"list_{self.view.plural}" if self.view.is_list else f"get_{self.view.singular}"

    def get_tags(self) -> list[str]:
        """Return the resource."""
        return [self.view.plural.replace("_", " ").capitalize()]

    def get_summary(self) -> str:
        """Return the heading."""
        if self.method == "GET" or self.view.is_bulk:
            return str(self.view.summary)
        thing = self.view.singular.replace("_", " ")
        verb = {"POST": "Create", "PATCH": "Change", "DELETE": "Delete"}[self.method]
        return f"{verb} {'an' if thing[0] in 'aeiou' else 'a'} {thing}"

    def get_description(self) -> str:  # type: ignore[override]
        """Return the view's own words with the scope that it needs."""
        told = self.view if self.method == "GET" else getattr(self.view, self.method.lower())
        words = [" ".join((told.__doc__ or "").split(":raises")[0].split())]
        if about := self.view.about.get(self.method):
            words.append(about)
        return "\n\n".join([*words, f"Scope: `{self.view.scope_for(self.method)}`"])

    def is_deprecated(self) -> bool:
        """Return whether the address is on its way out."""
        return self.view.deprecation is not None

    def get_override_parameters(self) -> list[Any]:
        """Return the filters, the sort, the page and the headers of request and answers."""
        parameters = [*HEADERS_OF_ANSWERS]
        if self.method != "GET":
            parameters.append(IDEMPOTENCY_KEY)
            if self.method != "POST":
                parameters.append(IF_MATCH)
            return parameters
        if self.view.is_list:
            parameters += [_described(one) for one in self.view.filters]
            parameters += _page_parameters(self.view)
        elif choices := getattr(self.view, "filters", ()):
            parameters += [_described(one) for one in choices]
        else:
            parameters.append(IF_NONE_MATCH)
        return parameters + _shape_parameters(self.view)

    def get_request_serializer(self) -> Any:
        """Return the schema of the body, as a component of its own."""
        if self.method not in ("POST", "PATCH"):
            return None
        change = self.method == "PATCH"
        if self.view.is_bulk:
            name, schema, example = self.view.body_schema()
        else:
            body = self.view.body
            name, schema = body.name + ("Change" if change else "Input"), body.schema(change=change)
            example = body.example(change=change)
        _bodies[name] = schema
        told = OpenApiRequest({"$ref": f"#/components/schemas/{name}"}, examples=[_example(example)])
        kinds = ("application/json", "application/merge-patch+json") if change else ("application/json",)
        return dict.fromkeys(kinds, told)

    def get_response_serializers(self) -> Any:
        """Return what comes back, for each status."""
        answers = self._good_answers()
        is_one = not (self.view.is_list or self.view.is_bulk or hasattr(self.view, "filters"))
        for status in problems_of(self.method, is_one=is_one):
            meaning, example = PROBLEMS[status]
            body = {"type": "about:blank", "title": example["title"], "status": status, **example}
            answers[status, MEDIA_TYPE] = OpenApiResponse(
                ProblemSerializer, meaning, [OpenApiExample("Example", value=body)]
            )
        return answers

    def _good_answers(self) -> dict[Any, Any]:
        if self.method == "DELETE":
            return {204: OpenApiResponse(description="It is deleted.")}
        if self.view.is_bulk:
            return {200: OpenApiResponse(self.view.outcome, self.view.summary, [_example(self.view.outcome_example)])}
        example = self.view.example
        if self.method != "GET":
            words = "The record as it is now; its id and version only, for a token that may not read it."
            return {
                201 if self.method == "POST" else 200: OpenApiResponse(self.view.record, words, [_example(example)])
            }
        if self.view.is_list:
            page = {"results": [example], "next": None, "previous": None}
            return {200: OpenApiResponse(page_of_records(self.view.record), self.view.summary, [_example(page)])}
        answer = OpenApiResponse(self.view.record, self.view.summary, [_example(example)])
        if hasattr(self.view, "filters"):
            return {200: answer}  # what is reckoned anew each time has no version to compare
        return {
            200: answer,
            304: OpenApiResponse(description="You have the newest answer already, the one that If-None-Match names."),
        }


def _example(value: Any) -> OpenApiExample:
    return OpenApiExample("Example", value=value)


@cache
def page_of_records(record: type[serializers.Serializer[Any]]) -> serializers.Serializer[Any]:
    """Return the envelope of a list, under the name of its records."""
    fields: dict[str, Any] = {
        "results": record(many=True),
        "next": serializers.URLField(allow_null=True, help_text="The page after this one; null on the last."),
        "previous": serializers.URLField(allow_null=True, help_text="The page before this one; null on the first."),
    }
    return inline_serializer(f"{record.__name__.removesuffix('Serializer')}Page", fields)


def _described(one: Filter) -> OpenApiParameter:
    words = f"{one.description} Goes together with `{one.needs}`." if one.needs else one.description
    value: Any = json.loads(one.example) if one.schema["type"] in ("integer", "boolean") else one.example
    if not one.many:
        return OpenApiParameter(
            one.name, dict(one.schema), description=words, examples=[OpenApiExample("Example", value=value)]
        )
    return OpenApiParameter(
        one.name,
        {"type": "array", "items": dict(one.schema), "minItems": 1},
        description=f"{words} Several are separated by commas.",
        style="form",
        explode=False,
        examples=[OpenApiExample("Example", value=[value])],
    )


def _page_parameters(view: Any) -> list[OpenApiParameter]:
    ways = sort_names(view.sorts)
    return [
        OpenApiParameter(
            "sort",
            {"type": "string", "enum": ways, "default": view.sorts[0].parameter},
            description="The order. A minus in front turns it round; records without a value come last either way.",
        ),
        OpenApiParameter(
            "limit",
            {"type": "integer", "minimum": 1, "maximum": LARGEST_LIMIT, "default": DEFAULT_LIMIT},
            description="How many records a page has at most.",
        ),
        OpenApiParameter(
            "cursor",
            {"type": "string"},
            description="Where a page begins. It stands in `next` and `previous`: follow those as they are. It fits "
            "only the list, the filters and the sort that it was made for.",
        ),
    ]


def _shape_parameters(view: Any) -> list[OpenApiParameter]:
    offer = view.offer()
    found = [
        _names(
            "fields",
            offer.fields,
            "Only these fields, each once, separated by commas. Without it all of them come.",
            list(offer.fields[:2]),
        )
    ]
    if offer.expansions:
        scopes = ", ".join(f"{name} needs `{other.required_scope}`" for name, other in view.expansions.items())
        words = f"Records that are shown whole, as their own address shows them, and not by id and name only: {scopes}."
        found.append(_names("expand", offer.expansions, words, list(offer.expansions[:1])))
    return found


def _names(name: str, allowed: Sequence[str], words: str, example: list[str]) -> OpenApiParameter:
    return OpenApiParameter(
        name,
        {"type": "array", "items": {"type": "string", "enum": list(allowed)}, "minItems": 1},
        description=words,
        style="form",
        explode=False,
        examples=[_example(example)],
    )


_bodies: dict[str, dict[str, Any]] = {}


def add_bodies(result: dict[str, Any], **kwargs: Any) -> dict[str, Any]:
    """Add the schemas that the bodies of requests refer to (a hook of drf-spectacular).

    They are JSON schema as it is, so they come after the hook that makes components of its serializers' codes.
    """
    schemas = result["components"]["schemas"] | _bodies
    result["components"]["schemas"] = dict(sorted(schemas.items()))
    return result


WITHOUT_ID = frozenset(
    ("AccountScore", "AccountValue", "NextAction", "OpportunityScore", "PipelineChanges", "PipelineSnapshot")
)
"""Records that are known by what they are about."""


def let_fields_be_chosen(result: dict[str, Any], **kwargs: Any) -> dict[str, Any]:
    """Promise no single field of a record (a hook of drf-spectacular): `fields` leaves out what was not asked for."""
    schemas = result["components"]["schemas"]
    for path in result["paths"].values():
        for operation in path.values():
            for status in ("200", "201"):
                content = operation["responses"].get(status, {}).get("content", {})
                shown = content.get("application/json", {}).get("schema", {}).get("$ref", "").rsplit("/", 1)[-1]
                if shown.endswith("Page"):
                    shown = schemas[shown]["properties"]["results"]["items"]["$ref"].rsplit("/", 1)[-1]
                if "id" in schemas.get(shown, {}).get("properties", {}) or shown in WITHOUT_ID:
                    schemas[shown].pop("required", None)
    return result


def share_problems(result: dict[str, Any], **kwargs: Any) -> dict[str, Any]:
    """Say each problem once, under the components, and refer to it from the operations (a hook of drf-spectacular)."""
    shared: dict[str, Any] = {}
    for path in result["paths"].values():
        for operation in path.values():
            for status, response in operation["responses"].items():
                if MEDIA_TYPE in response.get("content", {}):
                    name = f"Problem{status}"
                    shared.setdefault(name, response)
                    operation["responses"][status] = {"$ref": f"#/components/responses/{name}"}
    result["components"]["responses"] = dict(sorted(shared.items()))
    return result
