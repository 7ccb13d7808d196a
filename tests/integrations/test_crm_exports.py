"""Exports of Salesforce and HubSpot, by their own column names: nothing to map, and stages by their own flags."""

import pytest

from integrations.models import Import
from integrations.operations.summary import open_decisions
from integrations.operations.values import value_questions
from pipeline.models import Account, Contact, Opportunity
from tenancy.scoping import organization_scope
from tests.integrations.importing import change_file, check, commit, files_of, upload

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("patience")]

SALESFORCE = {
    "User.csv": "Id,FirstName,LastName,Email,IsActive\n005A,Ana,Ruiz,ana@example.com,true\n",
    "Account.csv": (
        "Id,Name,ParentId,OwnerId,Type,Industry,AnnualRevenue,NumberOfEmployees,BillingCountryCode,CreatedDate,IsDeleted\n"
        "001A,Gruber,,005A,Customer - Direct,Machinery,1200000.0,120,AT,2024-03-01T08:00:00.000Z,false\n"
        "001B,Gruber Polska,001A,005A,Prospect,Machinery,,20,PL,2025-03-01T08:00:00.000Z,false\n"
        "001C,Old Ltd,,005A,Prospect,,,,GB,2025-03-01T08:00:00.000Z,true\n"
    ),
    "Contact.csv": "Id,AccountId,FirstName,LastName,Email,Title\n003A,001A,Jo,Berg,jo@gruber.at,Buyer\n",
    "Opportunity.csv": (
        "Id,AccountId,Name,Amount,StageName,CloseDate,CreatedDate,IsClosed,IsWon,OwnerId\n"
        "006A,001A,Lifts,1000,Won,2026-12-01,2026-02-01T09:00:00.000Z,false,false,005A\n"
        "006B,001A,Cranes,2000,Demo Completed,2026-04-01,2026-02-01T09:00:00.000Z,true,false,005A\n"
        "006C,001B,Belts,3000,Contract,2026-05-01,2026-02-01T09:00:00.000Z,true,true,005A\n"
    ),
}
HUBSPOT = {
    "companies.csv": "Record ID,Company name,Company Domain Name,Lifecycle Stage\n11,Fennel,fennel.be,Customer\n",
    "deals.csv": (
        "Record ID,Deal Name,Deal Stage,Amount,Close Date,Create Date,Associated Company,Is Closed Won,Is closed lost\n"
        "21,Bikes,Closed won,500,2026-05-01 10:00,2026-01-05 10:00,Fennel,true,false\n"
        "22,More bikes,Closed won,500,2026-05-02 10:00,2026-01-05 10:00,Fennel;Other,true,false\n"
    ),
}


def decide_what_is_sure(cast, made, name):
    with organization_scope(cast.acme):
        found = Import.objects.get(pk=made.pk).files.get(name=name)
        (question,) = value_questions(organization=cast.acme, import_file=found)
        assert all(decision.is_sure for decision in question.decisions)
        values = {decision.text: decision.decision for decision in question.decisions}
    change_file(cast.acme, made, name, value_map={"stage": values})
    return check(cast.acme, made)


def test_a_salesforce_export_needs_no_mapping(cast):
    made = check(cast.acme, upload(cast.acme, SALESFORCE, source="salesforce"))
    assert {found.name: found.target for found in made.files.all()} == {
        "User.csv": "people",
        "Account.csv": "accounts",
        "Contact.csv": "contacts",
        "Opportunity.csv": "opportunities",
    }
    with organization_scope(cast.acme):
        assert open_decisions(organization=cast.acme, made=made) == []
    made = commit(cast.acme, decide_what_is_sure(cast, made, "Opportunity.csv"))
    with organization_scope(cast.acme):
        outcomes = dict(Opportunity.objects.values_list("name", "outcome"))
        assert outcomes == {"Lifts": "open", "Cranes": "lost", "Belts": "won"}
        parent = Account.objects.select_related("parent", "owner").get(name="Gruber Polska")
        assert (parent.parent.name, parent.owner.name) == ("Gruber", "Ana Ruiz")
        assert Account.objects.get(name="Old Ltd").deleted_at is not None
        assert Contact.objects.get().account.name == "Gruber"
    assert files_of(made)["Account.csv"].count("held") == 0


def test_a_hubspot_export_needs_no_mapping(cast):
    made = check(cast.acme, upload(cast.acme, HUBSPOT, source="hubspot"))
    made = decide_what_is_sure(cast, made, "deals.csv")
    causes = {cause["code"]: cause["count"] for cause in files_of(made)["deals.csv"].causes}
    assert causes == {"several_references": 1}
    commit(cast.acme, made)
    with organization_scope(cast.acme):
        assert {deal.account.name for deal in Opportunity.objects.select_related("account")} == {"Fennel"}
        assert set(Opportunity.objects.values_list("outcome", flat=True)) == {"won"}
