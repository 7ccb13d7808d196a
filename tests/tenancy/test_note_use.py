"""A token says when it was last used, to the minute, and most requests write nothing for it."""

from datetime import datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tenancy import doors
from tenancy.http import TokenOwner
from tenancy.models import ApiToken, AuditEntry
from tenancy.scoping import organization_scope
from tenancy.tokens import issue_token, note_use, sha256_of
from tests.cast import Cast

NOW = timezone.now()


@pytest.fixture
def text(cast: Cast) -> str:
    with organization_scope(cast.acme):
        return issue_token(organization=cast.acme, name="ERP", scopes=["accounts:read"], issued_at=NOW)[1]


def owner_at(text: str, moment: datetime) -> TokenOwner:
    owner = doors.token_owner(sha256_of(text), now=moment)
    assert owner is not None
    return owner


def last_used(cast: Cast) -> datetime | None:
    with organization_scope(cast.acme):
        return ApiToken.objects.get().last_used_at


def test_it_keeps_the_first_use_and_then_one_a_minute(cast: Cast, text: str) -> None:
    seen = []
    for seconds in (0, 1, 59, 61, 62):
        moment = NOW + timedelta(seconds=seconds)
        note_use(owner_at(text, moment), used_at=moment)
        seen.append(last_used(cast))

    assert seen == [NOW, NOW, NOW, NOW + timedelta(seconds=61), NOW + timedelta(seconds=61)]


def test_it_asks_the_database_nothing_within_the_minute(cast: Cast, text: str) -> None:
    note_use(owner_at(text, NOW), used_at=NOW)
    owner = owner_at(text, NOW)

    with CaptureQueriesContext(
        connection,
    ) as queries:
        note_use(owner, used_at=NOW + timedelta(seconds=30))

    assert len(queries) == 0


def test_a_second_process_that_saw_the_old_moment_writes_nothing(cast: Cast, text: str) -> None:
    stale = owner_at(text, NOW)
    note_use(stale, used_at=NOW)
    note_use(stale, used_at=NOW + timedelta(seconds=2))

    assert last_used(cast) == NOW


def test_the_audit_trail_leaves_use_out(cast: Cast, text: str) -> None:
    note_use(owner_at(text, NOW), used_at=NOW)

    with organization_scope(cast.acme):
        assert set(AuditEntry.objects.filter(table_name="tenancy_apitoken").values_list("action", flat=True)) == {
            "insert"
        }
