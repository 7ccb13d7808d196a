"""Calls the API as another system would, and holds every answer against the OpenAPI document."""

import json
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.test import Client
from django.utils import timezone
from jsonschema import Draft202012Validator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

from integrations.api.document import document
from tenancy.access import API_SCOPES
from tenancy.models import Organization
from tenancy.scoping import organization_scope
from tenancy.tokens import issue_token

PROBLEM = "application/problem+json"


def a_token(organization: Organization, scopes: Sequence[str] = tuple(API_SCOPES), **fields: Any) -> str:
    """Issue a token and return its text."""
    with organization_scope(organization):
        return issue_token(organization=organization, name="ERP", scopes=scopes, issued_at=timezone.now(), **fields)[1]


@dataclass
class Caller:
    """Another system with its token."""

    token: str

    def get(self, path: str, query: dict[str, Any] | None = None, **headers: str) -> Any:
        """Ask, with the parameters of `query`."""
        sent = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        return _client().get(path, query or {}, headers={**sent, **headers})

    def send(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        """Send a change, with a JSON body; a good answer must be as the document describes it."""
        sent = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        content = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        kind = headers.pop("Content-Type", "application/json")
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        answer: Any = _client().generic(method, path, content, content_type=kind, headers={**sent, **named})
        if answer.status_code < 300 and answer.content:
            conforms(json.loads(answer.content), path, answer.status_code, method.lower())
        return answer

    def post(self, path: str, body: Any, **headers: str) -> Any:
        """Make a record."""
        return self.send("POST", path, body, **headers)

    def patch(self, path: str, body: Any, seen: Any = "*", **headers: str) -> Any:
        """Change a record whose ETag, or version, was `seen`."""
        return self.send("PATCH", path, body, **_if_match(seen), **headers)

    def delete(self, path: str, seen: Any = "*", **headers: str) -> Any:
        """Delete a record."""
        return self.send("DELETE", path, **_if_match(seen), **headers)

    def read(self, path: str, **query: Any) -> Any:
        """Ask and return what comes back, which must be good and as the document describes it."""
        answer = self.get(path, query)
        assert answer.status_code == 200, answer.content
        body = json.loads(answer.content)
        conforms(body, path.split("?")[0], 200)
        return body

    def refused(self, path: str, status: int, query: dict[str, Any] | None = None, **headers: str) -> Any:
        """Ask and return the problem that comes back."""
        return the_problem(self.get(path, query, **headers), status)

    def pages(self, path: str, way: str = "next", **query: Any) -> Iterator[list[Any]]:
        """Yield page after page, following the addresses."""
        body = self.read(path, **query)
        yield body["results"]
        while body[way]:
            body = self.read(body[way])
            yield body["results"]


_own = threading.local()


def _client() -> Client:
    """Return this thread's client: making one loads the whole chain of middleware anew."""
    if not hasattr(_own, "client"):
        _own.client = Client(raise_request_exception=False)
    client: Client = _own.client
    return client


def _if_match(seen: Any) -> dict[str, str]:
    if seen is None:
        return {}
    return {"If_Match": f'"{seen}"' if isinstance(seen, int) else seen}


def the_problem(answer: Any, status: int) -> Any:
    """Return the problem of an answer, which must have this status and this form."""
    assert answer.status_code == status, answer.content
    assert answer["Content-Type"] == PROBLEM
    body = json.loads(answer.content)
    _validator("#/components/schemas/Problem").validate(body)
    assert body["status"] == status
    return body


def conforms(body: Any, path: str, status: int, method: str = "get") -> None:
    """Raise where the answer is not what the document promises for the address."""
    path = path.split("?")[0]
    # An address without parameters is meant before one that they would fit.
    templates = sorted(openapi()["paths"], key=lambda one: "{" in one)
    template = next(one for one in templates if _fits(one, path.split("localhost")[-1].split("testserver")[-1]))
    at = f"#/paths/{template.replace('/', '~1')}/{method}/responses/{status}/content/application~1json/schema"
    _validator(at).validate(body)


def validated(schema: Any, value: Any) -> None:
    """Raise where a value does not follow a schema of the document."""
    whole = openapi() | {"$ref": schema["$ref"]} if "$ref" in schema else schema
    Draft202012Validator(whole, format_checker=Draft202012Validator.FORMAT_CHECKER).validate(value)


def _fits(template: str, path: str) -> bool:
    here, there = template.split("/"), path.split("/")
    return len(here) == len(there) and all(a == b or a.startswith("{") for a, b in zip(here, there, strict=True))


@cache
def openapi() -> Any:
    """Return the OpenAPI document."""
    return json.loads(document(as_yaml=False))


@cache
def _validator(reference: str) -> Draft202012Validator:
    registry: Any = Registry().with_resource("urn:api", Resource.from_contents(openapi(), DRAFT202012))
    schema = {"$ref": f"urn:api{reference}"}
    checker = Draft202012Validator.FORMAT_CHECKER
    return Draft202012Validator(schema, registry=registry, format_checker=checker)
