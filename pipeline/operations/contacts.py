"""Changes of contacts."""

from datetime import datetime
from typing import TypedDict, Unpack

from pipeline.models import Account, Contact
from pipeline.models.record import MANUAL
from pipeline.operations.changes import check_references, write_changes
from pipeline.operations.noting import note_created
from tenancy.events import record_event
from tenancy.models import Member, Organization
from tenancy.scoping import all_or_nothing


class ContactFields(TypedDict, total=False):
    """What can be said of a contact."""

    account: Account | None
    owner: Member | None
    name: str
    email: str
    phone: str
    title: str
    role: str
    is_decision_maker: bool
    opted_out: bool


@all_or_nothing()
def create_contact(
    *,
    organization: Organization,
    actor: Member | None,
    created_at: datetime,
    source: str = MANUAL,
    external_id: str = "",
    **fields: Unpack[ContactFields],
) -> Contact:
    """Add a contact that was typed in here, or that another system knows by `source` and `external_id`.

    :raises django.db.IntegrityError: when there is one with that source and external id.
    """
    contact: Contact = Contact.objects.create(
        organization=organization,
        source=source,
        external_id=external_id,
        created_at=created_at,
        updated_at=created_at,
        recorded_at=created_at,
        **fields,
    )
    check_references(contact)
    note_created(contact)
    record_event(
        organization=organization,
        type="contact.created",
        subject=contact,
        payload={"account": str(contact.account_id or ""), "role": contact.role},
        actor=actor,
        occurred_at=created_at,
    )
    return contact


@all_or_nothing()
def update_contact(
    *,
    organization: Organization,
    contact: Contact,
    version: int,
    actor: Member | None,
    updated_at: datetime,
    **fields: Unpack[ContactFields],
) -> Contact:
    """Change a contact; saying what it says already changes nothing.

    :raises StaleVersion: when somebody else changed it since `version` was read.
    """
    differences = write_changes(
        organization=organization, record=contact, version=version, fields=fields, at=updated_at
    )
    if differences:
        # Names, addresses and numbers of people stay out of the event: it lives longer than they may.
        record_event(
            organization=organization,
            type="contact.updated",
            subject=contact,
            payload={"fields": sorted(differences)},
            actor=actor,
            occurred_at=updated_at,
        )
    return contact
