"""Old uploads go in the night; what an import did stays told."""

from datetime import timedelta

import pytest

from integrations.models import Import, ImportBatch, ImportChunk, ImportFilePart, ImportRow, ImportState
from integrations.operations.purging import purge_imports
from integrations.operations.undoing import UnableToUndo, request_undo
from tenancy.scoping import organization_scope
from tests.integrations.importing import NOW, check, commit, files_of, reload, upload

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("patience")]

CONTENT = "Account ID,Account Name,Employees\n1,Gruber,5\n2,Fennel,many\n"
LATER = NOW + timedelta(days=31)


def purge(organization, now):
    with organization_scope(organization):
        return purge_imports(organization=organization, now=now)[0]


def what_is_kept(organization):
    with organization_scope(organization):
        return [model.objects.count() for model in (ImportFilePart, ImportBatch, ImportRow)]


def test_files_and_rows_go_after_their_days_and_counts_stay(cast, settings):
    settings.IMPORT_KEPT_DAYS = 30
    made = commit(cast.acme, check(cast.acme, upload(cast.acme, {"accounts.csv": CONTENT})))
    upload(cast.globex, {"accounts.csv": CONTENT})
    with organization_scope(cast.acme):
        Import.objects.update(committed_at=NOW)
    assert purge(cast.acme, NOW + timedelta(days=29)) == 0
    assert what_is_kept(cast.acme) == [1, 1, 1]
    assert purge(cast.acme, LATER) == 1
    assert purge(cast.acme, LATER) == 0
    assert what_is_kept(cast.acme) == [0, 0, 0]
    assert what_is_kept(cast.globex)[0] == 1
    found = files_of(reload(cast.acme, made))["accounts.csv"]
    assert (found.name, found.count("inserted"), found.count("held")) == ("accounts.csv", 1, 1)
    assert found.causes
    with organization_scope(cast.acme):
        assert [(chunk.inserted, chunk.created) for chunk in ImportChunk.objects.all()] == [(1, [])]


def test_an_import_without_its_way_back_is_not_undone(cast, client_for):
    made = commit(cast.acme, check(cast.acme, upload(cast.acme, {"accounts.csv": CONTENT})))
    with organization_scope(cast.acme):
        Import.objects.update(committed_at=NOW)
    purge(cast.acme, LATER)
    with organization_scope(cast.acme), pytest.raises(UnableToUndo, match="no longer kept"):
        request_undo(
            organization=cast.acme, made=Import.objects.get(pk=made.pk), requested_by=None, now=LATER, queue=False
        )
    assert "Undo this import" not in client_for(cast.lena).get(f"/acme/imports/{made.pk}/progress/").content.decode()


def test_one_that_was_never_written_is_given_up_and_one_at_work_is_left(cast):
    checked = check(cast.acme, upload(cast.acme, {"accounts.csv": CONTENT}))
    at_work = check(cast.acme, upload(cast.acme, {"accounts.csv": CONTENT}))
    with organization_scope(cast.acme):
        Import.objects.filter(pk=at_work.pk).update(state=ImportState.COMMITTING)
    assert purge(cast.acme, LATER) == 1
    assert reload(cast.acme, checked).state == ImportState.CANCELLED
    assert reload(cast.acme, at_work).purged_at is None
