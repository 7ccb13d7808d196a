"""Each answer carries an id, each request leaves one line with it, and neither says anything personal."""

import json
import logging
from collections.abc import Callable

import pytest
from django.test import Client

from tenancy.jobs import enqueue
from tenancy.models import Member, Outbox
from tenancy.scoping import organization_scope
from tenancy.trace import trace_scope
from tests.cast import Cast
from tests.integrations.api_caller import Caller, a_token
from tests.operating.log_lines import Lines

pytestmark = pytest.mark.django_db


def test_a_page_has_an_id_and_a_line_without_its_address(
    cast: Cast, client_for: Callable[[Member], Client], lines: Lines
) -> None:
    answer = client_for(cast.lena).get("/acme/accounts/?q=Velora")

    (line,) = lines.requests()
    assert line["request_id"] == answer.headers["X-Request-Id"]
    assert (line["method"], line["route"], line["status"]) == ("GET", "pipeline:accounts", 200)
    assert line["organization_id"] == str(cast.acme.pk)
    assert "Velora" not in "".join(lines.written)


@pytest.mark.parametrize("path", ["/acme/accounts/canary-7/?q=canary-8", "/api/v1/accounts?canary-7=canary-8"])
def test_what_is_refused_is_logged_without_its_address_too(
    cast: Cast, client_for: Callable[[Member], Client], lines: Lines, path: str
) -> None:
    client_for(cast.lena).get(path)

    assert any("Not Found" in line or "Unauthorized" in line for line in lines.written)
    assert "canary" not in "".join(lines.written)


def test_a_stranger_is_not_logged_as_one_of_the_organization(
    cast: Cast, client_for: Callable[[Member], Client], lines: Lines
) -> None:
    client_for(cast.sam).get("/acme/accounts/")

    (line,) = lines.requests()
    assert (line["status"], line["organization_id"]) == (404, "")


def test_the_callers_own_id_comes_back_when_it_is_sane(cast: Cast) -> None:
    caller = Caller(a_token(cast.acme))

    assert caller.get("/api/v1/accounts", None, **{"X-Request-Id": "erp-2026.11_23"}).headers["X-Request-Id"] == (
        "erp-2026.11_23"
    )


@pytest.mark.parametrize("offered", ["short", "a" * 65, "with blank inside", "new\u2028line-x", "<script>alert(1)"])
def test_any_other_id_is_replaced(cast: Cast, offered: str) -> None:
    answer = Caller("").get("/api/v1/accounts", None, **{"X-Request-Id": offered})

    assert answer.status_code == 401
    assert answer.headers["X-Request-Id"] != offered
    assert len(answer.headers["X-Request-Id"]) == 32


def test_the_id_goes_with_the_work_that_a_request_queues(cast: Cast) -> None:
    with trace_scope("erp-2026.11_23"), organization_scope(cast.acme):
        row = enqueue("tests.greet", organization=cast.acme)

    with organization_scope(cast.acme):
        assert Outbox.objects.get(pk=row.pk).trace == "erp-2026.11_23"


def test_a_line_hides_what_is_secret_or_personal(lines: Lines) -> None:
    """ASVS V16.2.5: whatever a library puts into a message, tokens, addresses and rows' values do not reach the log."""
    canaries = ["agsales_" + "k" * 46, "rui.prado@acme.example", "hunter2-canary", "Velora E-Bikes"]
    logging.getLogger("some.library").error(
        "Authorization: Bearer %s for %s, password=%s\nDETAIL:  Key (name)=(%s) already exists.\nend", *canaries
    )
    try:
        raise ValueError(f"Failing row contains (1, {canaries[3]}, {canaries[1]}).")
    except ValueError:
        logging.getLogger("some.library").exception("A write failed")

    written = "\n".join(lines.written)
    assert len(lines.written) == 2
    assert all(json.loads(line)["level"] == "ERROR" for line in lines.written)
    assert [canary for canary in canaries if canary in written] == []
    assert "ValueError" in written
    assert "end" in written
