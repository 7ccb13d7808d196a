"""Charts as SVG text, drawn on the server and coloured by `charts.css`.

They print, mail, follow the theme and can be tested as strings; no script draws anything. Each chart comes twice, wide
and narrow, because 11 px type must stay 11 px: CSS shows the one that fits. A chart is an image with a sentence as its
label; the page gives the same figures as a table in a `<details>`.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

from ui.formats import format_number

Point = tuple[float, float]
Tone = Literal["c0", "c1", "c2", "c3", "c4", "ck"]
MOST_POINTS = 300
GRID_LINES = 4


@dataclass(frozen=True)
class Series:
    """A line over the x axis; history is solid, what is expected is dashed."""

    points: Sequence[Point]
    tone: Tone = "c1"
    dashed: bool = False
    thin: bool = False
    filled: bool = False  # a soft area down to the axis
    end_label: str = ""  # printed at the last point, instead of a legend entry


@dataclass(frozen=True)
class Band:
    """The doubt around a line: its lower and upper edge."""

    lower: Sequence[Point]
    upper: Sequence[Point]
    inner: bool = False


@dataclass(frozen=True)
class Mark:
    """A single value that stands on a chart: an order on a day, a deal that closed."""

    x: float
    y: float
    label: str
    tone: Tone = "c1"


@dataclass(frozen=True)
class Bar:
    """One bar of a bar chart; `label` names it under the axis."""

    label: str
    value: float
    tone: Literal["f0", "f1", "f2", "f3", "fb", "fg", "fw"] = "f1"


@dataclass(frozen=True)
class Size:
    """The slot a chart is drawn for, and the room its labels take at each side."""

    width: int
    height: int
    left: int = 44
    right: int = 16
    top: int = 16
    bottom: int = 26


WIDE = Size(720, 248, right=88)
HALF = Size(540, 220, right=64)
THIRD = Size(320, 168)
CALIBRATION = Size(720, 280, right=24)
NARROW = Size(340, 200, right=16)


def axis_number(value: float) -> str:
    """Return a number of an axis, with a decimal only where it has one."""
    return format_number(value, 0 if float(value).is_integer() else 1)


class Plot:
    """Turns values into places on one drawing, and collects the drawing's parts."""

    def __init__(self, size: Size, *, x: tuple[float, float], y: tuple[float, float]) -> None:
        self.size = size
        self.x_low, self.x_high = x
        self.y_low, self.y_high = y
        self.parts: list[str] = []

    def px(self, x: float) -> float:
        """Return the horizontal place of a value."""
        span = (self.x_high - self.x_low) or 1.0
        inner = self.size.width - self.size.left - self.size.right
        return self.size.left + (x - self.x_low) / span * inner

    def py(self, y: float) -> float:
        """Return the vertical place of a value; large values are at the top."""
        span = (self.y_high - self.y_low) or 1.0
        inner = self.size.height - self.size.top - self.size.bottom
        return self.size.height - self.size.bottom - (y - self.y_low) / span * inner

    def path(self, points: Sequence[Point]) -> str:
        """Return the path through the points, with one decimal."""
        return " ".join(f"{'L' if i else 'M'}{self.px(x):.1f} {self.py(y):.1f}" for i, (x, y) in enumerate(points))

    def grid(self, text: Callable[[float], str]) -> None:
        """Draw the axis and the horizontal lines, with their values at the left."""
        step = (self.y_high - self.y_low) / GRID_LINES
        for i in range(GRID_LINES + 1):
            value = self.y_low + i * step
            y = self.py(value)
            self.parts.append(
                f'<line class="{"grid" if i else "axis"}" x1="{self.size.left}" '
                f'x2="{self.size.width - self.size.right}" y1="{y:.1f}" y2="{y:.1f}"/>'
                f'<text class="rt" x="{self.size.left - 8}" y="{y + 3.5:.1f}">{escape(text(value))}</text>'
            )

    def x_labels(self, labels: Sequence[tuple[float, str]]) -> None:
        """Print the labels under the axis."""
        y = self.size.height - 6
        for x, label in labels:
            self.parts.append(f'<text class="mid" x="{self.px(x):.1f}" y="{y}">{escape(label)}</text>')

    def band(self, band: Band) -> None:
        """Draw an interval."""
        edge = self.path([*band.upper, *reversed(band.lower)])
        self.parts.append(f'<path class="{"band2" if band.inner else "band"}" d="{edge}Z"/>')

    def line(self, series: Series) -> None:
        """Draw a line, its area if it has one, and the label at its end."""
        points = thinned(series.points)
        if not points:
            return
        if series.filled:
            floor = self.size.height - self.size.bottom
            d = f"{self.path(points)} L{self.px(points[-1][0]):.1f} {floor} L{self.px(points[0][0]):.1f} {floor}Z"
            self.parts.append(f'<path class="area" d="{d}"/>')
        weight = "thin" if series.thin else "ln"
        dash = " dash" if series.dashed else ""
        self.parts.append(f'<path class="{weight}{dash} {series.tone}" d="{self.path(points)}"/>')
        if len(points) == 1:
            self.dot(points[0], series.tone)
        if series.end_label:
            x, y = points[-1]
            self.dot((x, y), series.tone)
            # At the end of the line where there is room for it, above the point where there is not.
            beside = self.size.right > 40
            place = (
                f'class="val" x="{self.px(x) + 9:.1f}" y="{self.py(y) + 4:.1f}"'
                if beside
                else f'class="val rt" x="{self.px(x):.1f}" y="{max(self.py(y) - 9, 10):.1f}"'
            )
            self.parts.append(f"<text {place}>{escape(series.end_label)}</text>")

    def dot(self, point: Point, tone: Tone) -> None:
        """Draw a ring at a point."""
        self.parts.append(
            f'<circle class="pt {tone}" cx="{self.px(point[0]):.1f}" cy="{self.py(point[1]):.1f}" r="3.5"/>'
        )

    def now(self, x: float, label: str) -> None:
        """Draw the dotted vertical that says where today is."""
        place = self.px(x)
        self.parts.append(
            f'<line class="now" x1="{place:.1f}" x2="{place:.1f}" y1="{self.size.top}" '
            f'y2="{self.size.height - self.size.bottom}"/>'
            f'<text class="mid lbl" x="{place:.1f}" y="{self.size.top - 4}">{escape(label)}</text>'
        )

    def svg(self, *, label: str, css: str) -> str:
        """Return the drawing as an image with the finding as its label."""
        body = "".join(self.parts)
        return (
            f'<svg class="chart {css}" viewBox="0 0 {self.size.width} {self.size.height}" role="img" '
            f'aria-label="{escape(label)}">{body}</svg>'
        )


