"""Changes of members: their name, their role, whether they are here. Each holds from their next request on."""

from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _
from uuid_utils.compat import uuid7

from tenancy.events import record_event
from tenancy.locks import hold
from tenancy.models import ApiToken, Member, Organization
from tenancy.models.member import ASSIGNABLE_ROLES, MOST_HOURS
from tenancy.tokens import revoke_token


class UnableToChangeMember(ValueError):
    """The change is refused; the message says why and what to do instead."""


class StaleMember(Exception):
    """Somebody else changed the member since the caller read them. `current` is how they are now."""

    def __init__(self, current: Member) -> None:
        super().__init__(f"{current} has version {current.version} by now.")
        self.current = current


@transaction.atomic
def add_member(
    *,
    organization: Organization,
    name: str,
    role: str,
    actor: Member | None,
    at: datetime,
    email: str = "",
    title: str = "",
    source: str = "manual",
    external_id: str = "",
) -> Member:
    """Add somebody who can own records and can't sign in; an invitation lets them.

    :raises UnableToChangeMember: without a name, for an unknown role, or for an administrator, who signs in.
    :raises django.db.IntegrityError: when there is one with that source and external id.
    """
    name = name.strip()
    if not name:
        raise UnableToChangeMember(_("Write the name that colleagues know the person by."))
    if role not in ASSIGNABLE_ROLES or role == Member.Role.ADMIN:
        raise UnableToChangeMember(_("Invite an administrator: one who can’t sign in administers nothing."))
    member_id = uuid7()
    member: Member = Member.objects.create(
        id=member_id,
        organization=organization,
        name=name,
        email=email.strip().lower(),
        title=title.strip(),
        role=role,
        source=source,
        external_id=external_id or str(member_id),
    )
    _tell("member.added", organization, member, actor, at, role=role)
    return member


@transaction.atomic
def rename_member(
    *,
    organization: Organization,
    member: Member,
    version: int,
    name: str,
    title: str,
    actor: Member | None,
    at: datetime,
) -> Member:
    """Change what a member is called and what they do; saying what is so already changes nothing.

    :raises UnableToChangeMember: without a name.
    :raises StaleMember: when the member has another version by now.
    """
    name, title = name.strip(), title.strip()
    if not name:
        raise UnableToChangeMember(_("Write the name that colleagues know the person by."))
    current = _current(organization, member, version)
    changed = [field for field, value in (("name", name), ("title", title)) if getattr(current, field) != value]
    if changed:
        _write(current, at, name=name, title=title)
        # Names of people stay out of the event: it lives longer than they may.
        _tell("member.renamed", organization, current, actor, at, fields=changed)
    return current


@transaction.atomic
def set_hours(
    *,
    organization: Organization,
    member: Member,
    version: int,
    hours_per_week: int | None,
    actor: Member | None,
    at: datetime,
) -> Member:
    """Say how many hours a week a member has for customers; None for what is usual in the organisation.

    The next night plans with them.

    :raises UnableToChangeMember: for hours that no week has.
    :raises StaleMember: when the member has another version by now.
    """
    if hours_per_week is not None and not 0 <= hours_per_week <= MOST_HOURS:
        raise UnableToChangeMember(_("A week has 0 to %s hours for customers.") % MOST_HOURS)
    current = _current(organization, member, version)
    if current.hours_per_week != hours_per_week:
        before = current.hours_per_week
        _write(current, at, hours_per_week=hours_per_week)
        _tell("member.hours_changed", organization, current, actor, at, **{"from": before, "to": hours_per_week})
    return current


@transaction.atomic
def change_role(
    *, organization: Organization, member: Member, version: int, role: str, actor: Member | None, at: datetime
) -> Member:
    """Give a member another role.

    :raises UnableToChangeMember: for an unknown role, oneself, or the last administrator.
    :raises StaleMember: when the member has another version by now.
    """
    if role not in ASSIGNABLE_ROLES:
        raise UnableToChangeMember(_("There is no role “%s”.") % role)
    hold(organization=organization, purpose="administrators")
    current = _current(organization, member, version)
    if current.role == role:
        return current
    if actor is not None and current.pk == actor.pk:
        raise UnableToChangeMember(_("You can’t change your own role. Ask another administrator."))
    if role != Member.Role.ADMIN:
        _keep_an_administrator(organization, current)
    before = current.role
    _write(current, at, role=role)
    _tell("member.role_changed", organization, current, actor, at, **{"from": before, "to": role})
    return current


