"""Somebody with the owner's keys changes the trail: every single change is found, and its place is named."""

import os
import random
from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import connection, transaction
from django.utils import timezone

from tenancy.audit.verification import Break, verify
from tenancy.models import AuditEntry, AuditSeal, DomainEvent, Organization
from tenancy.scoping import organization_scope
from tests.audit.roles import as_role
from tests.audit.trail import a_sealed_trail, change, entries_of
from tests.cast import Cast, create_cast
from tests.manage import run_manage

TRIALS = 500 if os.environ.get("AGILE_SALES_LONG") else 150
SEED = 20261123

pytestmark = pytest.mark.django_db(transaction=True)


def seal_number_of(entry: AuditEntry) -> int:
    """Return the number of the seal that holds an entry."""
    assert entry.seal_number is not None
    return entry.seal_number


class Tamperer:
    """Changes one thing; each method returns the number of the seal where that must show (0: anywhere)."""

    def __init__(self, organization: Organization, stranger: Organization, dice: random.Random) -> None:
        self.organization, self.stranger, self.dice = organization, stranger, dice

    def run(self, statement: str, *values: Any) -> None:
        with connection.cursor() as cursor:
            cursor.execute(statement, [str(value) if isinstance(value, UUID) else value for value in values])
            assert cursor.rowcount > 0, statement

    def an_entry(self) -> AuditEntry:
        return self.dice.choice(list(AuditEntry.objects.exclude(seal_number=None).order_by("id")))

    def a_seal(self) -> AuditSeal:
        return self.dice.choice(list(AuditSeal.objects.order_by("number")))

    def an_event(self) -> DomainEvent:
        return self.dice.choice(list(DomainEvent.objects.exclude(position=None).order_by("position")))

    def edit_an_entry(self) -> int:
        entry = self.an_entry()
        changes = {
            "id": "gen_random_uuid()",
            "organization_id": f"'{self.stranger.pk}'",
            "table_name": "table_name || 's'",
            "row_id": "gen_random_uuid()",
            "action": "CASE action WHEN 'insert' THEN 'delete' ELSE 'insert' END",
            "before": "coalesce(before, '{}') || '{\"title\": \"Never\"}'",
            "after": "coalesce(after, '{}') || '{\"title\": \"Never\"}'",
            "actor_id": "gen_random_uuid()",
            "task": "'night'",
            "address": "'10.0.0.1'",
            "transaction_id": "transaction_id + 1",
            "occurred_at": "occurred_at + interval '1 microsecond'",
            "seal_number": "NULL",
        }
        column = self.dice.choice(sorted(changes))
        self.run(f"UPDATE tenancy_auditentry SET {column} = {changes[column]} WHERE id = %s", entry.pk)
        return seal_number_of(entry)

    def make_nothing_of_an_entry(self) -> int:
        entry = self.dice.choice(list(AuditEntry.objects.filter(before__isnull=True, seal_number__gt=0).order_by("id")))
        self.run("UPDATE tenancy_auditentry SET before = 'null'::jsonb WHERE id = %s", entry.pk)
        return seal_number_of(entry)

    def delete_an_entry(self) -> int:
        entry = self.an_entry()
        self.run("DELETE FROM tenancy_auditentry WHERE id = %s", entry.pk)
        return seal_number_of(entry)

    def reorder_entries(self) -> int:
        first, second = self.dice.sample(list(AuditEntry.objects.exclude(seal_number=None).order_by("id")), 2)
        column = self.dice.choice(["occurred_at", "after", "row_id", "transaction_id"])
        if getattr(first, column) == getattr(second, column):
            column = "occurred_at"
        self.run(
            f"UPDATE tenancy_auditentry t SET {column} = o.{column} FROM tenancy_auditentry o"
            " WHERE (t.id = %s AND o.id = %s) OR (t.id = %s AND o.id = %s)",
            *(first.pk, second.pk, second.pk, first.pk),
        )
        return min(seal_number_of(first), seal_number_of(second))

    def exchange_entries_between_batches(self) -> int:
        first, second = self.an_entry(), self.an_entry()
        while first.seal_number == second.seal_number:
            second = self.an_entry()
        for entry, other in [(first, second), (second, first)]:
            self.run("UPDATE tenancy_auditentry SET seal_number = %s WHERE id = %s", other.seal_number, entry.pk)
        return min(seal_number_of(first), seal_number_of(second))

    def insert_in_the_middle(self) -> int:
        entry = self.an_entry()
        self.run(
            "INSERT INTO tenancy_auditentry (organization_id, table_name, row_id, action, occurred_at, seal_number)"
            " VALUES (%s, 'tenancy_member', %s, 'delete', %s, %s)",
            *(self.organization.pk, uuid4(), entry.occurred_at, entry.seal_number),
        )
        return seal_number_of(entry)

    def insert_into_the_past_without_a_seal(self) -> int:
        self.run(
            "INSERT INTO tenancy_auditentry (organization_id, table_name, row_id, action, occurred_at)"
            " VALUES (%s, 'tenancy_member', %s, 'delete', now() - interval '3 days')",
            *(self.organization.pk, uuid4()),
        )
        return AuditSeal.objects.count() + 1

    def truncate(self) -> int:
        self.run("DELETE FROM tenancy_auditentry WHERE organization_id = %s", self.organization.pk)
        return 1

    def cut_the_end(self) -> int:
        entry = self.an_entry()
        self.run("DELETE FROM tenancy_auditentry WHERE seal_number >= %s", entry.seal_number)
        return seal_number_of(entry)

    def edit_a_seal(self) -> int:
        seal = self.a_seal()
        other = "a" * 64
        changes = {
            "organization_id": f"'{self.stranger.pk}'",
            "number": "number + 1000",
            "kind": "'purge'",
            "previous_hash": f"'{other}'",
            "entry_count": "entry_count + 1",
            "entries_hash": f"'{other}'",
            "first_at": "first_at - interval '1 microsecond'",
            "last_at": "last_at + interval '1 microsecond'",
            "event_count": "event_count + 1",
            "events_hash": f"'{other}'",
            "events_through": "events_through + 1",
            "purged_through": "purged_through + 1",
            "sealed_at": "sealed_at + interval '1 microsecond'",
            "hash": f"'{other}'",
        }
        column = self.dice.choice(sorted(changes))
        self.run(f"UPDATE tenancy_auditseal SET {column} = {changes[column]} WHERE id = %s", seal.pk)
        return 0 if column == "purged_through" else seal.number

    def drop_the_last_seal(self) -> int:
        last = AuditSeal.objects.order_by("-number").first()
        self.run("DELETE FROM tenancy_auditseal WHERE id = %s", last.pk)
        return last.number

    def drop_a_seal(self) -> int:
        seal = self.a_seal()
        self.run("DELETE FROM tenancy_auditseal WHERE id = %s", seal.pk)
        return seal.number

    def edit_an_event(self) -> int:
        event = self.an_event()
        changes = {
            "type": "'member.promoted'",
            "payload": "payload || '{\"x\": 1}'",
            "actor_id": f"(SELECT id FROM tenancy_member WHERE organization_id = '{self.organization.pk}'"
            " AND external_id = 'ada')",
            "occurred_at": "occurred_at + interval '1 second'",
            "subject_id": "gen_random_uuid()",
            "source": "'crm'",
        }
        column = self.dice.choice(sorted(changes))
        self.run(f"UPDATE tenancy_domainevent SET {column} = {changes[column]} WHERE id = %s", event.pk)
        return 0

    def delete_an_event(self) -> int:
        self.run("DELETE FROM tenancy_domainevent WHERE id = %s", self.an_event().pk)
        return 0


