"""Imports in the states that stretch a page: several files with long names, one of them with an open decision."""

from dataclasses import replace

from django.urls import reverse
from django.utils import timezone

from integrations.models import Import, ImportState
from integrations.operations.checking import check_import, request_check
from integrations.operations.committing import commit_import, request_commit
from integrations.operations.file_settings import rules_of
from integrations.operations.mapping import change_rules
from integrations.operations.undoing import request_undo, undo_import
from integrations.operations.uploads import Upload, start_import
from pipeline.models import Account
from tenancy.scoping import organization_scope
from tests.cast import Cast

FILES = {
    "accounts_of_all_regions.csv": b"Account Name,City\nGruber,Linz\n",
    "products_and_spare_parts.csv": b"product,series,sales_price\nGTX Pro,GTX,4821\n",
    "people_of_the_sales_teams.csv": b"sales_agent,manager\nMoses Frase,\n",
    "sales_pipeline_of_the_year.csv": b"opportunity_id,account,deal_stage,close_value\nD1,Gruber,Engaging,1054\n",
}


def several_files(cast: Cast) -> str:
    """Upload and check four files, and return the page on which they are mapped."""
    now = timezone.now()
    with organization_scope(cast.acme):
        made = start_import(
            organization=cast.acme,
            uploads=[Upload(name, [content]) for name, content in FILES.items()],
            source_name="erp",
            requested_by=cast.ada,
            now=now,
        )
        request_check(organization=cast.acme, made=made, queue=False)
    check_import(organization=cast.acme, import_id=made.pk, now=now)
    return reverse("integrations:import", kwargs={"organization": cast.acme.slug, "import_id": made.pk})


def long_cells(cast: Cast) -> str:
    """Check a file with cells that are too long and have no blank, and return the page that shows them."""
    now = timezone.now()
    with organization_scope(cast.acme):
        formula = b'=HYPERLINK(""http://long.example/way"")'
        made = start_import(
            organization=cast.acme,
            uploads=[
                Upload("long.csv", [b'Account Name,City\n"' + formula + b'",Linz\n' + b"x" * 900 + b",Ghent\n"]),
            ],
            source_name="erp",
            requested_by=cast.ada,
            now=now,
        )
        request_check(organization=cast.acme, made=made, queue=False)
    check_import(organization=cast.acme, import_id=made.pk, now=now)
    return _url(cast, "import", made)


def kept_columns(cast: Cast) -> str:
    """Upload deals with columns that no field stands for, keep them, and return the page on which they are mapped."""
    now = timezone.now()
    text = b"opportunity_id,account,deal_stage,Formal tender?,Heads\nD1,Gruber,Open,yes,12\nD2,Gruber,Open,no,many\n"
    with organization_scope(cast.acme):
        made = start_import(
            organization=cast.acme,
            uploads=[Upload("deals_of_the_year.csv", [text])],
            source_name="erp",
            requested_by=cast.ada,
            now=now,
        )
        found = made.files.get()
        rules = [replace(rule, field=rule.field or "custom") for rule in rules_of(found)]
        change_rules(organization=cast.acme, made=made, import_file=found, rules=rules, queue=False)
    check_import(organization=cast.acme, import_id=made.pk, now=now)
    return _url(cast, "import", made)


def _written(cast: Cast) -> Import:
    now = timezone.now()
    with organization_scope(cast.acme):
        made = start_import(
            organization=cast.acme,
            uploads=[Upload("accounts_of_all_regions.csv", [b"Account Name,City\nGruber,Linz\nFennel,Ghent\n"])],
            source_name="erp",
            requested_by=cast.ada,
            now=now,
        )
        request_check(organization=cast.acme, made=made, queue=False)
    check_import(organization=cast.acme, import_id=made.pk, now=now)
    with organization_scope(cast.acme):
        made.refresh_from_db()
        request_commit(organization=cast.acme, made=made, requested_by=cast.ada, now=now, queue=False)
    commit_import(organization=cast.acme, import_id=made.pk, now=now)
    return made


def _url(cast: Cast, name: str, made: Import) -> str:
    return reverse(f"integrations:{name}", kwargs={"organization": cast.acme.slug, "import_id": made.pk})


def before_undoing(cast: Cast) -> str:
    """Write an import, and return the page that asks whether to take it back."""
    return _url(cast, "import-undo", _written(cast))


def half_way(cast: Cast) -> str:
    """Write an import, set it back to the middle, and return the page on which it moves."""
    made = _written(cast)
    with organization_scope(cast.acme):
        Import.objects.filter(pk=made.pk).update(state=ImportState.COMMITTING)
        begun = timezone.now().timestamp()
        found = made.files.get()
        found.counts, found.rows_committed = {"rows": 250_000, "held": 12}, 90_000
        found.progress = [[begun - 20, 50_000], [begun, 90_000]]
        found.save()
    return _url(cast, "import-progress", made)


def undone_with_some_left(cast: Cast) -> str:
    """Take back an import of which somebody has changed a record, and return the page that says so."""
    made = _written(cast)
    with organization_scope(cast.acme, actor=cast.lena):
        Account.objects.filter(name="Fennel", source="import:erp").update(city="Brugge")
    now = timezone.now()
    with organization_scope(cast.acme):
        made.refresh_from_db()
        request_undo(organization=cast.acme, made=made, requested_by=cast.ada, now=now, queue=False)
    undo_import(organization=cast.acme, import_id=made.pk, member_id=cast.ada.pk, now=now)
    return _url(cast, "import-progress", made)
