"""From columns to a matrix that a model can learn from, and back to the column that a person knows.

``dense`` is for linear models: numbers standardised on the training rows, missing = 0 and a flag beside it, one column
for each category seen ten times. ``trees`` is for boosting: numbers as they are, categories as numbers, missing as NaN.
A number that is very skewed (money, counts) is bent with asinh(x / its typical size), which is a logarithm that knows 0
and negative amounts. A value may lie as far outside those of training as they lie apart, so that a trend may go on;
what is further counts as that, so that a line never runs away.
"""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from coe.scoring.table import Column, Floats, Kind, Rows, Table

Matrix = NDArray[np.float32]
MIN_FREQUENCY = 10  # a category seen less often teaches nothing by itself
MOST_WORDS = 100  # and beyond the hundred most frequent ones the matrix grows faster than what is learnt
SKEWED = 2.0
ROWS_AT_ONCE = 20_000
RARE = "(rare)"
MISSING = "(missing)"


@dataclass(frozen=True, slots=True)
class Part:
    """How one column becomes columns of the matrix. Everything in it was fitted on the training rows."""

    source: str
    kind: Kind
    words: tuple[str, ...] = ()  # the categories with a column of their own
    has_rare: bool = False
    has_missing: bool = False
    bend: float = 0.0  # the typical size of a skewed number; 0 leaves it straight
    low: float = 0.0
    high: float = 0.0
    middle: float = 0.0  # the median, for what stands in the place of a value

    @property
    def labels(self) -> tuple[str, ...]:
        """What each column of the matrix says; "" is the number itself."""
        own = self.words + ((RARE,) if self.has_rare else ()) if self.kind is Kind.CATEGORY else ("",)
        return own + ((MISSING,) if self.has_missing else ())


def _age(column: Column, known_at: Floats | None) -> Floats:
    """Return the numbers of a column; a date counts as days before the row was known, where that is known."""
    if column.kind is Kind.DATE and known_at is not None:
        return known_at - column.numbers
    return column.numbers


def _fit(column: Column, known_at: Floats | None) -> Part:
    missing = int(column.missing.sum())
    has_missing = MIN_FREQUENCY <= missing < len(column.missing)
    if column.kind is Kind.CATEGORY:
        counts = np.bincount(column.codes[column.codes >= 0], minlength=len(column.words))
        frequent = [place for place in np.argsort(-counts, kind="stable") if counts[place] >= MIN_FREQUENCY]
        kept = sorted(frequent[:MOST_WORDS])
        rare = int(counts.sum() - counts[kept].sum()) >= MIN_FREQUENCY
        words = tuple(column.words[place] for place in kept)
        return Part(column.name, column.kind, words=words, has_rare=rare, has_missing=has_missing)
    numbers = _age(column, known_at)
    numbers = numbers[~np.isnan(numbers)]
    if not len(numbers):
        return Part(column.name, column.kind)
    low, high, middle = float(numbers.min()), float(numbers.max()), float(np.median(numbers))
    apart = high - low
    bend = 0.0
    if column.kind is Kind.NUMBER and (spread := float(numbers.std())) > 0:
        skew = float(np.mean(((numbers - numbers.mean()) / spread) ** 3))
        if abs(skew) > SKEWED:
            bend = float(np.median(np.abs(numbers[numbers != 0])))
    return Part(column.name, column.kind, (), False, has_missing, bend, low - apart, high + apart, middle)


def _word_places(part: Part, column: Column) -> NDArray[np.int32]:
    """Return for each row the place of its category in the part: the rare ones share one, -1 is missing or unknown."""
    places = {word: place for place, word in enumerate(part.words)}
    other = len(part.words) if part.has_rare else -1
    by_code = np.asarray([places.get(word, other) for word in column.words] + [-1], dtype=np.int32)
    return by_code[column.codes]