WAYS = sorted(name for name, way in vars(Tamperer).items() if callable(way) and "_" in name and name[0] != "_")
WAYS = [*(way for way in WAYS if way not in ("a_seal", "an_entry", "an_event")), "truncate"]
assert len(WAYS) == 14


@pytest.fixture
def cast() -> Cast:
    return create_cast()


@pytest.fixture
def tampered(cast: Cast) -> Iterator[Callable[[int], tuple[str, int, Break | None]]]:
    """Return a function that tampers in one way, verifies, and takes the change back."""
    a_sealed_trail(cast.acme, cast.rui, seals=5)
    change(cast.acme, cast.mia, times=2)  # what is open is no break

    def trial(number: int) -> tuple[str, int, Break | None]:
        way = WAYS[number % len(WAYS)]
        dice = random.Random(f"{SEED}.{number}")  # noqa: S311 - dice, repeatable
        found: list[Any] = []
        try:
            with transaction.atomic():
                expected = getattr(Tamperer(cast.acme, cast.globex, dice), way)()
                found = [way, expected, verify(organization=cast.acme).first_break]
                raise _TakeBackError
        except _TakeBackError:
            return found[0], found[1], found[2]

    with as_role("OWNER"), organization_scope(cast.acme):
        assert verify(organization=cast.acme).first_break is None
        yield trial


class _TakeBackError(Exception):
    """Ends a trial."""


def test_every_single_change_is_found_where_it_was_made(
    tampered: Callable[[int], tuple[str, int, Break | None]], attempted: Callable[[str, float], None]
) -> None:
    """ASVS V16.4.2: logs are protected; whoever changes them leaves a trace."""
    missed, misplaced = [], []
    for number in range(TRIALS):
        way, expected, found = tampered(number)
        if found is None:
            missed.append((number, way))
        elif expected and found.seal != expected:
            misplaced.append((number, way, expected, str(found)))

    attempted("changes of the audit trail", TRIALS)
    assert missed == []
    assert misplaced == []


def test_the_command_fails_and_names_the_place(cast: Cast) -> None:
    a_sealed_trail(cast.acme, cast.rui, seals=3)
    with as_role("OWNER"), organization_scope(cast.acme), connection.cursor() as cursor:
        cursor.execute("UPDATE tenancy_auditentry SET task = 'x' WHERE seal_number = 2 AND action = 'update'")

    done = run_manage("verify_audit", "--all", check=False)

    assert done.returncode == 1
    assert "acme: BROKEN at seal 2: an entry was changed" in done.stdout
    assert "globex: holds" in done.stdout


def test_what_is_not_sealed_yet_is_said(cast: Cast) -> None:
    change(cast.acme, cast.rui)
    with organization_scope(cast.acme):
        verdict = verify(organization=cast.acme)

    assert verdict.unsealed == len(entries_of(cast.acme))
    assert verdict.oldest_unsealed is not None
    assert verdict.oldest_unsealed < timezone.now()
