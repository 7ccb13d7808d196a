"""What was written is sealed: once, in a chain, however late it was committed, and by nobody but the relay."""

import os
from datetime import UTC, datetime, timedelta

import psycopg2
import pytest
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from tenancy.audit import anchors, retention, sealing
from tenancy.audit.verification import verify
from tenancy.models import AuditEntry, AuditSeal, DomainEvent, Organization
from tenancy.scoping import organization_scope
from tests.audit.roles import as_role
from tests.audit.trail import a_sealed_trail, change, entries_of, seal, seals_of
from tests.cast import Cast, create_cast
from tests.manage import run_manage

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def cast() -> Cast:
    return create_cast()


def holds(organization: Organization) -> bool:
    with organization_scope(organization):
        return verify(organization=organization).first_break is None


def test_the_relay_seals_every_organizations_entries_and_events_in_a_chain_of_its_own(cast: Cast) -> None:
    change(cast.acme, cast.rui, times=3)
    run_manage("relay", "--once")
    change(cast.acme, cast.rui)
    run_manage("relay", "--once")
    run_manage("relay", "--once")

    ours, theirs = seals_of(cast.acme), seals_of(cast.globex)
    assert [one.number for one in ours] == [1, 2]
    assert [one.event_count for one in ours] == [3, 1]
    assert ours[1].previous_hash == ours[0].hash
    assert sum(one.entry_count for one in ours) == len(entries_of(cast.acme))
    assert {entry.seal_number for entry in entries_of(cast.acme)} == {1, 2}
    assert [one.number for one in theirs] == [1]
    assert holds(cast.acme)
    assert holds(cast.globex)


def test_a_transaction_that_commits_after_later_ones_is_sealed_late_and_once(cast: Cast) -> None:
    late = psycopg2.connect(os.environ["DATABASE_URL"])
    with late.cursor() as cursor:
        cursor.execute("SELECT set_config('app.organization', %s, true)", [str(cast.acme.pk)])
        cursor.execute("UPDATE tenancy_member SET title = 'Late' WHERE id = %s", [str(cast.mia.pk)])
    change(cast.acme, cast.rui, times=3)
    seal()
    late.commit()
    late.close()
    seal()
    seal()

    (entry,) = (one for one in entries_of(cast.acme) if one.row_id == cast.mia.pk and one.action == "update")
    first, second = seals_of(cast.acme)
    assert entry.seal_number == second.number
    assert first.last_at is not None
    assert entry.occurred_at < first.last_at
    assert holds(cast.acme)


def test_two_relays_at_once_make_one_chain(cast: Cast) -> None:
    change(cast.acme, cast.rui)
    other = psycopg2.connect(os.environ["DATABASE_SYSTEM_URL"])
    with other.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 8))", [str(cast.acme.pk)])
    seal()
    assert seals_of(cast.acme) == []
    other.rollback()
    other.close()
    seal()

    assert [one.number for one in seals_of(cast.acme)] == [1]


def test_a_long_backlog_is_sealed_in_batches(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sealing, "_MARKED", sealing._MARKED.replace(f"LIMIT {sealing.BATCH}", "LIMIT 4"))
    change(cast.acme, cast.rui, times=10)
    seal()

    assert {one.entry_count for one in seals_of(cast.acme)[:-1]} == {4}
    assert holds(cast.acme)


