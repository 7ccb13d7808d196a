"""What leaves the product as a file."""

from datetime import datetime

from tenancy.events import record_event
from tenancy.models import Member, Organization


def record_export(*, organization: Organization, member: Member, what: str, exported_at: datetime) -> None:
    """Keep that somebody took a list home."""
    record_event(
        organization=organization,
        type="export.made",
        subject=member,
        payload={"what": what},
        actor=member,
        occurred_at=exported_at,
    )
