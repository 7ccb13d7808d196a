"""Whatever goes wrong under /api/ is told as a problem (RFC 9457), and leaves nothing behind."""

import json
from collections.abc import Callable
from typing import Any
from unittest import mock
from uuid import uuid4

import pytest
import redis.exceptions
from django.core.exceptions import PermissionDenied, RequestDataTooBig, SuspiciousOperation
from django.db import DataError, IntegrityError, OperationalError
from django.http import Http404
from django.http.request import UnreadablePostError
from django.test import Client
from rest_framework.exceptions import Throttled, UnsupportedMediaType, ValidationError

from pipeline.api.accounts import AccountListView
from pipeline.models import Account
from tenancy.models import Unit
from tenancy.scoping import organization_scope
from tests.cast import Cast
from tests.integrations.api_caller import Caller, a_token, openapi, the_problem
from tests.pipeline import records

ADDRESS = "/api/v1/accounts"


FAILURES = [
    (Http404, 404, "not_found"),
    (PermissionDenied("no"), 403, "forbidden"),
    (RequestDataTooBig(), 413, None),
    (UnreadablePostError(), 400, "unreadable_body"),
    (SuspiciousOperation(), 400, "bad_request"),
    (UnsupportedMediaType("text/csv"), 415, "unsupported_media_type"),
    (IntegrityError(), 409, "conflict"),
    (DataError(), 400, "value_out_of_range"),
    (OperationalError("server closed the connection"), 503, "service_unavailable"),
    (redis.exceptions.ConnectionError(), 503, "service_unavailable"),
    (Throttled(7), 429, "throttled"),
    (RuntimeError("nobody foresaw it"), 500, "internal_server_error"),
]


def failing_with(error: Any) -> Any:
    def get(self: AccountListView, request: Any) -> None:
        Unit.objects.create(
            organization_id=self.organization_id, kind="squad", name="W", code="w", active_from="2026-01-01"
        )
        raise error

    return mock.patch.object(AccountListView, "get", get)


@pytest.mark.parametrize(("error", "status", "code"), FAILURES)
def test_every_failure_of_a_view_is_a_problem_and_is_undone(
    cast: Cast, error: Any, status: int, code: str | None
) -> None:
    caller = Caller(a_token(cast.acme))
    with failing_with(error):
        problem = caller.refused(ADDRESS, status)

    assert code is None or problem["code"] == code
    with organization_scope(cast.acme):
        assert not Unit.objects.filter(code="w").exists()


def test_a_row_that_a_policy_refuses_is_not_there(cast: Cast) -> None:
    def get(self: AccountListView, request: Any) -> None:
        Unit.objects.create(organization_id=cast.globex.pk, kind="squad", name="W", code="w", active_from="2026-01-01")

    caller = Caller(a_token(cast.acme))
    with mock.patch.object(AccountListView, "get", get):
        caller.refused(ADDRESS, 404)


@pytest.mark.parametrize(("error", "seconds"), [(OperationalError(), "20"), (Throttled(7), "7")])
def test_what_may_pass_says_when_to_come_again(cast: Cast, error: Exception, seconds: str) -> None:
    caller = Caller(a_token(cast.acme))
    with failing_with(error):
        assert caller.get(ADDRESS)["Retry-After"] == seconds


def test_a_failure_nobody_foresaw_gives_a_reference_and_no_words_of_the_code(cast: Cast) -> None:
    caller = Caller(a_token(cast.acme))
    with failing_with(RuntimeError("the secret of the code")):
        problem = caller.refused(ADDRESS, 500)

    assert problem["reference"]
    assert "secret" not in json.dumps(problem)


def test_the_faults_of_nested_fields_come_with_the_way_to_them(cast: Cast) -> None:
    caller = Caller(a_token(cast.acme))
    fault = ValidationError({"name": ["Say a name."], "lines": [{}, {"quantity": ["Above zero."]}]})
    with failing_with(fault):
        problem = caller.refused(ADDRESS, 400)

    assert problem["errors"] == [
        {"name": "name", "detail": "Say a name."},
        {"name": "lines.1.quantity", "detail": "Above zero."},
    ]


@pytest.mark.parametrize(
    "path",
    ["/api/", "/api/v1", "/api/v1/", "/api/v1/leads", "/api/v1/accounts/", "/api/v1/accounts/7", "/api/accounts"],
)
@pytest.mark.parametrize("method", ["get", "post", "delete", "options"])
def test_an_address_that_is_not_there_is_a_problem_too(cast: Cast, path: str, method: str) -> None:
    answer = getattr(Client(enforce_csrf_checks=True), method)(path)

    the_problem(answer, 404)


@pytest.mark.parametrize("method", ["put", "patch", "delete", "options"])
def test_a_method_that_is_not_there_names_those_that_are(cast: Cast, method: str) -> None:
    call: Callable[..., Any] = getattr(Client(), method)
    answer = call(ADDRESS, headers={"Authorization": f"Bearer {a_token(cast.acme)}"})

    assert the_problem(answer, 405)["code"] == "method_not_allowed"
    assert answer["Allow"] == "GET, POST, HEAD"


@pytest.mark.parametrize("template", [ADDRESS, f"{ADDRESS}/{{id}}", f"{ADDRESS}/bulk"])
def test_allow_names_what_is_there_and_in_the_document_and_nothing_else(cast: Cast, template: str) -> None:
    token, path = a_token(cast.acme), template.format(id=uuid4())

    def status(method: str) -> int:
        caller: Any = Client()
        return int(caller.generic(method, path, headers={"Authorization": f"Bearer {token}"}).status_code)

    options = Client().options(path, headers={"Authorization": f"Bearer {token}"})
    named = set(options["Allow"].split(", "))
    methods = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"}

    assert {method for method in methods if status(method) != 405} == named
    assert {method.upper() for method in openapi()["paths"][template]} == named - {"HEAD"}


@pytest.mark.parametrize(
    ("method", "path"), [("POST", ADDRESS), ("PATCH", "{record}"), ("POST", "/api/v1/accounts/bulk")]
)
@pytest.mark.parametrize("body", [b"", b" ", b"{", b"\xff"])
def test_a_body_that_is_no_json_is_unreadable_also_an_empty_one(
    cast: Cast, method: str, path: str, body: bytes
) -> None:
    caller = Caller(a_token(cast.acme))
    with organization_scope(cast.acme):
        account = records.an_account(cast.acme)
    answer = caller.send(method, path.format(record=f"{ADDRESS}/{account.pk}"), body, If_Match="*")

    assert the_problem(answer, 400)["code"] == "unreadable_body"
    with organization_scope(cast.acme):
        assert [one.version for one in Account.objects.all()] == [1]


def test_it_answers_json_and_nothing_else(cast: Cast) -> None:
    caller = Caller(a_token(cast.acme))

    caller.refused(ADDRESS, 406, None, Accept="text/csv")
    caller.refused(ADDRESS, 400, {"format": "csv"})


@pytest.mark.parametrize("status", [400, 403, 404, 500])
def test_the_handlers_of_the_site_speak_problem_under_api(rf: Any, status: int) -> None:
    from agile_sales import error_views

    request = rf.get("/api/v1/accounts")
    handlers: dict[int, Callable[[], Any]] = {
        400: lambda: error_views.bad_request(request, SuspiciousOperation()),
        403: lambda: error_views.permission_denied(request, PermissionDenied()),
        404: lambda: error_views.page_not_found(request, Http404()),
        500: lambda: error_views.server_error(request),
    }

    the_problem(handlers[status](), status)