class TestRights:
    """ASVS V13.2.2: the application's role can add to the trail and read it; nothing else."""

    @pytest.mark.parametrize(
        "statement",
        [
            "UPDATE tenancy_auditentry SET task = 'nobody'",
            "UPDATE tenancy_auditentry SET seal_number = 1",
            "DELETE FROM tenancy_auditentry",
            "UPDATE tenancy_auditseal SET hash = ''",
            "DELETE FROM tenancy_auditseal",
            "INSERT INTO tenancy_auditseal SELECT * FROM tenancy_auditseal",
            "UPDATE tenancy_domainevent SET type = 'a.b'",
            "DELETE FROM tenancy_domainevent",
            "INSERT INTO tenancy_auditentry (organization_id, table_name, row_id, action, occurred_at)"
            " SELECT organization_id, table_name, row_id, action, now() - interval '1 year' FROM tenancy_auditentry",
            "INSERT INTO tenancy_auditentry (organization_id, table_name, row_id, action, actor_id)"
            " SELECT organization_id, table_name, row_id, action, row_id FROM tenancy_auditentry",
            "INSERT INTO tenancy_auditentry (organization_id, table_name, row_id, action, seal_number)"
            " SELECT organization_id, table_name, row_id, action, 1 FROM tenancy_auditentry",
            "ALTER TABLE tenancy_auditentry DISABLE TRIGGER ALL",
            "ALTER TABLE tenancy_member DISABLE TRIGGER audit_update",
        ],
    )
    def test_the_application_is_refused(self, cast: Cast, statement: str) -> None:
        with (
            organization_scope(cast.acme),
            pytest.raises(DatabaseError, match=r"permission denied|must be owner"),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(statement)

    def test_the_application_cannot_empty_a_table(self) -> None:
        admin = psycopg2.connect(os.environ["AGILE_SALES_TEST_ADMIN_URL"])
        admin.autocommit = True
        name = f"untouched_{os.getpid()}"
        with admin.cursor() as cursor:  # a fresh one: the tests' own may be emptied between tests
            cursor.execute(f'CREATE DATABASE "{name}" TEMPLATE "{os.environ["AGILE_SALES_TEST_TEMPLATE"]}"')
        try:
            url = os.environ["AGILE_SALES_TEST_ADMIN_URL"]
            fresh = psycopg2.connect(url, dbname=name)
            with fresh.cursor() as cursor:
                cursor.execute(
                    "SELECT relname FROM pg_class WHERE relkind IN ('r', 'p')"
                    " AND relnamespace = 'public'::regnamespace AND has_table_privilege('agile_app', oid, 'TRUNCATE')"
                )
                assert cursor.fetchall() == []
            fresh.close()
        finally:
            with admin.cursor() as cursor:
                cursor.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
            admin.close()


class TestAnchors:
    def test_a_day_that_is_over_is_anchored_once(self, cast: Cast) -> None:
        yesterday = timezone.now() - timedelta(days=1)
        change(cast.acme, cast.rui)
        seal(now=yesterday)
        with as_role("SYSTEM"):
            anchors.anchor_everything(now=timezone.now())
            anchors.anchor_everything(now=timezone.now())

        (end,) = seals_of(cast.acme)
        with organization_scope(cast.acme):
            (event,) = DomainEvent.objects.filter(type="audit.anchored")
        day = yesterday.astimezone(UTC).date()
        assert event.payload == {"day": day.isoformat(), "number": 1, "hash": end.hash}
        run_manage("verify_audit", "--organization", "acme", "--anchor", f"{end.hash}@{day}")

    def test_an_anchor_that_was_kept_outside_finds_a_chain_that_was_written_anew(self, cast: Cast) -> None:
        yesterday = timezone.now() - timedelta(days=1)
        change(cast.acme, cast.rui, times=2)
        seal(now=yesterday)
        kept, day = seals_of(cast.acme)[-1].hash, yesterday.astimezone(UTC).date()
        with as_role("OWNER"), organization_scope(cast.acme), connection.cursor() as cursor:
            cursor.execute("DELETE FROM tenancy_auditseal WHERE organization_id = %s", [str(cast.acme.pk)])
            cursor.execute("UPDATE tenancy_auditentry SET seal_number = NULL, task = 'somebody else'")
        seal(now=yesterday)

        assert holds(cast.acme)  # by itself it cannot know
        done = run_manage("verify_audit", "--organization", "acme", "--anchor", f"{kept}@{day}", check=False)
        assert done.returncode == 1
        assert "the anchor kept for" in done.stdout

    def test_the_recorded_anchors_are_compared_too(self, cast: Cast) -> None:
        yesterday = timezone.now() - timedelta(days=1)
        change(cast.acme, cast.rui)
        seal(now=yesterday)
        with as_role("SYSTEM"):
            anchors.anchor_everything(now=timezone.now())
        with as_role("OWNER"), organization_scope(cast.acme), connection.cursor() as cursor:
            cursor.execute("DELETE FROM tenancy_auditseal")
            cursor.execute("DELETE FROM tenancy_auditentry")

        assert not holds(cast.acme)


class TestRetention:
    def test_whole_batches_go_when_their_time_is_over_and_the_chain_still_holds(self, cast: Cast) -> None:
        Organization.objects.filter(pk=cast.acme.pk).update(settings={"audit_retention_days": 40})
        a_sealed_trail(cast.acme, cast.rui, seals=3)
        self.age(cast.acme, seals=2, days=41)

        with as_role("SYSTEM"):
            gone = retention.purge_everything(now=timezone.now())
        seal()

        with organization_scope(cast.acme):
            purged = DomainEvent.objects.get(type="audit.purged").payload
            assert AuditEntry.objects.filter(seal_number__lte=2).count() == 0
            assert AuditEntry.objects.filter(seal_number=3).exists()
            chain = list(AuditSeal.objects.order_by("number").values_list("kind", flat=True))
        assert gone == purged["entries"] > 0
        assert purged["through"] == 2
        assert chain[:4] == ["batch", "batch", "batch", "purge"]
        assert holds(cast.acme)

    def test_nothing_goes_before_its_time(self, cast: Cast) -> None:
        a_sealed_trail(cast.acme, cast.rui, seals=2)

        with as_role("SYSTEM"):
            assert retention.purge_everything(now=timezone.now() + timedelta(days=3649)) == 0

    def test_nobody_can_ask_for_less_than_a_month(self, cast: Cast) -> None:
        Organization.objects.filter(pk=cast.acme.pk).update(settings={"audit_retention_days": 0})
        a_sealed_trail(cast.acme, cast.rui, seals=1)

        with as_role("SYSTEM"):
            assert retention.purge_everything(now=timezone.now() + timedelta(days=29)) == 0
            assert retention.purge_everything(now=timezone.now() + timedelta(days=31)) > 0

    def age(self, organization: Organization, *, seals: int, days: int) -> None:
        """Make the first batches old, and seal everything anew as if time had passed."""
        with as_role("OWNER"), organization_scope(organization), connection.cursor() as cursor:
            cursor.execute(
                "UPDATE tenancy_auditentry SET occurred_at = occurred_at - make_interval(days => %s)"
                " WHERE seal_number <= %s",
                [days, seals],
            )
            cursor.execute("DELETE FROM tenancy_auditseal")
            cursor.execute("SELECT seal_number, array_agg(id::text) FROM tenancy_auditentry GROUP BY 1 ORDER BY 1")
            batches = [ids for _, ids in cursor.fetchall()]
            cursor.execute("UPDATE tenancy_auditentry SET seal_number = 0")
        for ids in batches:
            with as_role("OWNER"), organization_scope(organization), connection.cursor() as cursor:
                cursor.execute("UPDATE tenancy_auditentry SET seal_number = NULL WHERE id = ANY(%s::uuid[])", [ids])
            seal(now=datetime.now(UTC))


def test_the_command_verifies_all_and_says_it_as_json(cast: Cast) -> None:
    a_sealed_trail(cast.acme, cast.rui, seals=1)

    assert "acme: holds" in run_manage("verify_audit", "--all").stdout
    done = run_manage("verify_audit", "--organization", "globex", "--json")
    assert '"holds": true' in done.stdout
    assert "acme" not in done.stdout
