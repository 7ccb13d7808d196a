"""`manage.py simulate_company`."""

import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from pipeline.models import Account
from tenancy.models import Organization
from tenancy.scoping import organization_scope

pytestmark = pytest.mark.django_db

OPTIONS: dict[str, Any] = {"slug": "north", "accounts": 40, "seed": 5, "months": 4, "end_date": "2026-09-30"}


def _run(**options: Any) -> str:
    out = StringIO()
    call_command("simulate_company", stdout=out, **{**OPTIONS, **options})
    return out.getvalue()


def test_it_creates_an_organisation_and_says_what_is_in_it() -> None:
    said = _run(name="North Drives")

    organization = Organization.objects.get(slug="north")
    assert organization.name == "North Drives"
    assert "40 accounts" in said
    assert "deals" in said
    with organization_scope(organization):
        assert Account.objects.count() == 40


def test_the_truth_goes_into_the_file_and_names_the_accounts(tmp_path: Path) -> None:
    path = tmp_path / "truth.json"

    _run(truth=path)

    truth = json.loads(path.read_text())
    with organization_scope(Organization.objects.get(slug="north")):
        stored = {str(pk): code for pk, code in Account.objects.values_list("pk", "external_id")}
    assert {entry["id"]: entry["external_id"] for entry in truth["accounts"]} == stored
    assert all(0 <= entry["propensity"] <= 1 for entry in truth["accounts"])


def test_the_currencies_can_be_chosen() -> None:
    _run(currencies="CHF=50, GBP=50")

    with organization_scope(Organization.objects.get(slug="north")):
        assert set(Account.objects.values_list("currency", flat=True)) == {"CHF", "GBP"}


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"accounts": 3}, "20 to 1,000,000 accounts, not 3"),
        ({"months": 0}, "not 0"),
        ({"end_date": "30.09.2026"}, "a day like 2026-09-30"),
        ({"currencies": "EUR"}, "must look like"),
        ({"currencies": "EUR=50,XXX=50"}, "Nobody pays in XXX"),
        ({"currencies": "EUR=-1"}, "above 0"),
        ({"currencies": "EUR=nan"}, "above 0"),
        ({"profile": "hydraulics", "currencies": "JPY=1"}, "known are CAD, USD"),
        ({"seed": -1}, "not -1"),
        ({"slug": "api"}, "can have the slug"),
        ({"name": "n" * 300}, "can have"),
    ],
)
def test_it_refuses_in_words(options: dict[str, Any], words: str) -> None:
    with pytest.raises(CommandError, match=words):
        _run(**options)

    assert not Organization.objects.exists()


def test_it_refuses_an_organisation_that_exists() -> None:
    _run()

    with pytest.raises(CommandError, match="never writes into one that exists"):
        _run(seed=6)


def test_it_says_when_the_truth_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    with pytest.raises(CommandError, match="truth can't be written"):
        _run(truth=tmp_path / "file" / "truth.json")
