"""Columns that no field stands for: kept under their own name, dated honestly, and no reason to hold a row back."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from integrations.models import Import, ImportFile
from integrations.operations.checking import check_import
from integrations.operations.committing import commit_import
from integrations.operations.undoing import request_undo, undo_import
from pipeline.models import Account, CustomColumn, CustomValues, Opportunity
from tenancy.scoping import organization_scope
from tests.integrations.api_caller import Caller, a_token
from tests.integrations.importing import NOW, change_file, check, commit, files_of, reload, upload

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("patience")]

DEALS = (
    "Deal ID,Deal Name,Stage,Created,Close Date,Budget ok?,Heads,Go live\n"
    "1,Pump,Won,2026-01-05,2026-03-01,yes,12,2026-05-01\n"
    "2,Valve,Lost,2026-01-06,2026-03-02,no,many,\n"
    "3,Crane,Open,2026-02-01,2026-12-01,yes,7.5,\n"
)
STAGES = {
    "stage": {
        "Won": {"create": "Won", "kind": "won"},
        "Lost": {"create": "Lost", "kind": "lost"},
        "Open": {"create": "Open", "kind": "open"},
    }
}


@pytest.fixture
def lena(cast, client_for):
    return client_for(cast.lena)


def url(name, made, slug="acme"):
    return reverse(f"integrations:{name}", kwargs={"organization": slug, "import_id": made.pk})


def the_import(cast):
    with organization_scope(cast.acme):
        return Import.objects.order_by("-created_at").first()


def work(cast):
    made = the_import(cast)
    check_import(organization=cast.acme, import_id=made.pk, now=NOW)
    commit_import(organization=cast.acme, import_id=made.pk, now=NOW)


def kept(organization):
    with organization_scope(organization):
        return dict(Opportunity.objects.values_list("name", "custom"))


def day(row):
    return row.known_at.astimezone(ZoneInfo("Europe/Berlin")).date().isoformat()


def bring(cast, text=DEALS, *, now=NOW, **rules):
    """Import deals by command of the page; `rules` say more about columns, by header."""
    made = reload(cast.acme, upload(cast.acme, {"deals.csv": text}, now=now))
    mapping = [
        {
            "header": rule["header"],
            "field": rule.get("field") or f"custom.{rule['header'].lower().replace(' ', '_').strip('?')}",
            "kind": KINDS.get(rule["header"], ""),
            **rules.get(rule["header"].replace(" ", "_"), {}),
        }
        for rule in files_of(made)["deals.csv"].rules
    ]
    change_file(cast.acme, made, "deals.csv", value_map=STAGES, rules=mapping)
    check(cast.acme, made, now=now)
    return commit(cast.acme, made, now=now)


KINDS = {"Budget ok?": "flag", "Heads": "number", "Go live": "date"}


def test_skipped_columns_are_kept_with_one_click_and_become_values_of_the_deal(cast, lena):
    files = {"uploads": [SimpleUploadedFile("deals.csv", DEALS.encode())], "source": "erp", "format": "csv"}
    lena.post(reverse("integrations:import-new", kwargs={"organization": "acme"}), files)
    made = the_import(cast)
    work(cast)
    page = lena.get(url("import", made)).content.decode()
    assert "Keep 3 skipped columns" in page
    values = {f"value-stage-{index}": f"create:{kind}" for index, kind in enumerate(("won", "lost", "open"))}
    lena.post(url("import", made), {"file": 0, "target": "opportunities", "keep": "all", **values})
    with organization_scope(cast.acme):
        rules = {rule["header"]: rule for rule in ImportFile.objects.get(import_set=made).rules}
    assert [rules[name]["field"] for name in KINDS] == ["custom.budget_ok", "custom.heads", "custom.go_live"]
    # One cell of Heads is a word, so as a first guess all of it is text; a person knows better.
    assert [rules[name]["kind"] for name in KINDS] == ["flag", "category", "date"]
    lena.post(
        url("import", made),
        {"file": 0, "target": "opportunities", "kind-6": "number", "at-closing-7": ["off", "on"], **values},
    )
    work(cast)
    page = lena.get(url("import", made)).content.decode()
    assert "known only at closing" in page
    assert "Heads is not a number. It is left empty" in page
    lena.post(url("import-commit", made))
    work(cast)
    assert kept(cast.acme) == {
        "Pump": {"budget_ok": True, "heads": 12, "go_live": "2026-05-01"},
        "Valve": {"budget_ok": False},
        "Crane": {"budget_ok": True, "heads": 7.5},
    }
    with organization_scope(cast.acme):
        columns = CustomColumn.objects.order_by("key").values_list("record", "name", "kind", "at_closing")
        assert list(columns) == [
            ("opportunity", "Budget ok?", "flag", False),
            ("opportunity", "Go live", "date", True),
            ("opportunity", "Heads", "number", False),
        ]
    assert kept(cast.globex) == {}


def test_values_are_dated_as_the_deal_is_and_what_came_at_closing_not_before(cast):
    bring(cast, Go_live={"at_closing": True})
    with organization_scope(cast.acme):
        rows = CustomValues.objects.filter(opportunity__name="Pump").order_by("known_at")
        assert [(day(row), sorted(row.values), row.reconstructed) for row in rows] == [
            ("2026-01-05", ["budget_ok", "heads"], True),
            ("2026-03-01", ["budget_ok", "go_live", "heads"], True),
        ]


def test_a_later_file_changes_values_from_then_on_and_an_undo_takes_them_back(cast):
    bring(cast)
    later = datetime(2026, 11, 13, 9, 0, tzinfo=UTC)
    changed = bring(cast, DEALS.replace("12,2026-05-01", "14,2026-05-01"), now=later)
    assert files_of(changed)["deals.csv"].counts["updated"] == 1
    assert kept(cast.acme)["Pump"]["heads"] == 14
    with organization_scope(cast.acme):
        rows = CustomValues.objects.filter(opportunity__name="Pump").order_by("known_at")
        assert [(day(row), row.values["heads"]) for row in rows] == [
            ("2026-01-05", 12),
            ("2026-11-13", 14),
        ]
        request_undo(organization=cast.acme, made=changed, requested_by=None, now=later, queue=False)
    undo_import(organization=cast.acme, import_id=changed.pk, member_id=None, now=later)
    assert kept(cast.acme)["Pump"]["heads"] == 12
    with organization_scope(cast.acme):
        assert CustomValues.objects.filter(opportunity__name="Pump").count() == 3


def test_the_same_file_again_changes_nothing(cast):
    bring(cast)
    again = bring(cast)
    assert files_of(again)["deals.csv"].counts["unchanged"] == 3
    with organization_scope(cast.acme):
        assert CustomValues.objects.count() == 3


def test_accounts_keep_columns_too_and_the_review_names_what_changes(cast, lena):
    first = "Account Name,City,Fleet\nGruber,Linz,5\n"
    for text in (first, first.replace("5", "6")):
        made = upload(cast.acme, {"accounts.csv": text}, by=cast.lena)
        rules = [
            {"header": "Account Name", "field": "name"},
            {"header": "City", "field": "city"},
            {"header": "Fleet", "field": "custom.fleet", "kind": "number"},
        ]
        change_file(cast.acme, made, "accounts.csv", rules=rules)
        check(cast.acme, made)
        review = lena.get(url("import-review", made)).content.decode()
        commit(cast.acme, made)
    assert "Fleet" in review
    assert ">6<" in review.replace(" ", "")
    with organization_scope(cast.acme):
        account = Account.objects.get(name="Gruber")
        assert account.custom == {"fleet": 6}
        rows = CustomValues.objects.filter(account=account).order_by("known_at", "id")
        assert [row.values["fleet"] for row in rows] == [5, 6]


def test_records_without_columns_of_their_own_say_so(cast, lena):
    made = upload(cast.acme, {"products.csv": "Product,Code,Colour\nGTX,1,red\n"}, by=cast.lena)
    check(cast.acme, made)
    answer = lena.post(url("import", made), {"file": 0, "target": "products", "field-2": "custom"})
    assert answer.status_code == 422
    assert "only accounts and deals have columns of their own" in answer.content.decode()


def test_the_deal_shows_its_columns_on_its_page_and_through_the_api(cast, lena):
    bring(cast)
    with organization_scope(cast.acme):
        pump = Opportunity.objects.get(name="Pump")
    page = lena.get(reverse("pipeline:opportunity", args=["acme", pump.pk])).content.decode()
    assert "Custom columns" in page
    assert "Budget ok?" in page
    answer = Caller(a_token(cast.acme)).get(f"/api/v1/opportunities/{pump.pk}").json()
    assert answer["custom"] == {"budget_ok": True, "heads": 12.0, "go_live": "2026-05-01"}
    assert Caller(a_token(cast.globex)).get(f"/api/v1/opportunities/{pump.pk}").status_code == 404


def test_a_stranger_finds_no_column_of_another_organisation(cast, client_for):
    made = bring(cast)
    sam = client_for(cast.sam)
    assert sam.get(url("import", made, "globex")).status_code == 404
    with organization_scope(cast.globex):
        assert not CustomColumn.objects.exists()
        assert not CustomValues.objects.exists()
