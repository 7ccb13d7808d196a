"""Work of the composition: the night."""

from typing import Any
from uuid import UUID

from agile_sales import nightly
from tenancy.jobs import tenant_task
from tenancy.models import Organization


@tenant_task(name="agile_sales.tasks.run_night", owns_transactions=True)
def run_night(*, organization: Organization, run_id: str, **_: Any) -> None:
    """Carry a night through; delivered twice, it goes on where it stopped."""
    nightly.run_night(organization=organization, run_id=UUID(run_id))
