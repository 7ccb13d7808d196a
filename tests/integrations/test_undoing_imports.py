"""Taking an import back: what it made goes, what it changed is as before, what others changed since is named."""

from uuid import UUID

import pytest

from integrations.imports import ready_rows
from integrations.models import Import, ImportChunk, ImportState
from integrations.operations.committing import UnableToCommit, retry_commit
from integrations.operations.undoing import FileUndo, UnableToUndo, request_undo, undo_import
from pipeline.models import Account, Opportunity, OpportunityHistory, Order, OrderLine
from tenancy.models import AuditEntry, DomainEvent, Member
from tenancy.scoping import organization_scope
from tests.integrations.importing import NOW, change_file, check, commit, reload, upload

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("patience")]

ACCOUNTS = "Account ID,Account Name,Parent,City\n" + "".join(
    f"{n},Account {n},{'Account 0' if n % 5 == 1 else ''},Linz\n" for n in range(25)
)
DEALS = "Deal ID,Deal Name,Account Name,Stage,Amount,Created,Close Date\n" + "".join(
    f"{n},Deal {n},Account {n % 20},{'Won' if n % 2 else 'Open'},{n}00,2026-01-0{n % 9 + 1},2026-05-13\n"
    for n in range(30)
)
PEOPLE = "Employee ID,Full Name\n1,Rosa Kern\n"
STAGES = {"stage": {"Won": {"create": "Won", "kind": "won"}, "Open": {"create": "Open", "kind": "open"}}}


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch):
    """Chunks of ten rows, so that small files have several."""
    monkeypatch.setattr(ready_rows, "CHUNK_ROWS", 10)


def bring(cast, *, accounts=ACCOUNTS, deals=DEALS):
    made = upload(cast.acme, {"deals.csv": deals, "accounts.csv": accounts, "people.csv": PEOPLE}, by=cast.lena)
    change_file(cast.acme, made, "deals.csv", value_map=STAGES)
    return commit(cast.acme, check(cast.acme, made))


def undo(cast, made):
    with organization_scope(cast.acme):
        made = Import.objects.get(pk=made.pk)
        request_undo(organization=cast.acme, made=made, requested_by=cast.ada, now=NOW, queue=False)
    undo_import(organization=cast.acme, import_id=made.pk, member_id=cast.ada.pk, now=NOW)
    return reload(cast.acme, made)


def alive(cast):
    """What the import's tables hold, without bookkeeping."""
    with organization_scope(cast.acme):
        return [
            sorted(Account.objects.filter(deleted_at=None).values_list("external_id", "name", "city", "parent__name")),
            sorted(
                Opportunity.objects.filter(deleted_at=None).values_list(
                    "external_id", "name", "amount_minor", "stage__name", "outcome", "closed_at"
                ),
                key=str,
            ),
            sorted(Member.objects.filter(is_active=True).values_list("name", flat=True)),
        ]


def left(cast, made):
    with organization_scope(cast.acme):
        chunks = ImportChunk.objects.filter(import_file__import_set=made)
        return {kept["name"]: kept["why"] for chunk in chunks for kept in chunk.left}


def test_what_an_import_made_is_gone(cast):
    before = alive(cast)
    made = undo(cast, bring(cast))
    assert made.state == ImportState.UNDONE
    assert alive(cast) == before
    with organization_scope(cast.acme):
        event = DomainEvent.objects.get(type="import.undone")
        assert (event.actor, event.payload) == (cast.ada, {"removed": 56, "restored": 5, "left": 0})
        entries = AuditEntry.objects.filter(table_name="pipeline_account", task=f"undo import {made.pk}")
        assert set(entries.values_list("actor_id", flat=True)) == {cast.ada.pk}


def test_what_an_import_changed_is_as_before(cast):
    bring(cast)
    before = alive(cast)
    deals = DEALS.replace("2,Deal 2,Account 2,Open,200", "2,Deal 2,Account 2,Won,250")
    second = bring(cast, accounts=ACCOUNTS.replace("Account 7,,Linz", "Account 7,Account 9,Graz"), deals=deals)
    assert alive(cast) != before
    undo(cast, second)
    assert alive(cast) == before
    with organization_scope(cast.acme):
        stages = OpportunityHistory.objects.filter(opportunity__external_id="2", field="stage", reconstructed=False)
        assert list(stages.order_by("id").values_list("old", "new")) == [("Open", "Won"), ("Won", "Open")]


