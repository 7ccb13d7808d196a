"""The nightly picture of the open pipeline."""

from collections.abc import Iterator
from datetime import date
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef

from pipeline.models import Opportunity, OpportunitySnapshot
from tenancy.bulk import upsert_rows
from tenancy.models import Organization

COLUMNS = ("opportunity", "snapshot_date", "stage", "account", "owner", "amount_minor", "currency", "close_date")


@transaction.atomic
def snapshot_open_opportunities(*, organization: Organization, snapshot_date: date) -> int:
    """Keep how every open deal stands, as the picture of `snapshot_date`, and return how many are in it.

    Taking the picture again on the same day replaces it.
    """
    deals = Opportunity.objects.for_organization(organization).alive().open()
    pictures = OpportunitySnapshot.objects.for_organization(organization).filter(snapshot_date=snapshot_date)
    # A deal that was closed between two pictures of one day is no longer in it. (NOT EXISTS and not NOT IN: only the
    # former is joined by hashing, which counts from some ten thousand deals on.)
    pictures.filter(~Exists(deals.filter(pk=OuterRef("opportunity_id")))).delete()

    def rows() -> Iterator[tuple[Any, ...]]:
        for deal in deals.select_related("stage").order_by("pk").iterator(chunk_size=5_000):
            yield (
                *(deal.pk, snapshot_date, deal.stage_id, deal.account_id, deal.owner_id),
                *(deal.amount_minor, deal.currency, deal.close_date, deal.chance_bp),
            )

    result = upsert_rows(
        organization=organization,
        model=OpportunitySnapshot,
        columns=(*COLUMNS, "probability_bp"),
        rows=rows(),
        conflict=("snapshot_date", "opportunity"),
        update=("stage", "account", "owner", "amount_minor", "currency", "close_date", "probability_bp"),
    )
    return result.inserted + result.updated + result.unchanged
