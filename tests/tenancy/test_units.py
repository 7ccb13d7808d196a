"""The tree of units: it stays a tree, and who belongs where has dates."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.utils import timezone

from pipeline.models import Account
from tenancy.access import Action, owner_filter
from tenancy.members import StaleMember
from tenancy.models import DomainEvent, Unit, UnitMembership
from tenancy.scoping import organization_scope
from tenancy.units import (
    StaleUnit,
    UnableToChangeUnits,
    close_unit,
    create_unit,
    in_tree_order,
    join_unit,
    leave_unit,
    move_unit,
    rename_unit,
)
from tests.cast import Cast
from tests.pipeline import records

NOW = timezone.now()
TODAY = date(2026, 3, 2)
pytestmark = pytest.mark.usefixtures("acme_scope")


def unit(code: str) -> Unit:
    found: Unit = Unit.objects.get(code=code)
    return found


def by_ada(cast: Cast, one: Unit, **more: Any) -> dict[str, Any]:
    return {"organization": cast.acme, "unit": one, "version": 1, "actor": cast.ada, "at": NOW, **more}


def new(cast: Cast, **more: Any) -> Unit:
    stated: dict[str, Any] = {"parent": unit("north"), "kind": "squad", "name": "Wind", "active_from": TODAY} | more
    return create_unit(organization=cast.acme, actor=cast.ada, at=NOW, **stated)


class TestCreate:
    def test_it_stands_below_its_parent_with_a_code_of_its_name(self, cast: Cast) -> None:
        made = new(cast)

        assert (made.parent, made.code) == (unit("north"), "wind")
        assert DomainEvent.objects.get(type="unit.created").payload["name"] == "Wind"

    def test_a_second_one_of_the_name_gets_a_code_of_its_own(self, cast: Cast) -> None:
        assert new(cast).code != new(cast).code

    @pytest.mark.parametrize(
        ("change", "words"),
        [
            ({"name": " "}, "a name"),
            ({"kind": "company"}, "one company"),
            ({"code": "mobility"}, "has the code"),
        ],
    )
    def test_what_cannot_be_is_refused_in_words(self, cast: Cast, change: dict[str, Any], words: str) -> None:
        with pytest.raises(UnableToChangeUnits, match=words):
            new(cast, **change)

    def test_it_needs_an_open_parent(self, cast: Cast) -> None:
        close_unit(**by_ada(cast, unit("marine"), active_to=TODAY))
        with pytest.raises(UnableToChangeUnits, match="closed"):
            new(cast, parent=unit("marine"))


class TestMove:
    def test_it_moves_with_all_below_it(self, cast: Cast) -> None:
        move_unit(**by_ada(cast, unit("marine"), parent=unit("north"), on=TODAY))

        assert unit("marine").parent == unit("north")
        event = DomainEvent.objects.get(type="unit.moved")
        assert event.payload == {"from": str(unit("acme").pk), "to": str(unit("north").pk)}

    @pytest.mark.parametrize("target", ["north", "mobility"])
    def test_it_cannot_stand_below_itself(self, cast: Cast, target: str) -> None:
        with pytest.raises(UnableToChangeUnits, match="below itself"):
            move_unit(**by_ada(cast, unit("north"), parent=unit(target), on=TODAY))

    def test_the_top_stays(self, cast: Cast) -> None:
        with pytest.raises(UnableToChangeUnits, match="top of the tree"):
            move_unit(**by_ada(cast, unit("acme"), parent=unit("north"), on=TODAY))


class TestClose:
    def test_its_members_leave_it_that_day(self, cast: Cast) -> None:
        close_unit(**by_ada(cast, unit("mobility"), active_to=TODAY))

        assert set(UnitMembership.objects.filter(unit__code="mobility").values_list("active_to", flat=True)) == {TODAY}
        assert DomainEvent.objects.get(type="unit.closed").payload["members_left"] == 2

    def test_not_while_open_units_stand_below_it(self, cast: Cast) -> None:
        with pytest.raises(UnableToChangeUnits, match="open units below"):
            close_unit(**by_ada(cast, unit("north"), active_to=TODAY))

    def test_the_top_is_not_closed_and_nothing_before_it_began(self, cast: Cast) -> None:
        with pytest.raises(UnableToChangeUnits, match="top of the tree"):
            close_unit(**by_ada(cast, unit("acme"), active_to=TODAY))
        with pytest.raises(UnableToChangeUnits, match="later day"):
            close_unit(**by_ada(cast, unit("marine"), active_to=date(2024, 1, 1)))


def test_an_old_version_is_refused(cast: Cast) -> None:
    rename_unit(**by_ada(cast, unit("marine"), name="Sea"))
    for change in (
        lambda: rename_unit(**by_ada(cast, unit("marine"), name="Ocean")),
        lambda: move_unit(**by_ada(cast, unit("marine"), parent=unit("north"), on=TODAY)),
        lambda: close_unit(**by_ada(cast, unit("marine"), active_to=TODAY)),
    ):
        with pytest.raises(StaleUnit):
            change()
    assert unit("marine").name == "Sea"


def test_a_unit_of_another_organisation_is_not_there(cast: Cast) -> None:
    with organization_scope(cast.globex):
        theirs = Unit.objects.create(
            organization=cast.globex, kind="company", name="Globex", code="globex", active_from=TODAY
        )
    with pytest.raises(Unit.DoesNotExist):
        rename_unit(**by_ada(cast, theirs, name="Ours"))
    with pytest.raises(Unit.DoesNotExist):
        new(cast, parent=theirs)
    with pytest.raises(Unit.DoesNotExist):
        join(cast, unit=theirs)


def join(cast: Cast, **more: Any) -> UnitMembership:
    stated: dict[str, Any] = {"member": cast.rui, "version": 1, "unit": unit("marine"), "active_from": TODAY} | more
    return join_unit(organization=cast.acme, actor=cast.ada, at=NOW, **stated)


def reached(cast: Cast, day: date) -> set[Any]:
    condition = owner_filter(cast.rui, Action.EDIT_ACCOUNTS, as_of=day)
    return set(Account.objects.filter(condition).values_list("owner__name", flat=True))


class TestMembership:
    def test_it_widens_the_reach_from_its_first_day_to_its_last(self, cast: Cast) -> None:
        records.an_account(cast.acme, owner=cast.mia)
        join(cast, active_to=TODAY + timedelta(days=7))

        assert "Mia Kranz" not in reached(cast, TODAY - timedelta(days=1))
        assert "Mia Kranz" in reached(cast, TODAY)
        assert "Mia Kranz" not in reached(cast, TODAY + timedelta(days=7))
        assert DomainEvent.objects.get(type="unit_membership.began").subject_id == cast.rui.pk

    @pytest.mark.parametrize(
        ("change", "words"),
        [
            ({"active_to": TODAY}, "after the first"),
            ({"active_from": date(2023, 1, 1)}, "began on"),
        ],
    )
    def test_days_that_cannot_be_are_refused(self, cast: Cast, change: dict[str, Any], words: str) -> None:
        with pytest.raises(UnableToChangeUnits, match=words):
            join(cast, **change)

    def test_nobody_belongs_to_a_unit_twice(self, cast: Cast) -> None:
        with pytest.raises(UnableToChangeUnits, match="already"):
            join(cast, unit=unit("mobility"))

    def test_it_ends_on_a_day_and_is_gone_when_it_never_began(self, cast: Cast) -> None:
        began = UnitMembership.objects.get(member=cast.rui)
        leave_unit(organization=cast.acme, membership=began, version=1, active_to=TODAY, actor=cast.ada, at=NOW)
        never = join(cast, version=2)
        leave_unit(organization=cast.acme, membership=never, version=3, active_to=TODAY, actor=cast.ada, at=NOW)

        assert list(UnitMembership.objects.filter(member=cast.rui).values_list("active_to", flat=True)) == [TODAY]

    def test_an_old_version_of_the_member_is_refused(self, cast: Cast) -> None:
        join(cast)
        with pytest.raises(StaleMember):
            join(cast, unit=unit("north"))


def test_the_tree_is_read_from_the_top_and_leaves_nobody_out(cast: Cast) -> None:
    units = list(Unit.objects.order_by("name", "id"))
    assert [(level, one.name) for level, one in in_tree_order(units)] == [
        (1, "Acme Drives"),
        (2, "Marine"),
        (2, "North"),
        (3, "Mobility"),
    ]
    without_north = [one for one in units if one.code != "north"]
    assert {one.code for _, one in in_tree_order(without_north)} == {"acme", "marine", "mobility"}