def line_chart(
    series: Sequence[Series],
    *,
    label: str,
    x_labels: Sequence[tuple[float, str]],
    bands: Sequence[Band] = (),
    marks: Sequence[Mark] = (),
    now: tuple[float, str] | None = None,
    y_range: tuple[float, float] | None = None,
    y_text: Callable[[float], str] = axis_number,
    size: Size = WIDE,
) -> SafeString:
    """Return lines over time, with intervals, single marks and today, drawn wide and narrow."""
    lines = [list(one.points) for one in series]
    edges = [list(edge) for band in bands for edge in (band.lower, band.upper)]
    every = [point for points in (*lines, *edges, [(mark.x, mark.y) for mark in marks]) for point in points]
    if not every:
        return mark_safe("")  # nosec B308 # a constant
    x_range = (min(x for x, _ in every), max(x for x, _ in every))
    y_range = y_range or rounded_range([y for _, y in every])

    def draw(plot: Plot, labels: Sequence[tuple[float, str]]) -> None:
        plot.grid(y_text)
        plot.x_labels(labels)
        for band in bands:
            plot.band(band)
        if now is not None:
            plot.now(*now)
        for one in series:
            plot.line(one)
        for mark in marks:
            plot.parts.append(f"<g><title>{escape(mark.label)}</title>")
            plot.dot((mark.x, mark.y), mark.tone)
            plot.parts.append("</g>")

    return _both(draw, label=label, x=x_range, y=y_range, x_labels=x_labels, size=size)


def dot_chart(
    marks: Sequence[Mark],
    *,
    label: str,
    x_labels: Sequence[tuple[float, str]],
    y_range: tuple[float, float] | None = None,
    y_text: Callable[[float], str] = axis_number,
    size: Size = HALF,
) -> SafeString:
    """Return single values over time, each with its own words on hover."""
    return line_chart([], label=label, x_labels=x_labels, marks=marks, y_range=y_range, y_text=y_text, size=size)


def bar_chart(
    bars: Sequence[Bar], *, label: str, y_text: Callable[[float], str] = axis_number, size: Size = HALF
) -> SafeString:
    """Return upright bars from zero, each named under the axis and with its value above it."""
    if not bars:
        return mark_safe("")  # nosec B308 # a constant
    low, high = rounded_range([0.0, *(bar.value for bar in bars)])

    def draw(plot: Plot, labels: Sequence[tuple[float, str]]) -> None:
        plot.grid(y_text)
        plot.x_labels(labels)
        slot = plot.px(1) - plot.px(0)
        width = min(slot * 0.62, 48)
        for i, bar in enumerate(bars):
            top, floor = plot.py(max(bar.value, 0)), plot.py(min(bar.value, 0))
            left = plot.px(i) + (slot - width) / 2
            plot.parts.append(
                f'<rect class="{bar.tone}" x="{left:.1f}" y="{top:.1f}" width="{width:.1f}" '
                f'height="{max(floor - top, 0):.1f}" rx="2"/>'
            )
            if slot > 36:
                plot.parts.append(
                    f'<text class="mid lbl" x="{plot.px(i) + slot / 2:.1f}" y="{top - 5:.1f}">'
                    f"{escape(y_text(bar.value))}</text>"
                )

    names = [(i + 0.5, bar.label) for i, bar in enumerate(bars)]
    return _both(draw, label=label, x=(0, len(bars)), y=(low, high), x_labels=names, size=size)


