"""No endpoint reads a whole table of organisations: the plan of every statement of every list, on large tables."""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import django

django.setup()

from django.conf import settings  # noqa: E402
from django.db import connection  # noqa: E402
from django.test import Client  # noqa: E402
from django.urls import reverse  # noqa: E402
from django.utils import timezone  # noqa: E402

from benchmarks.gates import gate  # noqa: E402
from integrations.api.document import document  # noqa: E402
from tenancy.access import API_SCOPES  # noqa: E402
from tenancy.models import Member, Organization, User  # noqa: E402
from tenancy.scoping import organization_scope  # noqa: E402
from tenancy.tokens import issue_token  # noqa: E402
from tests.architecture.addresses import every_address  # noqa: E402

LARGE = 5_000  # rows; a smaller table is read whole by right
AWAY = {"pipeline:accounts-export", "pipeline:opportunities-export", "pipeline:contacts-export"}


class Watch:
    """Explains each statement before it runs, and keeps the tables that it would read whole."""

    def __init__(self) -> None:
        self.scans: set[str] = set()
        self.statements = 0
        self.where = ""

    def __call__(self, execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if sql.lstrip()[:6].upper() in ("SELECT", "WITH x") and "set_config" not in sql:
            self.statements += 1
            with context["connection"].wrap_database_errors, context["connection"].connection.cursor() as cursor:
                cursor.execute(f"EXPLAIN (FORMAT JSON) {sql}", params)
                self.scans |= {f"{self.where}: {table}" for table in _scanned(cursor.fetchone()[0][0]["Plan"])}
        return execute(sql, params, many, context)


def _scanned(plan: Any) -> Iterator[str]:
    if plan["Node Type"] == "Seq Scan":
        yield plan["Relation Name"]
    for inner in plan.get("Plans", ()):
        yield from _scanned(inner)


def large_tables() -> set[str]:
    """Return the tenant tables that nobody should read whole."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT c.relname FROM pg_class c"
            " JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'organization_id'"
            " WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace AND c.reltuples > %s",
            [LARGE],
        )
        return {row[0] for row in cursor.fetchall()}


@contextmanager
def watched(watch: Watch) -> Iterator[None]:
    """Explain what runs inside."""
    with connection.execute_wrapper(watch):
        yield


def page_addresses() -> Iterator[str]:
    """Yield the pages of an organisation that need no record."""
    for address in every_address():
        if address.parameters == ("organization",) and address.name not in AWAY and "export" not in address.name:
            yield reverse(address.name, kwargs={"organization": "large"})


def api_addresses() -> Iterator[str]:
    """Yield every list with each of its sorts and the example of each of its filters."""
    paths = json.loads(document(as_yaml=False))["paths"]
    for path, methods in paths.items():
        if "{" in path or "get" not in methods:
            continue
        yield path
        for parameter in methods["get"].get("parameters", ()):
            if parameter["in"] != "query" or parameter["name"] in ("cursor", "limit", "fields", "expand"):
                continue
            schema = parameter["schema"]
            values = schema.get("enum") or schema.get("items", {}).get("enum") or ()
            if parameter["name"] == "sort":
                for value in values:
                    yield f"{path}?sort={value}"
            elif values:
                yield f"{path}?{parameter['name']}={values[0]}"


def main() -> None:
    """Ask for everything and print the gate."""
    organization = Organization.objects.get(slug="large")
    user = User.objects.create(email="plans@large.example", name="Plans")
    with organization_scope(organization):
        Member.objects.create(organization=organization, user=user, name="Plans", role="admin", external_id="plans")
        _, token = issue_token(
            organization=organization, name="plans", scopes=list(API_SCOPES), issued_at=timezone.now()
        )
    browser = Client()
    browser.force_login(user, backend=settings.AUTHENTICATION_BACKENDS[0])
    api, watch = Client(headers={"authorization": f"Bearer {token}"}), Watch()
    refused = []
    for client, addresses in ((browser, page_addresses()), (api, api_addresses())):
        for url in addresses:
            watch.where = url
            with watched(watch):
                status = client.get(url).status_code
            if status not in (200, 302):
                refused.append(f"{url}: {status}")
    large = large_tables()
    found = sorted(scan for scan in watch.scans if scan.rpartition(": ")[2] in large)
    print(
        f"{watch.statements} statements explained; whole tables read: {found}; not answered: {refused}", file=sys.stderr
    )
    json.dump({"whole tables read by an endpoint": gate(len(found), 0, "scans")}, sys.stdout)


if __name__ == "__main__":
    main()