@transaction.atomic
def deactivate_member(
    *,
    organization: Organization,
    member: Member,
    version: int,
    actor: Member | None,
    at: datetime,
    end_tokens: bool = False,
) -> Member:
    """Close the organisation to a member. What they did stays theirs; with `end_tokens` their API tokens end as well.

    :raises UnableToChangeMember: for oneself, or the last administrator.
    :raises StaleMember: when the member has another version by now.
    """
    hold(organization=organization, purpose="administrators")
    current = _current(organization, member, version)
    if not current.is_active:
        return current
    if actor is not None and current.pk == actor.pk:
        raise UnableToChangeMember(_("You can’t deactivate yourself. Ask another administrator."))
    _keep_an_administrator(organization, current)
    _write(current, at, is_active=False, deactivated_at=at)
    ended = _end_tokens(organization, current, actor, at) if end_tokens else 0
    _tell("member.deactivated", organization, current, actor, at, tokens_ended=ended)
    return current


@transaction.atomic
def reactivate_member(
    *, organization: Organization, member: Member, version: int, actor: Member | None, at: datetime
) -> Member:
    """Open the organisation to a member again, with the role they had.

    :raises StaleMember: when the member has another version by now.
    """
    current = _current(organization, member, version)
    if not current.is_active:
        _write(current, at, is_active=True, deactivated_at=None)
        _tell("member.reactivated", organization, current, actor, at)
    return current


@transaction.atomic
def end_tokens_of(*, organization: Organization, member: Member, actor: Member | None, at: datetime) -> int:
    """End the API tokens that a member made and that still work; return how many."""
    ended = _end_tokens(organization, member, actor, at)
    if ended:
        _tell("member.tokens_ended", organization, member, actor, at, count=ended)
    return ended


def tokens_made_by(*, organization: Organization, member: Member, now: datetime) -> list[ApiToken]:
    """Return the tokens that a member made and that still work, the newest first."""
    made = ApiToken.objects.for_organization(organization).filter(created_by=member, revoked_at=None)
    return list(made.exclude(expires_at__lte=now).order_by("-created_at", "-id"))


def _end_tokens(organization: Organization, member: Member, actor: Member | None, at: datetime) -> int:
    tokens = tokens_made_by(organization=organization, member=member, now=at)
    for token in tokens:
        revoke_token(organization=organization, token=token, actor=actor, revoked_at=at)
    return len(tokens)


def other_administrators(*, organization: Organization, member: Member) -> int:
    """Return how many administrators beside the member can sign in."""
    here = Member.objects.for_organization(organization).active().filter(role=Member.Role.ADMIN, user__is_active=True)
    return int(here.exclude(pk=member.pk).count())


def _keep_an_administrator(organization: Organization, member: Member) -> None:
    """Refuse to take away the last one. The caller holds the lock, so two can't take each other away at once."""
    if member.role != Member.Role.ADMIN or not member.is_active:
        return
    if not other_administrators(organization=organization, member=member):
        raise UnableToChangeMember(
            _("%s is the only administrator who can sign in. Make somebody else an administrator first.") % member.name
        )


def locked_member(*, organization: Organization, member: Member, version: int) -> Member:
    """Return the member as they are now, locked until the commit.

    :raises StaleMember: when they have another version by now.
    """
    return _current(organization, member, version)


def _current(organization: Organization, member: Member, version: int) -> Member:
    current: Member = Member.objects.for_organization(organization).select_for_update(no_key=True).get(pk=member.pk)
    if current.version != version:
        raise StaleMember(current)
    if current.role == Member.Role.SUPPORT:
        raise UnableToChangeMember(_("%s is our support. End the support session instead.") % current.name)
    return current


def touch_member(*, member: Member, at: datetime) -> None:
    """Give a member a new version: something that belongs to them changes."""
    _write(member, at)


def _write(member: Member, at: datetime, **values: Any) -> None:
    for name, value in values.items():
        setattr(member, name, value)
    member.updated_at = at
    Member.objects.for_organization(member.organization_id).filter(pk=member.pk).update(
        **values, version=F("version") + 1, updated_at=at
    )
    member.version += 1


def _tell(
    type_: str, organization: Organization, member: Member, actor: Member | None, at: datetime, **payload: Any
) -> None:
    record_event(organization=organization, type=type_, subject=member, payload=payload, actor=actor, occurred_at=at)
