"""The table of keys: what the list shows, what the script answers and what buttons say are the same."""

import re
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client

from agile_sales.navigation import HOME, SECTIONS
from tenancy.models import Member
from tests.cast import Cast
from tests.ui.test_pages import ClientFor
from ui.keys import GROUPS, MOD, SHIFT, Key, cap

ROOT = Path(settings.BASE_DIR)
KEYS = [key for group in GROUPS for key in group.keys]
SCRIPT_NAMES = {"↵": "Enter", "Esc": "Escape", "→": "ArrowRight", "←": "ArrowLeft"}


def test_every_key_of_a_button_stands_in_the_table() -> None:
    pages = (ROOT / "templates").rglob("*.html")
    written = {name for path in pages for name in re.findall(r'(?:data-key|\bkey)="(\w+)"', path.read_text())}

    assert written == {key.data_key for key in KEYS if key.data_key}


@pytest.mark.parametrize("key", [key for key in KEYS if not key.data_key], ids=lambda key: " ".join(key.caps))
def test_every_other_key_is_answered_by_a_script(key: Key) -> None:
    name = next(one for one in key.caps if one not in (MOD, SHIFT))
    script = "\n".join(path.read_text() for path in (ROOT / "static/js").glob("*.js"))

    for one in (name, *key.also):
        assert f'"{SCRIPT_NAMES.get(one, one.lower())}"' in script


def test_no_key_does_two_things() -> None:
    single = [key.caps for key in KEYS] + [(other,) for key in KEYS for other in key.also]
    jumps = [item.key for item in (HOME, *(item for section in SECTIONS for item in section.items)) if item.key]

    assert len(single) == len(set(single))
    assert len(jumps) == len(set(jumps))


def test_caps_follow_the_platform() -> None:
    assert (cap(MOD, "apple"), cap(MOD, "other"), cap(SHIFT, "apple"), cap("K", "apple")) == ("⌘", "Ctrl", "⇧", "K")


@pytest.mark.parametrize(("platform", "command"), [('"macOS"', "⌘"), ('"Linux"', "Ctrl")])
def test_the_list_shows_all_of_them(platform: str, command: str, cast: Cast, client_for: ClientFor) -> None:
    client: Client = client_for(cast.rui)
    member: Member = cast.rui
    html = client.get(f"/{member.organization.slug}/", headers={"Sec-CH-UA-Platform": platform}).content.decode()
    shown = html.split('<dialog id="keys"', 1)[1].split("</dialog>", 1)[0]

    for key in KEYS:
        assert str(key.words) in shown
    assert f"<kbd>{command}</kbd> <kbd>K</kbd>" in shown
    assert "<kbd>G</kbd> <kbd>A</kbd>" in shown
