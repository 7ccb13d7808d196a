"""An operation is done whole or not at all; only where it is a part of more does that take a savepoint."""

import contextlib

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from pipeline.models import Account
from tenancy.scoping import all_or_nothing, organization_scope
from tests.cast import Cast


@all_or_nothing()
def add_and_fail(cast: Cast) -> None:
    Account.objects.create(organization=cast.acme, name="Half done")
    raise ValueError("no")


def half_done() -> bool:
    return bool(Account.objects.filter(name="Half done").exists())


def test_what_surrounds_it_goes_on_without_it(cast: Cast) -> None:
    with organization_scope(cast.acme):
        with pytest.raises(ValueError, match="no"):
            add_and_fail(cast)

        assert not half_done()


def test_where_a_failure_undoes_everything_it_needs_no_savepoint(cast: Cast) -> None:
    with (
        organization_scope(cast.acme, undone_whole=True),
        CaptureQueriesContext(connection) as captured,
        all_or_nothing(),
    ):
        half_done()

    assert not [one["sql"] for one in captured if "SAVEPOINT" in one["sql"]]


def test_there_nobody_can_go_on_after_a_failure(cast: Cast) -> None:
    def go_on() -> None:
        with organization_scope(cast.acme, undone_whole=True):
            with contextlib.suppress(ValueError):
                add_and_fail(cast)
            half_done()

    with pytest.raises(transaction.TransactionManagementError):
        go_on()
    with organization_scope(cast.acme):
        assert not half_done()
