"""Everything that an organisation can be asked for, each once: pages and what they link to, lists, writes, the night.

Pages are found by following their own links and filters, so that a new tab, sort or export is visited without a line
here; what only a POST does is listed.
"""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from html.parser import HTMLParser
from io import StringIO
from itertools import islice
from typing import Any
from urllib.parse import parse_qsl, urlencode, urljoin, urlsplit

from django.conf import settings
from django.core.management import call_command
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from uuid_utils.compat import uuid7

from benchmarks.imports import STAGES
from integrations.api.document import document
from integrations.models import Import, ImportFile
from integrations.operations.checking import check_import, request_check
from integrations.operations.committing import commit_import, request_commit
from integrations.operations.undoing import request_undo, undo_import
from integrations.operations.uploads import Upload, start_import
from pipeline.models import BulkChange
from pipeline.operations.bulk import queue_bulk_change
from pipeline.tasks import change_many_records
from tenancy.access import API_SCOPES
from tenancy.models import Member, Organization, User
from tenancy.scoping import organization_scope
from tenancy.tokens import issue_token
from tests.architecture.addresses import every_address

Visit = tuple[str, Callable[[], Any]]
MOST_PAGES, PIECES = 250, 5
ID = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}|(?<=/)[\w-]{30,}(?=/|$)")
# One address stands for all that differ only in these.
ANY_VALUE = {"after", "before", "cursor", "q", "owner", "record", "account", "actor"}
SEARCHES = ("va", "gmbh", "vakoren 1204", "zzzz")
FILES = {
    "accounts": "Account ID,Account Name,City\n" + "".join(f"PLAN{n},Plan {n},Linz\n" for n in range(1_200)),
    "opportunities": "Deal ID,Deal Name,Account ID,Stage,Amount,Currency,Created,Close Date,Next step\n"
    + "".join(f"PLAN{n},Deal {n},PLAN{n},Won,5.50,EUR,2026-01-05,2026-02-05,\n" for n in range(1_200)),
}


