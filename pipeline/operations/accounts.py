"""Changes of accounts."""

from datetime import date, datetime
from typing import TypedDict, Unpack

from pipeline.models import Account
from pipeline.models.record import MANUAL
from pipeline.operations.changes import check_references, payload_of, write_changes
from pipeline.operations.noting import note_created
from tenancy.events import record_event
from tenancy.models import Member, Organization
from tenancy.scoping import all_or_nothing


class AccountFields(TypedDict, total=False):
    """What can be said of an account."""

    name: str
    parent: Account | None
    owner: Member | None
    lifecycle: str
    segment: str
    industry: str
    region: str
    country: str
    city: str
    website: str
    employees: int | None
    annual_revenue_minor: int | None
    potential_minor: int | None
    currency: str
    customer_since: date | None
    icp_fit: str


class UnableToNestAccount(ValueError):
    """The chosen parent lies below the account itself."""


@all_or_nothing()
def create_account(
    *,
    organization: Organization,
    actor: Member | None,
    created_at: datetime,
    source: str = MANUAL,
    external_id: str = "",
    **fields: Unpack[AccountFields],
) -> Account:
    """Add an account that was typed in here, or that another system knows by `source` and `external_id`.

    :raises django.db.IntegrityError: when there is one with that source and external id.
    """
    account: Account = Account.objects.create(
        organization=organization,
        source=source,
        external_id=external_id,
        created_at=created_at,
        updated_at=created_at,
        recorded_at=created_at,
        **fields,
    )
    check_references(account)
    note_created(account)
    record_event(
        organization=organization,
        type="account.created",
        subject=account,
        payload={"name": account.name, "lifecycle": account.lifecycle},
        actor=actor,
        occurred_at=created_at,
    )
    return account


@all_or_nothing()
def update_account(
    *,
    organization: Organization,
    account: Account,
    version: int,
    actor: Member | None,
    updated_at: datetime,
    **fields: Unpack[AccountFields],
) -> Account:
    """Change an account; saying what it says already changes nothing.

    :raises StaleVersion: when somebody else changed it since `version` was read.
    :raises UnableToNestAccount: when the parent is the account itself or one of its own children.
    """
    parent = fields.get("parent")
    if parent is not None and parent.pk != account.parent_id:
        refuse_circle(organization, account, parent)
    owner_before = account.owner_id
    differences = write_changes(
        organization=organization, record=account, version=version, fields=fields, at=updated_at
    )
    if differences:
        record_event(
            organization=organization,
            type="account.updated",
            subject=account,
            payload=payload_of(differences),
            actor=actor,
            occurred_at=updated_at,
        )
    if "owner" in differences:
        record_event(
            organization=organization,
            type="account.assigned" if account.owner_id else "account.orphaned",
            subject=account,
            payload={"from": str(owner_before or ""), "to": str(account.owner_id or "")},
            actor=actor,
            occurred_at=updated_at,
        )
    return account


def refuse_circle(organization: Organization, account: Account, parent: Account) -> None:
    """Walk up from the new parent: groups are a few levels deep, and a circle would never end.

    :raises UnableToNestAccount: when the way up meets the account itself.
    """
    step: Account | None = parent
    while step is not None:
        if step.pk == account.pk:
            raise UnableToNestAccount("An account can't belong to itself or to one of its own subsidiaries.")
        parents = Account.objects.for_organization(organization)
        step = parents.get(pk=step.parent_id) if step.parent_id else None
