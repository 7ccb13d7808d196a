"""Thousands of questions across the border between two organisations, and not one answer."""

import json
import os
import random
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from typing import Any

import psycopg2
import pytest
from django.db import transaction
from django.http import HttpResponse
from pytest_django import Settings

from tenancy.models import Member
from tenancy.tenant_model import TenantManager, TenantQuerySet
from tests.architecture.addresses import every_address
from tests.cast import Cast, create_cast
from tests.integrations.api_caller import Caller, a_token, openapi
from tests.isolation import probes
from tests.isolation.attackers import browsers, programs
from tests.isolation.probes import Probe
from tests.isolation.victim import UUID_FORM, Victim, build_victim

LONG = "AGILE_SALES_LONG" in os.environ
SAMPLE = 2_000
PROGRAMS = ("token", "revoked token", "mistyped token", "no token", "cookie")
# Printed with a failure, so that it can be set.
SEED = int(os.environ.get("AGILE_SALES_SEED", random.SystemRandom().randrange(10_000)))
LOOK_EVERY = 25  # a GET promises to change nothing: the state is compared for some of them


statuses: Counter[int] = Counter()


def every_probe(victim: Victim) -> list[Probe]:
    people, callers = browsers(victim.cast), programs(victim.cast)
    leader = next(person for person in people if person.name == "leader")
    administrator = next(person for person in people if person.name == "admin")
    token = next(caller for caller in callers if caller.name == "token")
    return [
        *probes.foreign_pages(victim, [*people, token]),
        *probes.own_pages(victim, leader),
        *probes.own_pages(victim, administrator),
        *probes.other_pages([*people, token]),
        *probes.api(victim, [*callers, *people], cursors_of(victim)),
    ]


def cursors_of(victim: Victim) -> list[str]:
    """Return cursors that were given to Acme itself."""
    caller, found = Caller(a_token(victim.cast.acme)), []
    for path, methods in openapi()["paths"].items():
        if "get" in methods and "{" not in path:
            answer = json.loads(caller.get(path, {"limit": 1}).content)
            if following := answer.get("next"):
                found.append(following.partition("cursor=")[2].partition("&")[0])
    return found


def sampled(every: list[Probe], *, seed: int) -> list[Probe]:
    """Return some of the probes: of each address, method and proof one, of each place and each attacker some."""
    if LONG:
        return every
    chance = random.Random(seed)  # noqa: S311
    alike: dict[Any, list[int]] = defaultdict(list)
    for number, probe in enumerate(every):
        for kind in ((probe.pattern, probe.method, proof_of(probe)), probe.place, probe.attacker.name):
            alike[kind].append(number)
    few = {chance.choice(numbers) for numbers in alike.values()}
    rest = sorted(set(range(len(every))) - few)
    return [every[number] for number in [*sorted(few), *chance.sample(rest, max(0, SAMPLE - len(few)))]]


def proof_of(probe: Probe) -> str:
    """Return by what the asker proves who they are."""
    return "token" if probe.attacker.token else "nothing" if probe.attacker.name.startswith("no") else "session"


def unasked(asked: list[Probe]) -> list[str]:
    """Return which address or operation was not asked with a session, with a token and without; in full by whom not."""
    by = proof_of if not LONG else lambda probe: probe.attacker.name
    known = {(probe.pattern, probe.method, by(probe)) for probe in asked}
    roles = [*Member.Role.values, "nobody", "token"] if LONG else ["session", "token", "nothing"]
    pages = [address for address in every_address() if not address.name.startswith("api:")]
    questions = [(address.name, "GET") for address in pages]
    questions += [(address.name, "POST") for address in pages if address.in_organization]
    questions += [(path, method.upper()) for path, methods in openapi()["paths"].items() for method in methods]
    return [
        f"{who}: {method} {name}" for name, method in questions for who in roles if (name, method, who) not in known
    ]


