"""Units: the tree, one of them, and its changes."""

from collections.abc import Callable
from datetime import date

import pytest
from django.test import Client

from tenancy.models import Member, Unit
from tenancy.scoping import organization_scope
from tests.cast import Cast
from tests.pipeline.pages import text_of

ClientFor = Callable[[Member], Client]
TREE = "/acme/units/"


@pytest.fixture
def lena(cast: Cast, client_for: ClientFor) -> Client:
    return client_for(cast.lena)


def unit(cast: Cast, code: str) -> Unit:
    with organization_scope(cast.acme):
        found: Unit = Unit.objects.select_related("parent").get(code=code)
        return found


def test_the_tree_shows_who_stands_below_whom_and_how_many_belong(cast: Cast, client_for: ClientFor) -> None:
    answer = client_for(cast.rui).get(TREE)

    assert [(level, one.name, one.people) for level, one in answer.context["tree"]] == [
        (1, "Acme Drives", 0),
        (2, "Marine", 1),
        (2, "North", 0),
        (3, "Mobility", 2),
    ]
    assert "New unit" not in text_of(answer)


def test_the_stranger_sees_none_of_it(cast: Cast, client_for: ClientFor) -> None:
    sam = client_for(cast.sam)

    assert sam.get(TREE).status_code == 404
    assert "Mobility" not in text_of(sam.get("/globex/units/"))
    assert sam.get(f"/globex/units/{unit(cast, 'mobility').pk}/").status_code == 404


def test_a_unit_is_added_renamed_moved_and_closed(cast: Cast, lena: Client) -> None:
    form = {"name": "Wind", "kind": "squad", "parent": str(unit(cast, "acme").pk), "active_from": "2026-01-01"}
    assert "Wind was added." in text_of(lena.post(f"{TREE}new/", form, follow=True))
    here = f"{TREE}{unit(cast, 'wind').pk}/"

    lena.post(f"{here}name/", {"name": "Wind and sun", "version": 1}, follow=True)
    moved = lena.post(f"{here}move/", {"parent": str(unit(cast, "north").pk), "version": 2}, follow=True)
    assert "Wind and sun stands below North now." in text_of(moved)
    lena.post(f"{here}close/", {"active_to": "2026-02-01", "version": 3}, follow=True)

    closed = unit(cast, "wind")
    assert (closed.name, closed.parent.code, closed.active_to) == ("Wind and sun", "north", date(2026, 2, 1))
    assert "Wind and sun" not in text_of(lena.get(TREE))
    assert "Wind and sun" in text_of(lena.get(f"{TREE}?closed=1"))


def test_what_is_refused_is_said_beside_the_form(cast: Cast, lena: Client) -> None:
    north, mobility = unit(cast, "north"), unit(cast, "mobility")

    below_itself = lena.post(f"{TREE}{north.pk}/move/", {"parent": str(mobility.pk), "version": 1})
    with_units = lena.post(f"{TREE}{north.pk}/close/", {"active_to": "2026-02-01", "version": 1})
    stale = lena.post(f"{TREE}{north.pk}/name/", {"name": "South", "version": 9})

    assert "can’t be moved below itself" in text_of(below_itself)
    assert "open units below it" in text_of(with_units)
    assert (below_itself.status_code, with_units.status_code, stale.status_code) == (422, 422, 409)
    assert unit(cast, "north").name == "North"


@pytest.mark.parametrize("name", ["sil", "rui", "cora", "eva", "ana", "abe"])
def test_units_are_changed_by_administrators_and_sales_leaders(cast: Cast, client_for: ClientFor, name: str) -> None:
    browser = client_for(getattr(cast, name))
    north = unit(cast, "north")

    assert browser.get(f"{TREE}new/").status_code == 403
    assert browser.post(f"{TREE}{north.pk}/name/", {"name": "X", "version": 1}).status_code == 403
    assert unit(cast, "north").name == "North"
