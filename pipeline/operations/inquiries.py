"""Changes of inquiries, from the question to the answer."""

from datetime import datetime
from typing import Any, TypedDict, Unpack

from django.db import transaction

from pipeline.models import Account, Activity, Contact, Inquiry, InquiryState
from pipeline.models.record import MANUAL
from pipeline.operations.changes import Differences, check_references, write_changes
from pipeline.operations.noting import note_created
from pipeline.querysets import ActivityQuerySet
from tenancy.events import record_event
from tenancy.models import Member, Organization

FROM_INQUIRY = "inquiry"
"""The source of the activities that stand for inquiries on the timeline; their external id is the inquiry's."""


class InquiryFields(TypedDict, total=False):
    """What can be said of an inquiry."""

    account: Account | None
    contact: Contact | None
    owner: Member | None
    subject: str
    text: str
    channel: str
    state: str
    received_at: datetime


class UnableToChangeInquiry(ValueError):
    """The change is refused; the message says why."""


@transaction.atomic
def receive_inquiry(
    *,
    organization: Organization,
    actor: Member | None,
    created_at: datetime,
    source: str = MANUAL,
    external_id: str = "",
    **fields: Unpack[InquiryFields],
) -> Inquiry:
    """Keep a question; with an account or a contact it is on their timeline, and a sign that they want to buy.

    :raises UnableToChangeInquiry: when it begins in another state than new or open, or the contact is at another
        account.
    """
    state = fields.setdefault("state", InquiryState.OPEN if fields.get("owner") else InquiryState.NEW)
    if state not in (InquiryState.NEW, InquiryState.OPEN):
        raise UnableToChangeInquiry("An inquiry begins as new or open. Answer or close it afterwards.")
    inquiry = Inquiry(
        organization=organization,
        created_at=created_at,
        updated_at=created_at,
        recorded_at=created_at,
        source=source,
        external_id=external_id,
        **{"received_at": created_at, **fields},
    )
    _at_the_contacts_account(inquiry)
    inquiry.save(force_insert=True)
    check_references()
    note_created(inquiry)
    keep_on_timeline(organization, inquiry, created_at)
    record_event(
        organization=organization,
        type="inquiry.received",
        subject=inquiry,
        payload={"account": str(inquiry.account_id or ""), "channel": inquiry.channel},
        actor=actor,
        occurred_at=inquiry.received_at,
    )
    return inquiry


@transaction.atomic
def update_inquiry(
    *,
    organization: Organization,
    inquiry: Inquiry,
    version: int,
    actor: Member | None,
    updated_at: datetime,
    **fields: Unpack[InquiryFields],
) -> Inquiry:
    """Change an inquiry; saying what it says already changes nothing.

    Whoever takes a new one opens it. The first answer keeps its moment.

    :raises StaleVersion: when somebody else changed it since `version` was read.
    :raises UnableToChangeInquiry: when it should become new again, or the contact is at another account.
    """
    changes: dict[str, Any] = dict(fields)
    before = inquiry.state
    if changes.get("owner") is not None and before == changes.get("state", before) == InquiryState.NEW:
        changes["state"] = InquiryState.OPEN
    if changes.get("state", before) == InquiryState.NEW != before:
        raise UnableToChangeInquiry("An inquiry that somebody has seen can't be new again. Set it to open.")
    if changes.get("state") == InquiryState.ANSWERED and inquiry.answered_at is None:
        changes["answered_at"] = updated_at
    contact = changes.get("contact", inquiry.contact)
    if "account" not in changes and contact is not None and inquiry.account_id is None and contact.account_id:
        changes["account"] = contact.account
    _refuse_strange_contact(changes.get("account", inquiry.account), contact)
    differences = write_changes(
        organization=organization, record=inquiry, version=version, fields=changes, at=updated_at
    )
    if differences:
        keep_on_timeline(organization, inquiry, updated_at)
        _tell(organization, inquiry, before, differences, actor, updated_at)
    return inquiry


def _tell(
    organization: Organization,
    inquiry: Inquiry,
    before: str,
    differences: Differences,
    actor: Member | None,
    at: datetime,
) -> None:
    # What people asked stays out of the events: they live longer than it may.
    others = sorted(set(differences) - {"state", "answered_at"})
    if others:
        record_event(
            organization=organization,
            type="inquiry.updated",
            subject=inquiry,
            payload={"fields": others},
            actor=actor,
            occurred_at=at,
        )
    if "state" in differences:
        opened = "opened" if before == InquiryState.NEW else "reopened"
        verbs = {InquiryState.OPEN: opened, InquiryState.ANSWERED: "answered", InquiryState.CLOSED: "closed"}
        record_event(
            organization=organization,
            type=f"inquiry.{verbs[InquiryState(inquiry.state)]}",
            subject=inquiry,
            payload={"from": before, "to": inquiry.state},
            actor=actor,
            occurred_at=at,
        )


def _at_the_contacts_account(inquiry: Inquiry) -> None:
    """Put an inquiry at the account that its contact works for, where none is named."""
    if inquiry.account_id is None and inquiry.contact is not None:
        inquiry.account = inquiry.contact.account
    _refuse_strange_contact(inquiry.account, inquiry.contact)


def _refuse_strange_contact(account: Account | None, contact: Contact | None) -> None:
    if account is not None and contact is not None and contact.account_id not in (None, account.pk):
        raise UnableToChangeInquiry("The contact works at another account.")


def keep_on_timeline(organization: Organization, inquiry: Inquiry, at: datetime) -> None:
    """Let the timeline of its account say that it came; the score reads the sign from there."""
    activities: ActivityQuerySet = Activity.objects.for_organization(organization)
    known = activities.by_external_id(source=FROM_INQUIRY, external_ids=[str(inquiry.pk)]).first()
    shown: dict[str, Any] = {
        "account": inquiry.account,
        "contact": inquiry.contact,
        "member": inquiry.owner,
        "subject": inquiry.subject,
        "occurred_at": inquiry.received_at,
        "deleted_at": inquiry.deleted_at,
    }
    if known is not None:
        differences = write_changes(organization=organization, record=known, version=known.version, fields=shown, at=at)
        if differences:
            record_event(organization=organization, type="activity.updated", subject=known, occurred_at=at)
    elif inquiry.account is not None or inquiry.contact is not None:
        made: Activity = Activity.objects.create(
            organization=organization,
            source=FROM_INQUIRY,
            external_id=str(inquiry.pk),
            kind="inquiry",
            direction="in",
            is_two_way=True,
            created_at=at,
            updated_at=at,
            recorded_at=at,
            **shown,
        )
        note_created(made)
        record_event(
            organization=organization,
            type="activity.logged",
            subject=made,
            payload={"kind": "inquiry", "account": str(made.account_id or "")},
            occurred_at=inquiry.received_at,
        )
