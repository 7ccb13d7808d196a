"""The measurements of pages and of the API, inside a prepared installation. Prints JSON: name → value, gate, passed."""

import json
import statistics
import sys
from collections.abc import Callable
from functools import partial
from typing import Any

import django

django.setup()

from django.conf import settings  # noqa: E402
from django.db import connection, reset_queries  # noqa: E402
from django.test import Client  # noqa: E402
from django.utils import timezone  # noqa: E402

from benchmarks.gates import gate, timed  # noqa: E402
from pipeline.models import Account  # noqa: E402
from tenancy.models import Member, Organization, User  # noqa: E402
from tenancy.scoping import organization_scope  # noqa: E402
from tenancy.tokens import issue_token  # noqa: E402

ROUNDS = 15
PAGE_MILLISECONDS = 200
PAGE_QUERIES = 12
FLOOR = (
    "SELECT a.id, a.name, a.segment, a.industry, a.region, m.name, s.score, s.rank FROM pipeline_account a"
    " LEFT JOIN tenancy_member m ON m.organization_id = a.organization_id AND m.id = a.owner_id"
    " LEFT JOIN pipeline_accountscore s ON s.organization_id = a.organization_id AND s.account_id = a.id"
    " WHERE a.organization_id = %s AND a.deleted_at IS NULL ORDER BY a.name_key, a.id LIMIT 50"
)


def main() -> None:
    """Measure every target in turn, round after round, so that noise meets them all alike."""
    organization = Organization.objects.get(slug="acme")
    browser, api, account_id = prepare(organization)
    pages = {
        "home": "/acme/",
        "priorities": "/acme/priorities/",
        "accounts": "/acme/accounts/",
        "account": f"/acme/accounts/{account_id}/",
        "deals": "/acme/opportunities/",
        "orders": "/acme/orders/",
        "nights": "/acme/nights/",
    }
    targets: dict[str, Callable[[], Any]] = {"floor": partial(floor, organization)}
    targets |= {f"page {name}": partial(ask, browser, url) for name, url in pages.items()}
    targets["api accounts"] = partial(ask, api, "/api/v1/accounts?limit=50")
    times: dict[str, list[float]] = {name: [] for name in targets}
    for number in range(ROUNDS + 1):
        for name, target in targets.items():
            seconds = timed(target)
            if number:  # the first round warms up
                times[name].append(seconds)
    gates: dict[str, dict[str, Any]] = {}
    for name in pages:
        median = statistics.median(times[f"page {name}"]) * 1000
        gates[f"{name}: server time, median"] = gate(round(median, 1), PAGE_MILLISECONDS, "ms")
        gates[f"{name}: queries"] = gate(queries(browser, pages[name]), PAGE_QUERIES, "queries")
    ratios = [ours / base for ours, base in zip(times["api accounts"], times["floor"], strict=True)]
    gates["api list of 50 against the floor"] = gate(round(statistics.median(ratios), 1), 5, "times")
    json.dump(gates, sys.stdout)


def prepare(organization: Organization) -> tuple[Client, Client, Any]:
    """Return a signed-in browser of the leader, an API client, and the account that stands first."""
    user = User.objects.create(email="bench@acme.example", name="Bench")
    with organization_scope(organization):
        Member.objects.create(
            organization=organization, user=user, name="Bench", role=Member.Role.LEADER, external_id="bench"
        )
        _, text = issue_token(
            organization=organization, name="bench", scopes=["accounts:read"], issued_at=timezone.now()
        )
        account = Account.objects.for_organization(organization).filter(lifecycle="customer").order_by("id").first()
        assert account is not None
    browser = Client()
    browser.force_login(user, backend=settings.AUTHENTICATION_BACKENDS[0])
    return browser, Client(headers={"authorization": f"Bearer {text}"}), account.pk


def floor(organization: Organization) -> None:
    """Do what a specialist would write by hand for the list: one statement, and the rows as JSON."""
    with organization_scope(organization), connection.cursor() as cursor:
        cursor.execute(FLOOR, [organization.pk])
        json.dumps(cursor.fetchall(), default=str)


def ask(client: Client, url: str) -> None:
    """Ask for an address and insist on an answer."""
    response = client.get(url)
    assert response.status_code == 200, f"{url}: {response.status_code}"


def queries(client: Client, url: str) -> int:
    """Return how many statements one answer costs, those of the transaction and the tenant setting included."""
    connection.force_debug_cursor = True
    reset_queries()
    ask(client, url)
    connection.force_debug_cursor = False
    return len(connection.queries_log)


if __name__ == "__main__":
    main()
