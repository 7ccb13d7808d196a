"""Lists as files."""

import csv
from decimal import Decimal
from io import StringIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.exports.spreadsheet import FORMULA_STARTS, csv_lines, safe_cell
from tenancy.models import DomainEvent
from tenancy.scoping import organization_scope
from tests.cast import Cast
from tests.pipeline.pages import ClientFor, url
from tests.pipeline.records import a_deal, an_account, an_order


def table(response) -> list[list[str]]:
    return list(csv.reader(StringIO(b"".join(response.streaming_content).decode("utf-8-sig"))))


def test_it_sends_what_the_list_shows(cast: Cast, client_for: ClientFor) -> None:
    with organization_scope(cast.acme):
        an_account(cast.acme, cast.rui, name="Velora", segment="key", potential_minor=120_050)
        an_account(cast.acme, cast.rui, name="Tramont", segment="small")

    response = client_for(cast.lena).get(url("accounts-export", segment="key"))

    header, *rows = table(response)
    assert response["Content-Disposition"] == 'attachment; filename="accounts.csv"'
    assert [dict(zip(header, row, strict=True))["name"] for row in rows] == ["Velora"]
    assert dict(zip(header, rows[0], strict=True))["potential"] == "1200.50"
    with organization_scope(cast.acme):
        assert DomainEvent.objects.get(type="export.made").payload == {"what": "accounts"}


def test_a_member_takes_home_only_what_their_squad_owns(cast: Cast, client_for: ClientFor) -> None:
    with organization_scope(cast.acme):
        for name, owner in (("Ours", cast.rui), ("Squad", cast.sil), ("Theirs", cast.mia), ("Nobody's", None)):
            account = an_account(cast.acme, owner, name=name)
            a_deal(cast.acme, account, owner, name=name)
            an_order(cast.acme, account, number=name)

    for export, column in (("accounts-export", 1), ("opportunities-export", 1), ("orders-export", 1)):
        taken = {row[column] for row in table(client_for(cast.rui).get(url(export)))[1:]}
        assert taken == {"Ours", "Squad"}, export
        assert len(table(client_for(cast.lena).get(url(export)))) == 5


def test_it_walks_lists_longer_than_a_chunk(cast: Cast, client_for: ClientFor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("integrations.exports.walk.CHUNK", 3)
    with organization_scope(cast.acme):
        for number in range(10):
            an_account(cast.acme, name=f"Firm {number}")

    rows = table(client_for(cast.lena).get(url("accounts-export")))[1:]

    assert [row[1] for row in rows] == [f"Firm {number}" for number in range(10)]


@pytest.mark.parametrize(
    ("value", "cell"),
    [
        ("=1+1", "'=1+1"),
        ("+49 30 1234", "'+49 30 1234"),
        ("-2+3", "'-2+3"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("\t=1", "'\t=1"),
        ("\r=1", "'\r=1"),
        ("\n=1", "'\n=1"),
        (" =1+1", "' =1+1"),
        ("＝1+1", "'＝1+1"),
        ("-12", "-12"),
        ("+12.5", "+12.5"),
        ("-1e5", "'-1e5"),
        ("a=b", "a=b"),
        (-5, "-5"),
        (Decimal("-1E+3"), "-1000"),
        (None, ""),
        (True, "yes"),
        ("", ""),
    ],
)
def test_no_cell_begins_like_a_formula(value: object, cell: str) -> None:
    assert safe_cell(value) == cell


@given(st.text())
def test_whatever_is_typed_stays_text(text: str) -> None:
    cell = safe_cell(text)

    begins = cell.lstrip(" ")[:1]
    assert begins not in FORMULA_STARTS or float(cell) == float(text)


@given(st.lists(st.text(), min_size=1))
def test_a_file_reads_back_as_it_was_written(texts: list[str]) -> None:
    file = b"".join(csv_lines(["a"] * len(texts), [[texts]])).decode("utf-8-sig")

    (_, row) = csv.reader(StringIO(file, newline=""))
    assert row == [safe_cell(text) for text in texts]
