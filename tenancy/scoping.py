"""Which organisation the running code works for: the first of the three fences, and the key to the second.

The active organisation lives in a ContextVar (read by `TenantManager`) and, for the length of one transaction, in the
PostgreSQL setting `app.organization` (read by the row-level security policies). Both are set together, here only.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from uuid import UUID

from django.db import connection, transaction

if TYPE_CHECKING:
    from tenancy.models import Member, Organization


class NoActiveOrganization(RuntimeError):
    """A tenant table was asked for while no organisation was active."""


class OrganizationMismatch(RuntimeError):
    """A query named one organisation while another one was active."""


@dataclass(frozen=True)
class Scope:
    """What the current code may see, and on whose behalf it writes (the audit trail keeps all of it)."""

    organization_id: UUID | None
    actor_id: UUID | None = None
    task: str = ""
    address: str = ""
    everything_because: str = ""
    # Joins are made in the order in which the query names them. A list of six tables takes four times as long to plan
    # as to read, because PostgreSQL tries every order; ours begin with the table whose index gives the rows.
    joins_as_written: bool = False
    # Whatever goes wrong undoes all of the transaction, so that no part of it needs a savepoint of its own.
    undone_whole: bool = False


_scope: ContextVar[Scope | None] = ContextVar("agile_sales_scope", default=None)


def active_scope() -> Scope | None:
    """Return the scope in force, or None outside of every organisation."""
    return _scope.get()


def active_organization_id() -> UUID:
    """Return the id of the active organisation.

    :raises NoActiveOrganization: when none is active; open one with `organization_scope(organization)`.
    """
    scope = _scope.get()
    if scope is None or scope.organization_id is None:
        raise NoActiveOrganization(
            "No organisation is active. Open one with organization_scope(organization) before touching its tables."
        )
    return scope.organization_id


def write_settings(scope: Scope | None) -> None:
    """Tell PostgreSQL about the scope until the end of the transaction (SET LOCAL)."""
    organization = "" if scope is None or scope.organization_id is None else str(scope.organization_id)
    more = ", set_config('join_collapse_limit', '1', true)" if scope and scope.joins_as_written else ""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT set_config('app.organization', %s, true), set_config('app.actor', %s, true),"
            f" set_config('app.task', %s, true), set_config('app.address', %s, true){more}",
            [
                organization,
                str(scope.actor_id) if scope and scope.actor_id else "",
                scope.task if scope else "",
                scope.address if scope else "",
            ],
        )


@contextmanager
def organization_scope(
    organization: "Organization | UUID",
    *,
    actor: "Member | UUID | None" = None,
    task: str = "",
    address: str = "",
    joins_as_written: bool = False,
    undone_whole: bool = False,
) -> Iterator[None]:
    """Run the block inside one transaction that sees exactly one organisation.

    Nested blocks restore the outer organisation when they end: a SET LOCAL outlives the release of a savepoint.
    """
    organization_id = organization if isinstance(organization, UUID) else organization.pk
    outer = _scope.get()
    actor_id = actor if actor is None or isinstance(actor, UUID) else actor.pk
    scope = Scope(
        organization_id, actor_id, task, address, joins_as_written=joins_as_written, undone_whole=undone_whole
    )
    # The setting of an outermost transaction ends with it; only a nested one must be put back.
    nested = connection.in_atomic_block
    with transaction.atomic():
        write_settings(scope)
        token = _scope.set(scope)
        try:
            yield
        finally:
            _scope.reset(token)
        # Reached only without an exception: a rolled-back savepoint restores the setting by itself.
        if nested:
            write_settings(outer)


@contextmanager
def all_or_nothing() -> Iterator[None]:
    """Run an operation whole or not at all, as `transaction.atomic` does.

    It has no savepoint where its failure undoes the whole transaction: two statements less, in every call of the API.
    """
    scope = _scope.get()
    with transaction.atomic(savepoint=scope is None or not scope.undone_whole):
        yield


@contextmanager
def acting(member: "Member") -> Iterator[None]:
    """Attribute the writes of the block to `member`, inside the active organisation."""
    scope = _scope.get()
    if scope is None:
        raise NoActiveOrganization("No organisation is active, so nobody can act in one.")
    changed = replace(scope, actor_id=member.pk)
    write_settings(changed)
    token = _scope.set(changed)
    try:
        yield
    finally:
        _scope.reset(token)
    write_settings(scope)


@contextmanager
def every_organization(*, reason: str) -> Iterator[None]:
    """Let the managers read across organisations. The database still refuses, unless the role may (agile_system)."""
    if not reason:
        raise ValueError("Say why every organisation is read.")
    token = _scope.set(Scope(None, everything_because=reason))
    try:
        yield
    finally:
        _scope.reset(token)
