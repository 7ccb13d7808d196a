"""What real files get wrong: each has words that say what to do, the good rows are taken, nothing is lost."""

import pytest

from integrations.models import ImportRow
from pipeline.models import Account, Opportunity, Order, OrderLine
from tenancy.scoping import organization_scope
from tests.integrations.importing import change_file, check, commit, files_of, upload

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("patience")]

WON = {"stage": {"Won": {"create": "Won", "kind": "won"}, "Open": {"create": "Open", "kind": "open"}}}


def checked(cast, name, content, **values):
    """The one file of a checked import, and the import."""
    made = upload(cast.acme, {name: content})
    if values:
        change_file(cast.acme, made, name, **values)
    made = check(cast.acme, made)
    return files_of(made)[name], made


def codes(found):
    return {cause["code"]: cause["count"] for cause in found.causes}


def test_a_workbook_is_kept_by_name_with_what_to_do(cast):
    made = upload(cast.acme, {"sheet.csv": b"PK\x03\x04[Content_Types].xml", "accounts.csv": "Account Name\nGruber\n"})
    files = files_of(check(cast.acme, made))
    assert "Save as" in files["sheet.csv"].refusal
    assert files["accounts.csv"].count("new") == 1


@pytest.mark.parametrize("codec", ["utf-8-sig", "cp1252", "latin-1", "utf-16", "mac_roman"])
def test_names_survive_every_encoding(cast, codec):
    _, made = checked(cast, "accounts.csv", "Account Name;City\r\nGruber Aufzüge;Köln\r\n".encode(codec))
    commit(cast.acme, made)
    with organization_scope(cast.acme):
        assert Account.objects.values_list("name", "city").get() == ("Gruber Aufzüge", "Köln")


def test_mixed_line_ends_and_an_open_quote(cast):
    content = b'Account Name,City\r\nA,Linz\nB,"Ghent\rC,Porto\r\nD,Graz\n'
    found, made = checked(cast, "accounts.csv", content)
    assert codes(found) == {"quote_left_open": 1}
    assert found.causes[0]["line"] == 3
    commit(cast.acme, made)
    with organization_scope(cast.acme):
        assert set(Account.objects.values_list("name", flat=True)) == {"A", "C", "D"}
        assert ImportRow.objects.get(status="problem").raw == ["B", '"Ghent']


def test_two_columns_of_one_name_are_told_apart(cast):
    found, _ = checked(cast, "contacts.csv", "Full Name,Phone,Phone,Account Name\nAna,1,2,\n")
    assert found.headers[1:3] == ["Phone", "Phone (2)"]
    assert [rule["field"] for rule in found.rules if rule.get("field") == "phone"] == ["phone"]


DEALS = "Deal ID,Deal Name,Stage,Amount,Close Date\n"


class TestDatesInTwoOrders:
    CONTENT = DEALS + "1,One,Won,10,13/04/2026\n2,Two,Won,20,04/13/2026\n3,Three,Won,30,03/04/2026\n"

    def test_hold_back_only_what_has_two_readings(self, cast):
        found, made = checked(cast, "deals.csv", self.CONTENT, value_map=WON)
        assert codes(found)["ambiguous_date"] == 1
        assert "3 Apr 2026 or 4 Mar 2026" in found.causes[0]["message"]
        assert found.questions == {"Close Date": {"kind": "mixed", "examples": ["03/04/2026"]}}
        commit(cast.acme, made)
        with organization_scope(cast.acme):
            assert sorted(Opportunity.objects.values_list("name", flat=True)) == ["One", "Two"]

    def test_are_read_as_a_person_decides(self, cast):
        rules = [
            {"header": header, "field": field}
            for header, field in zip(
                DEALS.strip().split(","), ["external_id", "name", "stage", "amount", "close_date"], strict=True
            )
        ]
        rules[-1]["date_order"] = "day_first"
        found, _ = checked(cast, "deals.csv", self.CONTENT, value_map=WON, rules=rules)
        assert codes(found)["not_a_date"] == 1
        assert found.count("new") == 2


def test_decimal_commas_and_unknown_currencies(cast):
    content = (
        "Deal ID;Deal Name;Stage;Amount;Currency\n1;One;Won;1.234,56;EUR\n2;Two;Won;1.204.000,00,0;EUR\n"
        "3;Three;Won;12;XQZ\n4;Four;Won;$ 5,00;\n5;Five;Won;ca. 50;EUR\n"
    )
    found, made = checked(cast, "deals.csv", content, value_map=WON)
    held = {code: count for code, count in codes(found).items() if code != "empty"}
    assert held == {"two_decimal_marks": 1, "unknown_currency": 1, "not_a_number": 1}
    commit(cast.acme, made)
    with organization_scope(cast.acme):
        assert dict(Opportunity.objects.values_list("name", "amount_minor")) == {"One": 123_456, "Four": 500}
        # The sign in the cell says more than the empty cell beside it.
        assert dict(Opportunity.objects.values_list("name", "currency")) == {"One": "EUR", "Four": "USD"}


