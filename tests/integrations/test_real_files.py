"""The sets that new customers would bring: Maven's CRM export and Northwind's orders."""

import os
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from django.db.models import Sum

from integrations.models import ImportChunk
from pipeline.models import Account, Opportunity, OpportunityHistory, Order, OrderLine, Product, Stage
from tenancy.models import Member
from tenancy.scoping import organization_scope
from tests.integrations.importing import change_file, check, commit, files_of, reload, upload

pytestmark = [pytest.mark.real_data, pytest.mark.django_db, pytest.mark.usefixtures("patience")]

STAGES = {
    "Prospecting": {"create": "Prospecting", "kind": "open"},
    "Engaging": {"create": "Engaging", "kind": "open"},
    "Won": {"create": "Won", "kind": "won"},
    "Lost": {"create": "Lost", "kind": "lost"},
}
MAVEN = ("accounts.csv", "products.csv", "sales_teams.csv", "sales_pipeline.csv")
NORTHWIND = ("customers.csv", "employees.csv", "products.csv", "orders.csv", "order_details.csv")


def read(folder, names):
    """The files of one set, or a skip that says what is missing."""
    base = os.environ.get("AGILE_SALES_DATA", "")
    path = Path(base) / "import-examples" / folder
    if not base or not path.is_dir():
        pytest.skip("AGILE_SALES_DATA names no folder with import-examples")
    return {name: (path / name).read_bytes() for name in names}


def import_maven(organization, *, stages=STAGES):
    made = upload(organization, read("maven-crm", MAVEN), source="maven")
    change_file(organization, made, "sales_pipeline.csv", value_map={"stage": stages})
    made = check(organization, made)
    return made, commit(organization, made)


def test_maven_arrives_whole(cast):
    _, made = import_maven(cast.acme)
    files = files_of(made)
    with organization_scope(cast.acme):
        assert Opportunity.objects.filter(source="import:maven").count() == 8800
        assert Account.objects.filter(source="import:maven").count() == 85
        assert Product.objects.count() == 7
        assert Member.objects.filter(source="import:maven").count() == 35
        assert Opportunity.objects.filter(outcome="won").aggregate(total=Sum("amount_minor"))["total"] == 1_000_553_400
        assert Opportunity.objects.filter(account=None).count() == 1425
        assert Opportunity.objects.filter(product=None).count() == 1480
    unknown = next(cause for cause in files["sales_pipeline.csv"].causes if cause["column"] == "product")
    assert (unknown["count"], unknown["is_warning"]) == (1480, True)
    assert unknown["values"][0]["value"] == "GTXPro"
    assert unknown["values"][0]["suggestion"] == "GTX Pro"
    with organization_scope(cast.acme):
        assert set(Stage.objects.values_list("name", "kind")) == {
            ("Prospecting", "open"),
            ("Engaging", "open"),
            ("Won", "won"),
            ("Lost", "lost"),
        }
        stage_rows = OpportunityHistory.objects.filter(field="stage")
        assert stage_rows.count() == 2 * (4238 + 2473) + 1589 + 500
        assert not Opportunity.objects.filter(reconstructed=False).exists()
        assert not Account.objects.filter(recorded_at__gt=datetime(2017, 12, 31, tzinfo=UTC)).exists()
        assert Account.objects.get(name="Bluth Company").parent.name == "Acme Corporation"
        assert not Account.objects.filter(lifecycle="prospect").exists()


def test_a_second_maven_import_changes_nothing(cast):
    import_maven(cast.acme)
    checked, made = import_maven(cast.acme)
    assert {name: found.counts["same"] for name, found in files_of(checked).items()} == {
        "accounts.csv": 85,
        "products.csv": 7,
        "sales_teams.csv": 35,
        "sales_pipeline.csv": 8800,
    }
    with organization_scope(cast.acme):
        chunks = ImportChunk.objects.filter(import_file__import_set=made)
        assert chunks.aggregate(n=Sum("inserted") + Sum("updated"))["n"] == 0
        assert OpportunityHistory.objects.filter(field="stage").count() == 2 * (4238 + 2473) + 1589 + 500


def test_adventureworks_arrives_without_a_header_when_its_columns_are_named(cast):
    content = read("adventureworks-resellers", ("DimReseller.csv",))
    made = upload(cast.acme, content, source="adventureworks")
    found = files_of(reload(cast.acme, made))["DimReseller.csv"]
    assert (found.format["delimiter"], found.format["has_header"], len(found.headers)) == ("|", False, 20)
    fields = {3: "external_id", 5: "industry", 6: "name", 7: "employees", 13: "city", 19: "annual_revenue"}
    rules = [
        {"header": header, "field": fields.get(position, "")} for position, header in enumerate(found.headers, start=1)
    ]
    change_file(cast.acme, made, "DimReseller.csv", target="accounts", is_target_sure=True, rules=rules)
    made = commit(cast.acme, check(cast.acme, made))
    with organization_scope(cast.acme):
        assert Account.objects.filter(source="import:adventureworks").count() == 701
        account = Account.objects.get(external_id="AW00000001")
        assert (account.name, account.industry, account.employees) == ("A Bike Store", "Value Added Reseller", 2)
        assert account.annual_revenue_minor == 3_000_000
    again = files_of(reload(cast.acme, upload(cast.acme, content, source="")))["DimReseller.csv"]
    assert again.target == "accounts"
    assert [rule.get("field", "") for rule in again.rules] == [rule["field"] for rule in rules]


def test_northwind_earns_what_it_is_known_to(cast, client_for):
    for _ in range(2):
        made = upload(cast.acme, read("northwind", NORTHWIND), source="northwind")
        made = check(cast.acme, made)
        assert all(found.count("held") == 0 for found in made.files.all())
        made = commit(cast.acme, made)
        with organization_scope(cast.acme):
            assert (Order.objects.count(), OrderLine.objects.count()) == (830, 2155)
            total = Order.objects.aggregate(total=Sum("amount_exact"))["total"]
            assert total.quantize(Decimal("0.01")) == Decimal("1265793.04")
            assert Order.objects.filter(status="open").count() == 21
            assert not OrderLine.objects.filter(product=None).exists()
            assert not Order.objects.filter(account=None).exists()
            assert Account.objects.get(external_id="ANATR").city == "México D.F."
    assert all(found.counts["inserted"] + found.counts["updated"] == 0 for found in made.files.all())
    assert "1,265,793.04" in client_for(cast.lena).get("/acme/orders/").content.decode()
