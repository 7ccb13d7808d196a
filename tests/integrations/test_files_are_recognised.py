"""What a file is and how it is written, by its content alone."""

import contextlib
import csv
import io
import tracemalloc
from typing import Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from integrations.imports.encoding import _windows_character, detect_encoding, open_text, repair_text
from integrations.imports.file_kind import UnreadableFile
from integrations.imports.inspection import FileFormat, fingerprint, inspect_file, read_rows, read_table

CSV = "Name,City,Since\nGruber Aufzüge,Linz,2019-04-01\nFennel,Ghent,2020-05-02\n"


def opener(data):
    payload = data if isinstance(data, bytes) else data.encode()
    return lambda: io.BytesIO(payload)


def rows_of(data, **changes):
    found = inspect_file(opener(data))
    how = FileFormat(**{**found.format.as_json(), **changes})
    return [record.cells for record in read_rows(opener(data), how)]


@pytest.mark.parametrize(
    ("data", "code", "words"),
    [
        (b"PK\x03\x04\x14\x00[Content_Types].xml", "workbook", "CSV UTF-8"),
        (b"PK\x03\x04\x14\x00\x00\x00accounts.csv", "archive", "Unpack"),
        (b"%PDF-1.7 ...", "pdf", "Export the table"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 old workbook", "workbook", "old Office"),
        (b"\x1f\x8b\x08\x00", "archive", "Unpack"),
        (b"\x89PNG\r\n", "image", "picture"),
        (b"<html><table><tr><td>Name</td></tr></table>", "markup", "web page"),
        (b'{"accounts": []}', "json", "API"),
        (b'[{"name": "A"}]', "json", "API"),
        (b"a,b\n1,\x00\x01\x02\x00\n", "binary", "not text"),
        (b"", "empty", "empty"),
        (b"\xef\xbb\xbf \n", "empty", "empty"),
        (b"name,city\n", "empty", "no rows"),
        (b"x" * 1_500_000, "one_line", "endless line"),
    ],
)
def test_a_file_of_another_kind_is_refused_with_the_way_out(data, code, words):
    with pytest.raises(UnreadableFile) as refusal:
        inspect_file(opener(data))
    assert refusal.value.code == code
    assert words in refusal.value.message


@pytest.mark.parametrize(
    ("data", "codec", "is_sure"),
    [
        (CSV.encode(), "utf-8", True),
        (CSV.encode("utf-8-sig"), "utf-8-sig", True),
        (CSV.encode("utf-16"), "utf-16", True),
        (CSV.encode("utf-16-le"), "utf-16-le", True),
        (CSV.encode("utf-16-be"), "utf-16-be", True),
        (CSV.encode("cp1252"), "cp1252", False),
        (CSV.encode("latin-1"), "cp1252", False),
        (CSV.encode("mac_roman"), "mac_roman", False),
        (CSV.encode("cp850"), "cp850", False),
    ],
)
def test_the_encoding_is_found(data, codec, is_sure):
    found = detect_encoding(opener(data))
    assert (found.codec, found.is_sure) == (codec, is_sure)
    assert rows_of(data)[0] == ["Gruber Aufzüge", "Linz", "2019-04-01"]


def test_a_few_foreign_bytes_do_not_spoil_a_utf_8_file():
    data = ("Name\n" + "Grüße aus Köln\n" * 50).encode() + "Müller\n".encode("cp1252")
    found = inspect_file(opener(data))
    assert (found.encoding.codec, found.encoding.stray_bytes) == ("utf-8", 1)
    assert rows_of(data)[-1] == ["Müller"]


def test_twice_encoded_letters_are_recognised_and_repaired_on_request():
    data = "Name,City\nAntonio Moreno TaquerÃ­a,MÃ©xico D.F.\nB's Beverages,London\n"
    found = inspect_file(opener(data))
    assert found.format.repair_text
    assert any("México" in note or "Taquería" in note for note in found.notes)
    assert rows_of(data)[0] == ["Antonio Moreno Taquería", "México D.F."]
    assert rows_of(data, repair_text=False)[0][1] == "MÃ©xico D.F."


@given(st.text(alphabet="abc ÄÖÜäöüßéèêñçøåæœłŁ€–“”"))
def test_repair_undoes_the_damage(text):
    damaged = "".join(_windows_character(byte) for byte in text.encode())
    assert repair_text(damaged) == text


@pytest.mark.parametrize("word", ["México", "Gruber Aufzüge", "naïve café", "Ærø", "Łódź", "Ångström"])
def test_text_that_is_right_stays_as_it_is(word):
    assert repair_text(word) == word
    assert not inspect_file(opener(f"Name,City\n{word},Linz\n")).format.repair_text


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_found(delimiter):
    lines = [["Name", "Amount", "Note"], ["A, B", "1234,5", "x;y"], ["C", "5,25", "z"]]
    text = "\n".join(delimiter.join(f'"{cell}"' if delimiter in cell else cell for cell in line) for line in lines)
    assert inspect_file(opener(text)).format.delimiter == delimiter
    assert rows_of(text) == lines[1:]


def test_a_sheet_that_names_its_delimiter_is_believed():
    assert rows_of("sep=;\nName;City\nA;B\n") == [["A", "B"]]


def test_mixed_line_ends_are_one_thing():
    data = b"Name,City\r\nA,Linz\nB,Ghent\rC,Porto\r\n"
    assert rows_of(data) == [["A", "Linz"], ["B", "Ghent"], ["C", "Porto"]]
    assert any("Line ends are mixed" in note for note in inspect_file(opener(data)).notes)


def test_a_first_row_of_data_is_not_taken_for_names():
    data = "1|637|AW00000001|245-555-0173|Value Added Reseller\n2|635|AW00000002|170-555-0127|Specialty Bike Shop\n"
    found = inspect_file(opener(data))
    assert not found.format.has_header
    assert found.headers == ("Column 1", "Column 2", "Column 3", "Column 4", "Column 5")
    assert found.row_count == 2


def test_a_first_row_of_words_is_taken_for_names():
    assert inspect_file(opener("sales_agent,manager,regional_office\nAnna,Dustin,Central\n")).format.has_header


def test_names_that_occur_twice_or_not_at_all_are_told_apart():
    found = inspect_file(opener("Name,Phone,Phone,\nA,1,2,x\nB,3,4,y\n"))
    assert found.headers == ("Name", "Phone", "Phone (2)", "Column 4")
    assert any("Two columns are called Phone" in note for note in found.notes)


class TestAQuoteThatNeverCloses:
    DATA = 'Name,City,Note\nA,Linz,"fine, really"\nB,Ghent,"left open\nC,Porto,ok\nD,Turin,"two\nlines"\nE,Graz,ok\n'

    def records(self, data=DATA):
        return list(read_table(opener(data), FileFormat()))

    def test_it_is_named_by_the_line_where_it_opened(self):
        bad = [record for record in self.records() if record.quote_left_open]
        assert [record.line for record in bad] == [3]

    def test_the_other_rows_are_still_taken(self):
        good = [record.cells for record in self.records() if not record.quote_left_open]
        assert good[1:] == [
            ["A", "Linz", "fine, really"],
            ["C", "Porto", "ok"],
            ["D", "Turin", "two\nlines"],
            ["E", "Graz", "ok"],
        ]

    def test_it_may_be_the_last_line(self):
        records = self.records('Name,City\nA,Linz\n"B,Ghent\n')
        assert records[-1].quote_left_open
        assert records[-1].line == 3

    def test_it_does_not_swallow_a_later_quoted_cell_that_looks_like_its_end(self):
        records = self.records('Name,City,Note\n"A,Linz,x\nB,Ghent,y\nC,Porto,"z"\n')
        assert [record.cells for record in records if not record.quote_left_open][1:] == [
            ["B", "Ghent", "y"],
            ["C", "Porto", "z"],
        ]


CELLS = st.text(alphabet="ab\",;\n 'é", max_size=8)


@given(st.lists(st.lists(CELLS, min_size=3, max_size=3), min_size=1, max_size=12))
@settings(max_examples=300)
def test_what_the_csv_module_writes_is_read_back(rows):
    buffer = io.StringIO()
    writer = csv.writer(buffer, quoting=csv.QUOTE_ALL)
    writer.writerow(["one", "two", "three"])
    writer.writerows(rows)
    read = [record.cells for record in read_rows(opener(buffer.getvalue()), FileFormat())]
    assert read == [[cell.replace("\r\n", "\n") for cell in row] for row in rows]


@given(st.binary(max_size=400))
@settings(max_examples=300)
def test_any_bytes_are_either_read_or_refused_in_words(data):
    with contextlib.suppress(UnreadableFile):
        found = inspect_file(opener(data))
        list(read_rows(opener(data), found.format))


def test_memory_stays_flat_however_long_the_file():
    line = b"Customer %d,Some street 12,Linz,Austria,2019-04-01,1234.56\n"

    class Endless(io.RawIOBase):
        def __init__(self):
            self.left = 60_000

        def readable(self):
            return True

        def read(self, size=-1):
            count = min(self.left, size // 80)
            self.left -= count
            return b"".join(line % (self.left + index) for index in range(count))

    tracemalloc.start()
    count = sum(1 for _ in read_table(cast("Any", Endless), FileFormat(has_header=False)))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert count == 60_000
    assert peak < 12 * 1024 * 1024


def test_two_files_with_the_same_columns_have_one_fingerprint():
    assert fingerprint(["Account Name", "CITY"]) == fingerprint(["city", "account_name", "Line", "Reason"])


def test_universal_lines_come_out_of_every_encoding():
    with open_text(opener("a\r\nb\rc\n".encode("utf-16")), "utf-16") as text:
        assert list(text) == ["a\n", "b\n", "c\n"]
