"""One at a time: locks of an organisation that end with the transaction."""

from django.db import connection

from tenancy.models import Organization


def hold(*, organization: Organization, purpose: str) -> None:
    """Wait until no other transaction holds the organisation's lock for this purpose, then hold it until the commit."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"{organization.pk}:{purpose}"])
