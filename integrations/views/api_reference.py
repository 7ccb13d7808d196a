"""The reference of the API for people: the OpenAPI document as one page, without anybody else's script."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from integrations.api.document import document
from tenancy.access import public

Node = Mapping[str, Any]


@dataclass(frozen=True)
class Value:
    """A parameter, or a field of an object."""

    name: str
    kind: str
    codes: tuple[str, ...]
    words: str


@dataclass(frozen=True)
class Operation:
    """One address with its method."""

    key: str
    method: str
    path: str
    summary: str
    paragraphs: tuple[str, ...]
    parameters: tuple[Value, ...]
    body: str
    example: str
    answers: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Shape:
    """An object that answers are made of."""

    name: str
    words: str
    fields: tuple[Value, ...]


@public(reason="it describes the API and holds no data")
@require_safe
def api_reference(request: HttpRequest) -> HttpResponse:
    """Show the reference."""
    operations, shapes = reference()
    return render(request, "integrations/api_reference.html", {"operations": operations, "shapes": shapes})


@cache
def reference() -> tuple[tuple[Operation, ...], tuple[Shape, ...]]:
    """Return the operations and the objects of the OpenAPI document; they are the same until the process ends."""
    api = json.loads(document(as_yaml=False))
    operations = tuple(
        _operation(api, path, method, told)
        for path, methods in api["paths"].items()
        for method, told in methods.items()
    )
    shapes = tuple(
        Shape(name, schema.get("description", ""), tuple(_fields(api, schema["properties"])))
        for name, schema in api["components"]["schemas"].items()
        if "properties" in schema and not name.endswith("Page")
    )
    return operations, shapes


def _operation(api: Node, path: str, method: str, told: Node) -> Operation:
    return Operation(
        key=told["operationId"],
        method=method.upper(),
        path=path,
        summary=told["summary"],
        paragraphs=tuple(told["description"].replace("`", "").split("\n\n")),
        parameters=tuple(_parameter(api, one) for one in told.get("parameters", ())),
        body=_example(told.get("requestBody", {})),
        example="".join(map(_example, (one for status, one in told["responses"].items() if status < "300"))),
        answers=tuple((status, _resolved(api, one)["description"]) for status, one in told["responses"].items()),
    )


def _example(told: Node) -> str:
    """Return the example of a body or of an answer, nothing where it has no content."""
    content = told.get("content", {}).get("application/json")
    return json.dumps(content["examples"]["Example"]["value"], indent=2, ensure_ascii=False) if content else ""


def _parameter(api: Node, told: Node) -> Value:
    schema = told["schema"]
    words = [told.get("description", "").replace("`", "")]
    if "default" in schema:
        words.append(f"Without it: {schema['default']}.")
    return Value(told["name"], _kind(schema), _codes(api, schema), " ".join(filter(None, words)))


def _fields(api: Node, properties: Node) -> Iterator[Value]:
    for name, schema in properties.items():
        words = schema.get("description", "").split("\n\n* ")[0]
        yield Value(name, _kind(schema), _codes(api, schema), words)


def _kind(schema: Node) -> str:
    """Return the type in words, such as `list of Account` or `date, or null`."""
    if "$ref" in schema:
        name = str(schema["$ref"].rsplit("/", 1)[-1])
        return {"NullEnum": "null"}.get(name, "code" if name.endswith("Enum") else name)
    if "oneOf" in schema:
        return ", or ".join(_kind(one) for one in schema["oneOf"])
    if "allOf" in schema:  # an object with words of its own
        return _kind(schema["allOf"][0])
    kinds: list[str] = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    if kinds == ["array"]:
        one = _kind(schema["items"])
        return f"list of {one}s" if one.islower() else f"list of {one}"
    formats = {"uuid": "id", "date": "day", "date-time": "moment", "uri": "address"}
    words = {"integer": "whole number", "string": "code" if "enum" in schema else "text"}
    given = formats.get(str(schema.get("format")), "")
    return ", or ".join(kind if kind == "null" else given or words.get(kind, kind) for kind in kinds)


def _codes(api: Node, schema: Node) -> tuple[str, ...]:
    if "$ref" in schema:
        return _codes(api, _resolved(api, schema))
    for inner in (*schema.get("oneOf", ()), *schema.get("allOf", ())):
        if codes := _codes(api, inner):
            return codes
    if "items" in schema:
        return _codes(api, schema["items"]) if "$ref" not in schema["items"] else ()
    return tuple(map(str, schema.get("enum", ())))


def _resolved(api: Node, told: Node) -> Node:
    if "$ref" not in told:
        return told
    found: Any = api
    for part in told["$ref"].removeprefix("#/").split("/"):
        found = found[part]
    return dict(found)
