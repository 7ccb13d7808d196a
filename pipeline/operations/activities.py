"""What people did with customers."""

from datetime import datetime

from django.db import transaction

from pipeline.models import Account, Activity, Contact, Opportunity
from pipeline.operations.changes import check_references
from pipeline.operations.noting import note_created
from tenancy.events import record_event
from tenancy.models import Member, Organization


class UnableToLogActivity(ValueError):
    """The activity belongs to nothing, or its parts belong to different accounts."""


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
) -> Activity:
    """Keep what somebody did with a customer, at the account that the contact or the deal belongs to.

    :raises UnableToLogActivity: when neither account, contact nor deal is given, or they don't belong together.
    """
    accounts = {account.pk} if account else set()
    accounts |= {part.account_id for part in (contact, opportunity) if part is not None and part.account_id}
    if len(accounts) > 1:
        raise UnableToLogActivity("The contact and the deal belong to different accounts.")
    if not accounts and contact is None and opportunity is None:
        raise UnableToLogActivity("Say which account this was with.")
    activity: Activity = Activity.objects.create(
        organization=organization,
        account_id=accounts.pop() if accounts else None,
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
        actor=member,
        occurred_at=occurred_at,
    )
    return activity
