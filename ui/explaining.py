"""What the parts that explain a score are drawn from."""

from collections.abc import Iterable, Mapping
from typing import Any

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
