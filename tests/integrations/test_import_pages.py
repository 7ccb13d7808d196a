"""The pages of an import, as a person goes through them, without JavaScript."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from integrations.models import Import, ImportFile, SavedAlias
from integrations.operations.checking import check_import
from integrations.operations.committing import commit_import
from pipeline.models import Account, Opportunity, Product
from tenancy.models import Outbox
from tenancy.scoping import organization_scope
from tests.integrations.importing import NOW

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("patience")]

ACCOUNTS = b"Account Name,Sector,Employees\nGruber,Machines,12\nFennel,Bikes,ca. 50\n"
DEALS = b"Deal ID,Account Name,Product,Phase,Amount\n1,Gruber,GTXPro,Won,100\n2,Fennel,GTXPro,Talking,200\n"


@pytest.fixture
def lena(cast, client_for):
    return client_for(cast.lena)


def url(name, made=None, **query):
    kwargs = {"organization": "acme"} | ({"import_id": made.pk} if made is not None else {})
    return reverse(f"integrations:{name}", kwargs=kwargs, query=query or None)


def send(client, **files):
    uploads = [SimpleUploadedFile(f"{name}.csv", content) for name, content in files.items()]
    return client.post(url("import-new"), {"uploads": uploads, "source": "erp", "format": "csv"})


def the_import(cast):
    with organization_scope(cast.acme):
        return Import.objects.order_by("-created_at").first()


def work(cast):
    """Do what the worker would do."""
    made = the_import(cast)
    with organization_scope(cast.acme):
        assert Outbox.objects.filter(kwargs__import_id=str(made.pk), done_at=None).exists()
    check_import(organization=cast.acme, import_id=made.pk, now=NOW)
    commit_import(organization=cast.acme, import_id=made.pk, now=NOW)
    return the_import(cast)


def file_of(cast, made, name):
    with organization_scope(cast.acme):
        return ImportFile.objects.get(import_set=made, name=name)


def test_files_go_from_upload_to_records(cast, lena):
    assert lena.get(url("imports")).status_code == 200
    assert lena.get(url("import-new")).status_code == 200
    response = send(lena, accounts=ACCOUNTS, deals=DEALS)
    made = the_import(cast)
    assert response["Location"] == url("import", made)
    assert "Checking the rows" in lena.get(url("import", made)).content.decode()
    work(cast)
    page = lena.get(url("import", made, file=1)).content.decode()
    assert "What each stage in Phase means" in page
    values = {"value-stage-0": "create:won", "value-stage-1": "create:open"}
    response = lena.post(url("import", made), {"file": 1, "target": "opportunities", **values})
    assert response.status_code == 302
    work(cast)
    review = lena.get(url("import-review", made)).content.decode()
    assert "Import 3 rows" in review
    assert lena.post(url("import-commit", made))["Location"] == url("import-progress", made)
    assert lena.post(url("import-commit", made)).status_code == 302
    work(cast)
    assert "Import done" in lena.get(url("import-progress", made)).content.decode()
    with organization_scope(cast.acme):
        assert Account.objects.get().name == "Gruber"
        assert Opportunity.objects.get(external_id="1").outcome == "won"


def test_one_click_takes_the_digits(cast, lena):
    send(lena, accounts=ACCOUNTS)
    made = work(cast)
    page = lena.get(url("import", made)).content.decode()
    assert "Use the digits" in page
    assert "ca. 50" in page
    lena.post(url("import-fix", made), {"file": 0, "fix": "digits", "header": "Employees"})
    made = work(cast)
    assert file_of(cast, made, "accounts.csv").count("new") == 2


def test_one_click_saves_an_alias(cast, lena):
    with organization_scope(cast.acme):
        Product.objects.create(organization=cast.acme, name="GTX Pro")
    send(lena, accounts=ACCOUNTS, deals=DEALS)
    made = work(cast)
    assert "Read GTXPro as GTX Pro" in lena.get(url("import", made, file=1)).content.decode()
    fix = {"file": 1, "fix": "alias", "header": "Product", "value": "GTXPro", "meant": "GTX Pro"}
    lena.post(url("import-fix", made), fix)
    with organization_scope(cast.acme):
        assert SavedAlias.objects.values_list("target", "text_key", "name").get() == ("products", "gtxpro", "GTX Pro")
    made = work(cast)
    assert not any(cause["column"] == "Product" for cause in file_of(cast, made, "deals.csv").causes)


def test_cells_are_mended_in_place(cast, lena):
    send(lena, accounts=ACCOUNTS)
    made = work(cast)
    rows = lena.get(url("import-rows", made, file=0)).content.decode()
    assert 'name="cell-3-2" value="ca. 50"' in rows
    lena.post(url("import-rows", made), {"file": 0, "cell-3-2": "50"})
    made = work(cast)
    assert file_of(cast, made, "accounts.csv").count("held") == 0


def test_held_back_rows_go_out_and_come_back_mended(cast, lena):
    send(lena, accounts=b"Account Name,Employees\nGruber,12\n=HYPERLINK(1),ca. 50\n")
    made = work(cast)
    sent = b"".join(lena.get(url("import-problems", made, file=0)).streaming_content).decode("utf-8-sig")
    assert '"Line","Reason","Account Name","Employees"' in sent
    assert '"3","Employees is not a number","\'=HYPERLINK(1)","ca. 50"' in sent
    mended = SimpleUploadedFile("mended.csv", sent.replace("ca. 50", "50").encode())
    assert lena.post(url("import-mend", made), {"file": 0, "mended": mended}).status_code == 302
    made = work(cast)
    found = file_of(cast, made, "accounts.csv")
    assert (found.count("held"), found.count("new"), found.edits) == (0, 2, {"3": {"1": "50"}})


def test_a_file_may_be_read_another_way(cast, lena):
    send(lena, accounts="Account Name;City\nGruber Aufzüge;Köln\n".encode("mac_roman"))
    made = work(cast)
    form = {"file": 0, "fix": "format", "codec": "cp1252", "delimiter": "semicolon", "has_header": "on"}
    assert lena.post(url("import-fix", made), form).status_code == 302
    assert file_of(cast, made, "accounts.csv").sample[0][1] == "KšIn".replace("šI", "šl")


def test_what_makes_no_sense_is_refused_in_words(cast, lena):
    send(lena, accounts=ACCOUNTS)
    made = work(cast)
    twice = {"file": 0, "target": "accounts", "field-0": "name", "field-1": "name"}
    response = lena.post(url("import", made), twice)
    assert response.status_code == 422
    assert "fill the same field" in response.content.decode()
    assert lena.post(url("import-fix", made), {"file": 0, "fix": "magic"}).status_code == 422
    assert lena.get(url("import", made, file=7)).status_code == 404


def test_a_guess_is_amber_until_it_is_confirmed(cast, lena):
    send(lena, accounts=b"Account Name,Account Sector\nGruber,Machines\nFennel,Bikes\n")
    made = work(cast)
    assert "Best guess" in lena.get(url("import", made)).content.decode()
    lena.post(url("import", made), {"file": 0, "target": "accounts", "confirm": "1"})
    made = work(cast)
    assert "Best guess" not in lena.get(url("import", made)).content.decode()


def test_an_upload_without_files_says_so(cast, lena):
    response = lena.post(url("import-new"), {"source": "erp", "format": "csv"})
    assert response.status_code == 422
    assert "Choose at least one file" in response.content.decode()


def test_a_file_that_is_no_table_says_what_to_do(cast, lena):
    send(lena, sheet=b"PK\x03\x04[Content_Types].xml", accounts=ACCOUNTS)
    made = work(cast)
    assert "CSV UTF-8" in lena.get(url("import", made, file=0)).content.decode()


def test_the_list_says_which_import_could_not_be_read(cast, lena, client_for):
    send(lena, sheet=b"PK\x03\x04[Content_Types].xml")
    work(cast)
    page = lena.get(url("imports")).content.decode()
    assert "Unreadable" in page
    assert "Checked" not in page
    send(lena, sheet=b"PK\x03\x04[Content_Types].xml", accounts=ACCOUNTS)
    work(cast)
    page = lena.get(url("imports")).content.decode()
    assert "Checked" in page
    assert "1 file unreadable" in page
    assert client_for(cast.sam).get(url("imports")).status_code == 404


def test_the_list_says_of_which_file_nobody_knows_what_it_is(cast, lena):
    send(lena, weather=b"Moon,Wind\nfull,12\nnew,13\n")
    work(cast)
    page = lena.get(url("imports")).content.decode()
    assert "Nothing to import" in page
    assert "Checked" not in page


def test_an_import_can_be_given_up_before_it_begins(cast, lena):
    send(lena, accounts=ACCOUNTS)
    made = work(cast)
    lena.post(url("import-cancel", made))
    assert the_import(cast).state == "cancelled"
    assert lena.post(url("import-commit", made)).status_code == 302
    with organization_scope(cast.acme):
        assert not Account.objects.exists()


def test_the_next_file_with_the_same_columns_is_mapped_by_itself(cast, lena):
    send(lena, accounts=ACCOUNTS)
    made = work(cast)
    lena.post(url("import", made), {"file": 0, "target": "accounts", "unreadable-2": "empty"})
    made = work(cast)
    lena.post(url("import-commit", made), {"mapping_name": "ERP, nightly"})
    work(cast)
    uploads = [SimpleUploadedFile("other.csv", ACCOUNTS)]
    lena.post(url("import-new"), {"uploads": uploads, "source": "", "format": "csv"})
    made = work(cast)
    found = file_of(cast, made, "other.csv")
    assert (found.mapping_name, found.count("same"), made.source) == ("ERP, nightly", 2, "import:erp")


def test_the_stranger_finds_no_import(cast, lena, client_for):
    send(lena, accounts=ACCOUNTS)
    made = work(cast)
    sam = client_for(cast.sam)
    for name in ("import", "import-review", "import-progress", "import-problems", "import-rows"):
        assert sam.get(url(name, made)).status_code == 404
        assert sam.get(url(name, made).replace("/acme/", "/globex/")).status_code == 404
    assert sam.post(url("import-commit", made).replace("/acme/", "/globex/")).status_code == 404


def test_progress_moves_by_itself(cast, lena):
    send(lena, accounts=ACCOUNTS)
    made = the_import(cast)
    part = lena.get(url("import-progress", made), headers={"HX-Request": "true"})
    assert "<html" not in part.content.decode()
    assert "hx-trigger" in part.content.decode()
    work(cast)
    assert lena.get(url("import-progress", made), headers={"HX-Request": "true"})["HX-Refresh"] == "true"


def test_cells_that_nobody_touched_are_no_answer(cast, lena):
    send(lena, accounts=b"Account Name,Employees\nGruber,12\nFennel\nKern,x\n")
    made = work(cast)
    sent = {"file": 0, "cell-3-0": "Fennel", "cell-3-1": "", "cell-4-1": "30"}
    lena.post(url("import-rows", made), sent)
    made = work(cast)
    found = file_of(cast, made, "accounts.csv")
    assert (found.count("held"), found.edits) == (1, {"4": {"1": "30"}})


def test_a_cancelled_import_can_be_taken_up_again(cast, lena):
    send(lena, accounts=ACCOUNTS)
    made = work(cast)
    lena.post(url("import-cancel", made))
    assert "Take it up again" in lena.get(url("import-progress", made)).content.decode()
    lena.post(url("import-reopen", made))
    assert work(cast).state == "checked"


def test_a_file_that_cannot_be_read_leads_to_the_next_upload(cast, lena, client_for):
    response = send(lena, archive=b"PK\x03\x04 much of it")

    page = lena.get(response.url).content.decode()
    main = page[page.index("<main") : page.index("</main>")]
    assert "packed file" in main
    assert f'href="{url("import-new")}"' in main
    assert client_for(cast.sam).get(response.url).status_code == 404
