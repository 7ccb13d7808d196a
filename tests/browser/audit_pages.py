"""The pages of the audit trail, for the tests that run over every page."""

from collections.abc import Callable
from datetime import timedelta

from django.db import connection
from django.utils import timezone

from pipeline.models import Account
from tenancy.audit import anchors
from tenancy.audit.sealing import seal_everything
from tenancy.events import record_event
from tenancy.models import AuditEntry
from tenancy.scoping import organization_scope
from tests.audit.roles import as_role
from tests.cast import Cast
from tests.pipeline import records


def _trail(cast: Cast) -> str:
    with organization_scope(cast.acme, actor=cast.rui, address="192.0.2.7"):
        account = records.an_account(cast.acme, owner=cast.rui, city="Linz")
        records.a_contact(cast.acme, account, email="sanne@velora.example")
        Account.objects.filter(pk=account.pk).update(city="Graz", owner=cast.mia, potential_minor=1_250_00)
        record_event(
            organization=cast.acme, type="export.made", subject=cast.ada, payload={"what": "orders"}, actor=cast.ada
        )
    return "/acme/audit/"


def _entry(cast: Cast) -> str:
    _trail(cast)
    with organization_scope(cast.acme):
        return f"/acme/audit/{AuditEntry.objects.filter(table_name='pipeline_account', action='update').get().pk}/"


def _anchors(cast: Cast) -> str:
    yesterday = timezone.now() - timedelta(days=1)
    if not connection.in_atomic_block:
        with as_role("SYSTEM"):
            seal_everything(now=yesterday)
            anchors.anchor_everything(now=timezone.now())
    return "/acme/audit/anchors/"


AUDIT_PAGES: list[tuple[str, Callable[[Cast], str], str]] = [
    ("audit", _trail, "abe"),
    ("audit-nothing-fits", lambda _: "/acme/audit/?table=tenancy_holiday", "abe"),
    ("audit-entry", _entry, "abe"),
    ("audit-anchors", _anchors, "abe"),
]
"""Name, address, and who looks at it."""
