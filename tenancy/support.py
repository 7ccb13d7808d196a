"""Support sessions: an operator of ours looks into an organisation, for a reason, for a while, in its sight."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from django.core.mail import send_mail
from django.db import transaction
from django.db.models import Count, Exists, OuterRef, Q
from django.utils.translation import gettext as _

from tenancy.events import record_event
from tenancy.models import DomainEvent, Member, Organization, SupportSession, User
from tenancy.models.support import LONGEST

SOURCE = "support"
LOOKED = "support_session.looked"


class UnableToOpenSupport(ValueError):
    """No session was opened; the message says why."""


def live(sessions: Any, now: datetime) -> Any:
    """Keep the sessions that are open at a moment."""
    return sessions.filter(ended_at=None, opened_at__lte=now, ends_at__gt=now)


def is_open(now: datetime) -> Exists:
    """Return the condition, for a query of members, that somebody of ours is in their organisation."""
    return Exists(live(SupportSession.objects.filter(organization=OuterRef("organization")), now))


def live_session(*, organization: Organization, user: User, now: datetime) -> SupportSession | None:
    """Return the operator's open session in an organisation. Without the flag there is none, whatever the rows say."""
    if not (user.is_operator and user.is_active):
        return None
    sessions = live(SupportSession.objects.for_organization(organization), now)
    found: SupportSession | None = sessions.filter(user=user).select_related("member").order_by("-opened_at").first()
    return found


@transaction.atomic
def open_support_session(
    *,
    organization: Organization,
    operator: User,
    reason: str,
    minutes: int,
    at: datetime,
    page: Callable[[], str],
    may_write: bool = False,
) -> SupportSession:
    """Let an operator in, tell the administrators by mail, and return the session.

    :raises UnableToOpenSupport: for somebody who is no operator, without a reason, or for more than an hour.
    """
    if not operator.is_operator:
        raise UnableToOpenSupport(_("Only operators open support sessions."))
    reason = " ".join(reason.split())
    if len(reason) < 10:
        raise UnableToOpenSupport(_("Say why, in words that the organisation understands."))
    if not 1 <= minutes <= LONGEST.total_seconds() / 60:
        raise UnableToOpenSupport(_("A session lasts an hour at most."))
    if live_session(organization=organization, user=operator, now=at) is not None:
        raise UnableToOpenSupport(_("You have an open session there already."))
    member = _face(organization, operator)
    session: SupportSession = SupportSession.objects.create(
        organization=organization,
        user=operator,
        member=member,
        reason=reason,
        may_write=may_write,
        opened_at=at,
        ends_at=at + timedelta(minutes=minutes),
    )
    payload = {"reason": reason, "minutes": minutes, "may_write": may_write}
    _tell("support_session.opened", session, member, at, **payload)
    _tell_administrators(session, page())
    return session


@transaction.atomic
def end_support_session(*, organization: Organization, session: SupportSession, ended_by: Member, at: datetime) -> bool:
    """End a session: the operator's next request finds nothing. Return whether it was still open."""
    sessions = live(SupportSession.objects.for_organization(organization), at)
    if sessions.filter(pk=session.pk).update(ended_at=at, ended_by=ended_by) != 1:
        return False
    _tell("support_session.ended", session, ended_by, at)
    return True


def note_look(*, session: SupportSession, path: str, method: str, at: datetime) -> None:
    """Keep what an operator opened; the organisation can read it."""
    _tell(LOOKED, session, session.member, at, path=path[:500], method=method)


def support_sessions(*, organization: Organization) -> list[SupportSession]:
    """Return the newest hundred sessions, each with `looks`: how many pages were opened."""
    sessions = SupportSession.objects.for_organization(organization).select_related("member", "ended_by")
    found: list[SupportSession] = list(sessions.order_by("-opened_at", "-id")[:100])
    looks = DomainEvent.objects.for_organization(organization).filter(
        type=LOOKED, subject_type="supportsession", subject_id__in=[one.pk for one in found]
    )
    counts = dict(looks.order_by().values_list("subject_id").annotate(Count("pk")))
    for one in found:
        one.looks = counts.get(one.pk, 0)  # type: ignore[attr-defined]
    return found


def looks_of(*, organization: Organization, session: SupportSession) -> list[DomainEvent]:
    """Return what was opened in a session, the newest 200."""
    events = DomainEvent.objects.for_organization(organization)
    of_session = events.filter(type=LOOKED, subject_type="supportsession", subject_id=session.pk)
    return list(of_session.order_by("-occurred_at", "-id")[:200])


def _face(organization: Organization, operator: User) -> Member:
    """Return the member as whom an operator acts: inactive, without a user, so that nobody can sign in as them."""
    name = _("%s (support)") % operator.get_full_name()
    member: Member
    member, _made = Member.objects.for_organization(organization).get_or_create(
        organization=organization,
        source=SOURCE,
        external_id=str(operator.pk),
        defaults={"name": name, "role": Member.Role.SUPPORT, "is_active": False},
    )
    return member


def _tell_administrators(session: SupportSession, page: str) -> None:
    organization = session.organization
    admins = Member.objects.for_organization(organization).active().filter(role=Member.Role.ADMIN)
    addresses = list(admins.filter(Q(user__is_active=True)).values_list("user__email", flat=True))
    words = {
        "name": session.member.name,
        "place": " ".join(organization.name.split())[:100],
        "reason": session.reason,
        "until": session.ends_at.strftime("%H:%M UTC"),
        "way": _("They can change records.") if session.may_write else _("They can look, and change nothing."),
        "page": page,
    }
    for address in addresses:
        send_mail(
            _("Our support opened %(place)s") % words,
            _(
                "%(name)s looks into %(place)s until %(until)s.\n\nThe reason: %(reason)s\n\n%(way)s\n\n"
                "You see what they open, and can end it at once, here:\n\n%(page)s"
            )
            % words,
            None,
            [address],
        )


def _tell(type_: str, session: SupportSession, actor: Member, at: datetime, **payload: Any) -> None:
    record_event(
        organization=session.organization,
        type=type_,
        subject=session,
        payload=payload,
        actor=actor,
        occurred_at=at,
        source="support",
    )
