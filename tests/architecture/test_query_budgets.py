"""How many statements a page costs is checked in: a loop that asks row by row shows up as a difference in review."""

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from tenancy.models import Member
from tenancy.scoping import organization_scope
from tests.architecture.test_tenant_matrix import PAGES, url_of
from tests.cast import Cast
from tests.pipeline import records

COUNTS = Path(__file__).with_name("query_counts.json")
CEILING = 12
MORE_BY_DESIGN = {
    # Answers in pieces, each in a short scope of its own.
    "pipeline:accounts-export",
    "pipeline:opportunities-export",
    "pipeline:orders-export",
    "pipeline:priorities-export",
    "integrations:import-problems",
}


def measured(cast: Cast, client: Client) -> dict[str, int]:
    """Return the statements of each page that answers a GET, the tenant setting and the transaction included."""
    counts = {}
    with organization_scope(cast.acme):
        records.a_deal(cast.acme, records.an_account(cast.acme))  # no page is the first one ever opened
    for page in PAGES:
        url = url_of(page, cast)
        with CaptureQueriesContext(connection) as captured:
            response = client.get(url)
        if response.status_code == 200 and not response.streaming:
            counts[page.name] = len(captured)
    return dict(sorted(counts.items()))


@pytest.mark.django_db(transaction=True)  # as in production: the request's transaction is the outermost one
def test_each_page_keeps_its_budget(cast: Cast, client_for: Callable[[Member], Client]) -> None:
    counts = measured(cast, client_for(cast.ada))
    if os.environ.get("WRITE_QUERY_COUNTS"):
        COUNTS.write_text(json.dumps(counts, indent=2) + "\n")
    budgets = json.loads(COUNTS.read_text())

    assert {name: count for name, count in counts.items() if count > budgets.get(name, 0)} == {}
    assert {name: count for name, count in budgets.items() if count > CEILING and name not in MORE_BY_DESIGN} == {}