@dataclass(frozen=True, slots=True)
class Encoder:
    """Fitted on training rows once; the same rows always make the same matrix, in any chunks."""

    parts: tuple[Part, ...]
    means: tuple[float, ...]
    scales: tuple[float, ...]

    @property
    def sources(self) -> tuple[str, ...]:
        """The column of the table behind each column of the dense matrix."""
        return tuple(part.source for part in self.parts for _ in part.labels)

    @property
    def labels(self) -> tuple[str, ...]:
        """What each column of the dense matrix says of its source."""
        return tuple(label for part in self.parts for label in part.labels)

    @property
    def names(self) -> tuple[str, ...]:
        """The columns of the table, in the order of the matrix for trees."""
        return tuple(part.source for part in self.parts)

    @property
    def categorical(self) -> list[bool]:
        """Which columns of the matrix for trees are categories."""
        return [part.kind is Kind.CATEGORY for part in self.parts]

    @property
    def kinds(self) -> dict[str, Kind]:
        """What each column has to be read as."""
        return {part.source: part.kind for part in self.parts}

    def dense(self, table: Table) -> Matrix:
        """Return the standardised matrix, float32. A column that the table hasn't got is missing in every row."""
        matrix = _raw(self.parts, table)
        matrix -= np.asarray(self.means, dtype=np.float32)
        matrix /= np.asarray(self.scales, dtype=np.float32)
        return np.nan_to_num(matrix, copy=False, nan=0.0)

    def trees(self, table: Table) -> Matrix:
        """Return one column for each column of the table: a number, or the number of a category."""
        matrix = np.full((table.rows, len(self.parts)), np.nan, dtype=np.float32)
        for place, part in enumerate(self.parts):
            column = table.columns.get(part.source)
            if column is None or column.kind is not part.kind:
                continue
            if part.kind is Kind.CATEGORY:
                places = _word_places(part, column)
                matrix[:, place] = np.where(places < 0, np.nan, places)
            else:
                matrix[:, place] = np.clip(_age(column, table.known_at), part.low, part.high)
        return matrix

    def as_json(self) -> dict[str, Any]:
        """Return everything that was fitted."""
        return {"parts": [asdict(part) for part in self.parts], "means": self.means, "scales": self.scales}

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> "Encoder":
        """Return what ``as_json`` kept."""
        parts = [part | {"kind": Kind(part["kind"]), "words": tuple(part["words"])} for part in stored["parts"]]
        return cls(tuple(Part(**part) for part in parts), tuple(stored["means"]), tuple(stored["scales"]))


def _raw(parts: tuple[Part, ...], table: Table) -> Matrix:
    matrix = np.zeros((table.rows, sum(len(part.labels) for part in parts)), dtype=np.float32)
    start = 0
    for part in parts:
        end = start + len(part.labels)
        block = matrix[:, start:end]
        start = end
        column = table.columns.get(part.source)
        if column is None or column.kind is not part.kind:
            block[:, : len(part.labels) - part.has_missing] = np.nan
            if part.has_missing:
                block[:, -1] = 1
            continue
        if part.kind is Kind.CATEGORY:
            places = _word_places(part, column)
            known = np.flatnonzero(places >= 0)
            block[known, places[known]] = 1
        else:
            numbers = np.clip(_age(column, table.known_at), part.low, part.high)
            block[:, 0] = np.arcsinh(numbers / part.bend) if part.bend else numbers
        if part.has_missing:
            block[:, -1] = column.missing
    return matrix


def blocks(matrix: Matrix) -> Iterator[Floats]:
    """Yield the rows some thousands at a time in double precision: all at once would take twice the matrix again."""
    for start in range(0, len(matrix), ROWS_AT_ONCE):
        yield matrix[start : start + ROWS_AT_ONCE].astype(np.float64)


def fit_encoder(table: Table, rows: Rows | None = None) -> Encoder:
    """Return the encoder fitted on these rows of the table (all of them by default)."""
    if rows is not None:
        table = table.take(rows)
    parts = tuple(_fit(column, table.known_at) for column in table.columns.values())
    raw = _raw(parts, table)
    width = raw.shape[1]
    count, total, square = np.zeros(width), np.zeros(width), np.zeros(width)
    for block in blocks(raw):
        count += (~np.isnan(block)).sum(axis=0)
        total += np.nansum(block, axis=0)
    means = total / np.maximum(count, 1)
    for block in blocks(raw):
        square += np.nansum((block - means) ** 2, axis=0)
    spread = np.sqrt(square / np.maximum(count, 1))
    scales = np.where(spread > 1e-9, spread, 1.0)
    return Encoder(parts, tuple(means.tolist()), tuple(scales.tolist()))
