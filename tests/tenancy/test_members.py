"""Changes of members: what is allowed, what is kept of it, and what two administrators can't do at once."""

import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from tenancy import members
from tenancy.members import StaleMember, UnableToChangeMember
from tenancy.models import ApiToken, AuditEntry, DomainEvent, Member
from tenancy.scoping import organization_scope
from tenancy.tokens import issue_token
from tests.cast import Cast

NOW = timezone.now()
Role = Member.Role


def by_ada(cast: Cast, member: Member, **more: Any) -> dict[str, Any]:
    return {"organization": cast.acme, "member": member, "version": 1, "actor": cast.ada, "at": NOW, **more}


def second_admin(cast: Cast) -> Member:
    Member.objects.filter(pk=cast.mia.pk).update(role=Role.ADMIN)
    return Member.objects.get(pk=cast.mia.pk)


def last_event(type_: str) -> DomainEvent:
    return DomainEvent.objects.filter(type=type_).latest("recorded_at")


@pytest.mark.usefixtures("acme_scope")
class TestRole:
    def test_it_is_changed_with_an_event_that_says_by_whom(self, cast: Cast) -> None:
        changed = members.change_role(**by_ada(cast, cast.rui, role=Role.SQUAD_LEAD))

        assert (changed.role, changed.version) == (Role.SQUAD_LEAD, 2)
        event = last_event("member.role_changed")
        assert event.payload == {"from": "member", "to": "squad_lead"}
        assert (event.subject_id, event.actor_id) == (cast.rui.pk, cast.ada.pk)
        entry = AuditEntry.objects.filter(table_name="tenancy_member", row_id=cast.rui.pk, action="update").get()
        assert entry.after["role"] == "squad_lead"

    def test_the_same_role_again_changes_nothing(self, cast: Cast) -> None:
        assert members.change_role(**by_ada(cast, cast.rui, role=Role.MEMBER)).version == 1
        assert not DomainEvent.objects.filter(type="member.role_changed").exists()

    def test_nobody_changes_their_own(self, cast: Cast) -> None:
        second_admin(cast)
        with pytest.raises(UnableToChangeMember, match="your own role"):
            members.change_role(**by_ada(cast, cast.ada, role=Role.MEMBER))

    def test_the_last_administrator_stays_one(self, cast: Cast) -> None:
        with pytest.raises(UnableToChangeMember, match="only administrator"):
            members.change_role(**by_ada(cast, cast.ada, role=Role.MEMBER, actor=cast.lena))

    def test_an_administrator_who_cannot_sign_in_does_not_count(self, cast: Cast) -> None:
        mia = second_admin(cast)
        Member.objects.filter(pk=mia.pk).update(user=None)
        with pytest.raises(UnableToChangeMember, match="only administrator"):
            members.change_role(**by_ada(cast, cast.ada, role=Role.MEMBER, actor=cast.lena))

    def test_an_unknown_role_is_refused(self, cast: Cast) -> None:
        with pytest.raises(UnableToChangeMember, match="no role"):
            members.change_role(**by_ada(cast, cast.rui, role="owner"))

    def test_a_change_on_an_old_version_is_refused(self, cast: Cast) -> None:
        members.change_role(**by_ada(cast, cast.rui, role=Role.COACH))
        with pytest.raises(StaleMember):
            members.change_role(**by_ada(cast, cast.rui, role=Role.EXPERT))
        assert Member.objects.get(pk=cast.rui.pk).role == Role.COACH

    def test_a_member_of_another_organisation_is_not_there(self, cast: Cast) -> None:
        with pytest.raises(Member.DoesNotExist):
            members.change_role(**by_ada(cast, cast.sam, role=Role.ADMIN))


