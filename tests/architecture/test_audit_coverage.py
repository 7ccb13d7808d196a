"""Every write leaves an entry, by whatever path; a table without that is on a list with a reason."""

import os
from collections.abc import Iterator
from typing import Any

import psycopg2
import pytest
from django.db import connection

from pipeline.models import Account
from tenancy.bulk import insert_rows, upsert_rows
from tenancy.models import AuditEntry, Organization
from tenancy.scoping import organization_scope
from tests.architecture import catalogue
from tests.cast import Cast
from tests.pipeline import records

NOT_AUDITED = {
    "coe_explanationopening": "a count that names nobody; reading is no change",
    "coe_silenceplan": "what a night's scoring found of silence, beside its plan",
    "coe_scoringchunk": "a piece of a night's scoring on its way",
    "coe_scoringplan": "what the pieces of a night's scoring have in common",
    "coe_modelquality": "what a night saw of a model; only ever added to, by nights",
    "coe_scoringrun": "the record of a night's scoring, made by the night itself",
    "coe_trainedmodelfile": "the bytes of a model; the version that they belong to is audited",
    "integrations_idempotencykey": "what the API answered to a change; the change itself is audited",
    "integrations_importbatch": "what a commit needs to be undone; the undoing is audited like any change",
    "integrations_importchunk": "what a commit has done so far; the records it wrote are audited",
    "integrations_importfile": "an uploaded file on its way; what becomes of it is audited, and so is its import",
    "integrations_importfilepart": "the bytes of an uploaded file",
    "integrations_importrow": "rows on their way into records; the records are audited",
    "pipeline_accountscore": "written anew by each night; its history and the night say when and why",
    "pipeline_accountscorehistory": "a history: only ever added to, by nights",
    "pipeline_accountvalue": "written anew by each night",
    "pipeline_bulkchange": "work that somebody asked for, with who and what; the records it changes are audited",
    "pipeline_nextaction": "written anew by each night; what somebody says to it is an event, sealed with the trail",
    "pipeline_customvalues": "a history: only ever added to, beside the audited change of the record",
    "pipeline_opportunityhistory": "a history: only ever added to, beside the audited change of the deal",
    "pipeline_opportunityscore": "written anew by each night, which says when and why",
    "pipeline_opportunitysnapshot": "a history: only ever added to, by nights, and a trigger refuses any change",
    "pipeline_periodforecast": "a history: only ever added to, by nights, and the application can do nothing else",
    "pipeline_snapshotday": "a history: only ever added to, by nights, and a trigger refuses any change",
    "pipeline_plannedaction": "a history: only ever added to, by nights",
    "pipeline_scorepublication": "which night confirmed the scores; the night itself is a record",
    "pipeline_season": "written anew by each night that learns something new of past years",
    "pipeline_submitteddeal": "a history: only ever added to, beside the audited submission it belongs to",
    "pipeline_undochange": "what an undo needs for a quarter of an hour; the undoing is audited like any change",
    "pipeline_undostep": "what an undo needs for a quarter of an hour; the undoing is audited like any change",
    "pipeline_weekplan": "a history: only ever added to, by nights",
    "tenancy_auditentry": "the trail itself, which is sealed",
    "tenancy_auditseal": "the seals, which hold each other",
    "tenancy_domainevent": "facts that the application can only add, sealed with the trail",
    "tenancy_outbox": "work to be done; what it changes is audited",
    "tenancy_run": "the record of a run, with who asked for it",
    "tenancy_runstep": "the record of a run's step",
    "tenancy_searchentry": "what the search reads; triggers derive it from records that are audited",
    "tenancy_searchword": "the words of those entries",
}
"""Tenant tables whose writes leave no entry, and why that is right. Each new line is for two people to agree on."""


@pytest.fixture
def owner(db: None) -> Iterator[Any]:
    """A cursor of agile_owner whose changes are all undone."""
    session = psycopg2.connect(os.environ["DATABASE_OWNER_URL"])
    with session.cursor() as cursor:
        yield cursor
    session.rollback()
    session.close()


def test_each_tenant_table_is_audited_or_has_a_reason(owner: Any) -> None:
    """ASVS V16.2.1: each write leaves who, when, where and what."""
    tables, audited = set(catalogue.tenant_tables(owner)), catalogue.audited_tables(owner)

    assert tables - audited - set(NOT_AUDITED) == set()
    assert set(NOT_AUDITED) & audited == set(), "they are audited; take them off the list"
    assert set(NOT_AUDITED) - tables == set(), "they are gone; take them off the list"
    assert catalogue.rules_that_rewrite(owner) == []


