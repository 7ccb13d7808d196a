"""Every key that does something, in one table: the key list is drawn from it, and tests press what it says."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

MOD = "mod"
"""⌘ where that is the key for commands, Ctrl elsewhere."""

SHIFT = "shift"


@dataclass(frozen=True)
class Key:
    """What one key, or several together, do."""

    caps: tuple[str, ...]
    words: str | Promise
    also: tuple[str, ...] = ()  # another key that does the opposite, or the same elsewhere
    data_key: str = ""  # the name that a button says in `data-key`, where a button does it


@dataclass(frozen=True)
class KeyGroup:
    """Keys that work in the same place."""

    label: str | Promise
    keys: Sequence[Key]


EVERYWHERE = KeyGroup(
    _("Everywhere"),
    (
        Key((MOD, "K"), _("Find a page or a record, or do something")),
        Key(("Z",), _("Take back the last change")),
        Key(("C",), _("Add one of what this page lists"), data_key="c"),
        Key(("L",), _("Log a call, on an account or a deal"), data_key="l"),
        Key(("?",), _("This list")),
        Key(("Esc",), _("Close what is on top; then clear the selection")),
    ),
)
LISTS = KeyGroup(
    _("Lists"),
    (
        Key(("J",), _("Next, previous row"), also=("K",)),
        Key(("↵",), _("Open the row")),
        Key(("→",), _("Open the rows below it, close them"), also=("←",)),
        Key(("W",), _("Why: the reasons of the row’s score")),
        Key(("/",), _("Filter")),
        Key(("X",), _("Select the row")),
        Key((SHIFT, "X"), _("Select to here")),
        Key((MOD, "A"), _("Select all rows shown, with the cursor in the list")),
    ),
)
SELECTED = KeyGroup(
    _("Selected rows, or the row with the cursor"),
    (
        Key(("O",), _("Change the owner"), data_key="o"),
        Key(("S",), _("Change the segment of accounts"), data_key="s"),
        Key(("T",), _("Change the state of accounts or products"), data_key="t"),
        Key(("M",), _("Move deals to a stage"), data_key="m"),
        Key(("D",), _("Change when deals close"), data_key="d"),
        Key(("F",), _("Pin the forecast of deals"), data_key="f"),
        Key(("Del",), _("Delete"), data_key="Delete"),
    ),
)
BOARD = KeyGroup(_("Board"), (Key(("]",), _("Move the card one stage forward, back"), also=("[",)),))
REVIEW = KeyGroup(
    _("Review, the deal with the cursor"),
    (
        Key(("P",), _("Plan the next step"), data_key="p"),
        Key(("N",), _("Close it without a change"), data_key="n"),
    ),
)
GROUPS = (EVERYWHERE, LISTS, BOARD, REVIEW, SELECTED)

CAPS = {
    "apple": {MOD: "⌘", SHIFT: "⇧", "Del": "⌦"},
    "other": {MOD: "Ctrl", SHIFT: "Shift"},
}


def cap(name: str, system: str) -> str:
    """Return what stands on a key of the person's keyboard."""
    return CAPS.get(system, CAPS["other"]).get(name, name)
