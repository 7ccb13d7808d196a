"""That somebody took a list home: an event in the audit, before the first row leaves."""

from collections.abc import Mapping
from datetime import datetime

from django.http import QueryDict

from tenancy.events import record_event
from tenancy.models import Member, Organization

KEPT_CHARACTERS = 200


def record_export(
    *,
    organization: Organization,
    member: Member,
    what: str,
    exported_at: datetime,
    rows: int,
    filters: Mapping[str, str] | None = None,
) -> None:
    """Keep who took which list, how it was narrowed, and how many rows it had when the download began.

    Written in the request's own transaction: a connection that breaks on the way does not take it back.
    """
    record_event(
        organization=organization,
        type="export.made",
        subject=member,
        payload={"what": what, "filters": dict(filters or {}), "rows": rows},
        actor=member,
        occurred_at=exported_at,
    )


def filters_of(query: QueryDict) -> dict[str, str]:
    """How the address narrowed a list, as it is kept."""
    return {name: ", ".join(query.getlist(name))[:KEPT_CHARACTERS] for name in query if query[name]}
