"""The side bar as data."""

import re
from pathlib import Path

import pytest
from django.conf import settings

from agile_sales.navigation import HOME, SECTIONS, Item, navigation
from tenancy.access import Action

ITEMS = [HOME, *(item for section in SECTIONS for item in section.items)]
EVERYTHING = frozenset(action.value for action in Action)


@pytest.mark.parametrize("item", ITEMS, ids=lambda item: item.url_name)
def test_each_place_needs_a_right_that_exists_and_has_an_icon(item: Item) -> None:
    sprite = (Path(settings.BASE_DIR) / "static/icons.svg").read_text()

    assert item.needs in EVERYTHING
    assert f'id="i-{item.icon}"' in sprite


def test_each_key_leads_to_one_place() -> None:
    keys = [item.key for item in ITEMS if item.key]

    assert len(keys) == len(set(keys))
    assert all(re.fullmatch("[a-z]", key) for key in keys)


def test_four_places_are_in_reach_of_a_thumb() -> None:
    assert sum(item.on_phone for item in ITEMS) == 4


def test_each_place_exists() -> None:
    shown = navigation(organization_slug="acme", rights=EVERYTHING, url_name="")

    assert [link.label for link in shown.links] == [item.label for item in ITEMS]


def test_without_a_right_there_is_no_place_and_no_empty_section() -> None:
    shown = navigation(organization_slug="acme", rights=frozenset({"view_home", "view_orders"}), url_name="")

    assert [link.label for link in shown.links] == ["Home", "Orders"]
    assert [group.label for group in shown.groups] == ["Pipeline"]


@pytest.mark.parametrize(
    ("url_name", "label", "section"),
    [
        ("home", "Home", None),
        ("pipeline:account", "Accounts", "Squads"),
        ("pipeline:account-edit", "Accounts", "Squads"),
        ("pipeline:opportunity-new", "Deals", "Pipeline"),
        ("pipeline:opportunities", "Deals", "Pipeline"),
        ("pipeline:order", "Orders", "Pipeline"),
        ("integrations:import-review", "Imports", "Technology"),
        ("night", "Nights", "Technology"),
    ],
)
def test_the_place_of_a_page_is_marked(url_name: str, label: str, section: str | None) -> None:
    shown = navigation(organization_slug="acme", rights=EVERYTHING, url_name=url_name)

    assert [link.label for link in shown.links if link.current] == [label]
    assert (shown.trail.label if shown.trail else None) == section
