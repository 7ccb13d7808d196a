"""The pages about people, for the tests that run over every page."""

from collections.abc import Callable
from typing import Any

from django.urls import reverse
from django.utils import timezone

from tenancy.invitations import invite, link_token
from tenancy.models import Member, Unit, User
from tenancy.scoping import organization_scope
from tenancy.support import note_look, open_support_session
from tenancy.tokens import issue_token
from tests.cast import Cast


def _in_acme(name: str, **kwargs: Any) -> str:
    return reverse(f"people:{name}", kwargs={"organization": "acme", **kwargs})


def _member(cast: Cast) -> str:
    return _in_acme("member", member_id=cast.rui.pk)


def _somebody_who_left(cast: Cast) -> str:
    with organization_scope(cast.acme):
        now = timezone.now()
        issue_token(organization=cast.acme, name="ERP", scopes=["accounts:read"], issued_at=now, issued_by=cast.mia)
        Member.objects.filter(pk=cast.mia.pk).update(is_active=False, deactivated_at=now)
    return _in_acme("member", member_id=cast.mia.pk)


def _unit(cast: Cast) -> str:
    with organization_scope(cast.acme):
        return _in_acme("unit", unit_id=Unit.objects.get(code="mobility").pk)


def _invited(cast: Cast, email: str = "nora@acme.example") -> str:
    with organization_scope(cast.acme):
        invitation = invite(
            organization=cast.acme,
            email=email,
            name="Nora Kist",
            role=Member.Role.COACH,
            units=[],
            invited_by=cast.ada,
            at=timezone.now(),
            link_to=lambda token: token,
        )
    return reverse("invite", args=[link_token(invitation)])


def _invitations(cast: Cast) -> str:
    _invited(cast)
    return _in_acme("invitations")


def _support(cast: Cast, *, page: str = "support") -> str:
    with organization_scope(cast.acme):
        session = open_support_session(
            organization=cast.acme,
            operator=User.objects.create_user("olga@agile-sales.example", name="Olga Held", is_operator=True),
            reason="Ticket 4711: the import of May stops after the third file",
            minutes=45,
            at=timezone.now(),
            page=lambda: "",
        )
        note_look(session=session, path="/acme/imports/", method="GET", at=timezone.now())
    return _in_acme(page) if page == "support" else _in_acme(page, session_id=session.pk)


PEOPLE_PAGES: list[tuple[str, Callable[[Cast], str], str]] = [
    ("members", lambda _: _in_acme("members"), "ada"),
    ("members-nobody-fits", lambda _: _in_acme("members") + "?name=nobody", "lena"),
    ("roles", lambda _: _in_acme("roles"), "lena"),
    ("member", _member, "ada"),
    ("member-for-colleagues", _member, "mia"),
    ("member-who-left", _somebody_who_left, "ada"),
    ("units", lambda _: _in_acme("units"), "ada"),
    ("unit", _unit, "ada"),
    ("unit-new", lambda _: _in_acme("unit-new"), "ada"),
    ("invite", lambda _: _in_acme("invite"), "ada"),
    ("invitations", _invitations, "ada"),
    ("invitations-none", lambda _: _in_acme("invitations"), "ada"),
    ("join-new", _invited, ""),
    ("join-sign-in", lambda cast: _invited(cast, "sam@globex.example"), ""),
    ("organization-settings", lambda _: _in_acme("settings"), "ada"),
    ("support", _support, "ada"),
    ("support-nobody", lambda _: _in_acme("support"), "abe"),
    ("support-session", lambda cast: _support(cast, page="support-session"), "ada"),
    ("join", lambda cast: _invited(cast, "sam@globex.example"), "sam"),
]
"""Name, address, and who looks at it."""
