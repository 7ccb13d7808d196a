"""Changes of who takes part in a deal; each states the whole, and is a change of the deal."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from pipeline.models import BuyingRole, Contact, DealContact, DealSplit, Opportunity
from pipeline.models.deal_party import WHOLE_BP
from pipeline.operations.changes import write_changes
from tenancy.events import record_event
from tenancy.models import Member, Organization, Unit
from tenancy.scoping import all_or_nothing

MOST_PEOPLE, MOST_SPLITS = 50, 20


class UnableToSetParties(ValueError):
    """The parties can't be so; the message says why."""


@all_or_nothing()
def set_deal_people(
    *,
    organization: Organization,
    opportunity: Opportunity,
    version: int,
    roles: Mapping[Contact, str],
    actor: Member | None,
    at: datetime,
) -> Opportunity:
    """Say which people of the customer take part in a deal, each with a role (`BuyingRole`); nobody else does.

    :raises UnableToSetParties: for too many, or somebody of another account.
    :raises StaleVersion: when somebody else changed the deal since `version` was read.
    """
    if len(roles) > MOST_PEOPLE:
        raise UnableToSetParties(f"Up to {MOST_PEOPLE} people take part in a deal.")
    if any(one.account_id != opportunity.account_id for one in roles):
        raise UnableToSetParties("Only people of the deal’s account take part in it.")
    wanted = {one.pk: str(BuyingRole(role)) for one, role in roles.items()}
    rows: Any = DealContact.objects.for_organization(organization).filter(opportunity=opportunity)
    before: dict[UUID, str] = dict(rows.values_list("contact", "role"))
    if before == wanted:
        return opportunity
    write_changes(organization=organization, record=opportunity, version=version, fields={}, at=at, touch=True)
    rows.exclude(contact__in=wanted).delete()
    for contact, role in wanted.items():
        DealContact.objects.update_or_create(
            organization=organization, opportunity=opportunity, contact_id=contact, defaults={"role": role}
        )
    _tell("opportunity.people_changed", organization, opportunity, before, wanted, actor, at)
    return opportunity


@all_or_nothing()
def set_splits(
    *,
    organization: Organization,
    opportunity: Opportunity,
    version: int,
    shares: Mapping[Unit, int],
    actor: Member | None,
    at: datetime,
) -> Opportunity:
    """Share a deal between units in basis points that add up to 10,000; no shares at all take the split back.

    :raises UnableToSetParties: when they add up to something else, or are too many.
    :raises StaleVersion: when somebody else changed the deal since `version` was read.
    """
    if len(shares) > MOST_SPLITS or any(share <= 0 for share in shares.values()):
        raise UnableToSetParties(f"Up to {MOST_SPLITS} units share a deal, each with a part of it.")
    if shares and (total := sum(shares.values())) != WHOLE_BP:
        raise UnableToSetParties(f"The shares add up to {total / 100:g} %, not to 100 %.")
    wanted = {unit.pk: share for unit, share in shares.items()}
    rows: Any = DealSplit.objects.for_organization(organization).filter(opportunity=opportunity)
    before: dict[UUID, int] = dict(rows.values_list("unit", "share_bp"))
    if before == wanted:
        return opportunity
    write_changes(organization=organization, record=opportunity, version=version, fields={}, at=at, touch=True)
    rows.exclude(unit__in=wanted).delete()
    for unit, share in wanted.items():
        DealSplit.objects.update_or_create(
            organization=organization, opportunity=opportunity, unit_id=unit, defaults={"share_bp": share}
        )
    _tell("opportunity.splits_changed", organization, opportunity, before, wanted, actor, at)
    return opportunity


def _tell(
    type_: str,
    organization: Organization,
    deal: Opportunity,
    before: Mapping[UUID, Any],
    after: Mapping[UUID, Any],
    actor: Member | None,
    at: datetime,
) -> None:
    payload = {name: {str(key): one for key, one in side.items()} for name, side in (("from", before), ("to", after))}
    record_event(organization=organization, type=type_, subject=deal, payload=payload, actor=actor, occurred_at=at)
