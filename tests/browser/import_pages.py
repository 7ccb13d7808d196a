"""Imports in the states that stretch a page: several files with long names, one of them with an open decision."""

from django.urls import reverse
from django.utils import timezone

from integrations.operations.checking import check_import, request_check
from integrations.operations.uploads import Upload, start_import
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
