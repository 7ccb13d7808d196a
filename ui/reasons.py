"""The rows of a score's reasons: words, a signed bar, and points that add up."""

from collections.abc import Iterable, Mapping
from typing import Any

from django.utils.translation import ngettext

from ui.formats import format_number, format_signed

HALF, LONGEST = 36, 34  # the axis in a view box 72 wide, and how far a bar may reach


def reason_rows(reasons: Iterable[Mapping[str, Any]], *, most: int) -> list[dict[str, Any]]:
    """Return at most so many rows; what there is beyond is one row with its sum, so that the points still add up."""
    shown = list(reasons)
    if len(shown) > most:
        rest = shown[most - 1 :]
        words = ngettext("%(count)s smaller reason", "%(count)s smaller reasons, together", len(rest))
        together = {
            "text": words % {"count": format_number(len(rest))},
            "points": sum(float(reason["points"]) for reason in rest),
        }
        shown = [*shown[: most - 1], together]
    widest = max((abs(float(reason["points"])) for reason in shown), default=0) or 1.0
    rows = []
    for reason in shown:
        points = float(reason["points"])
        width = round(abs(points) / widest * LONGEST, 1)
        rows.append(
            {
                "text": reason["text"],
                "url": reason.get("url", ""),
                "points": format_signed(points),
                "css": "pos" if points >= 0 else "neg",
                "tone": "good" if points >= 0 else "bad",
                "x": f"{HALF if points >= 0 else HALF - width:.1f}",
                "width": f"{width:.1f}",
            }
        )
    return rows
