"""Files that would do harm: refused or taken with words, in flat memory and bounded time."""

import gzip
import io
import time
import zipfile

import psutil
import pytest
from django.core.files.uploadhandler import SkipFile
from django.test import RequestFactory

from integrations import upload_limits
from integrations.imports.file_kind import UnreadableFile
from integrations.imports.inspection import MAX_BYTES, MAX_COLUMNS, inspect_file, read_rows
from integrations.imports.records import read_records
from integrations.models import ImportFilePart
from integrations.operations import uploads
from pipeline.models import Account
from tenancy.scoping import organization_scope
from tests.integrations.importing import check, commit, files_of, upload

MEGABYTE = 1024 * 1024
ALLOWED = 200 * MEGABYTE


class Endless(io.RawIOBase):
    """A file that is made while it is read, so that it takes no room."""

    def __init__(self, size, piece, head=b""):
        self.left, self.piece, self.head = size, piece, head

    def read(self, size=-1):
        if self.head:
            taken, self.head = self.head[:size], self.head[size:]
            return taken
        count = min(size if size >= 0 else self.left, self.left)
        self.left -= count
        return (self.piece * (count // len(self.piece) + 1))[:count]


def opener(content):
    return lambda: io.BytesIO(content)


class Watched:
    """Asserts at its end that the block took little memory and time."""

    def __init__(self, *, seconds=60):
        self.seconds = seconds

    def __enter__(self):
        self.process, self.begun = psutil.Process(), time.monotonic()
        self.before = self.process.memory_info().rss

    def __exit__(self, *raised):
        assert self.process.memory_info().rss - self.before < ALLOWED
        assert time.monotonic() - self.begun < self.seconds


def refusal_of(open_bytes):
    with Watched(), pytest.raises(UnreadableFile) as refused:
        inspect_file(open_bytes)
    return refused.value.message


def test_an_archive_is_never_unpacked():
    bomb = io.BytesIO()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("accounts.csv", b"0" * (50 * MEGABYTE))
    assert "packed file" in refusal_of(opener(bomb.getvalue()))
    assert "packed file" in refusal_of(opener(gzip.compress(b"0" * (50 * MEGABYTE))))
    workbook = io.BytesIO()
    with zipfile.ZipFile(workbook, "w") as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
    assert "Save as" in refusal_of(opener(workbook.getvalue()))


def test_one_line_of_a_hundred_megabytes_is_no_table():
    message = refusal_of(lambda: Endless(100 * MEGABYTE, b"abc,", b"Account Name,City\n"))
    assert "one endless line" in message


def test_ten_thousand_columns_are_too_many():
    row = ",".join(f"c{n}" for n in range(10_000)) + "\n"
    message = refusal_of(opener((row * 20).encode()))
    assert "more than 2,000 columns" in message
    assert str(MAX_COLUMNS) in message


def test_a_million_commas_in_each_row_take_no_memory():
    content = b"Account Name,City\n" + (b"," * 900_000 + b"\n") * 60
    with Watched():
        found = inspect_file(opener(content))
        rows = sum(1 for _ in read_rows(opener(content), found.format))
    assert rows == 60


def test_a_quote_that_never_closes_costs_one_row_and_not_the_file():
    lines = ['1,"Gruber,Linz', *(f"{n},Firm {n},Graz" for n in range(200_000))]
    with Watched():
        records = list(read_records(lines, ","))
    assert len(records) == 200_001
    assert [record.line for record in records if record.quote_left_open] == [1]


def test_many_records_with_cells_of_several_lines_are_all_read():
    lines = ['1,"Gruber', 'Linz","Graz', 'Wien"'] * 100_000
    records = list(read_records(lines, ","))
    assert len(records) == 100_000
    assert not any(record.quote_left_open for record in records)


@pytest.mark.parametrize("line", ['""', 'a"",""b', 'x","y', '"a'], ids=["doubled", "both", "reopened", "open"])
def test_quotes_made_to_be_read_over_and_over_are_given_up_soon(line):
    lines = ['1,"' + "a" * 400, *[line + "a" * 400] * 999] * 4
    with Watched(seconds=30):
        assert sum(1 for _ in read_records(lines, ",")) >= 4


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "empty"),
        (b"\x00" * 5000, "empty"),
        (b" \n\n", "empty"),
        (b"Account Name,City\n", "no rows"),
        (bytes(range(256)) * 200, "not text"),
        (b"SQLite format 3\x00" + b"\x00" * 100, "database"),
        (b"<html><table><tr><td>Name</td></tr></table>", "web page"),
    ],
    ids=["nothing", "zeros", "blanks", "header", "binary", "database", "markup"],
)
def test_what_is_no_table_is_told_what_to_do(content, words):
    assert words in refusal_of(opener(content))


