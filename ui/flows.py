"""A flow between two moments as SVG: what stood where at first, what stands where now, and the ribbons between them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

Tone = Literal["f0", "f1", "f2", "f3", "fb", "fg", "fw"]
GAP, BAR = 26.0, 8.0  # two lines of words have room, however little a place is worth
LETTER = 6.4  # the usual width of a letter at 11 px


@dataclass(frozen=True)
class Node:
    """A place at one of the sides; `value` is printed under its name."""

    key: str
    name: str
    value: str


@dataclass(frozen=True)
class Ribbon:
    """What went from a place at the left to one at the right, with its worth at both ends."""

    source: str
    target: str
    before: float
    after: float
    words: str
    tone: Tone = "f0"


@dataclass(frozen=True)
class Slot:
    """The room of a drawing: its sides hold the names."""

    width: int
    height: int
    side: int


WIDE, NARROW = Slot(540, 440, 108), Slot(340, 440, 88)


def flow_chart(left: Sequence[Node], right: Sequence[Node], ribbons: Sequence[Ribbon], *, label: str) -> SafeString:
    """Return the flow, drawn wide and narrow. Places keep the order given, ribbons are as wide as they are worth."""
    if not ribbons:
        return mark_safe("")  # nosec B308 # a constant
    drawings = [
        _drawing(left, right, ribbons, slot, label, css) for slot, css in ((WIDE, "c-wide"), (NARROW, "c-narrow"))
    ]
    return mark_safe("".join(drawings))  # nosec B308, B703 # noqa: S308 - numbers we formatted, and text that went through escape


def _drawing(
    left: Sequence[Node], right: Sequence[Node], ribbons: Sequence[Ribbon], slot: Slot, label: str, css: str
) -> str:
    sides = (
        {node.key: sum(one.before for one in ribbons if one.source == node.key) for node in left},
        {node.key: sum(one.after for one in ribbons if one.target == node.key) for node in right},
    )
    room = slot.height - GAP * max(len(left), len(right))
    scale = room / (max(sum(side.values()) for side in sides) or 1.0)
    tops = [_tops(side, scale) for side in sides]
    x_left, x_right = slot.side + BAR, slot.width - slot.side - BAR
    used = [dict(side) for side in tops]
    parts = []
    # By their places, so that ribbons leave a place in the order in which they arrive.
    for one in sorted(ribbons, key=lambda one: (tops[0][one.source], tops[1][one.target])):
        starts, ends = used[0][one.source], used[1][one.target]
        used[0][one.source] += one.before * scale
        used[1][one.target] += one.after * scale
        path = _ribbon(x_left, starts, used[0][one.source], x_right, ends, used[1][one.target])
        parts.append(f'<path class="flow {one.tone}" d="{path}"><title>{escape(one.words)}</title></path>')
    letters = int(slot.side / LETTER)
    places = ((left, x_left - BAR, slot.side - 6, "rt"), (right, x_right, slot.width - slot.side + 6, ""))
    for (nodes, bar_x, text_x, align), side, top in zip(places, sides, tops, strict=True):
        parts += [_place(node, top[node.key], side[node.key] * scale, bar_x, text_x, align, letters) for node in nodes]
    return (
        f'<svg class="chart {css}" viewBox="0 0 {slot.width} {slot.height}" role="img" aria-label="{escape(label)}">'
        f"{''.join(parts)}</svg>"
    )


def _tops(side: Mapping[str, float], scale: float) -> dict[str, float]:
    tops, y = {}, GAP / 2
    for key, worth in side.items():
        tops[key] = y
        y += worth * scale + GAP
    return tops


def _ribbon(x1: float, top1: float, foot1: float, x2: float, top2: float, foot2: float) -> str:
    middle = (x1 + x2) / 2
    foot1, foot2 = max(foot1, top1 + 0.8), max(foot2, top2 + 0.8)  # what is worth little is seen all the same
    return (
        f"M{x1:.1f} {top1:.1f} C{middle:.1f} {top1:.1f} {middle:.1f} {top2:.1f} {x2:.1f} {top2:.1f} "
        f"L{x2:.1f} {foot2:.1f} C{middle:.1f} {foot2:.1f} {middle:.1f} {foot1:.1f} {x1:.1f} {foot1:.1f}Z"
    )


def _place(node: Node, top: float, height: float, bar_x: float, text_x: float, css: str, letters: int) -> str:
    y = top + height / 2
    name = node.name if len(node.name) <= letters else f"{node.name[: letters - 1]}…"
    return (
        f'<rect class="f1" x="{bar_x:.1f}" y="{top:.1f}" width="{BAR:.1f}" height="{max(height, 1):.1f}" rx="1"/>'
        f'<text class="lbl {css}" x="{text_x:.1f}" y="{y - 1:.1f}">{escape(name)}</text>'
        f'<text class="{css}" x="{text_x:.1f}" y="{y + 11:.1f}">{escape(node.value)}</text>'
    )
