"""Asking people in: a signed link by mail that names the organisation, is good for a week, and is accepted once."""

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from allauth.account.models import EmailAddress
from django.core import signing
from django.core.mail import send_mail
from django.db import transaction
from django.utils.translation import gettext as _
from uuid_utils.compat import uuid7

from tenancy.events import record_event
from tenancy.identity import has_second_factor
from tenancy.locks import hold
from tenancy.models import DomainEvent, Invitation, Member, Organization, Unit, User
from tenancy.models.member import ASSIGNABLE_ROLES
from tenancy.units import UnableToChangeUnits, join_unit, open_units
from tenancy.working_time import local_day

LIFETIME = timedelta(days=7)
_SALT = "invitation"


class UnableToInvite(ValueError):
    """Nobody was asked; the message says why and what to do instead."""


class UnableToAccept(ValueError):
    """The invitation can't be accepted (any more); the message says why and whom to ask."""


@dataclass(frozen=True)
class InvitationLink:
    """What a link holds: whose it is, which one, and which sending of it."""

    organization_id: UUID
    invitation_id: UUID
    nonce: str


def link_token(invitation: Invitation) -> str:
    """Return the signed part of the link. Only we can make one, so that no other organisation can be put into it."""
    return signing.dumps([invitation.organization_id.hex, invitation.pk.hex, invitation.nonce], salt=_SALT)


def read_link(token: str) -> InvitationLink | None:
    """Return what a link holds; None when we did not make it."""
    try:
        organization_id, invitation_id, nonce = signing.loads(token, salt=_SALT)
        return InvitationLink(UUID(hex=organization_id), UUID(hex=invitation_id), nonce)
    except (signing.BadSignature, ValueError, TypeError):
        return None


@transaction.atomic
def invite(
    *,
    organization: Organization,
    email: str,
    role: str,
    units: Sequence[Unit],
    invited_by: Member,
    at: datetime,
    link_to: Callable[[str], str],
    name: str = "",
    member: Member | None = None,
) -> Invitation:
    """Ask somebody in, and send them the link that `link_to` makes of its signed part.

    With a `member`, who came with an import and can't sign in, the person becomes that member and keeps their records.

    :raises UnableToInvite: for somebody who is here, an open invitation, an unknown role, or too many mails in a day.
    """
    email = email.strip().lower()
    if role not in ASSIGNABLE_ROLES:
        raise UnableToInvite(_("There is no role “%s”.") % role)
    _take_one_mail(organization, at)
    here = Member.objects.for_organization(organization).filter(user__email=email).first()
    if here is not None and here.is_active:
        raise UnableToInvite(_("%s is a member already.") % here.name)
    if here is not None:
        raise UnableToInvite(_("%s was deactivated. Bring them back on their page, under Members.") % here.name)
    if member is not None and (member.user_id or not member.is_active):
        raise UnableToInvite(_("%s can sign in already, or was deactivated.") % member.name)
    open_ones = Invitation.objects.for_organization(organization).filter(accepted_at=None, revoked_at=None)
    if open_ones.filter(email=email).exists():
        raise UnableToInvite(_("%s was invited already. Send that invitation again, or end it first.") % email)
    invitation: Invitation = Invitation.objects.create(
        id=uuid7(),
        organization=organization,
        email=email,
        name=name.strip(),
        role=role,
        units=[str(unit.pk) for unit in units],
        member=member,
        invited_by=invited_by,
        nonce=secrets.token_hex(16),
        created_at=at,
        sent_at=at,
        expires_at=at + LIFETIME,
    )
    _send(invitation, invited_by, at, link_to)
    return invitation


@transaction.atomic
def send_again(
    *, organization: Organization, invitation: Invitation, sent_by: Member, at: datetime, link_to: Callable[[str], str]
) -> Invitation:
    """Send a new link, good for another week; the earlier one is no longer good.

    :raises UnableToInvite: when it was accepted or ended, or after too many mails in a day.
    """
    _take_one_mail(organization, at)
    current = _locked(organization, invitation.pk)
    if current is None or current.accepted_at or current.revoked_at:
        raise UnableToInvite(_("This invitation was accepted or ended."))
    current.nonce, current.sent_at, current.expires_at = secrets.token_hex(16), at, at + LIFETIME
    current.save(update_fields=["nonce", "sent_at", "expires_at"])
    _send(current, sent_by, at, link_to)
    return current