class TestUploads:
    def test_let_go_of_what_is_too_large_while_it_arrives(self):
        request = RequestFactory().post("/")
        handler = upload_limits.SizeLimit(request)
        handler.new_file("uploads", "huge.csv", "text/csv", None)
        taken, piece = 0, b"x" * MEGABYTE

        def send_a_gigabyte():
            nonlocal taken
            for _ in range(1024):
                taken += len(handler.receive_data_chunk(piece, taken) or b"")

        with Watched(), pytest.raises(SkipFile):
            send_a_gigabyte()
        assert taken <= MAX_BYTES
        (sentence,) = upload_limits.too_large_files(request)
        assert sentence.startswith("huge.csv is larger than 250 MB.")

    @pytest.mark.django_db
    def test_are_refused_with_words_on_the_page(self, cast, client_for, monkeypatch):
        monkeypatch.setattr(upload_limits, "MAX_BYTES", 1000)
        sent = {"uploads": [named("big.csv", b"Account Name\n" + b"x" * 2000)], "source": "", "format": "csv"}
        response = client_for(cast.lena).post("/acme/imports/new/", sent)
        assert response.status_code == 422
        assert "big.csv is larger than" in response.content.decode()

    @pytest.mark.django_db
    def test_say_the_limits_before_they_begin(self, cast, client_for):
        page = client_for(cast.lena).get("/acme/imports/new/").content.decode()
        assert "250 MB, 1,000,000 rows and 300 columns" in page
        assert 'enctype="multipart/form-data" hx-boost="false"' in page

    @pytest.mark.django_db
    def test_end_where_an_organisation_has_no_room_left(self, cast, client_for, settings):
        upload(cast.acme, {"accounts.csv": "Account Name\nGruber\n"})
        settings.IMPORT_QUOTA_MB = 0
        with pytest.raises(uploads.UnableToUpload, match="all that an organisation may keep"):
            upload(cast.acme, {"accounts.csv": "Account Name\nGruber\n"})
        upload(cast.globex, {"accounts.csv": "Account Name\nGruber\n"})

    @pytest.mark.django_db
    def test_keep_nothing_of_a_file_that_is_refused(self, cast):
        upload(cast.acme, {"accounts.zip": gzip.compress(b"Account Name")})
        with organization_scope(cast.acme):
            assert not ImportFilePart.objects.exists()


@pytest.mark.django_db
@pytest.mark.usefixtures("patience")
def test_formulas_come_in_as_text_and_leave_harmless(cast, client_for):
    content = 'Account ID,Account Name\n1,"=HYPERLINK(""http://x.example"")"\n2,@SUM(A1)\n'
    commit(cast.acme, check(cast.acme, upload(cast.acme, {"accounts.csv": content})))
    with organization_scope(cast.acme):
        assert Account.objects.get(external_id="2").name == "@SUM(A1)"
    response = client_for(cast.lena).get("/acme/accounts/export/")
    sent = b"".join(response.streaming_content).decode()
    assert '"\'@SUM(A1)"' in sent
    assert "\"'=HYPERLINK" in sent


@pytest.mark.django_db
@pytest.mark.usefixtures("patience")
@pytest.mark.parametrize("codec", ["utf-16-le", "utf-16-be", "utf-16", "utf-32"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_wide_encodings_arrive_with_and_without_a_mark(cast, codec, delimiter):
    rows = [["Account Name", "City"], ["Gruber Aufzüge", "Köln"], ["Żółw", "Łódź"]]
    content = "".join(delimiter.join(row) + "\r\n" for row in rows).encode(codec)
    found = files_of(check(cast.acme, upload(cast.acme, {"accounts.csv": content})))["accounts.csv"]
    assert (found.headers, found.count("new")) == (["Account Name", "City"], 2)
    assert found.sample == rows[1:]


def named(name, content):
    """A file as a browser sends it."""
    file = io.BytesIO(content)
    file.name = name
    return file
