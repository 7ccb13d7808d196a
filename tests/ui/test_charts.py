"""Charts are strings, so they can be read."""

import re
from xml.etree import ElementTree

import pytest

from ui.charts import (
    MOST_POINTS,
    Band,
    Bar,
    Mark,
    Series,
    axis_number,
    bar_chart,
    dot_chart,
    line_chart,
    rounded_range,
    thinned,
)

WEEKS = [(float(i), v) for i, v in enumerate([0.0, 1.0, 4.0, 9.0])]
LABELS = [(float(i), f"w{i}") for i in range(4)]


def drawings(svg: str) -> list[ElementTree.Element]:
    return list(ElementTree.fromstring(f"<both>{svg}</both>"))  # noqa: S314 - our own text


def test_a_chart_is_drawn_for_the_desk_and_for_the_phone() -> None:
    wide, narrow = drawings(line_chart([Series(WEEKS)], label="Rising", x_labels=LABELS))

    assert wide.get("class") == "chart c-wide"
    assert narrow.get("class") == "chart c-narrow"
    assert wide.get("role") == narrow.get("role") == "img"
    assert wide.get("aria-label") == "Rising"


def test_a_line_starts_at_the_left_and_ends_at_the_right() -> None:
    wide = drawings(line_chart([Series(WEEKS)], label="x", x_labels=LABELS))[0]
    path = next(one.get("d", "") for one in wide.iter("path"))

    places = [tuple(map(float, pair.split())) for pair in re.split(r"[ML]", path) if pair.strip()]
    assert places[0] == (44.0, 222.0)
    assert places[-1][0] == 632.0
    assert [y for _, y in places] == sorted((y for _, y in places), reverse=True)


def test_what_is_expected_is_dashed_and_doubt_is_a_band() -> None:
    svg = line_chart(
        [Series(WEEKS, dashed=True, end_label="9 likely")],
        bands=[Band(WEEKS, [(x, y + 1) for x, y in WEEKS])],
        now=(1.0, "today"),
        label="x",
        x_labels=LABELS,
    )

    assert 'class="ln dash c1"' in svg
    assert 'class="band"' in svg
    assert "9 likely" in svg
    assert "today" in svg


def test_labels_never_touch() -> None:
    labels = [(float(i), "November 2026") for i in range(30)]
    svg = line_chart([Series([(0.0, 1.0), (29.0, 2.0)])], label="x", x_labels=labels)

    wide, narrow = (str(ElementTree.tostring(one)).count("November") for one in drawings(svg))
    assert 1 < wide <= 7
    assert narrow < wide


def test_words_of_people_stay_words() -> None:
    evil = '<script>"'
    svg = dot_chart([Mark(0.0, 1.0, evil)], label=evil, x_labels=[(0.0, evil)])

    assert "<script" not in svg
    drawings(svg)


def test_bars_start_at_zero() -> None:
    wide = drawings(bar_chart([Bar("a", 50), Bar("b", 100), Bar("c", -20)], label="x"))[0]
    tops = [(float(one.get("y", 0)), float(one.get("height", 0))) for one in wide.iter("rect")]

    assert tops[0][0] + tops[0][1] == pytest.approx(tops[1][0] + tops[1][1])
    assert tops[1][1] == pytest.approx(2 * tops[0][1], rel=0.01)
    assert tops[2][0] == pytest.approx(tops[0][0] + tops[0][1])


def test_nothing_known_is_nothing_drawn() -> None:
    assert line_chart([Series([])], label="x", x_labels=[]) == ""
    assert bar_chart([], label="x") == ""


def test_a_single_value_is_a_dot() -> None:
    assert "<circle" in line_chart([Series([(1.0, 3.0)])], label="x", x_labels=[(1.0, "w1")])


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([0, 19.6], (0, 20)),
        ([30, 34], (30, 34)),
        ([12, 60], (0, 80)),
        ([0, 0], (0, 4)),
        ([-5, 5], (-5, 5)),
        ([0.001, 0.004], (0.0, 0.004)),
        ([7, 7], (0, 8)),
        ([1e9, 3.9e9], (0, 4e9)),
    ],
)
def test_an_axis_has_round_numbers(values: list[float], expected: tuple[float, float]) -> None:
    assert rounded_range(values) == pytest.approx(expected)


def test_an_axis_says_decimals_only_where_it_has_them() -> None:
    assert [axis_number(value) for value in (0, 2.5, 1200)] == ["0", "2.5", "1,200"]


def test_many_points_are_thinned_and_the_last_one_stays() -> None:
    points = [(float(i), float(i)) for i in range(10_000)]

    kept = thinned(points)

    assert len(kept) <= MOST_POINTS + 1
    assert kept[0] == points[0]
    assert kept[-1] == points[-1]