@transaction.atomic
def revoke_invitation(*, organization: Organization, invitation: Invitation, revoked_by: Member, at: datetime) -> None:
    """End an invitation: its link is no longer good. Ending an ended one changes nothing.

    :raises UnableToInvite: when it was accepted meanwhile.
    """
    current = _locked(organization, invitation.pk)
    if current is None or current.revoked_at:
        return
    if current.accepted_at:
        raise UnableToInvite(_("It was accepted meanwhile. Deactivate the member instead."))
    current.revoked_at = at
    current.save(update_fields=["revoked_at"])
    _tell("invitation.revoked", organization, current, revoked_by, at)


def find_invitation(*, organization: Organization, link: InvitationLink) -> Invitation | None:
    """Return the invitation that a link leads to; None for an earlier sending of it, or when it is gone."""
    found = Invitation.objects.for_organization(organization).select_related("invited_by", "member")
    invitation: Invitation | None = found.filter(pk=link.invitation_id, nonce=link.nonce).first()
    return invitation


def refusal(invitation: Invitation | None, *, now: datetime) -> str:
    """Return why an invitation can't be accepted, in words; empty when it can."""
    if invitation is None or invitation.revoked_at:
        return _("This invitation was ended, or a newer one was sent. Ask the person who invited you.")
    if invitation.accepted_at:
        return _("This invitation was accepted already. Sign in to go on.")
    if invitation.expires_at <= now:
        return _("This invitation was good for seven days, and they are over. Ask for a new one.")
    if invitation.member is not None and not invitation.member.is_active:
        return _("This invitation was ended. Ask the person who invited you.")
    return ""


def signs_in_already(email: str) -> bool:
    """Return whether somebody has this address and a way to sign in; the link alone must not take that over."""
    user = User.objects.filter(email=email).first()
    return user is not None and (user.has_usable_password() or has_second_factor(user))


@transaction.atomic
def accept_invitation(*, organization: Organization, link: InvitationLink, user: User, at: datetime) -> Member:
    """Make a signed-in person a member, with the role and the units of the invitation.

    :raises UnableToAccept: when it was accepted, ended or is too old, or is for another address.
    """
    invitation = _acceptable(organization, link, at)
    if invitation.email != user.email.lower():
        raise UnableToAccept(_("This invitation is for %s.") % invitation.email)
    return _join(organization, invitation, user, at)


@transaction.atomic
def accept_as_new_person(
    *, organization: Organization, link: InvitationLink, name: str, password: str, at: datetime
) -> Member:
    """Give somebody a sign-in and make them a member. Having the link proves the address.

    :raises UnableToAccept: when it was accepted, ended or is too old, or somebody signs in with the address already.
    """
    invitation = _acceptable(organization, link, at)
    if signs_in_already(invitation.email):
        raise UnableToAccept(
            _("Somebody signs in with %s already. Sign in, then open the link again.") % invitation.email
        )
    user = User.objects.select_for_update().filter(email=invitation.email).first()
    if user is None:
        user = User.objects.create_user(invitation.email, password, name=name.strip())
    else:
        user.set_password(password)
        user.name = name.strip()
        user.save(update_fields=["password", "name"])
    EmailAddress.objects.update_or_create(user=user, email=user.email, defaults={"verified": True, "primary": True})
    return _join(organization, invitation, user, at)


def _acceptable(organization: Organization, link: InvitationLink, at: datetime) -> Invitation:
    """Return the invitation, locked: of two who accept at once, one waits here and finds it accepted."""
    invitation = _locked(organization, link.invitation_id, nonce=link.nonce)
    if words := refusal(invitation, now=at):
        raise UnableToAccept(words)
    assert invitation is not None
    return invitation