@dataclass
class Links(HTMLParser):
    """What a page leads to by GET: its links, what it loads, each choice of its filters."""

    page: str
    found: list[str] = field(default_factory=list)
    action: str | None = None
    select: str = ""

    def __post_init__(self) -> None:
        super().__init__()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note an address."""
        named = {name: value or "" for name, value in attrs}
        for name in ("href", "hx-get"):
            if named.get(name) and tag != "link":
                self.found.append(urljoin(self.page, named[name]))
        if tag == "form" and named.get("method", "get").lower() == "get":
            self.action = urljoin(self.page, named.get("action", ""))
        elif tag == "select":
            self.select = named.get("name", "")
        elif self.action and tag == "option" and self.select and named.get("value"):
            self._choose(self.select, named["value"])
        elif self.action and tag == "input" and named.get("name"):
            kind = named.get("type", "text")
            text = {"date": "2026-03-02", "number": "5", "checkbox": named.get("value", "on"), "hidden": ""}
            self._choose(named["name"], text.get(kind, "va"))

    def handle_endtag(self, tag: str) -> None:
        """Note the end of a form."""
        if tag == "form":
            self.action = None
        elif tag == "select":
            self.select = ""

    def _choose(self, name: str, value: str) -> None:
        assert self.action is not None
        if value:
            self.found.append(f"{self.action.partition('?')[0]}?{urlencode({name: value})}")


def shape_of(url: str) -> str:
    """Return what an address has in common with those that ask the same of the database."""
    parts = urlsplit(url)
    if "/export/" in parts.path:
        return parts.path  # as long as the list that it follows, and the list is visited
    query = sorted((name, "" if name in ANY_VALUE else value) for name, value in parse_qsl(parts.query))
    return f"{ID.sub('id', parts.path)}?{urlencode([(name, ID.sub('id', value)) for name, value in query])}"


class Visitor:
    """An administrator and a token of one organisation."""

    def __init__(self, organization: Organization) -> None:
        self.organization = organization
        self.slug = organization.slug
        name = f"plans-{uuid7().hex}"  # so that it can be run again on the same installation
        user = User.objects.create(email=f"{name}@{self.slug}.example", name="Plans")
        with organization_scope(organization):
            self.member = Member.objects.create(
                organization=organization, user=user, name="Plans", role="admin", external_id=name
            )
            _, token = issue_token(
                organization=organization, name="plans", scopes=list(API_SCOPES), issued_at=timezone.now()
            )
        self.browser = Client(raise_request_exception=False)
        self.browser.force_login(user, backend=settings.AUTHENTICATION_BACKENDS[0])
        self.api = Client(raise_request_exception=False, headers={"authorization": f"Bearer {token}"})
        self.refused: list[str] = []
        self.leading_on: list[str] = []
        self.answer: dict[str, Any] = {}

    def visits(self) -> Iterator[Visit]:
        """Yield what to call and where it is."""
        yield from self._pages()
        for url in api_addresses():
            yield url, partial(self._ask, self.api, url)
        yield from self._writes()
        if self.slug != "large":  # the night of a large one takes minutes
            yield "the night", partial(call_command, "run_night", organization=self.slug, stdout=StringIO())

    def _pages(self) -> Iterator[Visit]:
        waiting = [
            reverse(address.name, kwargs={"organization": self.slug})
            for address in every_address()
            if address.parameters == ("organization",)
        ]
        for name in ("search", "palette"):
            waiting += [f"{reverse(name, args=[self.slug])}?{urlencode({'q': text})}" for text in SEARCHES]
        seen = set(map(shape_of, waiting))
        visited = 0
        while waiting and visited < MOST_PAGES:
            url, visited = waiting.pop(0), visited + 1
            yield url, partial(self._ask, self.browser, url)
            for found in self.leading_on:
                # A chosen filter is one address each; what it leads to in turn is the same with another word.
                if found.startswith(f"/{self.slug}/") and shape_of(found) not in seen and len(found) < 300:
                    seen.add(shape_of(found))
                    if found.count("=") <= 2:
                        waiting.append(found)

    def _ask(self, client: Client, url: str) -> None:
        response: Any = client.get(url)
        # A file comes in pieces, each by the same statement from where the last one ended: some of them will do.
        content = b"".join(islice(response.streaming_content, PIECES)) if response.streaming else response.content
        response.close()
        self.leading_on = []
        if response.status_code == 302:
            self.leading_on = [response["Location"]]
        elif response.status_code not in (200, 405):  # 405: an address that only takes a POST
            self.refused.append(f"{url}: {response.status_code}")
        elif response["Content-Type"].startswith("text/html"):
            links = Links(url)
            links.feed(content.decode())
            self.leading_on = [found.partition("#")[0] for found in links.found]

    def _send(self, method: str, path: str, body: Any, *, version: str = "") -> None:
        headers = {"if-match": version} if version else {}
        response = self.api.generic(method, path, json.dumps(body), content_type="application/json", headers=headers)
        if response.status_code not in (200, 201, 204):
            self.refused.append(f"{method} {path}: {response.status_code} {response.content[:200]!r}")
        self.answer = json.loads(response.content) if response.content else {}

    def _writes(self) -> Iterator[Visit]:
        for path in ("/api/v1/accounts", "/api/v1/opportunities"):
            for words in ("new", "known"):
                rows = [{"external_id": f"BULK{n}", "name": f"Plan {n}, {words}"} for n in range(500)]
                sent = {"source": self.member.external_id, "records": rows}
                yield f"POST {path}/bulk, {words} rows", partial(self._send, "POST", f"{path}/bulk", sent)
            yield f"POST {path}", partial(self._send, "POST", path, {"name": "Plan, alone"})
            one = f"{path}/{self.answer.get('id')}"
            yield f"PATCH {path}", partial(self._send, "PATCH", one, {"name": "Plan, again"}, version="*")
            yield f"DELETE {path}", partial(self._send, "DELETE", one, None, version="*")
        yield "a change of many accounts", self._change_many
        for kind, text in FILES.items():
            made: list[Import] = []
            for step in (self._check, self._commit, self._undo):
                yield f"import of {kind}: {step.__name__[1:]}", partial(step, kind, text, made)

    def _change_many(self) -> None:
        with organization_scope(self.organization, actor=self.member):
            change: BulkChange = queue_bulk_change(
                organization=self.organization,
                member=self.member,
                record_type="account",
                query="name=Plan",
                change={"do": "segment", "value": "small"},
                words="A change of many",
                page=f"/{self.slug}/accounts/",
                total=500,
                asked_at=timezone.now(),
            )
        change_many_records.run(organization=self.organization, bulk_id=str(change.pk))

    def _check(self, kind: str, text: str, made_of: list[Import]) -> None:
        with organization_scope(self.organization):
            made = start_import(
                organization=self.organization,
                uploads=[Upload(f"{kind}.csv", [text.encode()])],
                source_name="plans",
                requested_by=None,
                now=timezone.now(),
            )
            ImportFile.objects.filter(import_set=made).update(
                value_map={"stage": STAGES} if kind == "opportunities" else {}
            )
            request_check(organization=self.organization, made=made, queue=False)
        check_import(organization=self.organization, import_id=made.pk, now=timezone.now())
        made_of.append(made)

    def _commit(self, kind: str, text: str, made_of: list[Import]) -> None:
        with organization_scope(self.organization):
            made = Import.objects.get(pk=made_of[0].pk)
            request_commit(
                organization=self.organization, made=made, requested_by=None, now=timezone.now(), queue=False
            )
        commit_import(organization=self.organization, import_id=made.pk, now=timezone.now())

    def _undo(self, kind: str, text: str, made_of: list[Import]) -> None:
        with organization_scope(self.organization):
            made = Import.objects.get(pk=made_of[0].pk)
            if made.state != "done":
                self.refused.append(f"import of {kind}: {made.state}")
            request_undo(organization=self.organization, made=made, requested_by=None, now=timezone.now(), queue=False)
        undo_import(organization=self.organization, import_id=made.pk, member_id=None, now=timezone.now())


def api_addresses() -> Iterator[str]:
    """Yield every list with each of its sorts and the example of each of its filters."""
    paths = json.loads(document(as_yaml=False))["paths"]
    for path, methods in paths.items():
        if "{" in path or "get" not in methods:
            continue
        yield path
        for parameter in methods["get"].get("parameters", ()):
            name, schema = parameter["name"], parameter["schema"]
            if parameter["in"] != "query" or name in ("cursor", "limit", "fields", "source"):
                continue
            values: list[Any] = schema.get("enum") or schema.get("items", {}).get("enum") or []
            if name == "sort":
                yield from (f"{path}?sort={value}" for value in values)
                continue
            examples: list[Any] = [example["value"] for example in parameter.get("examples", {}).values()]
            value = next(iter(examples + values), "")
            text = ",".join(map(str, value)) if isinstance(value, list) else str(value)
            more = {name: text.lower() if isinstance(value, bool) else text}
            if name == "external_id":
                more["source"] = "bench"  # the two name a record together
            yield f"{path}?{urlencode(more)}"
