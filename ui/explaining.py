"""What the parts that explain a score are drawn from."""

from collections.abc import Iterable, Mapping
from typing import Any

from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext

from ui.reasons import reason_rows


def why(popover: str, title: str, reasons: Iterable[Mapping[str, Any]], **options: Any) -> dict[str, Any]:
    """Draw the popover that explains a score, closed until a `{% score … popover=… %}` with the same id opens it.

    For the reasons and the options see `why_body`.
    """
    return {"popover": popover, **why_body(title, reasons, **options)}


def why_body(
    title: str, reasons: Iterable[Mapping[str, Any]], *, headline: str = "", note: str = "", most: int = 6
) -> dict[str, Any]:
    """Draw what explains a score.

    A reason is a mapping with `text`, `points` (signed, in log-odds; they add up) and, where there is something to
    follow, `url`.
    """
    return {"title": title, "rows": reason_rows(reasons, most=most), "headline": headline, "note": note}


def why_rows(reasons: Iterable[Mapping[str, Any]], *, most: int = 12) -> dict[str, Any]:
    """Draw the reasons alone: phrase, signed bar, points. For what a reason is see `why_body`."""
    return {"rows": reason_rows(reasons, most=most)}


def why_later(popover: str, title: str, url: str) -> dict[str, Any]:
    """Draw the empty popover of a score in a long list; its reasons are asked for when it first opens.

    `url` answers with the `{% why_body … %}` of that one score, so a list of fifty scores stays a light page.
    """
    return {"popover": popover, "title": title, "url": url}


def said_and_came(said: float, came: float, *, bad: bool = False) -> SafeString:
    """Draw what was said (a ring) against what came (a dot), as shares, in a cell of a table."""
    from_x, to_x = (4 + 102 * max(0.0, min(1.0, share)) for share in (said, came))
    words = gettext("said %(said)s percent, came %(came)s percent")
    return format_html(
        '<svg class="chart segdot" viewBox="0 0 110 16" role="img" aria-label="{}">'
        '<line class="grid" x1="4" x2="106" y1="8" y2="8"/>'
        '<line class="{}" stroke-width="2.5" x1="{}" x2="{}" y1="8" y2="8"/>'
        '<circle class="pt ck" cx="{}" cy="8" r="3.5"/><circle class="f1" cx="{}" cy="8" r="4"/></svg>',
        words % {"said": round(100 * said), "came": round(100 * came)},
        "c3" if bad else "c0",
        *(f"{x:.1f}" for x in (from_x, to_x, from_x, to_x)),
    )