def test_what_people_changed_since_stays_and_is_named(cast):
    made = bring(cast)
    with organization_scope(cast.acme, actor=cast.lena):
        Account.objects.filter(external_id="23").update(city="Wien")
        new_deal = Opportunity.objects.get(external_id="4")
        Opportunity.objects.create(
            organization=cast.acme, name="By hand", account=Account.objects.get(external_id="24"),
            pipeline=new_deal.pipeline, stage=new_deal.stage, outcome="open", opened_at=NOW, stage_entered_at=NOW,
        )  # fmt: skip
        Opportunity.objects.filter(external_id="3").update(next_step="Call Jo")
        Account.objects.filter(external_id="22").update(deleted_at=NOW)
    made = undo(cast, made)
    assert left(cast, made) == {
        "Account 23": "Lena Vogt has changed it since",
        "Account 24": "deals belong to it",
        "Account 3": "deals belong to it",
        "Deal 3": "Lena Vogt has changed it since",
    }
    with organization_scope(cast.acme):
        assert Account.objects.get(external_id="23").city == "Wien"
        stay = Account.objects.filter(deleted_at=None, source="import:csv")
        assert set(stay.values_list("external_id", flat=True)) == {"23", "24", "3"}


def test_a_changed_record_keeps_what_a_person_wrote_over_it(cast):
    bring(cast)
    second = bring(cast, accounts=ACCOUNTS.replace("Linz", "Graz"))
    with organization_scope(cast.acme, actor=cast.lena):
        Account.objects.filter(external_id="8").update(city="Wien")
        Account.objects.filter(external_id="9").update(website="https://nine.example")
    second = undo(cast, second)
    assert left(cast, second) == {"Account 8": "Lena Vogt has changed it since"}
    with organization_scope(cast.acme):
        cities = dict(Account.objects.filter(source="import:csv").values_list("external_id", "city"))
        assert (cities["8"], cities["9"], cities["10"]) == ("Wien", "Linz", "Linz")
        assert Account.objects.get(external_id="9").website == "https://nine.example"


def test_an_earlier_import_leaves_what_a_later_one_changed(cast):
    first = bring(cast)
    bring(cast, accounts=ACCOUNTS.replace("Account 8,,Linz", "Account 8,,Graz"))
    first = undo(cast, first)
    assert left(cast, first) == {"Account 8": "a later import has changed it"}


def test_what_was_kept_of_a_record_names_no_column_that_an_import_may_not_change(cast):
    bring(cast)
    again = bring(cast, accounts=ACCOUNTS.replace("Linz", "Graz"))
    with organization_scope(cast.acme):
        chunk = ImportChunk.objects.filter(import_file__import_set=again).exclude(before=[]).earliest("number")
        image = chunk.before[0] | {"source": "elsewhere", 'name" = b."source", "name': "x"}
        chunk.before = [image, *chunk.before[1:]]
        chunk.save(update_fields=["before"])
    assert undo(cast, again).state == ImportState.UNDONE
    with organization_scope(cast.acme):
        account = Account.objects.get(pk=image["id"])
        assert (account.city, account.source) == ("Linz", again.source)
        assert account.name.startswith("Account ")


class Killed(BaseException):
    """What a kill looks like to the code that it hits."""


@pytest.mark.parametrize("survived", [0, 1, 4, 7])
def test_an_undo_that_was_killed_goes_on(cast, monkeypatch, survived):
    before = alive(cast)
    made = bring(cast)
    take_back = FileUndo.take_back
    done: list[UUID] = []

    def dying(self, chunk_id):
        if len(done) == survived:
            raise Killed
        take_back(self, chunk_id)
        done.append(chunk_id)

    monkeypatch.setattr(FileUndo, "take_back", dying)
    with pytest.raises(Killed):
        undo(cast, made)
    monkeypatch.setattr(FileUndo, "take_back", take_back)
    undo_import(organization=cast.acme, import_id=made.pk, member_id=cast.ada.pk, now=NOW)
    undo_import(organization=cast.acme, import_id=made.pk, member_id=cast.ada.pk, now=NOW)
    assert reload(cast.acme, made).state == ImportState.UNDONE
    assert alive(cast) == before
    with organization_scope(cast.acme):
        assert DomainEvent.objects.filter(type="import.undone").count() == 1


