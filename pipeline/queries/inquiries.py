"""The list of inquiries."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from pipeline.models import Inquiry
from pipeline.queries.badges import score_badge
from pipeline.querysets import InquiryQuerySet
from tenancy.access import Action
from tenancy.keyset import Page, Sort, Total, page_of, total_of
from tenancy.models import Member, Organization

PAGE_SIZE = 50
SORTS = (Sort("received", "received_at", descending=True), Sort("updated", "updated_at", descending=True))
WAITING = "waiting"


@dataclass(frozen=True)
class InquiryFilter:
    """What the list is narrowed to; empty means everything. The state `waiting` is new and open together."""

    state: str = ""
    channel: str = ""
    owner_id: UUID | None = None


def inquiries(
    *,
    organization: Organization,
    member: Member,
    today: date,
    narrowed: InquiryFilter | None = None,
    action: Action = Action.VIEW_INQUIRIES,
) -> InquiryQuerySet:
    """Return the inquiries that the member may use for `action`."""
    found: InquiryQuerySet = Inquiry.objects.for_organization(organization)
    found = found.alive().visible_to(member, action, as_of=today)
    if narrowed is None:
        return found
    if narrowed.state == WAITING:
        found = found.waiting()
    elif narrowed.state:
        found = found.filter(state=narrowed.state)
    if narrowed.channel:
        found = found.filter(channel=narrowed.channel)
    if narrowed.owner_id:
        found = found.filter(owner=narrowed.owner_id)
    return found


def inquiries_page(
    *, organization: Organization, member: Member, today: date, narrowed: InquiryFilter, sort: Sort, cursor: str = ""
) -> tuple[Page[Inquiry], Total]:
    """Return a page of the list with accounts and owners fetched, and how many there are.

    :raises tenancy.keyset.InvalidCursor: when the cursor was not made for this list and order.
    """
    found = inquiries(organization=organization, member=member, today=today, narrowed=narrowed)
    page = page_of(
        found.annotate(score_badge=score_badge()).select_related("account", "contact", "owner"),
        sort=sort,
        size=PAGE_SIZE,
        scope="inquiries",
        cursor=cursor,
    )
    fits = not page.next and not page.previous
    return page, Total(len(page.rows), is_capped=False) if fits else total_of(found)
