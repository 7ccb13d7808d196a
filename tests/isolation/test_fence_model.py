"""A model of the fences: whatever three organisations try on each other, in whatever order, each keeps what it had."""

import os
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import psycopg2
import pytest
from django.db import DatabaseError, connection, transaction
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)
from uuid_utils.compat import uuid7

from pipeline.models import Account, Contact
from tenancy.models import Organization
from tenancy.scoping import NoActiveOrganization, OrganizationMismatch, organization_scope

LONG = "AGILE_SALES_LONG" in os.environ
RUNS, STEPS = (100, 30) if LONG else (25, 30)
NOW = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
WHO = st.integers(0, 2)
HOSTILE_WRITES = 1_500 if LONG else 100
OTHER = st.integers(1, 2)
"""Who is meant, counted from who asks: never the same."""
PICK = st.integers(0, 1_000_000)
NAME = st.text(
    st.characters(min_codepoint=32, max_codepoint=0x2FFF, exclude_categories=["Cs"]), min_size=1, max_size=20
)

attempts: Counter[str] = Counter()


class Fences(RuleBasedStateMachine):
    """Three organisations with accounts and contacts; the model is a dictionary for each."""

    @initialize()
    def found(self) -> None:
        mark = uuid7().hex
        self.organizations = [Organization.objects.create(slug=f"{mark}-{n}", name=f"Firm {n}") for n in range(3)]
        self.accounts: list[dict[UUID, str]] = [{}, {}, {}]
        self.contacts: list[dict[UUID, UUID]] = [{}, {}, {}]
        for who in range(3):  # so that there is something to go for from the first step
            self.add_account(who, "First")
            self.add_contact(who, 0)

    # --- honest work --------------------------------------------------------------------------------------------------

    @rule(who=WHO, name=NAME)
    def add_account(self, who: int, name: str) -> None:
        with organization_scope(self.organizations[who]):
            account = self._account(who, name)
        self.accounts[who][account.pk] = name

    @rule(who=WHO, pick=PICK)
    def add_contact(self, who: int, pick: int) -> None:
        account = self._of(self.accounts[who], pick)
        with organization_scope(self.organizations[who]):
            contact = self._contact(who, account)
        self.contacts[who][contact.pk] = account

    @rule(who=WHO, pick=PICK, name=NAME)
    def rename(self, who: int, pick: int, name: str) -> None:
        account = self._of(self.accounts[who], pick)
        with organization_scope(self.organizations[who]):
            assert Account.objects.filter(pk=account).update(name=name) == 1
        self.accounts[who][account] = name

    @rule(outer=WHO, inner=WHO, name=NAME, fails=st.booleans())
    def work_in_two_at_once(self, outer: int, inner: int, name: str, fails: bool) -> None:
        """The inner scope ends, well or badly, and the outer one is in force again."""
        with organization_scope(self.organizations[outer]):
            try:
                with organization_scope(self.organizations[inner]):
                    account = self._account(inner, name)
                    if fails:
                        raise LookupError
                self.accounts[inner][account.pk] = name
            except LookupError:
                pass
            after = self._account(outer, name)
            self.accounts[outer][after.pk] = name

    # --- attempts -----------------------------------------------------------------------------------------------------

    @rule(who=WHO, pick=PICK)
    def read_a_foreign_row(self, who: int, pick: int) -> None:
        account = self._foreign(who, pick)
        with organization_scope(self.organizations[who]):
            assert Account.objects.filter(pk=account).first() is None
            assert Account.objects.select_for_update().filter(pk=account).first() is None
            assert self._sql("SELECT count(*) FROM pipeline_account WHERE id = %s", account) == 0
        attempts["read"] += 3

    @rule(who=WHO, pick=PICK, other=OTHER, how=st.integers(0, 3))
    def change_a_foreign_row(self, who: int, pick: int, other: int, how: int) -> None:
        account, victim = self._foreign(who, pick), (who + other) % 3
        statement, values = (
            ("UPDATE pipeline_account SET name = 'taken' WHERE id = %s", [account]),
            ("DELETE FROM pipeline_account WHERE id = %s", [account]),
            ("UPDATE pipeline_account SET name = 'taken' WHERE organization_id = %s", [self.organizations[victim].pk]),
            (
                "UPDATE pipeline_account SET organization_id = %s WHERE id = %s",
                [self.organizations[who].pk, account],
            ),
        )[how]
        with organization_scope(self.organizations[who]), connection.cursor() as cursor:
            cursor.execute(statement, [str(value) for value in values])
            assert cursor.rowcount == 0
        attempts["change"] += 1

    @rule(who=WHO, other=OTHER, name=NAME, how=st.integers(0, 2))
    def write_into_another(self, who: int, other: int, name: str, how: int) -> None:
        victim = (who + other) % 3
        target = self.organizations[victim]
        with organization_scope(self.organizations[who]):
            if how == 0:
                self._refused(lambda: self._account(victim, name))
            elif how == 1:
                row = Account(organization=target, name=name, external_id=uuid7().hex, created_at=NOW, updated_at=NOW)
                self._refused(lambda: Account.objects.bulk_create([row]))
            else:
                own = self._of(self.accounts[who], 0)
                self._refused(lambda: Account.objects.filter(pk=own).update(organization=target))
        attempts["write"] += 1

    @rule(who=WHO, pick=PICK, how=st.booleans())
    def refer_to_a_foreign_row(self, who: int, pick: int, how: bool) -> None:
        account = self._foreign(who, pick)
        with organization_scope(self.organizations[who]):
            if how:
                self._refused(lambda: self._contact(who, account))
            else:
                contact = self._of(self.contacts[who], pick)
                self._refused(lambda: Contact.objects.filter(pk=contact).update(account_id=account))
        attempts["refer"] += 1

    @rule(who=WHO, other=OTHER)
    def ask_the_code_for_another(self, who: int, other: int) -> None:
        victim = (who + other) % 3
        with organization_scope(self.organizations[who]):
            try:
                Account.objects.for_organization(self.organizations[victim])
            except OrganizationMismatch:
                attempts["ask"] += 1
            else:
                raise AssertionError("the manager gave another organisation's rows")

    @rule()
    def ask_outside_of_all(self) -> None:
        try:
            Account.objects.count()
        except NoActiveOrganization:
            attempts["ask"] += 1
        else:
            raise AssertionError("the manager gave rows without an organisation")
        self._refused(lambda: self._sql("SELECT count(*) FROM pipeline_account"))

    # --- what must hold after each step -------------------------------------------------------------------------------

    @invariant()
    def everybody_has_what_they_had(self) -> None:
        for number, organization in enumerate(getattr(self, "organizations", [])):
            with organization_scope(organization):
                assert dict(Account.objects.values_list("pk", "name")) == self.accounts[number]
                assert dict(Contact.objects.values_list("pk", "account_id")) == self.contacts[number]

    # --- hands --------------------------------------------------------------------------------------------------------

    def _account(self, who: int, name: str) -> Account:
        account: Account = Account.objects.create(
            organization=self.organizations[who], name=name, external_id=uuid7().hex, created_at=NOW, updated_at=NOW
        )
        return account

    def _contact(self, who: int, account: UUID) -> Contact:
        contact: Contact = Contact.objects.create(
            organization=self.organizations[who],
            account_id=account,
            name="C",
            external_id=uuid7().hex,
            created_at=NOW,
            updated_at=NOW,
        )
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        return contact

    def _foreign(self, who: int, pick: int) -> UUID:
        foreign = [account for number in range(3) if number != who for account in self.accounts[number]]
        return foreign[pick % len(foreign)]

    @staticmethod
    def _of(rows: dict[UUID, Any], pick: int) -> UUID:
        return list(rows)[pick % len(rows)]

    @staticmethod
    def _sql(statement: str, *values: Any) -> int:
        with connection.cursor() as cursor:
            cursor.execute(statement, [str(value) for value in values])
            return int(cursor.fetchone()[0])

    @staticmethod
    def _refused(attempt: Any) -> None:
        try:
            with transaction.atomic():
                attempt()
                with connection.cursor() as cursor:
                    cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        except (DatabaseError, OrganizationMismatch):
            return
        raise AssertionError("the attempt got through")


