"""Background work is recorded beside its change, has its effect once, and tells when it fails."""

import pytest
from django.db import DatabaseError, transaction
from django.utils import timezone

from tenancy import relay
from tenancy.jobs import TenantTask, enqueue, tenant_task
from tenancy.models import Organization, Outbox, Unit
from tenancy.scoping import NoActiveOrganization, organization_scope
from tests.cast import Cast


@tenant_task(name="tests.found_a_squad")
def found_a_squad(*, organization: Organization, code: str) -> None:
    Unit.objects.create(
        organization=organization, kind="squad", name=code, code=code, active_from=timezone.now().date()
    )


@tenant_task(name="tests.fail")
def fail(*, organization: Organization) -> None:
    raise ValueError("The file has no header.")


def deliver(task: TenantTask, row: Outbox, **kwargs: str) -> None:
    """Run a task as a worker would that received its message."""
    headers = {"organization": str(row.organization_id), "outbox": str(row.pk)}
    task.apply(kwargs=kwargs, headers=headers, throw=True)


class TestEnqueue:
    def test_it_is_undone_with_the_change_it_follows(self, cast: Cast) -> None:
        def found_and_fail() -> None:
            with organization_scope(cast.acme):
                enqueue("tests.found_a_squad", organization=cast.acme, code="wind")
                raise RuntimeError

        with pytest.raises(RuntimeError):
            found_and_fail()

        with organization_scope(cast.acme):
            assert not Outbox.objects.exists()

    def test_it_is_hidden_from_the_stranger(self, cast: Cast) -> None:
        with organization_scope(cast.acme):
            enqueue("tests.found_a_squad", organization=cast.acme, code="wind")

        with organization_scope(cast.globex):
            assert not Outbox.objects.exists()


class TestTenantTask:
    def test_it_has_its_effect_once_though_it_is_delivered_twice(self, cast: Cast) -> None:
        with organization_scope(cast.acme):
            row = enqueue("tests.found_a_squad", organization=cast.acme, code="wind")

        deliver(found_a_squad, row, code="wind")
        deliver(found_a_squad, row, code="wind")

        with organization_scope(cast.acme):
            assert Unit.objects.filter(code="wind").count() == 1
            assert Outbox.objects.get(pk=row.pk).done_at is not None

    def test_it_refuses_a_message_without_an_organization(self, cast: Cast) -> None:
        with pytest.raises(NoActiveOrganization):
            found_a_squad.apply(kwargs={"code": "wind"}, throw=True)

    def test_it_does_nothing_for_an_outbox_row_of_another_organization(self, cast: Cast) -> None:
        with organization_scope(cast.acme):
            row = enqueue("tests.found_a_squad", organization=cast.acme, code="wind")
        headers = {"organization": str(cast.globex.pk), "outbox": str(row.pk)}

        found_a_squad.apply(kwargs={"code": "wind"}, headers=headers, throw=True)

        with organization_scope(cast.globex):
            assert not Unit.objects.filter(code="wind").exists()

    def test_it_keeps_the_words_of_a_failure_and_plans_the_next_attempt(self, cast: Cast) -> None:
        with organization_scope(cast.acme):
            row = enqueue("tests.fail", organization=cast.acme)

        with pytest.raises(ValueError, match="no header"):
            deliver(fail, row)

        with organization_scope(cast.acme):
            failed = Outbox.objects.get(pk=row.pk)
        assert (failed.failures, failed.error) == (1, "ValueError: The file has no header.")
        assert failed.next_at > row.next_at
        assert failed.done_at is None

    def test_it_gives_up_visibly_after_eight_failures(self, cast: Cast) -> None:
        with organization_scope(cast.acme):
            row = enqueue("tests.fail", organization=cast.acme)

        for _ in range(8):
            with pytest.raises(ValueError, match="no header"):
                deliver(fail, row)

        with organization_scope(cast.acme):
            assert Outbox.objects.get(pk=row.pk).dead_at is not None


class TestRelay:
    """The relay runs as agile_system; the queries themselves are proven here on a broker that really receives."""

    def test_it_cannot_read_the_outbox_as_the_application(self, cast: Cast) -> None:
        with pytest.raises(DatabaseError), transaction.atomic():
            relay.publish_work()
