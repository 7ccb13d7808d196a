"""The questions of the prober, made from the URL configuration, the pages' own forms and the OpenAPI document."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from itertools import cycle, islice
from typing import Any
from urllib.parse import quote

from django.urls import NoReverseMatch, reverse
from uuid_utils.compat import uuid7

from tests.architecture.addresses import Address, every_address
from tests.integrations.api_caller import openapi
from tests.isolation.attackers import Attacker
from tests.isolation.victim import Victim

MISLEADING_HEADERS = {
    "X-Organization": "acme",
    "X-Organization-Id": "acme",
    "X-Tenant": "acme",
    "X-Forwarded-User": "leader@acme.example",
    "X-Original-URL": "/acme/accounts/",
    "X-Rewrite-URL": "/acme/accounts/",
    "X-HTTP-Method-Override": "DELETE",
}
PAGE_QUERIES = ("q", "owner", "account", "contact", "product", "stage", "pipeline", "order", "unit", "cursor", "next")


@dataclass(frozen=True)
class Probe:
    """One question, and which statuses are no gift."""

    attacker: Attacker
    pattern: str
    method: str
    url: str
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    allowed: frozenset[int] | None = None

    def __str__(self) -> str:
        return f"{self.attacker.name}: {self.method} {self.url} {json.dumps(self.body) if self.body else ''}"


def foreign_pages(victim: Victim, attackers: list[Attacker]) -> Iterator[Probe]:
    """Everybody at every page of Acme, and at their own with Acme's ids in the path."""
    for address in _pages():
        ids = {name: victim.ids[name] for name in address.parameters if name != "organization"}
        for attacker in attackers:
            nobody = attacker.name == "nobody"
            for method in ("GET", "POST"):
                theirs = reverse(address.name, kwargs={"organization": "acme", **ids})
                allowed = frozenset({302, 405} if nobody else {404, 405})
                yield Probe(attacker, address.name, method, theirs, allowed=allowed)
                if ids and not nobody:
                    own = reverse(address.name, kwargs={"organization": "globex", **ids})
                    # 302: asked to prove who is there, before anything is looked for.
                    yield Probe(attacker, address.name, method, own, allowed=frozenset({302, 403, 404, 405}))


def own_pages(victim: Victim, attacker: Attacker) -> Iterator[Probe]:
    """One's own pages with Acme's ids in the query and in every field of every form."""
    foreign = cycle(sorted(victim.ids.values()))
    for address in _pages():
        if len(address.parameters) > 1:
            continue
        url = reverse(address.name, kwargs={"organization": "globex"})
        page = attacker.client.get(url)
        fields = _fields(page.content.decode()) if page.status_code == 200 and not page.streaming else {}
        for name in (*PAGE_QUERIES, *(name for name, form in fields.items() if form == "get")):
            yield Probe(attacker, address.name, "GET", f"{url}?{quote(name)}={next(foreign)}")
        filled = dict.fromkeys(fields, "1")
        for name in (name for name, form in fields.items() if form == "post"):
            for value in islice(foreign, 3):
                yield Probe(attacker, address.name, "POST", url, body={**filled, name: value})
        for header, value in MISLEADING_HEADERS.items():
            yield Probe(attacker, address.name, "GET", url, headers={header: value})


def other_pages(attackers: list[Attacker]) -> Iterator[Probe]:
    """The addresses that belong to nobody's organisation."""
    for address in every_address():
        if address.in_organization or address.name.startswith("api:"):
            continue
        for attacker in attackers:
            yield Probe(attacker, address.name, "GET", _guessed(address))


def _guessed(address: Address) -> str:
    """Return an address with a guess for each of its parameters: a word, a number or an id, whatever it takes."""
    for guess in ("x-1", "1", "0192f0c1-7b2a-7c3e-9a53-0b6f5d1e2a10"):
        try:
            return reverse(address.name, kwargs=dict.fromkeys(address.parameters, guess))
        except NoReverseMatch:
            continue
    raise LookupError(f"No guess fits {address.route}; add one.")


def api(victim: Victim, attackers: list[Attacker], cursors: list[str]) -> Iterator[Probe]:
    """Every operation of the API with Acme's ids in path, query, header and body."""
    every = sorted(set(victim.ids.values()))
    for path, methods in openapi()["paths"].items():
        for method, operation in methods.items():
            if method not in ("get", "post", "put", "patch", "delete"):
                continue
            for attacker in attackers:
                yield from _of_operation(path, method.upper(), operation, attacker, every, cursors)


def _of_operation(
    path: str, method: str, operation: Any, attacker: Attacker, every: list[str], cursors: list[str]
) -> Iterator[Probe]:
    known = attacker.name == "token"
    allowed = None if known else frozenset({401})
    bodies = list(_bodies(operation, every)) if known else [None]
    headers = {"If-Match": '"1"', "Idempotency-Key": uuid7().hex} if method != "GET" else {}
    for number, foreign in enumerate(every):
        url = path.replace("{", "\0").split("\0")[0] + foreign + path.partition("}")[2] if "{" in path else path
        if "{" in path:
            foreign_only = frozenset({404, 400, 405, 409, 412, 415, 422}) if known else allowed
            body = bodies[number % len(bodies)] if bodies else None
            yield Probe(attacker, path, method, url, body=body, headers=headers, allowed=foreign_only)
        elif number == 0 and not bodies:
            yield Probe(attacker, path, method, url, allowed=allowed)
        for parameter in operation.get("parameters", ()) if known and method == "GET" else ():
            if parameter["in"] == "query" and _is_id(parameter.get("schema", {})):
                yield Probe(attacker, path, method, f"{url}?{parameter['name']}={foreign}")
    if "{" in path or not known:
        return
    for cursor in cursors if method == "GET" else ():
        yield Probe(attacker, path, method, f"{path}?cursor={quote(cursor)}")
    for header, value in MISLEADING_HEADERS.items() if method == "GET" else ():
        yield Probe(attacker, path, method, path, headers={header: value})
    for body in bodies:
        yield Probe(attacker, path, method, path, body=body, headers=headers | {"Idempotency-Key": uuid7().hex})


def _is_id(schema: Any) -> bool:
    return schema.get("format") == "uuid" or any(_is_id(one) for one in schema.get("anyOf", ()))


def _bodies(operation: Any, every: list[str]) -> Iterator[Any]:
    """Yield the operation's own example with each id in it replaced by each of Acme's."""
    content = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
    for example in content.get("examples", {}).values():
        value = example["value"]
        places = list(_places(value))
        if not places:
            yield value
        for place in places:
            for foreign in every:
                yield _with(value, place, foreign)


def _places(value: Any, here: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _places(inner, (*here, key))
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield from _places(inner, (*here, number))
    elif here and isinstance(value, str) and len(value) == 36 and value.count("-") == 4:
        yield here


def _with(value: Any, place: tuple[Any, ...], new: Any) -> Any:
    if not place:
        return new
    changed = value.copy()
    changed[place[0]] = _with(value[place[0]], place[1:], new)
    return changed


def _pages() -> list[Address]:
    return [address for address in every_address() if address.in_organization]


class _Forms(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.fields: dict[str, str] = {}
        self._method = "get"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        if tag == "form":
            self._method = (values.get("method") or "get").lower()
        elif tag in ("input", "select", "textarea") and (name := values.get("name")) and name != "csrfmiddlewaretoken":
            self.fields[name] = self._method


def _fields(content: str) -> dict[str, str]:
    """Return the fields of a page's forms, with the method of the form."""
    parser = _Forms()
    parser.feed(content)
    return parser.fields
