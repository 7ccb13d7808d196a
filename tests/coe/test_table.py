"""Reading columns as people and systems write them."""

import datetime
import math

import numpy as np
import pytest

from coe.scoring.encoding import Encoder, fit_encoder
from coe.scoring.table import Kind, UnreadableTableError, identical_rows, read_column, read_table


@pytest.mark.parametrize(
    ("cells", "kind"),
    [
        (["1", "2.5", "", "NA"], Kind.NUMBER),
        (["1.234,50", "3,5", "Select"], Kind.NUMBER),
        (["yes", "No", "unknown"], Kind.FLAG),
        ([True, False, None], Kind.FLAG),
        (["2026-01-02", datetime.date(2026, 3, 4), ""], Kind.DATE),
        (["North", "South", "1"], Kind.CATEGORY),
        (["1", "2", "three"], Kind.CATEGORY),
    ],
)
def test_the_kind_is_that_of_all_filled_cells(cells, kind):
    assert read_column("x", cells).kind is kind


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("1,234.5", 1234.5),
        ("1.234,5", 1234.5),
        ("3,5", 3.5),
        ("1,234,567", 1234567),
        ("12,500", 12500),
        ("0,125", 0.125),
    ],
)
def test_thousands_and_commas_are_understood(text, number):
    assert read_column("x", [text, "7"]).numbers[0] == number


@pytest.mark.parametrize("cell", ["", "NA", "n/a", "None", "Select", "UNKNOWN", None, math.nan, math.inf, "-inf"])
def test_what_says_nothing_is_missing(cell):
    assert read_column("x", [1.5, cell, 2]).missing.tolist() == [False, True, False]


def test_a_date_counts_as_days_before_the_row_was_known():
    table = read_table({"Founded": ["2026-01-01", "2025-01-01"]}, known_at=["2026-01-31", "2026-01-31"])
    encoder = fit_encoder(table)

    assert encoder.trees(table)[:, 0].tolist() == [30, 395]


def test_columns_of_different_length_are_refused():
    with pytest.raises(UnreadableTableError, match="length"):
        read_table({"a": [1, 2], "b": [1]})
    with pytest.raises(UnreadableTableError, match="date"):
        read_table({"a": [1, 2]}, known_at=["2026-01-01", ""])


def test_identical_rows_are_found_across_all_columns():
    table = read_table({"a": ["x", "x", "y", "x"], "b": [1, 1, 1, None], "c": ["", "", "", ""]})

    codes = identical_rows(table)

    assert codes[0] == codes[1]
    assert len(set(codes.tolist())) == 3


def small_table():
    random = np.random.default_rng(1)
    sizes = ["small"] * 40 + ["large"] * 45 + ["odd"] * 3 + ["rare"] * 8 + [""] * 24
    return read_table({"Size": sizes, "Amount": np.exp(random.normal(8, 2, 120)), "Score": random.normal(size=120)})


def test_the_matrix_is_standardised_and_leads_back_to_the_columns():
    table = small_table()
    encoder = fit_encoder(table)
    matrix = encoder.dense(table)

    assert matrix.dtype == np.float32
    assert encoder.labels == ("large", "small", "(rare)", "(missing)", "", "")
    assert encoder.sources == ("Size", "Size", "Size", "Size", "Amount", "Score")
    assert matrix.mean(axis=0) == pytest.approx(np.zeros(6), abs=1e-5)
    assert matrix.std(axis=0) == pytest.approx(np.ones(6), abs=1e-4)


def test_an_unknown_category_counts_as_a_rare_one_and_a_missing_column_as_nothing():
    encoder = fit_encoder(small_table())
    later = read_table({"Size": ["huge", "odd"], "Score": [0.0, 0.0]}, kinds=encoder.kinds)
    matrix = encoder.dense(later)

    assert matrix[0].tolist() == matrix[1].tolist()
    assert matrix[:, 4].tolist() == [0, 0]
    assert np.isfinite(matrix).all()


def test_a_line_never_runs_away():
    table = read_table({"x": np.linspace(0, 1, 50)})
    encoder = fit_encoder(table)

    far = encoder.dense(read_table({"x": [1.9, 2.0, 1e12, math.inf]}))[:, 0]

    assert far[1] > far[0]
    assert far[2] == far[1]
    assert far[3] == 0


def test_any_chunk_makes_the_same_rows_and_a_stored_encoder_the_same_matrix():
    table = small_table()
    encoder = fit_encoder(table)
    whole = encoder.dense(table)
    chunks = np.concatenate([encoder.dense(table.take(np.arange(start, start + 40))) for start in (0, 40, 80)])

    assert whole.tobytes() == chunks.tobytes()
    assert Encoder.from_json(encoder.as_json()).dense(table).tobytes() == whole.tobytes()
