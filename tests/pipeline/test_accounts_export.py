"""Lists as files."""

import csv
import os
import re
from decimal import Decimal
from io import StringIO
from typing import Any

import psutil
import pytest
from django.db import connection
from hypothesis import given, settings
from hypothesis import strategies as st

from integrations.exports.spreadsheet import BLANKS, FORMULA_STARTS, csv_lines, plain_text, safe_cell
from pipeline.models import Account
from tenancy.bulk import insert_rows
from tenancy.models import DomainEvent, Member
from tenancy.scoping import organization_scope
from tests.cast import Cast
from tests.pipeline.pages import ClientFor, url
from tests.pipeline.records import a_deal, an_account, an_order


def table(response: Any) -> list[list[str]]:
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
        assert DomainEvent.objects.get(type="export.made").payload == {
            "what": "accounts",
            "filters": {"segment": "key"},
            "rows": 1,
        }


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
        ("-12.5", "-12.5"),
        ("+4930123", "'+4930123"),
        ("\u0661", "\u0661"),
        ("-\u0661", "'-\u0661"),
        ("'=1", "''=1"),
        ("'tis", "'tis"),
        ("' =1", "'' =1"),
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


CELLS = st.one_of(
    st.text(),
    st.text(alphabet="=+-@\t\r\n' \u00a0\ufeff\u200b＝＋－＠\"0.5,;|A"),
    st.builds("".join, st.tuples(st.sampled_from(["=", "+", "-", "@", "\t", "\r", "\n", "'", " =", "'="]), st.text())),
).map(lambda text: text.replace("\x00", ""))
"""Text as people type it, and text that would do harm; no column of the database holds a zero byte."""
EXAMPLES = 10_000 if "AGILE_SALES_LONG" in os.environ else 1_000


@settings(max_examples=EXAMPLES, deadline=None)
@given(CELLS)
def test_whatever_is_typed_stays_text_and_comes_back_as_it_was(text: str) -> None:
    cell = safe_cell(text)

    begins = cell.lstrip(BLANKS)[:1]
    assert re.fullmatch(r"-[0-9]+(\.[0-9]+)?", cell) or begins not in FORMULA_STARTS
    assert cell[:1] not in FORMULA_STARTS or cell == text
    assert plain_text(cell) == text


@settings(max_examples=EXAMPLES // 10, deadline=None)
@given(st.lists(CELLS, min_size=1, max_size=6))
def test_a_file_reads_back_as_it_was_written(texts: list[str]) -> None:
    file = b"".join(csv_lines(["a"] * len(texts), [[texts]])).decode("utf-8-sig")

    (_, row) = csv.reader(StringIO(file, newline=""))
    assert [plain_text(cell) for cell in row] == texts


@pytest.mark.django_db(transaction=True)
class TestALongDownload:
    def test_leaves_nothing_behind_when_the_connection_breaks(
        self, cast: Cast, client_for: ClientFor, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("integrations.exports.walk.CHUNK", 3)
        with organization_scope(cast.acme):
            for number in range(10):
                an_account(cast.acme, name=f"Firm {number}")

        response: Any = client_for(cast.lena).get(url("accounts-export"))
        sent = iter(response.streaming_content)
        assert b"Firm 0" in next(sent) + next(sent)
        assert not connection.in_atomic_block
        response.close()

        with organization_scope(cast.acme):
            assert DomainEvent.objects.get(type="export.made").payload["rows"] == 10
        assert client_for(cast.lena).get(url("accounts")).status_code == 200

    def test_ends_when_its_reader_leaves(
        self, cast: Cast, client_for: ClientFor, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("integrations.exports.walk.CHUNK", 3)
        with organization_scope(cast.acme):
            for number in range(10):
                an_account(cast.acme, name=f"Firm {number}")

        response: Any = client_for(cast.lena).get(url("accounts-export"))
        sent = iter(response.streaming_content)
        first = next(sent) + next(sent)
        with organization_scope(cast.acme):
            Member.objects.filter(pk=cast.lena.pk).update(is_active=False)

        assert b"Firm 2" in first
        assert b"Firm 3" not in b"".join(sent)

    @pytest.mark.skipif("AGILE_SALES_LONG" not in os.environ, reason="writes 300,000 accounts: part of make test-long")
    def test_of_300_000_rows_is_sent_in_flat_memory(self, cast: Cast, client_for: ClientFor) -> None:
        with organization_scope(cast.acme):
            for part in range(30):
                insert_rows(
                    organization=cast.acme,
                    model=Account,
                    columns=["source", "external_id", "name"],
                    rows=[("import:x", f"{part}-{n}", f"Firm {part} {n}") for n in range(10_000)],
                )
        process = psutil.Process()
        response: Any = client_for(cast.lena).get(url("accounts-export"))
        before, lines = process.memory_info().rss, 0
        for piece in response.streaming_content:
            lines += piece.count(b"\r\n")

        assert lines == 300_001
        assert process.memory_info().rss - before < 60 * 1024 * 1024
