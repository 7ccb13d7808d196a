"""What people did with customers."""

from datetime import datetime
from typing import Any, TypedDict, Unpack

from django.db import transaction

from pipeline.models import Account, Activity, Contact, Opportunity
from pipeline.models.record import MANUAL
from pipeline.operations.changes import check_references, write_changes
from pipeline.operations.noting import note_created
from tenancy.events import record_event
from tenancy.models import Member, Organization


class UnableToLogActivity(ValueError):
    """The activity belongs to nothing, or its parts belong to different accounts."""


class ActivityFields(TypedDict, total=False):
    """What can be said of an activity."""

    account: Account | None
    contact: Contact | None
    opportunity: Opportunity | None
    member: Member | None
    kind: str
    direction: str
    subject: str
    body: str
    occurred_at: datetime
    is_two_way: bool


@transaction.atomic
def log_activity(
    *,
    organization: Organization,
    member: Member | None,
    kind: str,
    occurred_at: datetime,
    logged_at: datetime,
    account: Account | None = None,
    contact: Contact | None = None,
    opportunity: Opportunity | None = None,
    direction: str = "",
    subject: str = "",
    body: str = "",
    is_two_way: bool = False,
    source: str = MANUAL,
    external_id: str = "",
    by_machine: bool = False,
) -> Activity:
    """Keep what somebody did with a customer, at the account that the contact or the deal belongs to.

    Where `by_machine`, another system tells what the member did: the event names nobody.

    :raises UnableToLogActivity: when neither account, contact nor deal is given, or they don't belong together.
    :raises django.db.IntegrityError: when there is one with that source and external id.
    """
    at = _account_of(account, contact, opportunity)
    activity: Activity = Activity.objects.create(
        organization=organization,
        source=source,
        external_id=external_id,
        account=at,
        contact=contact,
        opportunity=opportunity,
        member=member,
        kind=kind,
        direction=direction,
        subject=subject,
        body=body,
        is_two_way=is_two_way,
        occurred_at=occurred_at,
        created_at=logged_at,
        updated_at=logged_at,
        recorded_at=logged_at,
    )
    check_references()
    note_created(activity)
    record_event(
        organization=organization,
        type="inquiry.received" if kind == "inquiry" else "activity.logged",
        subject=activity,
        payload={
            "kind": kind,
            "account": str(activity.account_id or ""),
            "opportunity": str(activity.opportunity_id or ""),
            "is_two_way": is_two_way,
        },
        actor=None if by_machine else member,
        occurred_at=occurred_at,
    )
    return activity


@transaction.atomic
def update_activity(
    *,
    organization: Organization,
    activity: Activity,
    version: int,
    actor: Member | None,
    updated_at: datetime,
    **fields: Unpack[ActivityFields],
) -> Activity:
    """Change an activity; saying what it says already changes nothing.

    :raises StaleVersion: when somebody else changed it since `version` was read.
    :raises UnableToLogActivity: when it would belong to nothing, or its parts to different accounts.
    """
    changes: dict[str, Any] = dict(fields)
    if changes.keys() & {"account", "contact", "opportunity"}:
        changes["account"] = _account_of(
            changes.get("account", activity.account),
            changes.get("contact", activity.contact),
            changes.get("opportunity", activity.opportunity),
        )
    differences = write_changes(
        organization=organization, record=activity, version=version, fields=changes, at=updated_at
    )
    if differences:
        # What people said stays out of the event: it lives longer than they may.
        record_event(
            organization=organization,
            type="activity.updated",
            subject=activity,
            payload={"fields": sorted(differences)},
            actor=actor,
            occurred_at=updated_at,
        )
    return activity


def _account_of(account: Account | None, contact: Contact | None, opportunity: Opportunity | None) -> Account | None:
    """Return the one account that an activity belongs to, None where nobody knows it yet.

    :raises UnableToLogActivity: when there are two, or nothing that it belongs to.
    """
    accounts = {account.pk: account} if account else {}
    for part in (contact, opportunity):
        if part is not None and part.account_id and part.account_id not in accounts:
            accounts[part.account_id] = part.account
    if len(accounts) > 1:
        raise UnableToLogActivity("The contact and the deal belong to different accounts.")
    if not accounts and contact is None and opportunity is None:
        raise UnableToLogActivity("Say which account this was with.")
    return next(iter(accounts.values()), None)
