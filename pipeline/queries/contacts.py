"""The list of contacts."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from django.db.models import Max, OuterRef, Subquery

from pipeline.models import Activity, Contact
from pipeline.queries.badges import score_badge
from pipeline.querysets import ActivityQuerySet, ContactQuerySet
from tenancy.access import Action, blank_hidden
from tenancy.keyset import Page, Sort, Total, page_of, total_of
from tenancy.models import Member, Organization

PAGE_SIZE = 50
SORTS = (Sort("name", "name_key"), Sort("updated", "updated_at", descending=True))


@dataclass(frozen=True)
class ContactFilter:
    """What the list is narrowed to; empty means everything."""

    name: str = ""
    role: str = ""
    account_id: UUID | None = None


def contacts(
    *,
    organization: Organization,
    member: Member,
    today: date,
    narrowed: ContactFilter | None = None,
    action: Action = Action.VIEW_ACCOUNTS,
) -> ContactQuerySet:
    """Return the contacts that the member may use for `action`."""
    found: ContactQuerySet = Contact.objects.for_organization(organization)
    found = found.alive().visible_to(member, action, as_of=today)
    if narrowed is None:
        return found
    if narrowed.name:
        found = found.named_like(narrowed.name)
    if narrowed.role:
        found = found.filter(role=narrowed.role)
    if narrowed.account_id:
        found = found.filter(account=narrowed.account_id)
    return found


def with_last_touch(found: ContactQuerySet) -> ContactQuerySet:
    """Add when somebody last talked with each contact: one look-up in an index for each row of a page."""
    touches = (
        Activity.objects.filter(organization=OuterRef("organization"), contact=OuterRef("pk"), deleted_at=None)
        .order_by()
        .values("contact")
        .annotate(last=Max("occurred_at"))
        .values("last")
    )
    return found.annotate(last_touch=Subquery(touches))


def contacts_page(
    *, organization: Organization, member: Member, today: date, narrowed: ContactFilter, sort: Sort, cursor: str = ""
) -> tuple[Page[Contact], Total]:
    """Return a page of the list with accounts fetched, and how many there are.

    :raises tenancy.keyset.InvalidCursor: when the cursor was not made for this list and order.
    """
    found = contacts(organization=organization, member=member, today=today, narrowed=narrowed)
    rows = with_last_touch(found).annotate(score_badge=score_badge()).select_related("account")
    page = page_of(rows, sort=sort, size=PAGE_SIZE, scope="contacts", cursor=cursor)
    fits = not page.next and not page.previous
    return page, Total(len(page.rows), is_capped=False) if fits else total_of(found)


def contact_activities(
    *, organization: Organization, member: Member, contact: Contact, most: int = 30
) -> list[Activity]:
    """Return what was done with a contact, as much of it as the member may see, the newest first."""
    found: ActivityQuerySet = Activity.objects.for_organization(organization)
    activities = list(
        found.alive()
        .filter(contact=contact)
        .select_related("member", "opportunity")
        .order_by("-occurred_at", "-id")[:most]
    )
    blank_hidden(member, activities)
    return activities
