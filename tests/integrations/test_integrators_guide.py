"""The guide for integrators says what is so: its examples are run, as they stand, against the product."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import pytest
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections

from integrations.models import Import
from pipeline.models import Account
from pipeline.operations import log_activity
from tenancy.models import DomainEvent
from tenancy.scoping import organization_scope
from tests.cast import Cast
from tests.integrations.api_caller import a_token
from tests.pipeline.records import NOON, a_contact, a_deal, a_line, an_account, an_order
from tests.pipeline.test_account_scores_api import AS_OF, REASON, score
from tests.servers import ROOT

GUIDE = (ROOT / "docs" / "integrators.md").read_text()


@dataclass
class Example:
    """A command or a program of the guide, with the answer that it shows below, if it shows one."""

    language: str
    text: str
    answer: Any = None


def examples() -> list[Example]:
    found: list[Example] = []
    for language, text in re.findall(r"^```(\w+)\n(.*?)^```$", GUIDE, re.S | re.M):
        if language == "json":
            found[-1].answer = json.loads(text)
        else:
            found.append(Example(language, text))
    return [one for one in found if not one.text.startswith("export")]


class _Silent(WSGIRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  # the name is wsgiref's
        """Say nothing."""


@pytest.fixture
def server() -> Iterator[WSGIServer]:
    """A server that answers in this thread, so that it sees what the test wrote and has not committed."""
    # The end of a request would close the connection, and with it the test's transaction.
    signals = (request_started, request_finished)
    for signal in signals:
        signal.disconnect(close_old_connections)
    with make_server("127.0.0.1", 0, get_wsgi_application(), handler_class=_Silent) as made:
        made.timeout = 0.05
        yield made
    for signal in signals:
        signal.connect(close_old_connections)


@pytest.fixture
def token(cast: Cast) -> str:
    """A token of Acme, whose records are those of the guide."""
    with organization_scope(cast.acme):
        velora = an_account(
            cast.acme,
            owner=cast.rui,
            lifecycle="customer",
            segment="key",
            region="North",
            country="NL",
            potential_minor=125_000_000,
            icp_fit="a",
        )
        kelp = an_account(cast.acme, name="Kelp Marine")
        Account.objects.filter(pk=kelp.pk).update(source="import:erp", external_id="K-1001")
        deal = a_deal(cast.acme, velora, cast.rui)
        a_contact(cast.acme, velora, is_decision_maker=True)
        log_activity(
            organization=cast.acme,
            member=cast.rui,
            kind="call",
            occurred_at=NOON,
            logged_at=NOON,
            opportunity=deal,
        )
        an_order(cast.acme, velora, lines=[a_line()])
        Import.objects.create(organization=cast.acme, source="import:erp", currency="EUR", state="done")
        for position in (1, 2):
            DomainEvent.objects.create(
                organization=cast.acme,
                type="account.created",
                subject_type="account",
                subject_id=velora.pk,
                actor=cast.rui,
                occurred_at=NOON,
                recorded_at=NOON,
                position=position,
            )
        score(
            cast.acme,
            velora,
            1,
            71,
            previous_score=62,
            previous_rank=4,
            value_minor=38_000_000,
            per_hour_minor=41_200,
            currency="EUR",
            reasons=[REASON],
            data_up_to=AS_OF,
        )
    return a_token(cast.acme)


def run(example: Example, server: WSGIServer, token: str, folder: Path) -> str:
    command = ["bash", "-euo", "pipefail", "-c"] if example.language == "sh" else [sys.executable, "-c"]
    environment = {
        "PATH": os.environ["PATH"],
        "NO_PROXY": "*",
        "AGILE_SALES": f"http://127.0.0.1:{server.server_port}",
        "TOKEN": token,
    }
    with subprocess.Popen(
        [*command, example.text], env=environment, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        while process.poll() is None:
            server.handle_request()
        said, complaints = process.communicate()
    assert process.returncode == 0, complaints
    return said


def shape(value: Any) -> Any:
    """Return what a program relies on: the names, and the kinds of their values."""
    if isinstance(value, dict):
        return {name: shape(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [shape(inner) for inner in value]
    return type(value)


def test_the_guide_has_examples() -> None:
    assert len(examples()) >= 7
    assert sum(one.answer is not None for one in examples()) >= 3


@pytest.mark.parametrize("example", examples(), ids=lambda one: one.text.strip().splitlines()[-1][-60:])
def test_an_example_does_what_the_guide_says(example: Example, server: WSGIServer, token: str, tmp_path: Path) -> None:
    said = run(example, server, token, tmp_path)

    if example.answer is not None:
        assert shape(json.loads(said)) == shape(example.answer)
    elif example.language == "python":
        assert said == "2 accounts\n"
    elif "-o " in example.text:
        assert "paths" in json.loads((tmp_path / "openapi.json").read_text())
    else:
        assert len(json.loads(said)["results"]) == 1