def test_an_optional_reference_to_nobody_is_told_and_left_empty(cast):
    content = "Deal ID,Deal Name,Account Name,Stage,Amount\n1,One,Nobody Ltd,Won,10\n"
    found, made = checked(cast, "deals.csv", content, value_map=WON)
    assert (found.count("held"), found.count("warnings")) == (0, 1)
    commit(cast.acme, made)
    with organization_scope(cast.acme):
        assert Opportunity.objects.get().account is None


def test_a_line_of_an_order_that_is_not_there_is_held_back(cast):
    made = upload(
        cast.acme,
        {
            "orders.csv": "Order ID,Order Date,Customer ID\n100,2026-05-01,\n",
            "order_lines.csv": "Order ID,Product Name,Quantity,Unit Price\n100,Bolt,2,1.50\n999,Bolt,2,1.50\n",
        },
    )
    made = check(cast.acme, made)
    found = files_of(made)["order_lines.csv"]
    assert (found.count("new"), found.count("held")) == (1, 1)
    assert codes(found)["unknown_reference"] >= 1
    commit(cast.acme, made)
    with organization_scope(cast.acme):
        assert OrderLine.objects.count() == 1
        assert Order.objects.get().amount_minor == 300


def test_a_third_of_bad_rows_leaves_the_good_ones(cast):
    rows = [f"{n},Deal {n},Won,{'x' if n % 10 < 3 else n}" for n in range(1000)]
    found, made = checked(cast, "deals.csv", "Deal ID,Deal Name,Stage,Amount\n" + "\n".join(rows), value_map=WON)
    assert (found.count("rows"), found.count("held"), found.count("new")) == (1000, 300, 700)
    commit(cast.acme, made)
    with organization_scope(cast.acme):
        assert Opportunity.objects.count() == 700
        held = ImportRow.objects.filter(status="problem")
        assert held.count() == 300
        assert held.first().problems == [
            {"code": "not_a_number", "message": "is not a number", "column": "Amount", "value": "x"}
        ]


def test_rows_with_one_key_are_taken_once(cast):
    content = "Account ID,Account Name\n1,Gruber\n1,Gruber\n1,Gruber Ltd\n2,Fennel\n"
    found, _ = checked(cast, "accounts.csv", content)
    assert codes(found) == {"double_row": 1, "double_key": 1}
    assert "line 2" in found.causes[0]["message"]
    assert found.count("new") == 2


def test_ragged_rows_are_held_back_until_a_person_says_otherwise(cast):
    content = "Account ID,Account Name,City\n1,Gruber\n2,Fennel,Ghent,x\n3,Kern,Graz,\n4,Lux,Metz\n"
    found, _ = checked(cast, "accounts.csv", content)
    assert codes(found) == {"too_few_cells": 1, "too_many_cells": 1}
    found, _ = checked(cast, "accounts.csv", content, format={**found.format, "fill_short_rows": True})
    assert codes(found) == {"too_many_cells": 1}


def test_values_nobody_decided_on_are_held_back(cast):
    found, _ = checked(cast, "deals.csv", "Deal ID,Deal Name,Stage\n1,One,Mystery\n2,Two,Won\n", value_map=WON)
    assert codes(found)["not_decided"] == 1
    assert found.found_values == {"stage": {"Mystery": {"count": 1}, "Won": {"count": 1}}}


def test_usual_names_of_stages_are_put_forward_and_still_asked_about(cast, client_for):
    found, made = checked(cast, "deals.csv", "Deal ID,Deal Name,Stage\n1,One,Closed Won\n2,Two,Verloren\n3,Three,Odd\n")
    page = client_for(cast.lena).get(f"/acme/imports/{made.pk}/").content.decode()
    assert page.count(" selected>“") == 2
    assert "selected>“Closed Won”, which is won" in page
    assert "selected>“Verloren”, which is lost" in page
    assert found.count("held") == 3


def test_words_for_nothing_are_nothing_but_names_stay(cast):
    content = "Account ID,Account Name,City,Country\n1,None,NA,Select\n2,Null GmbH,n/a,DE\n"
    _, made = checked(cast, "accounts.csv", content)
    commit(cast.acme, made)
    with organization_scope(cast.acme):
        assert set(Account.objects.values_list("name", "city", "country")) == {
            ("None", "", ""),
            ("Null GmbH", "", "DE"),
        }


def test_zero_bytes_do_not_stop_an_import(cast):
    _, made = checked(
        cast, "accounts.csv", ("Account ID,Account Name\n" + "1,Gruber\n" * 9000).encode() + b"2,Fen\x00nel\n"
    )
    commit(cast.acme, made)
    with organization_scope(cast.acme):
        assert set(Account.objects.values_list("name", flat=True)) == {"Gruber", "Fennel"}
