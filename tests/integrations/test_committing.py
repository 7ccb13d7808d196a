"""Writing: whole or not at all, once however often it is begun, and the same again changes nothing."""

import pytest
from django.db import DatabaseError

from integrations.imports import ready_rows
from integrations.models import ImportChunk, ImportFile, ImportState, SavedMapping
from integrations.operations.committing import FileCommit, UnableToCommit, commit_import, request_commit
from integrations.operations.mapping import save_alias
from pipeline.models import Account, Opportunity, OpportunityHistory, Product
from tenancy.models import DomainEvent, Run, RunStep
from tenancy.scoping import organization_scope
from tests.integrations.importing import NOW, change_file, check, commit, files_of, reload, upload

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("patience")]

ACCOUNTS = "Account ID,Account Name,Parent,City\n" + "".join(
    f"{n},Account {n},{'Account 0' if n % 5 == 1 else ''},Linz\n" for n in range(25)
)
DEALS = "Deal ID,Deal Name,Account Name,Product,Stage,Amount,Created,Close Date\n" + "".join(
    f"{n},Deal {n},Account {n % 25},GTXPro,{'Won' if n % 2 else 'Open'},{n}00,2026-01-0{n % 9 + 1},2026-05-13\n"
    for n in range(30)
)
STAGES = {"stage": {"Won": {"create": "Won", "kind": "won"}, "Open": {"create": "Open", "kind": "open"}}}


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch):
    """Chunks of ten rows, so that small files have several."""
    monkeypatch.setattr(ready_rows, "CHUNK_ROWS", 10)


def ready(cast, deals=DEALS, *, now=NOW):
    made = upload(cast.acme, {"deals.csv": deals, "accounts.csv": ACCOUNTS}, by=cast.lena)
    change_file(cast.acme, made, "deals.csv", value_map=STAGES)
    return check(cast.acme, made, now=now)


def counts(cast):
    with organization_scope(cast.acme):
        return (Account.objects.count(), Opportunity.objects.count(), OpportunityHistory.objects.count())


def versions(cast):
    with organization_scope(cast.acme):
        return {
            **dict(Account.objects.values_list("pk", "version")),
            **dict(Opportunity.objects.values_list("pk", "version")),
        }


class Killed(BaseException):
    """What a kill looks like to the code that it hits."""


@pytest.mark.parametrize("survived", range(6))
def test_a_kill_at_any_chunk_border_resumes_exactly(cast, monkeypatch, survived):
    made = ready(cast)
    with organization_scope(cast.acme):
        request_commit(organization=cast.acme, made=made, requested_by=None, now=NOW, queue=False)
    write = FileCommit._write_chunk
    done: list[tuple[str, int]] = []

    def dying(self, phase, number):
        if len(done) == survived:
            raise Killed
        write(self, phase, number)
        done.append((phase, number))

    monkeypatch.setattr(FileCommit, "_write_chunk", dying)
    with pytest.raises(Killed):
        commit_import(organization=cast.acme, import_id=made.pk, now=NOW)
    monkeypatch.setattr(FileCommit, "_write_chunk", write)
    for _ in range(2):
        commit_import(organization=cast.acme, import_id=made.pk, now=NOW)
    assert reload(cast.acme, made).state == ImportState.DONE
    assert counts(cast)[:2] == (25, 30)
    with organization_scope(cast.acme):
        assert OpportunityHistory.objects.filter(field="stage").count() == 15 + 2 * 15
        assert Account.objects.filter(parent__name="Account 0").count() == 5
        assert DomainEvent.objects.filter(type="import.committed").count() == 1
        assert {found.rows_committed for found in ImportFile.objects.all()} == {25, 30}


def test_a_chunk_that_fails_leaves_nothing_behind(cast, monkeypatch):
    made = ready(cast)
    with organization_scope(cast.acme):
        request_commit(organization=cast.acme, made=made, requested_by=None, now=NOW, queue=False)

    def refuse(self, phase, rows):
        raise DatabaseError("the disk is full")

    monkeypatch.setattr(FileCommit, "_count", refuse)
    with pytest.raises(DatabaseError):
        commit_import(organization=cast.acme, import_id=made.pk, now=NOW)
    assert counts(cast) == (0, 0, 0)


def test_the_same_again_changes_nothing(cast):
    commit(cast.acme, ready(cast))
    before = counts(cast), versions(cast)
    made = ready(cast)
    assert {found.name: found.count("same") for found in made.files.all()} == {"deals.csv": 30, "accounts.csv": 25}
    made = commit(cast.acme, made)
    assert (counts(cast), versions(cast)) == before
    with organization_scope(cast.acme):
        chunks = ImportChunk.objects.filter(import_file__import_set=made)
        assert {(chunk.inserted, chunk.updated) for chunk in chunks} == {(0, 0)}


