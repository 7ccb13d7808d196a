"""The strip of a forecast: what is closed, what is likely with its interval, and the goal, on one line."""

from dataclasses import dataclass

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from ui.charts import rounded_range
from ui.formats import format_money

WIDTH, TOP, HIGH = 560, 16, 14
TICKS = 4


@dataclass(frozen=True)
class Strip:
    """Amounts in minor units of one currency; None for what nobody said."""

    closed: int
    low: int
    likely: int
    high: int
    promised: int | None = None
    goal: int | None = None


def strip_chart(strip: Strip, currency: str, *, label: str) -> SafeString:
    """Return the strip as an image, with its sentence as the label; the page has the figures as text."""
    known = (0, strip.closed, strip.high, strip.promised or 0, strip.goal or 0)
    _least, most = rounded_range([float(one) for one in known])

    def at(amount: int) -> float:
        return WIDTH * max(0.0, amount / most) if most else 0.0

    bars = [("fl", 0.0, float(WIDTH), TOP, HIGH, 4), ("f1", 0.0, at(strip.closed), TOP, HIGH, 4)]
    if strip.promised is not None and strip.promised > strip.closed:
        bars.append(("f2", at(strip.closed), at(strip.promised) - at(strip.closed), TOP, HIGH, 2))
    bars.append(("f1 op3", at(strip.low), max(at(strip.high) - at(strip.low), 1.0), TOP - 4, HIGH + 8, 3))
    goal = "" if strip.goal is None else format_html('<path class="ck thin dash" d="M{} 4V40"/>', _at(at(strip.goal)))
    return format_html(
        '<svg class="chart" viewBox="0 0 {} 52" role="img" aria-label="{}">{}'
        '<circle class="pt ck" cx="{}" cy="{}" r="5"/>{}{}</svg>',
        WIDTH,
        label,
        format_html_join(
            "",
            '<rect class="{}" x="{}" width="{}" y="{}" height="{}" rx="{}"/>',
            ((css, _at(x), _at(width), *rest) for css, x, width, *rest in bars),
        ),
        _at(at(strip.likely)),
        TOP + HIGH // 2,
        goal,
        format_html_join("", '<text class="ax{}" x="{}" y="50">{}</text>', _ticks(most, currency)),
    )


def _ticks(most: float, currency: str) -> list[tuple[str, str, str]]:
    sides = {0: "", TICKS: " rt"}
    return [
        (
            sides.get(part, " mid"),
            _at(WIDTH * part / TICKS),
            format_money(round(most * part / TICKS), currency, short=True),
        )
        for part in range(TICKS + 1)
    ]


def _at(value: float) -> str:
    return f"{value:.1f}"
