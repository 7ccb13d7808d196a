"""One record of each kind in Acme, so that every address with a parameter can be asked for."""

from collections.abc import Callable

from django.utils import timezone

from integrations.models import Import
from integrations.operations.uploads import Upload, start_import
from tenancy.models import Organization
from tests.cast import Cast
from tests.pipeline import records


def parameters_of(cast: Cast) -> dict[str, Callable[[], str]]:
    """Return a maker for each parameter that an address of an organisation may have.

    The makers run inside Acme. An address with a new parameter needs a line here, or its test fails.
    """
    acme, rui = cast.acme, cast.rui
    return {
        "account_id": lambda: str(records.an_account(acme, owner=rui).pk),
        "contact_id": lambda: str(records.a_contact(acme, records.an_account(acme, owner=rui), owner=rui).pk),
        "opportunity_id": lambda: str(records.a_deal(acme, records.an_account(acme, owner=rui), owner=rui).pk),
        "order_id": lambda: str(records.an_order(acme, records.an_account(acme, owner=rui), owner=rui).pk),
        "import_id": lambda: str(an_import(acme).pk),
        "product_id": lambda: str(records.a_product(acme).pk),
    }


def an_import(organization: Organization) -> Import:
    """An uploaded file of accounts."""
    return start_import(
        organization=organization,
        uploads=[Upload("accounts.csv", [b"Account Name,City\nGruber,Linz\n"])],
        source_name="erp",
        requested_by=None,
        now=timezone.now(),
    )
