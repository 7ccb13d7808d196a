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
PLACES = frozenset({"path", "body", "query", "filter", "header", "nested", "export", "search"})
"""Where a question names what is not its asker's."""
Place = tuple[Any, ...]
SEARCHES = ("search", "palette")
SEARCHED = ("canary", "Acme")  # not the whole mark: a page may say what it looked for
PAGE_QUERIES = ("q", "owner", "account", "contact", "product", "stage", "pipeline", "order", "unit", "cursor", "next")


@dataclass(frozen=True)
class Probe:
    """One question, and which statuses are no gift."""

    attacker: Attacker
    pattern: str
    method: str
    url: str
    place: str
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    allowed: frozenset[int] | None = None

    def __str__(self) -> str:
        return f"{self.attacker.name}: {self.method} {self.url} {json.dumps(self.body) if self.body else ''}"


def foreign_pages(victim: Victim, attackers: list[Attacker]) -> Iterator[Probe]:
    """Everybody at every page of Acme, and at their own with Acme's ids in the path."""
    for address in _pages():
        ids = {name: victim.ids[name] for name in address.parameters if name in victim.ids}
        named = ids | {name: victim.words[name] for name in address.parameters if name in victim.words}
        for attacker in attackers:
            nobody = attacker.name in ("nobody", "token")  # a token opens no page
            for method in ("GET", "POST"):
                theirs = reverse(address.name, kwargs={"organization": "acme", **named})
                allowed = frozenset({302, 405} if nobody else {404, 405})
                headers = attacker.headers
                yield Probe(attacker, address.name, method, theirs, _place(address), headers=headers, allowed=allowed)
                if ids and not nobody:
                    own = reverse(address.name, kwargs={"organization": "globex", **named})
                    # 302: asked to prove who is there, before anything is looked for.
                    refused = frozenset({302, 403, 404, 405})
                    yield Probe(attacker, address.name, method, own, _place(address), allowed=refused)


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
            place = "export" if _place(address) == "export" else "query" if name in ("cursor", "next") else "filter"
            yield Probe(attacker, address.name, "GET", f"{url}?{quote(name)}={next(foreign)}", place)
        for words in SEARCHED if address.name in SEARCHES or "q" in fields else ():
            yield Probe(attacker, address.name, "GET", f"{url}?q={words}", "search")
        filled = dict.fromkeys(fields, "1")
        for name in (name for name, form in fields.items() if form == "post"):
            for value in islice(foreign, 3):
                yield Probe(attacker, address.name, "POST", url, "body", body={**filled, name: value})
        for header, value in MISLEADING_HEADERS.items():
            yield Probe(attacker, address.name, "GET", url, "header", headers={header: value})


def _place(address: Address) -> str:
    """Return what the id, or the organisation, in an address is part of."""
    return "export" if "export" in address.name else "nested" if len(address.parameters) > 2 else "path"


def other_pages(attackers: list[Attacker]) -> Iterator[Probe]:
    """The addresses that belong to nobody's organisation."""
    for address in every_address():
        if address.in_organization or address.name.startswith("api:"):
            continue
        for attacker in attackers:
            yield Probe(attacker, address.name, "GET", _guessed(address), "path", headers=attacker.headers)


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
    bodies = list(_bodies(operation, every)) if known else [(None, ())]
    headers = {"If-Match": '"1"', "Idempotency-Key": uuid7().hex} if method != "GET" else {}
    for number, foreign in enumerate(every if attacker.token else every[:1]):
        url = path.replace("{", "\0").split("\0")[0] + foreign + path.partition("}")[2] if "{" in path else path
        if "{" in path:
            foreign_only = frozenset({404, 400, 405, 409, 412, 415, 422}) if known else allowed
            body = bodies[number % len(bodies)][0] if bodies else None
            yield Probe(attacker, path, method, url, "path", body=body, headers=headers, allowed=foreign_only)
        elif number == 0 and (not bodies or not known):
            yield Probe(attacker, path, method, url, "path", allowed=allowed)
        for parameter in operation.get("parameters", ()) if known and method == "GET" else ():
            if parameter["in"] == "query" and _is_id(parameter.get("schema", {})):
                yield Probe(attacker, path, method, f"{url}?{parameter['name']}={foreign}", "filter")
    for parameter in operation.get("parameters", ()) if known and method == "GET" and "{" not in path else ():
        if parameter["in"] == "query" and parameter["name"] in ("name", "number", "code", "external_id"):
            for words in SEARCHED:
                yield Probe(attacker, path, method, f"{path}?{parameter['name']}={words}", "search")
        for expanded in _choices(parameter) if parameter["name"] == "expand" else ():
            yield Probe(attacker, path, method, f"{path}?expand={expanded}&limit=100", "nested")
    if "{" in path or not known:
        return
    for cursor in cursors if method == "GET" else ():
        yield Probe(attacker, path, method, f"{path}?cursor={quote(cursor)}", "query")
    for header, value in MISLEADING_HEADERS.items() if method == "GET" else ():
        yield Probe(attacker, path, method, path, "header", headers={header: value})
    for body, place in (one for one in bodies if one[0] is not None):
        refused = frozenset({400, 404, 409, 422}) if place and not path.endswith("/bulk") else None
        fresh = headers | {"Idempotency-Key": uuid7().hex}
        where = "nested" if len(place) > 1 else "body"
        yield Probe(attacker, path, method, path, where, body=body, headers=fresh, allowed=refused)


def _choices(parameter: Any) -> list[str]:
    schema = parameter["schema"]
    return list(schema.get("items", schema).get("enum", ()))


def _is_id(schema: Any) -> bool:
    return schema.get("format") == "uuid" or any(_is_id(one) for one in schema.get("anyOf", ()))


def _bodies(operation: Any, every: list[str]) -> Iterator[tuple[Any, Place]]:
    """Yield the operation's own example with each of Acme's ids in each place that takes one, and that place."""
    content = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
    places = sorted(_id_places(content.get("schema", {})), key=str)
    for example in content.get("examples", {}).values():
        if not places:
            yield example["value"], ()
        for place in places:
            for foreign in every:
                yield _with(example["value"], place, foreign), place


def _id_places(schema: Any, here: Place = ()) -> Iterator[Place]:
    while "$ref" in schema:
        schema = openapi()["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    if schema.get("format") == "uuid":
        yield here
    for choice in schema.get("anyOf", ()):
        yield from _id_places(choice, here)
    for name, inner in schema.get("properties", {}).items():
        yield from _id_places(inner, (*here, name))
    if "items" in schema:
        yield from _id_places(schema["items"], (*here, 0))


def _with(value: Any, place: Place, new: Any) -> Any:
    first, *rest = place
    changed = value.copy()
    if isinstance(value, list) and not value:
        return [_with({}, tuple(rest), new) if rest else new]
    inner = value[first] if isinstance(value, list) else value.get(first, [{}])
    changed[first] = _with(inner, tuple(rest), new) if rest else new
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