def test_records_that_came_after_the_check_are_not_written_twice(cast):
    checked = ready(cast)
    some = "".join(line for number, line in enumerate(DEALS.splitlines(keepends=True)) if number < 7 or number > 20)
    commit(cast.acme, ready(cast, some))
    made = commit(cast.acme, checked)
    assert counts(cast)[:2] == (25, 30)
    with organization_scope(cast.acme):
        assert OpportunityHistory.objects.filter(field="stage").count() == 15 + 2 * 15
        assert OpportunityHistory.objects.filter(field="amount").count() == 30
        chunks = ImportChunk.objects.filter(import_file__import_set=made, import_file__name="deals.csv").order_by(
            "number"
        )
        assert [(chunk.inserted, chunk.unchanged) for chunk in chunks] == [(4, 6), (10, 0), (0, 10)]


def test_a_change_is_counted_kept_and_explained(cast):
    commit(cast.acme, ready(cast))
    changed = DEALS.replace("2,Deal 2,Account 2,GTXPro,Open,200", "2,Deal 2,Account 2,GTXPro,Won,250")
    made = ready(cast, changed)
    found = files_of(made)["deals.csv"]
    assert (found.count("changed"), found.count("same")) == (1, 29)
    made = commit(cast.acme, made)
    with organization_scope(cast.acme):
        deal = Opportunity.objects.get(external_id="2")
        assert (deal.outcome, deal.amount_minor, deal.version) == ("won", 25_000, 2)
        later = OpportunityHistory.objects.filter(opportunity=deal, reconstructed=False)
        assert set(later.values_list("field", "old", "new")) == {("stage", "Open", "Won"), ("amount", "20000", "25000")}
        chunk = ImportChunk.objects.get(import_file__import_set=made, updated=1)
        assert chunk.before[0]["amount_minor"] == 20_000


def test_an_empty_cell_leaves_what_a_person_wrote(cast):
    commit(cast.acme, ready(cast))
    with organization_scope(cast.acme):
        product = Product.objects.create(organization=cast.acme, name="GTX Pro")
        Opportunity.objects.filter(external_id="1").update(product=product, next_step="Call Jo")
    commit(cast.acme, ready(cast))
    with organization_scope(cast.acme):
        deal = Opportunity.objects.get(external_id="1")
        assert (deal.product, deal.next_step) == (product, "Call Jo")


def test_a_saved_alias_names_the_product_from_then_on(cast):
    with organization_scope(cast.acme):
        product = Product.objects.create(organization=cast.acme, name="GTX Pro")
    found = files_of(ready(cast))["deals.csv"]
    cause = next(cause for cause in found.causes if cause["column"] == "Product")
    assert (cause["count"], cause["values"][0]["suggestion"]) == (30, "GTX Pro")
    with organization_scope(cast.acme):
        save_alias(organization=cast.acme, made=None, target="products", text="GTXPro", name="GTX Pro")
    made = ready(cast)
    assert not files_of(made)["deals.csv"].causes
    commit(cast.acme, made)
    with organization_scope(cast.acme):
        assert Opportunity.objects.filter(product=product).count() == 30


def test_the_run_says_what_each_file_did(cast):
    made = commit(cast.acme, ready(cast))
    with organization_scope(cast.acme):
        run = Run.objects.get(pk=made.run_id)
        assert (run.kind, run.status) == ("import", "done")
        steps = RunStep.objects.filter(run=run).order_by("position")
        assert [(step.detail["target"], step.rows_read, step.rows_written) for step in steps] == [
            ("accounts", 25, 25),
            ("opportunities", 30, 30),
        ]
        assert set(SavedMapping.objects.values_list("name", "target")) == {
            ("csv", "accounts"),
            ("csv", "opportunities"),
        }


def test_it_does_not_begin_before_the_rows_are_checked(cast):
    made = upload(cast.acme, {"accounts.csv": ACCOUNTS})
    with organization_scope(cast.acme), pytest.raises(UnableToCommit, match="still being checked"):
        request_commit(organization=cast.acme, made=made, requested_by=None, now=NOW, queue=False)


def test_first_loads_are_placed_at_the_sources_own_dates(cast):
    commit(cast.acme, ready(cast))
    with organization_scope(cast.acme):
        deal = Opportunity.objects.get(external_id="3")
        assert deal.reconstructed
        assert deal.recorded_at == deal.opened_at
        account = Account.objects.get(external_id="3")
        assert account.recorded_at <= deal.opened_at
        assert (account.lifecycle, account.customer_since.isoformat()) == ("customer", "2026-05-13")


def test_a_deleted_record_comes_back_with_its_file(cast):
    commit(cast.acme, ready(cast))
    with organization_scope(cast.acme):
        Account.objects.filter(external_id="7").update(deleted_at=NOW)
    made = ready(cast)
    assert files_of(made)["accounts.csv"].count("changed") == 1
    commit(cast.acme, made)
    with organization_scope(cast.acme):
        assert Account.objects.get(external_id="7").deleted_at is None


def test_two_sources_never_mix(cast):
    commit(cast.acme, ready(cast))
    made = upload(cast.acme, {"accounts.csv": ACCOUNTS}, source="erp")
    made = commit(cast.acme, check(cast.acme, made))
    with organization_scope(cast.acme):
        assert Account.objects.filter(external_id="7").count() == 2