def _join(organization: Organization, invitation: Invitation, user: User, at: datetime) -> Member:
    if not user.is_active:
        raise UnableToAccept(_("This sign-in was closed."))
    people = Member.objects.for_organization(organization)
    member: Member | None = people.filter(user=user).first()
    if member is not None and not member.is_active:
        raise UnableToAccept(_("Your access was ended meanwhile. Ask an administrator to bring you back."))
    if member is None and invitation.member is not None:
        member = people.select_for_update(no_key=True).get(pk=invitation.member_id)
        if member.user_id:
            raise UnableToAccept(_("Somebody else joined with this invitation."))
        member.user, member.email, member.role = user, user.email, invitation.role
        member.version, member.updated_at = member.version + 1, at
        member.save(update_fields=["user", "email", "role", "version", "updated_at"])
        _place(organization, invitation, member, at)
    elif member is None:
        member = people.create(
            organization=organization,
            user=user,
            name=user.name or invitation.name or user.email,
            email=user.email,
            role=invitation.role,
            external_id=str(user.pk),
        )
        _place(organization, invitation, member, at)
    invitation.accepted_at, invitation.accepted_by = at, member
    invitation.save(update_fields=["accepted_at", "accepted_by"])
    _tell("invitation.accepted", organization, invitation, member, at, role=member.role)
    record_event(
        organization=organization,
        type="member.joined",
        subject=member,
        payload={"role": member.role},
        actor=member,
        occurred_at=at,
    )
    return member


def _place(organization: Organization, invitation: Invitation, member: Member, at: datetime) -> None:
    """Let the new member belong to the units of the invitation that are still open."""
    today: date = local_day(organization, at)
    for unit in open_units(organization=organization, on=today):
        if str(unit.pk) not in invitation.units:
            continue
        try:
            join_unit(
                organization=organization,
                member=member,
                version=member.version,
                unit=unit,
                active_from=max(today, unit.active_from),
                active_to=unit.active_to,
                actor=invitation.invited_by,
                at=at,
            )
        except UnableToChangeUnits:
            continue  # they belong to it already
        member.version += 1


def mails_left(*, organization: Organization, now: datetime) -> int:
    """Return how many invitations may still be sent in these 24 hours."""
    sent = DomainEvent.objects.for_organization(organization).filter(type="invitation.sent")
    return max(
        0, int(organization.setting("invitations_per_day")) - sent.filter(occurred_at__gt=_yesterday(now)).count()
    )


def _yesterday(now: datetime) -> datetime:
    return now - timedelta(hours=24)


def _take_one_mail(organization: Organization, at: datetime) -> None:
    """Refuse the mail that is one too many; the lock makes the count exact."""
    hold(organization=organization, purpose="invitations")
    if not mails_left(organization=organization, now=at):
        raise UnableToInvite(
            _("%s invitations were sent in the last 24 hours, and that is the most. Go on tomorrow.")
            % organization.setting("invitations_per_day")
        )


def _send(invitation: Invitation, sent_by: Member, at: datetime, link_to: Callable[[str], str]) -> None:
    organization = invitation.organization
    # One line each, so that a name can add nothing to the mail's own words.
    inviter, place = (" ".join(text.split())[:100] for text in (sent_by.name, organization.name))
    words = {
        "inviter": inviter,
        "place": place,
        "role": invitation.get_role_display(),
        "link": link_to(link_token(invitation)),
    }
    send_mail(
        _("%(inviter)s invites you to %(place)s") % words,
        _(
            "%(inviter)s invites you to work with %(place)s in Agile Sales, as: %(role)s.\n\n"
            "Open this link to join. It is good for seven days, and once.\n\n%(link)s\n\n"
            "If you did not expect this, leave it: without you nothing happens."
        )
        % words,
        None,
        [invitation.email],
    )
    # The address of a person stays out of the event: it lives longer than it may.
    _tell("invitation.sent", organization, invitation, sent_by, at, role=invitation.role)


def _locked(organization: Organization, invitation_id: UUID, **conditions: Any) -> Invitation | None:
    found = Invitation.objects.for_organization(organization).select_for_update(no_key=True, of=("self",))
    invitation: Invitation | None = found.filter(pk=invitation_id, **conditions).first()
    return invitation


def _tell(
    type_: str, organization: Organization, invitation: Invitation, actor: Member, at: datetime, **payload: Any
) -> None:
    record_event(
        organization=organization, type=type_, subject=invitation, payload=payload, actor=actor, occurred_at=at
    )