def test_lines_that_are_taken_back_leave_the_total_of_the_others(cast):
    files = {
        "orders.csv": "Order ID,Order Date\n100,2026-05-01\n",
        "order_lines.csv": "Line ID,Order ID,Product Name,Quantity,Unit Price\na,100,Bolt,2,1.50\n",
    }
    commit(cast.acme, check(cast.acme, upload(cast.acme, files)))
    more = {"order_lines.csv": "Line ID,Order ID,Product Name,Quantity,Unit Price\nb,100,Nut,1,5.00\n"}
    second = commit(cast.acme, check(cast.acme, upload(cast.acme, more)))
    with organization_scope(cast.acme):
        assert Order.objects.get().amount_minor == 800
    undo(cast, second)
    with organization_scope(cast.acme):
        assert Order.objects.get().amount_minor == 300
        assert OrderLine.objects.filter(deleted_at=None).count() == 1


def test_an_import_that_wrote_nothing_cannot_be_undone(cast):
    made = check(cast.acme, upload(cast.acme, {"accounts.csv": ACCOUNTS}))
    with organization_scope(cast.acme), pytest.raises(UnableToUndo, match="written nothing"):
        request_undo(organization=cast.acme, made=made, requested_by=cast.ada, now=NOW, queue=False)


def test_an_import_that_is_undone_does_not_go_on(cast):
    made = undo(cast, bring(cast))
    with organization_scope(cast.acme), pytest.raises(UnableToCommit, match="undone already"):
        retry_commit(organization=cast.acme, made=made)


class TestThePages:
    def test_ask_before_anything_is_taken_back(self, cast, client_for):
        made = bring(cast)
        url = f"/acme/imports/{made.pk}/undo/"
        browser = client_for(cast.lena)
        assert f'href="{url}"' in browser.get(f"/acme/imports/{made.pk}/progress/").content.decode()
        page = browser.get(url).content.decode()
        assert "56 new records are removed" in page
        assert "an account that its deals or orders made a customer stays one" in page
        assert reload(cast.acme, made).state == ImportState.DONE
        response = browser.post(url)
        assert response["Location"] == f"/acme/imports/{made.pk}/progress/"
        assert reload(cast.acme, made).state == ImportState.UNDOING
        assert "Taking the records back" in browser.get(response["Location"]).content.decode()

    def test_say_what_was_left_and_give_it_as_a_file(self, cast, client_for):
        made = bring(cast)
        with organization_scope(cast.acme, actor=cast.lena):
            Account.objects.filter(external_id="23").update(city="Wien")
        undo(cast, made)
        page = client_for(cast.lena).get(f"/acme/imports/{made.pk}/progress/").content.decode()
        assert "1 record was left as it is" in page
        response = client_for(cast.lena).get(f"/acme/imports/{made.pk}/left/")
        lines = b"".join(response.streaming_content).decode().splitlines()
        assert lines[0] == '\ufeff"File","Record","Name","Why it was left","Changed at"'
        assert '"accounts.csv"' in lines[1]
        assert '"Lena Vogt has changed it since"' in lines[1]

    def test_are_not_for_strangers_nor_for_those_who_may_not_import(self, cast, client_for):
        made = bring(cast)
        for path in ("undo", "left"):
            assert client_for(cast.sam).get(f"/acme/imports/{made.pk}/{path}/").status_code == 404
            assert client_for(cast.abe).get(f"/acme/imports/{made.pk}/{path}/").status_code == 403
        assert client_for(cast.sam).post(f"/acme/imports/{made.pk}/undo/").status_code == 404
        assert client_for(cast.abe).post(f"/acme/imports/{made.pk}/undo/").status_code == 403
        assert reload(cast.acme, made).state == ImportState.DONE
