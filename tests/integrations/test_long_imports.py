"""Imports that stop on the way: a check goes on where it was killed, a person may cancel at any time."""

import pytest
from django.utils import timezone

from integrations.imports import ready_rows
from integrations.models import Import, ImportBatch, ImportRow, ImportState
from integrations.operations.cancelling import cancel_import
from integrations.operations.checking import check_import, request_check
from integrations.operations.committing import FileCommit, commit_import, request_commit, retry_commit
from integrations.operations.file_check import FileCheck
from integrations.operations.progress import progress_of
from pipeline.models import Account, OrderLine
from tenancy.models import DomainEvent, Run
from tenancy.scoping import organization_scope
from tests.integrations.importing import NOW, change_file, check, commit, files_of, reload, upload

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("patience")]

ROWS = "Account ID,Account Name,Parent,Employees\n" + "".join(
    f"{n % 40},Account {n % 40},{'Nobody' if n % 10 == 3 else 'Account 0'},{'many' if n % 9 == 4 else 5}\n"
    for n in range(50)
)


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch):
    """Chunks of ten rows, so that small files have several."""
    monkeypatch.setattr(ready_rows, "CHUNK_ROWS", 10)


class Killed(BaseException):
    """What a kill looks like to the code that it hits."""


def dying_after(monkeypatch, kind, name, count):
    """Have a method die the next time after it has worked so often; returns how to make it live again."""
    method = getattr(kind, name)
    done: list[int] = []

    def dying(self, *arguments):
        if len(done) == count:
            raise Killed
        done.append(1)
        return method(self, *arguments)

    monkeypatch.setattr(kind, name, dying)
    return lambda: monkeypatch.setattr(kind, name, method)


def findings(cast, made):
    """Everything that a check leaves behind."""
    with organization_scope(cast.acme):
        found = files_of(reload(cast.acme, made))["accounts.csv"]
        rows = ImportRow.objects.filter(import_file=found).order_by("number")
        batches = ImportBatch.objects.filter(import_file=found).order_by("number")
        return (
            {name: count for name, count in found.counts.items() if count},
            found.causes,
            list(rows.values_list("number", "key", "status", "problems", "outcome")),
            [ready_rows.unpack(batch.data) for batch in batches],
        )


@pytest.mark.parametrize("survived", range(6))
def test_a_check_that_was_killed_goes_on_and_finds_the_same(cast, monkeypatch, survived):
    made = check(cast.acme, upload(cast.acme, {"accounts.csv": ROWS}))
    expected = findings(cast, made)
    assert expected[0] == {"rows": 50, "new": 37, "held": 13, "warnings": 3}
    other = upload(cast.acme, {"accounts.csv": ROWS})
    with organization_scope(cast.acme):
        request_check(organization=cast.acme, made=Import.objects.get(pk=other.pk), queue=False)
    revive = dying_after(monkeypatch, FileCheck, "_stage" if survived < 5 else "_keep_results", survived % 5)
    with pytest.raises(Killed):
        check_import(organization=cast.acme, import_id=other.pk, now=NOW)
    staged = files_of(reload(cast.acme, other))["accounts.csv"].rows_checked
    revive()
    stage = FileCheck._stage
    begun: list[int] = []

    def noting(self, batch):
        begun.append(self.number)
        stage(self, batch)

    monkeypatch.setattr(FileCheck, "_stage", noting)
    check_import(organization=cast.acme, import_id=other.pk, now=NOW)
    assert findings(cast, other) == expected
    assert begun == list(range(staged, 50, 10))


def test_doubles_are_found_again_after_a_kill(cast, monkeypatch):
    content = "Order,Product Name,Quantity,Unit Price\n" + "1,Bolt,2,1.50\n" * 35
    made = upload(cast.acme, {"orders.csv": "Order ID,Order Date\n1,2026-05-01\n", "order_lines.csv": content})
    with organization_scope(cast.acme):
        request_check(organization=cast.acme, made=Import.objects.get(pk=made.pk), queue=False)
    revive = dying_after(monkeypatch, FileCheck, "_stage", 3)
    with pytest.raises(Killed):
        check_import(organization=cast.acme, import_id=made.pk, now=NOW)
    revive()
    check_import(organization=cast.acme, import_id=made.pk, now=NOW)
    commit(cast.acme, made)
    with organization_scope(cast.acme):
        assert OrderLine.objects.count() == 35


