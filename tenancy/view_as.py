"""Looking at the product as another member: their rights, half an hour at most, and nothing can be changed."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _

from tenancy.access import Action, reach_of
from tenancy.events import record_event
from tenancy.models import Member, Organization

LONGEST = timedelta(minutes=30)
KEY = "view_as"


class UnableToViewAs(ValueError):
    """It can't begin; the message says why."""


@dataclass(frozen=True)
class ViewAs:
    """What a session remembers: in which organisation, as whom, until when."""

    organization_id: UUID
    member_id: UUID
    until: datetime


def remembered(session: Any, organization_id: UUID) -> ViewAs | None:
    """Return as whom this session looks at an organisation; None when as itself."""
    kept = session.get(KEY)
    if not kept or kept["organization"] != organization_id.hex:
        return None
    return ViewAs(organization_id, UUID(hex=kept["member"]), datetime.fromisoformat(kept["until"]))


def start_view_as(*, session: Any, organization: Organization, admin: Member, member: Member, at: datetime) -> None:
    """Look at the product as `member` from the next request on.

    :raises UnableToViewAs: for oneself, and for somebody who can't open the organisation either.
    """
    if member.pk == admin.pk:
        raise UnableToViewAs(_("This is what you see anyway."))
    if not member.is_active or member.role == Member.Role.SUPPORT:
        raise UnableToViewAs(_("%s can’t open this organisation, so there is nothing to see.") % member.name)
    until = at + LONGEST
    record_event(
        organization=organization,
        type="view_as.started",
        subject=member,
        payload={"ends_at": until.isoformat()},
        actor=admin,
        occurred_at=at,
    )
    session[KEY] = {"organization": organization.pk.hex, "member": member.pk.hex, "until": until.isoformat()}


def end_view_as(*, session: Any, organization: Organization, admin: Member, at: datetime, why: str = "asked") -> None:
    """Look at the product as oneself again."""
    view = remembered(session, organization.pk)
    if view is None:
        return
    record_event(
        organization=organization,
        type="view_as.ended",
        subject=("member", view.member_id),
        payload={"why": why},
        actor=admin,
        occurred_at=at,
    )
    del session[KEY]


def viewed_member(*, session: Any, organization: Organization, admin: Member, now: datetime) -> Member | None:
    """Return the member as whom the administrator looks at it now.

    It ends by itself when the time is over, when the administrator lost the right, or when the member was deactivated.
    """
    view = remembered(session, organization.pk)
    if view is None:
        return None
    member: Member | None = Member.objects.for_organization(organization).filter(pk=view.member_id).first()
    why = ""
    if now >= view.until:
        why = "time"
    elif reach_of(admin, Action.VIEW_AS) is None:
        why = "right"
    elif member is None or not member.is_active:
        why = "member"
    if why:
        end_view_as(session=session, organization=organization, admin=admin, at=now, why=why)
        return None
    return member
