"""Who looks at an organisation without being at home in it: an administrator as a member, an operator of ours."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import connection
from django.utils.translation import gettext as _

from tenancy.models import Member, SupportSession

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
READ_ONLY_TRANSACTION = "25006"  # PostgreSQL's code


@dataclass(frozen=True)
class Onlooker:
    """Who looks, as whom, until when, and whether they may change anything."""

    member: Member  # who is seen: the viewed member, or the face of the support
    until: datetime
    admin: Member | None = None  # with "view as": who really is there
    support: SupportSession | None = None

    @property
    def may_write(self) -> bool:
        """Whether records can be changed."""
        return self.support is not None and self.support.may_write

    @property
    def refusal(self) -> str:
        """Return why a change is refused, in words."""
        if self.support is not None:
            return _("This support session looks and changes nothing.")
        return _("You look at this as %s, and looking changes nothing. End it to work as yourself.") % self.member.name


def no_files() -> str:
    """Return why nothing can be downloaded, in words."""
    return _("No files leave while somebody looks on. Only a member at home here can take them.")


def works_for_onlookers(view: Callable[..., Any]) -> Callable[..., Any]:
    """Mark a view that must work for somebody who only looks on: the one that ends it."""
    view.works_for_onlookers = True  # type: ignore[attr-defined]
    return view


def gives_files(view: Callable[..., Any]) -> Callable[..., Any]:
    """Mark a view that gives a file and has no right of its own for that: it does not work for onlookers."""
    view.gives_files = True  # type: ignore[attr-defined]
    return view


def only_changes(view: Callable[..., Any]) -> Callable[..., Any]:
    """Mark a view that is of no use to somebody who changes nothing, though its right is not one to edit: a form."""
    view.only_changes = True  # type: ignore[attr-defined]
    return view


def hold_back(onlooker: Onlooker, *, method: str | None, view: Any) -> None:
    """Refuse what an onlooker may not do; the database itself then refuses whatever slips through.

    :raises PermissionDenied: for a change, and for every export: copies of records leave with members only.
    """
    if getattr(view, "works_for_onlookers", False):
        return
    policy = getattr(view, "access_policy", None)
    exports = policy is not None and policy.action is not None and policy.action.value.startswith("export_")
    if exports or getattr(view, "gives_files", False):
        raise PermissionDenied(no_files())
    if onlooker.may_write:
        return
    # Forms as well: what was typed into one would be lost.
    is_form = getattr(view, "only_changes", False) or (
        policy is not None and policy.action is not None and policy.action.value.startswith(("edit_", "log_"))
    )
    if method not in SAFE or is_form:
        raise PermissionDenied(onlooker.refusal)
    with connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION READ ONLY")


def slipped_through(onlooker: Onlooker | None, exception: Exception) -> bool:
    """Return whether the database had to refuse a change of somebody who only looks on."""
    refused = getattr(exception.__cause__, "pgcode", "") == READ_ONLY_TRANSACTION
    return onlooker is not None and not onlooker.may_write and refused