def test_a_mapping_changed_meanwhile_is_checked_from_the_start(cast, monkeypatch):
    made = upload(cast.acme, {"accounts.csv": ROWS})
    with organization_scope(cast.acme):
        request_check(organization=cast.acme, made=Import.objects.get(pk=made.pk), queue=False)
    revive = dying_after(monkeypatch, FileCheck, "_stage", 2)
    with pytest.raises(Killed):
        check_import(organization=cast.acme, import_id=made.pk, now=NOW)
    revive()
    found = files_of(reload(cast.acme, made))["accounts.csv"]
    rules = [{**rule, "field": "" if rule["header"] == "Employees" else rule.get("field", "")} for rule in found.rules]
    change_file(cast.acme, made, "accounts.csv", rules=rules)
    made = check(cast.acme, made)
    assert files_of(made)["accounts.csv"].count("held") == 10


class TestCancelling:
    def half_written(self, cast, monkeypatch):
        made = check(cast.acme, upload(cast.acme, {"accounts.csv": ROWS}))
        with organization_scope(cast.acme):
            request_commit(organization=cast.acme, made=made, requested_by=cast.lena, now=NOW, queue=False)
        write = FileCommit._write_chunk
        done: list[int] = []

        def cancelled_in_between(file, phase, number):
            if len(done) == 2:
                with organization_scope(cast.acme):
                    written = cancel_import(organization=cast.acme, made=made, cancelled_by=cast.lena, now=NOW)
                assert written == 18
            done.append(number)
            write(file, phase, number)

        monkeypatch.setattr(FileCommit, "_write_chunk", cancelled_in_between)
        commit_import(organization=cast.acme, import_id=made.pk, now=NOW)
        monkeypatch.setattr(FileCommit, "_write_chunk", write)
        return reload(cast.acme, made)

    def test_stops_behind_the_chunk_at_hand_and_says_what_stays(self, cast, monkeypatch, client_for):
        made = self.half_written(cast, monkeypatch)
        assert made.state == ImportState.CANCELLED
        with organization_scope(cast.acme):
            assert Account.objects.count() == 18
            assert Run.objects.get(pk=made.run_id).error == "Cancelled after 18 records."
            assert DomainEvent.objects.get(type="import.cancelled").payload == {"written": 18}
        page = client_for(cast.lena).get(f"/acme/imports/{made.pk}/progress/").content.decode()
        assert "18 records were written by then and stay" in page
        assert client_for(cast.sam).get(f"/acme/imports/{made.pk}/progress/").status_code == 404

    def test_can_be_gone_on_with(self, cast, monkeypatch):
        made = self.half_written(cast, monkeypatch)
        with organization_scope(cast.acme):
            retry_commit(organization=cast.acme, made=made)
        commit_import(organization=cast.acme, import_id=made.pk, now=NOW)
        assert reload(cast.acme, made).state == ImportState.DONE
        with organization_scope(cast.acme):
            assert Account.objects.count() == 37

    def test_stops_a_check(self, cast, monkeypatch):
        made = upload(cast.acme, {"accounts.csv": ROWS})
        with organization_scope(cast.acme):
            request_check(organization=cast.acme, made=Import.objects.get(pk=made.pk), queue=False)
        stage = FileCheck._stage

        def cancelled(file, batch):
            stage(file, batch)
            with organization_scope(cast.acme):
                cancel_import(organization=cast.acme, made=Import.objects.get(pk=made.pk), cancelled_by=None, now=NOW)

        monkeypatch.setattr(FileCheck, "_stage", cancelled)
        check_import(organization=cast.acme, import_id=made.pk, now=NOW)
        made = reload(cast.acme, made)
        assert (made.state, files_of(made)["accounts.csv"].rows_checked) == (ImportState.CANCELLED, 10)


def test_a_record_that_came_between_check_and_commit_is_compared_after_all(cast):
    made = check(cast.acme, upload(cast.acme, {"accounts.csv": ROWS}))
    with organization_scope(cast.acme):
        Account.objects.create(
            organization=cast.acme, source="import:csv", external_id="2", name="Account 2", city="Linz"
        )
    made = commit(cast.acme, made)
    found = files_of(made)["accounts.csv"]
    assert (found.counts["inserted"], found.counts["updated"]) == (36, 1)
    with organization_scope(cast.acme):
        account = Account.objects.get(external_id="2")
        assert (account.city, account.employees, account.version) == ("Linz", 5, 2)


def test_the_time_left_follows_the_speed_of_the_last_chunks(cast):
    made = check(cast.acme, upload(cast.acme, {"accounts.csv": ROWS}))
    made.state = ImportState.MAPPED
    found = made.uploaded_files()[0]
    now = timezone.now().timestamp()
    found.row_count, found.rows_checked = 10_000, 4_000
    found.progress = [[now - 20, 2_000], [now, 4_000]]
    progress = progress_of(made)
    assert (progress.rate, progress.seconds_left, progress.time_left) == (100, 60, "about 60 seconds")
    found.progress = [[now - 1, 2_000], [now, 4_000]]
    assert progress_of(made).rate is None
