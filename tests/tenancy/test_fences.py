"""The database itself keeps organisations apart, whatever the code forgets."""

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction

from tenancy.models import AuditEntry, Member, Unit, UnitMembership
from tenancy.scoping import NoActiveOrganization, OrganizationMismatch, every_organization, organization_scope
from tests.cast import Cast


class TestScope:
    def test_it_refuses_to_read_without_an_organization(self, cast: Cast) -> None:
        with pytest.raises(NoActiveOrganization):
            Member.objects.count()

    def test_it_refuses_a_query_that_names_another_organization(self, cast: Cast) -> None:
        with organization_scope(cast.acme), pytest.raises(OrganizationMismatch):
            Member.objects.for_organization(cast.globex)

    def test_it_restores_the_outer_organization(self, cast: Cast) -> None:
        with organization_scope(cast.acme):
            with organization_scope(cast.globex):
                assert [member.name for member in Member.objects.all()] == ["Sam Carter"]

            assert Member.objects.count() == 9
            with connection.cursor() as cursor:
                cursor.execute("SELECT count(*) FROM tenancy_member")
                assert cursor.fetchone() == (9,)


class TestRowSecurity:
    def test_it_hides_other_organizations_from_raw_sql(self, cast: Cast) -> None:
        with organization_scope(cast.globex), connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM tenancy_member")
            assert cursor.fetchone() == (1,)

    def test_it_is_an_error_to_read_with_no_organization_set(self, cast: Cast) -> None:
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM tenancy_member")

    def test_it_hides_other_organizations_even_when_the_manager_is_told_not_to(self, cast: Cast) -> None:
        with pytest.raises(DatabaseError), transaction.atomic(), every_organization(reason="to see it refused"):
            Member.objects.count()

    def test_it_refuses_to_write_into_another_organization(self, cast: Cast) -> None:
        with (
            organization_scope(cast.globex),
            pytest.raises(DatabaseError, match="row-level security"),
            transaction.atomic(),
        ):
            Member.objects.create(organization=cast.acme, name="Intruder", external_id="x")

    def test_it_changes_no_row_of_another_organization(self, cast: Cast) -> None:
        with organization_scope(cast.globex), connection.cursor() as cursor:
            cursor.execute("UPDATE tenancy_member SET name = 'Taken' WHERE id = %s", [str(cast.lena.pk)])
            assert cursor.rowcount == 0

    def test_it_refuses_a_reference_across_organizations(self, cast: Cast) -> None:
        with organization_scope(cast.acme):
            unit = Unit.objects.filter(code="mobility").get()

        with organization_scope(cast.globex), pytest.raises(IntegrityError), transaction.atomic():
            UnitMembership.objects.create(
                organization=cast.globex, unit_id=unit.pk, member=cast.sam, active_from=unit.active_from
            )


class TestAudit:
    def test_it_keeps_before_and_after_of_a_bulk_change(self, cast: Cast) -> None:
        with organization_scope(cast.acme, actor=cast.lena, task="test", address="127.0.0.1"):
            Member.objects.filter(pk=cast.rui.pk).update(title="Account manager")

            entry = AuditEntry.objects.filter(row_id=cast.rui.pk, action="update").get()

        assert (entry.before, entry.after) == ({"title": ""}, {"title": "Account manager"})
        assert (entry.actor_id, entry.task, entry.address) == (cast.lena.pk, "test", "127.0.0.1")

    def test_it_keeps_creation_and_deletion(self, cast: Cast) -> None:
        with organization_scope(cast.acme):
            unit = Unit.objects.create(
                organization=cast.acme, kind="squad", name="Wind", code="wind", active_from=cast.acme.created_at.date()
            )
            unit_id = unit.pk
            unit.delete()

            actions = list(
                AuditEntry.objects.filter(row_id=unit_id).order_by("occurred_at").values_list("action", flat=True)
            )

        assert actions == ["insert", "delete"]

    def test_it_cannot_be_changed_by_the_application(self, cast: Cast) -> None:
        with (
            organization_scope(cast.acme),
            pytest.raises(DatabaseError, match="permission denied"),
            transaction.atomic(),
        ):
            AuditEntry.objects.update(task="")

    def test_it_is_hidden_from_the_stranger(self, cast: Cast) -> None:
        with organization_scope(cast.globex):
            assert not AuditEntry.objects.filter(row_id=cast.rui.pk).exists()
