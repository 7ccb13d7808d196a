"""How the API describes itself: each view's own declarations, made into OpenAPI in one place."""

import json
from collections.abc import Mapping
from functools import cache
from typing import Any

from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, OpenApiResponse, inline_serializer
from rest_framework import serializers

from integrations.api.components import ProblemSerializer
from integrations.api.errors import MEDIA_TYPE
from integrations.api.parameters import DEFAULT_LIMIT, LARGEST_LIMIT, Filter, sort_names

_FAULTY = [{"name": "limit", "detail": f"limit takes a whole number from 1 to {LARGEST_LIMIT}."}]
PROBLEMS: Mapping[int, tuple[str, dict[str, Any]]] = {
    400: (
        "A parameter is unknown, given twice, or not readable. All the faults are named at once.",
        {"title": "Bad Request", "code": "invalid_parameters", "detail": _FAULTY[0]["detail"], "errors": _FAULTY},
    ),
    401: (
        "There is no token, or it is malformed, unknown, expired or revoked.",
        {
            "title": "Unauthorized",
            "code": "authentication_failed",
            "detail": "The token is not known, has expired, or was revoked.",
        },
    ),
    403: (
        "The token lacks the scope that this needs.",
        {
            "title": "Forbidden",
            "code": "missing_scope",
            "detail": "This needs a token with the scope accounts:read. An administrator of your organisation can "
            "make one.",
        },
    ),
    404: (
        "The organisation of the token has no such record, or it was deleted.",
        {"title": "Not Found", "code": "not_found", "detail": "There is no such record in your organisation."},
    ),
    405: (
        "The address does not take this method; Allow names those that it takes.",
        {"title": "Method Not Allowed", "code": "method_not_allowed", "detail": 'Method "DELETE" not allowed.'},
    ),
    406: (
        "The Accept header asks for something other than JSON.",
        {
            "title": "Not Acceptable",
            "code": "not_acceptable",
            "detail": "Could not satisfy the request Accept header.",
        },
    ),
    500: (
        "Something broke on our side. Nothing was changed; quote the reference when you ask us about it.",
        {"title": "Internal Server Error", "code": "internal_server_error", "reference": "4F9C02"},
    ),
    503: (
        "A server behind this one does not answer. Try again after the seconds in Retry-After.",
        {
            "title": "Service Unavailable",
            "code": "service_unavailable",
            "detail": "A server behind this one does not answer. Try again in a moment.",
        },
    ),
}
"""Every answer but the good one: what it means, and an example."""

_HEADERS = (
    OpenApiParameter(
        "WWW-Authenticate",
        str,
        OpenApiParameter.HEADER,
        description="Bearer, and whether the token was refused (RFC 6750).",
        response=[401],
    ),
    OpenApiParameter("Allow", str, OpenApiParameter.HEADER, description="The methods of the address.", response=[405]),
    OpenApiParameter("Retry-After", int, OpenApiParameter.HEADER, description="Seconds to wait.", response=[503]),
)


class ApiSchema(AutoSchema):
    """Describes the views of `integrations.api.views` from what they declare; nothing is written down twice."""

    view: Any

    def get_operation_id(self) -> str:
        """Return the name that generated clients give the call."""
        return f"list_{self.view.plural}" if self.view.is_list else f"get_{self.view.singular}"

    def get_tags(self) -> list[str]:
        """Return the resource."""
        return [self.view.plural.replace("_", " ").capitalize()]

    def get_summary(self) -> str:
        """Return the heading."""
        return str(self.view.summary)

    def get_description(self) -> str:  # type: ignore[override]
        """Return the view's own words with the scope that it needs."""
        words = " ".join((self.view.__doc__ or "").split())
        return f"{words}\n\nScope: `{self.view.required_scope}`"

    def get_override_parameters(self) -> list[Any]:
        """Return the filters, the sort, the page and the headers of the answers."""
        parameters = [*_HEADERS]
        if self.view.is_list:
            parameters += [_described(one) for one in self.view.filters]
            parameters += _page_parameters(self.view)
        return parameters

    def get_response_serializers(self) -> Any:
        """Return what comes back, for each status."""
        is_list: bool = self.view.is_list
        shape = page_of_records(self.view.record) if is_list else self.view.record
        value = {"results": [self.view.example], "next": None, "previous": None} if is_list else self.view.example
        answers: dict[Any, Any] = {
            200: OpenApiResponse(shape, self.view.summary, [OpenApiExample("Example", value=value)])
        }
        for status, (meaning, example) in PROBLEMS.items():
            if status == 404 and is_list:
                continue
            body = {"type": "about:blank", "title": example["title"], "status": status, **example}
            answers[status, MEDIA_TYPE] = OpenApiResponse(
                ProblemSerializer, meaning, [OpenApiExample("Example", value=body)]
            )
        return answers


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