def play(runs: int) -> None:
    run_state_machine_as_test(
        Fences,
        settings=settings(
            max_examples=runs,
            stateful_step_count=STEPS,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            derandomize=not LONG,
            print_blob=False,
            report_multiple_bugs=False,
            database=None,
        ),
    )


def hostile_writes() -> int:
    return attempts["change"] + attempts["write"] + attempts["refer"]


@pytest.mark.django_db
def test_each_keeps_what_it_had_whatever_the_others_try(attempted: Callable[[str, float], None]) -> None:
    """ASVS V8.4.1."""
    attempts.clear()

    play(RUNS)
    while LONG and hostile_writes() < HOSTILE_WRITES:  # what is tried is drawn anew each time
        play(RUNS)

    for kind, count in attempts.items():
        attempted(f"attempts on the fences: {kind}", count)
    assert min(attempts[kind] for kind in ("read", "change", "write", "refer", "ask")) >= RUNS // 5
    assert hostile_writes() >= HOSTILE_WRITES


@pytest.fixture
def _a_gap_in_the_fence(transactional_db: None) -> Iterator[None]:
    owner = psycopg2.connect(os.environ["DATABASE_OWNER_URL"])
    owner.autocommit = True
    with owner.cursor() as cursor:
        cursor.execute("ALTER TABLE pipeline_account DISABLE ROW LEVEL SECURITY")
        yield
        cursor.execute("ALTER TABLE pipeline_account ENABLE ROW LEVEL SECURITY")
    owner.close()


@pytest.mark.usefixtures("_a_gap_in_the_fence")
def test_the_model_sees_a_table_without_its_policy() -> None:
    with pytest.raises(AssertionError):
        play(10)