def _both(
    draw: Callable[[Plot, Sequence[tuple[float, str]]], None],
    *,
    label: str,
    x: tuple[float, float],
    y: tuple[float, float],
    x_labels: Sequence[tuple[float, str]],
    size: Size,
) -> SafeString:
    drawings = []
    for one, css in ((size, "c-wide"), (NARROW, "c-narrow")):
        plot = Plot(one, x=x, y=y)
        draw(plot, _labels_that_fit(x_labels, plot))
        drawings.append(plot.svg(label=label, css=css))
    return mark_safe("".join(drawings))  # nosec B308, B703 # noqa: S308 - numbers we formatted, and text that went through escape


def _labels_that_fit(labels: Sequence[tuple[float, str]], plot: Plot) -> list[tuple[float, str]]:
    """Leave out every second label, or more, until none touches the next."""
    longest = max((len(text) for _, text in labels), default=0) * 6.2 + 10
    for step in range(1, len(labels) + 1):
        kept = list(labels[::step])
        if all(plot.px(right[0]) - plot.px(left[0]) >= longest for left, right in pairwise(kept)):
            return kept
    return list(labels[:1])


def calibration_chart(
    groups: Sequence[tuple[float, float, float, float]],
    *,
    highlighted: Sequence[Point] = (),
    label: str,
    end_label: str = "",
) -> SafeString:
    """Return what was said against what came: a dot with its interval for each group, and the diagonal.

    A group is (said, came, low, high) as shares; ``highlighted`` is one segment as a line of its own.
    """
    if not groups:
        return mark_safe("")  # nosec B308 # a constant
    most = max(max(said, came, high) for said, came, _, high in groups)
    top = next(one for one in (0.1, 0.2, 0.4, 0.6, 0.8, 1.0) if most <= one or one == 1.0)

    def draw(plot: Plot, labels: Sequence[tuple[float, str]]) -> None:
        plot.grid(percent_text)
        plot.x_labels(labels)
        plot.line(Series([(0.0, 0.0), (top, top)], tone="ck", dashed=True, thin=True))
        if highlighted:
            plot.line(Series(highlighted, tone="c3", end_label=end_label))
        for said, came, low, high in groups:
            x, y_low, y_high = plot.px(min(said, top)), plot.py(low), plot.py(min(high, top))
            plot.parts.append(
                f'<line class="thin c1" x1="{x:.1f}" x2="{x:.1f}" y1="{y_low:.1f}" y2="{y_high:.1f}"/>'
                f'<circle class="f1" cx="{x:.1f}" cy="{plot.py(came):.1f}" r="4"/>'
            )

    ticks = [(top * i / 4, percent_text(top * i / 4)) for i in range(5)]
    return _both(draw, label=label, x=(0, top), y=(0, top), x_labels=ticks, size=CALIBRATION)


def percent_text(share: float) -> str:
    """Return a share of an axis in per cent."""
    return f"{axis_number(round(100 * share, 1))}%"


def rounded_range(values: Sequence[float]) -> tuple[float, float]:
    """Return a range of round numbers that holds the values, for an axis with `GRID_LINES` steps."""
    low, high = min(values), max(values)
    if low > 0 and (low <= high / 2 or low == high):
        low = 0.0
    if high < 0 and (high >= low / 2 or low == high):
        high = 0.0
    rough = (high - low or abs(high) or float(GRID_LINES)) / GRID_LINES
    power = 10.0 ** _exponent(rough)
    for factor in (1, 2, 2.5, 5, 10, 20, 25, 50):
        step = power * factor
        bottom = step * (low // step)
        if bottom + GRID_LINES * step >= high:
            return (bottom, bottom + GRID_LINES * step)
    return (low, high)


def _exponent(value: float) -> int:
    return int(f"{value:e}".split("e")[1])


def thinned(points: Sequence[Point]) -> list[Point]:
    """Return at most `MOST_POINTS` points, the last one always among them."""
    if len(points) <= MOST_POINTS:
        return list(points)
    step = -(-len(points) // (MOST_POINTS - 1))
    kept = list(points[::step])
    return kept if kept[-1] == points[-1] else [*kept, points[-1]]


def spark_path(values: Sequence[float], *, width: float = 88, height: float = 28) -> list[Point]:
    """Return the places of a sparkline's points in its view box; a flat one lies in the middle."""
    values = [y for _, y in thinned([(float(i), v) for i, v in enumerate(values)])]
    low, high = min(values), max(values)
    steps = max(len(values) - 1, 1)
    pad = 2.5
    places = []
    for i, value in enumerate(values):
        share = (value - low) / (high - low) if high > low else 0.5
        places.append((round(pad + i * (width - 2 * pad) / steps, 1), round(height - pad - share * (height - 5), 1)))
    return places