def faults_of(probe: Probe, victim: Victim, before: str, *, look: bool) -> Iterator[str]:
    """Ask, and yield what is wrong with the answer; whatever it changed is undone.

    Also what a question leaves on the asker's own side: the audit trail of their export names the ids that they typed.
    """
    with transaction.atomic():
        answer = ask(probe)
        content = content_of(answer)
        changed = look and victim.state() != before
        transaction.set_rollback(True)
    if changed:
        yield "a row of the other organisation was changed"
    statuses[answer.status_code] += 1
    sent = set(UUID_FORM.findall(f"{probe.url} {json.dumps(probe.body)}"))
    if answer.status_code >= 500:
        yield f"{answer.status_code}"
    if probe.allowed is not None and answer.status_code not in probe.allowed:
        yield f"{answer.status_code}, which is not among {sorted(probe.allowed)}"
    if traces := victim.traces_in(f"{answer.headers}{content}", sent=sent):
        yield f"it tells {sorted(traces)[:3]}"


def ask(probe: Probe) -> HttpResponse:
    in_api = probe.url.startswith("/api/")
    answer: Any = probe.attacker.client.generic(
        probe.method,
        probe.url,
        json.dumps(probe.body) if in_api and probe.body is not None else encoded(probe.body),
        content_type="application/json" if in_api else "application/x-www-form-urlencoded",
        headers={**probe.attacker.headers, **probe.headers},
    )
    return answer


def encoded(body: Any) -> str:
    from urllib.parse import urlencode

    return urlencode(body) if body else ""


def content_of(answer: Any) -> str:
    content = b"".join(answer.streaming_content) if answer.streaming else answer.content
    return str(content.decode(errors="replace"))


def run(asked: list[Probe], victim: Victim) -> dict[str, list[str]]:
    statuses.clear()
    before = victim.state()
    faults: dict[str, list[str]] = {}
    for number, probe in enumerate(asked):
        look = probe.method != "GET" or number % LOOK_EVERY == 0
        if found := list(faults_of(probe, victim, before, look=look)):
            faults[str(probe)] = found
    return faults


@pytest.fixture(autouse=True)
def _without_limits(settings: Settings) -> None:
    """The limits of the API have tests of their own; here they would answer in the place of what is asked."""
    settings.API_CALLS_OF_TOKEN = settings.API_CALLS_OF_ORGANIZATION = 1_000_000


@pytest.mark.django_db
def test_no_question_across_the_border_is_answered(cast: Cast, attempted: Callable[[str, float], None]) -> None:
    """ASVS V8.4.1, V8.2.2, V4.1.3: generated, so that a new address is asked without a line here."""
    victim = build_victim(cast)
    every = every_probe(victim)
    asked = sampled(every, seed=SEED)

    faults = run(asked, victim)

    for place, count in Counter(probe.place for probe in asked).items():
        attempted(f"probes across the border: {place}", count)
    assert faults == {}, f"seed {SEED}"
    assert unasked(asked) == []
    assert {probe.place for probe in asked} == probes.PLACES
    assert {probe.attacker.name for probe in asked} >= {*Member.Role.values, *PROGRAMS, "nobody"}
    assert statuses[429] == 0, "a limit answered in the place of what it stands before"
    assert len(asked) >= (5_000 if LONG else SAMPLE), f"{len(asked)} of {len(every)}"


@pytest.fixture
def _fences_down(monkeypatch: pytest.MonkeyPatch, transactional_db: None) -> Iterator[None]:
    """No manager scopes any more, and the database has no policy on accounts and contacts."""
    owner = psycopg2.connect(os.environ["DATABASE_OWNER_URL"])
    owner.autocommit = True
    tables = ("pipeline_account", "pipeline_contact")
    with owner.cursor() as cursor:
        for table in tables:
            cursor.execute(f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY")
        monkeypatch.setattr(TenantManager, "get_queryset", lambda self: super(TenantManager, self).get_queryset())
        monkeypatch.setattr(TenantQuerySet, "for_organization", lambda self, organization: self.all())
        yield
        for table in tables:
            cursor.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
    owner.close()


@pytest.mark.usefixtures("_fences_down")
def test_the_prober_sees_fences_that_are_down() -> None:
    victim = build_victim(create_cast())
    about_accounts = [probe for probe in every_probe(victim) if "account" in probe.pattern]

    faults = run(about_accounts[::7], victim)

    words = {word for found in faults.values() for word in found}
    assert any(word.startswith("it tells") for word in words)
    assert any("not among" in word for word in words)