@pytest.mark.usefixtures("acme_scope")
class TestDeactivation:
    def test_it_closes_and_opens_again(self, cast: Cast) -> None:
        gone = members.deactivate_member(**by_ada(cast, cast.rui))
        assert (gone.is_active, gone.deactivated_at) == (False, NOW)
        back = members.reactivate_member(**by_ada(cast, cast.rui, version=2))
        assert (back.is_active, back.deactivated_at, back.role) == (True, None, Role.MEMBER)
        assert last_event("member.deactivated").payload == {"tokens_ended": 0}
        assert last_event("member.reactivated").actor_id == cast.ada.pk

    def test_nobody_deactivates_themselves(self, cast: Cast) -> None:
        second_admin(cast)
        with pytest.raises(UnableToChangeMember, match="yourself"):
            members.deactivate_member(**by_ada(cast, cast.ada))

    def test_the_last_administrator_stays(self, cast: Cast) -> None:
        with pytest.raises(UnableToChangeMember, match="only administrator"):
            members.deactivate_member(**by_ada(cast, cast.ada, actor=cast.lena))

    @pytest.mark.parametrize(("end_tokens", "alive"), [(False, 1), (True, 0)])
    def test_their_tokens_end_only_when_asked(self, cast: Cast, end_tokens: bool, alive: int) -> None:
        issue_token(organization=cast.acme, name="ERP", scopes=["accounts:read"], issued_at=NOW, issued_by=cast.rui)
        issue_token(organization=cast.acme, name="Web", scopes=["accounts:read"], issued_at=NOW, issued_by=cast.ada)

        members.deactivate_member(**by_ada(cast, cast.rui, end_tokens=end_tokens))

        assert ApiToken.objects.filter(created_by=cast.rui, revoked_at=None).count() == alive
        assert ApiToken.objects.filter(created_by=cast.ada, revoked_at=None).count() == 1


@pytest.mark.usefixtures("acme_scope")
def test_a_name_changes_and_the_event_does_not_hold_it(cast: Cast) -> None:
    changed = members.rename_member(**by_ada(cast, cast.rui, name="  Rui Prado-Lind ", title="Key accounts"))

    assert (changed.name, changed.title) == ("Rui Prado-Lind", "Key accounts")
    assert last_event("member.renamed").payload == {"fields": ["name", "title"]}
    with pytest.raises(UnableToChangeMember, match="name"):
        members.rename_member(**by_ada(cast, cast.rui, version=2, name=" ", title=""))


@pytest.mark.usefixtures("acme_scope")
def test_hours_for_customers_are_said_with_an_event_and_taken_back(cast: Cast) -> None:
    said = members.set_hours(**by_ada(cast, cast.rui, hours_per_week=20))
    assert (said.hours_per_week, said.version) == (20, 2)
    assert last_event("member.hours_changed").payload == {"from": None, "to": 20}
    assert members.set_hours(**by_ada(cast, cast.rui, version=2, hours_per_week=20)).version == 2
    assert members.set_hours(**by_ada(cast, cast.rui, version=2, hours_per_week=None)).hours_per_week is None


@pytest.mark.usefixtures("acme_scope")
@pytest.mark.parametrize("hours", [-1, 61])
def test_hours_that_no_week_has_are_refused(cast: Cast, hours: int) -> None:
    with pytest.raises(UnableToChangeMember, match="0 to 60"):
        members.set_hours(**by_ada(cast, cast.rui, hours_per_week=hours))


@pytest.mark.usefixtures("acme_scope")
def test_nobody_says_the_hours_of_another_organisation(cast: Cast) -> None:
    with pytest.raises(Member.DoesNotExist):
        members.set_hours(**by_ada(cast, cast.sam, hours_per_week=20))


@pytest.mark.usefixtures("acme_scope")
def test_ending_tokens_ends_only_those_of_that_member(cast: Cast) -> None:
    for maker in (cast.rui, cast.rui, cast.mia):
        issue_token(organization=cast.acme, name="T", scopes=["accounts:read"], issued_at=NOW, issued_by=maker)

    ended = members.end_tokens_of(organization=cast.acme, member=cast.rui, actor=cast.ada, at=NOW)

    assert ended == 2
    assert last_event("member.tokens_ended").payload == {"count": 2}
    assert ApiToken.objects.filter(revoked_at=None).count() == 1


@pytest.mark.django_db(transaction=True)
def test_two_administrators_cannot_take_each_other_away_at_once(cast: Cast) -> None:
    with organization_scope(cast.acme):
        mia = second_admin(cast)
    refused: list[str] = []
    together = threading.Barrier(2)

    def attempt(change: Callable[..., Any], member: Member, actor: Member, **more: Any) -> None:
        try:
            together.wait(10)
            with organization_scope(cast.acme):
                change(organization=cast.acme, member=member, version=1, actor=actor, at=NOW, **more)
        except UnableToChangeMember as error:
            refused.append(str(error))
        finally:
            connection.close()

    threads = [
        threading.Thread(target=attempt, args=(members.change_role, mia, cast.ada), kwargs={"role": Role.MEMBER}),
        threading.Thread(target=attempt, args=(members.deactivate_member, cast.ada, mia)),
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)

    assert len(refused) == 1
    with organization_scope(cast.acme):
        assert Member.objects.active().filter(role=Role.ADMIN).count() == 1
