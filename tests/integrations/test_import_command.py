"""`manage.py import_records`: the same steps and the same report as the page."""

import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from pipeline.models import Account, Opportunity
from tenancy.scoping import organization_scope

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("patience")]

ACCOUNTS = "Account Name,City,Annual Revenue\nGruber Aufzüge,Linz,1.200.000\nFennel Bikes,Ghent,38000\n"
DEALS = "Deal Name,Account Name,Stage,Amount,Close Date\nLifts,gruber aufzüge,Sold,1200,2026-05-13\n"
DEAL_MAP = {"files": {"deals.csv": {"values": {"stage": {"Sold": {"create": "Sold", "kind": "won"}}}}}}


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "accounts.csv").write_text(ACCOUNTS)
    (tmp_path / "deals.csv").write_text(DEALS)
    (tmp_path / "map.json").write_text(json.dumps(DEAL_MAP))
    return tmp_path


def run(*arguments):
    """The JSON report of the command, and the error it ended with."""
    out = StringIO()
    try:
        call_command("import_records", "--organization", "acme", "--json", *map(str, arguments), stdout=out)
    except CommandError as error:
        return json.loads(out.getvalue() or "{}"), str(error)
    return json.loads(out.getvalue()), ""


def test_it_imports_with_a_map(cast, folder):
    report, error = run("--map", folder / "map.json", folder / "accounts.csv", folder / "deals.csv")
    assert error == ""
    assert [(found["target"], found["new"], found["held_back"]) for found in report["files"]] == [
        ("accounts", 2, 0),
        ("opportunities", 1, 0),
    ]
    with organization_scope(cast.acme):
        deal = Opportunity.objects.select_related("account").get()
        assert (deal.account.name, deal.outcome, deal.amount_minor) == ("Gruber Aufzüge", "won", 120_000)


def test_a_second_run_uses_the_saved_mapping_and_changes_nothing(cast, folder):
    run("--map", folder / "map.json", "--source", "erp", folder)
    report, error = run("--map", "erp", folder)
    assert error == ""
    assert report["source"] == "import:erp"
    assert [(found["new"], found["changed"], found["same"]) for found in report["files"]] == [(0, 0, 2), (0, 0, 1)]


def test_it_says_what_to_decide_and_writes_nothing(cast, folder):
    report, error = run(folder)
    assert "decide" in error
    assert report["decide"] == ["deals.csv: say which stage each of these is: Sold."]
    with organization_scope(cast.acme):
        assert not Account.objects.exists()


def test_a_dry_run_writes_nothing(cast, folder):
    report, error = run("--dry-run", folder / "accounts.csv")
    assert (error, report["files"][0]["new"]) == ("", 2)
    with organization_scope(cast.acme):
        assert not Account.objects.exists()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("{", "cannot be read"),
        ('{"filez": {}}', "no filez"),
        ('{"files": {"accounts.csv": {"target": "planets"}}}', "no target 'planets'"),
        ('{"files": {"accounts.csv": {"columns": {"Planet": "name"}}}}', "no column Planet"),
        ('{"files": {"accounts.csv": {"columns": {"City": {"field": "city", "factor": 7}}}}}', "factor"),
        ('{"files": {"accounts.csv": {"columns": {"City": "name", "Account Name": "name"}}}}', "same field"),
    ],
)
def test_a_bad_map_is_refused_in_words(cast, folder, content, words):
    (folder / "bad.json").write_text(content)
    _, error = run("--map", folder / "bad.json", folder / "accounts.csv")
    assert words in error


def test_unknown_names_are_refused(cast, folder):
    assert "no saved mapping" in run("--map", "nightly", folder)[1]
    assert "no file" in run(folder / "absent.csv")[1]
    with pytest.raises(CommandError, match="no organisation"):
        call_command("import_records", "--organization", "nobody", str(folder))