@pytest.mark.parametrize(
    "damage",
    [
        'DROP TRIGGER audit_update ON "{table}"',
        'ALTER TABLE "{table}" DISABLE TRIGGER audit_insert',
        'ALTER TABLE "{table}" ENABLE REPLICA TRIGGER audit_delete',
        'DROP TRIGGER audit_delete ON "{table}"; CREATE TRIGGER audit_delete AFTER DELETE ON "{table}"'
        " REFERENCING OLD TABLE AS before_rows FOR EACH STATEMENT WHEN (false) EXECUTE FUNCTION tenancy_audit()",
    ],
)
def test_a_trigger_that_does_not_fire_is_noticed_on_any_table(owner: Any, damage: str) -> None:
    for table in sorted(catalogue.audited_tables(owner)):
        owner.execute("SAVEPOINT before")
        owner.execute(damage.format(table=table))
        assert table not in catalogue.audited_tables(owner)
        owner.execute("ROLLBACK TO SAVEPOINT before")


def entries(account_ids: set[Any]) -> list[tuple[str, Any, Any]]:
    found = AuditEntry.objects.filter(table_name="pipeline_account", row_id__in=account_ids)
    return list(found.order_by("occurred_at", "id").values_list("action", "before__city", "after__city"))


class TestEveryPath:
    """ASVS V16.3.3: the same change leaves the same entry, whichever way it is made."""

    def test_by_the_orm(self, cast: Cast) -> None:
        with organization_scope(cast.acme):
            account = records.an_account(cast.acme, city="Linz")
            account.city = "Graz"
            account.save(update_fields=["city"])
            kept = {account.pk}
            account.delete()

            assert entries(kept) == [("insert", None, "Linz"), ("update", "Linz", "Graz"), ("delete", "Graz", None)]

    def test_in_bulk(self, cast: Cast) -> None:
        with organization_scope(cast.acme):
            made = [records.an_account(cast.acme, city="Linz") for _ in range(3)]
            copies = Account.objects.bulk_create(
                [Account(organization=cast.acme, name=f"Copy {one}", city="Linz", external_id=f"{one}") for one in "ab"]
            )
            kept = {one.pk for one in [*made, *copies]}
            Account.objects.filter(pk__in=kept).update(city="Graz")
            for one in copies:
                one.city = "Wien"
            Account.objects.bulk_update(copies, ["city"])
            Account.objects.filter(pk__in=kept).delete()

            found = entries(kept)
        assert found.count(("insert", None, "Linz")) == 5
        assert found.count(("update", "Linz", "Graz")) == 5
        assert found.count(("update", "Graz", "Wien")) == 2
        assert len([one for one in found if one[0] == "delete"]) == 5

    def test_through_a_staging_table(self, cast: Cast) -> None:
        with organization_scope(cast.acme):
            account = records.an_account(cast.acme, city="Linz", source="crm", external_id="1")
            columns = ["source", "external_id", "name", "city"]
            insert_rows(organization=cast.acme, model=Account, columns=columns, rows=[("crm", "2", "Second", "Linz")])
            upsert_rows(
                organization=cast.acme,
                model=Account,
                columns=columns,
                rows=[("crm", "1", account.name, "Graz"), ("crm", "3", "Third", "Graz")],
                conflict=["source", "external_id"],
                update=["city"],
            )
            kept = set(Account.objects.filter(source="crm").values_list("pk", flat=True))

            assert sorted(entries(kept), key=str) == sorted(
                [
                    ("insert", None, "Linz"),
                    ("insert", None, "Linz"),
                    ("insert", None, "Graz"),
                    ("update", "Linz", "Graz"),
                ],
                key=str,
            )

    def test_by_raw_sql_that_merges_and_cascades(self, cast: Cast) -> None:
        with organization_scope(cast.acme), connection.cursor() as cursor:
            account = records.an_account(cast.acme, city="Linz")
            order = records.an_order(cast.acme, account)
            lines = set(order.lines.values_list("pk", flat=True))
            cursor.execute(
                "MERGE INTO pipeline_account a USING (SELECT %s::uuid AS id) s ON a.id = s.id"
                " WHEN MATCHED THEN UPDATE SET city = 'Graz'",
                [str(account.pk)],
            )
            cursor.execute("DELETE FROM pipeline_orderline WHERE order_id = %s", [str(order.pk)])

            assert entries({account.pk})[-1] == ("update", "Linz", "Graz")
            gone = AuditEntry.objects.filter(table_name="pipeline_orderline", action="delete")
            assert set(gone.values_list("row_id", flat=True)) == lines

    def test_of_the_organization_itself(self, cast: Cast) -> None:
        Organization.objects.filter(pk=cast.acme.pk).update(name="Acme Motion")

        with organization_scope(cast.acme):
            entry = AuditEntry.objects.get(table_name="tenancy_organization", action="update")
        with organization_scope(cast.globex):
            assert not AuditEntry.objects.filter(row_id=cast.acme.pk).exists()
        assert (entry.before, entry.after) == ({"name": "Acme Drives"}, {"name": "Acme Motion"})
