"""The OpenAPI document: complete, checked in, served, and valid."""

import json
from typing import Any

import pytest
import yaml
from django.test import Client
from drf_spectacular.validation import validate_schema

from agile_sales.api_urls import urlpatterns
from integrations.api.document import document
from integrations.api.views import ApiView
from tests.integrations.api_caller import Caller, openapi, the_problem, validated
from tests.servers import ROOT


def resolved(response: Any) -> Any:
    """Return the response that a reference into the components stands for."""
    reference = response.get("$ref", "")
    return openapi()["components"]["responses"][reference.rsplit("/", 1)[-1]] if reference else response


SNAPSHOT = ROOT / "docs" / "openapi.yaml"


def operations() -> list[tuple[str, str, dict[str, Any]]]:
    return [(path, method, told) for path, methods in openapi()["paths"].items() for method, told in methods.items()]


def test_the_checked_in_document_is_the_one_that_the_views_declare() -> None:
    assert SNAPSHOT.read_bytes() == document(as_yaml=True), "Run `make schema` and commit docs/openapi.yaml."


def test_it_is_valid_openapi() -> None:
    validate_schema(openapi())


def test_every_resource_is_in_it() -> None:
    served = {
        f"/api/{pattern.pattern}".split("<")[0]
        for pattern in urlpatterns
        if issubclass(getattr(pattern.callback, "cls", object), ApiView)
    }

    assert {path.split("{")[0] for path, _, _ in operations()} == served


ALWAYS = {400, 401, 403, 405, 406, 429, 500, 503}
GOOD = {"get": {200}, "post": {201}, "patch": {200}, "delete": {204}}
CHANGES = {
    "get": set(),
    "post": {409, 413, 415, 422},
    "patch": {409, 412, 413, 415, 422, 428},
    "delete": {409, 412, 413, 422, 428},
}


@pytest.mark.parametrize(("path", "method", "operation"), operations())
def test_an_operation_says_all_that_can_come_back_and_what_it_needs(
    path: str, method: str, operation: dict[str, Any]
) -> None:
    responses: Any = operation["responses"]

    good = {200} if path.endswith("/bulk") else GOOD[method]
    of_one = {404} | ({304} if method == "get" else set()) if "{" in path else set()
    assert {int(status) for status in responses} == good | ALWAYS | CHANGES[method] | of_one
    for response in responses.values():
        told = resolved(response)
        assert told["description"]
        assert all(one["examples"] for one in told.get("content", {}).values())
        assert {"X-Request-Id", "RateLimit", "RateLimit-Policy"} <= set(told["headers"])
    assert operation["security"] == [{"token": []}]
    scope = f":{'read' if method == 'get' else 'write'}`"
    assert scope in operation["description"].rpartition("Scope: `")[2]


@pytest.mark.parametrize(
    ("path", "method", "operation"), [one for one in operations() if "requestBody" in one[2]], ids=str
)
def test_an_example_of_a_body_is_one_that_the_document_allows(
    path: str, method: str, operation: dict[str, Any]
) -> None:
    for kind in operation["requestBody"]["content"].values():
        for example in kind["examples"].values():
            validated(kind["schema"], example["value"])


@pytest.mark.parametrize(("path", "method", "operation"), operations(), ids=str)
def test_an_example_of_an_answer_is_one_that_the_document_allows(
    path: str, method: str, operation: dict[str, Any]
) -> None:
    for response in operation["responses"].values():
        for kind in resolved(response).get("content", {}).values():
            for example in kind["examples"].values():
                validated(kind["schema"], example["value"])


def test_anybody_may_read_it_as_json_or_yaml() -> None:
    client = Client()

    as_json = client.get("/api/v1/schema")
    as_yaml = client.get("/api/v1/schema", headers={"Accept": "application/vnd.oai.openapi"})

    assert as_json["Content-Type"] == "application/json"
    assert json.loads(as_json.content) == yaml.safe_load(as_yaml.content) == openapi()


def test_it_takes_no_parameters_and_no_other_form() -> None:
    client = Client()

    the_problem(client.get("/api/v1/schema", {"lang": "de"}), 400)
    the_problem(client.get("/api/v1/schema", headers={"Accept": "image/png"}), 406)
    Caller("").refused("/api/v1/schemas", 404)


def test_people_read_the_same_on_a_page(client: Client) -> None:
    page = client.get("/api/docs").content.decode()

    for path, _, operation in operations():
        assert path in page
        assert str(operation["summary"]) in page
    for name in ("min_score", "updated_after", "amount_minor", "best_case · commit"):
        assert name in page
