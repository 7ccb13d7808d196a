"""Why this probability: what each column adds, in log-odds, against the typical account of the segment.

For sums (the card, its correction, logistic regression) the contribution of a column is β·(x − x_typical). For boosting
the columns are put to their typical values one after the other, from the first to the last and from the last to the
first, and what each step changes is averaged: two orders of the many that the Shapley value (1953) averages, for as
many scorings as there are columns. Both ways the contributions add up to the difference from the typical account,
exactly. A column about a person is never named, even if a model had learnt from it: its share is in ``rest``.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.special import expit

from coe.scoring.base_rate import score_of
from coe.scoring.learners import BoostedModel, LinearModel
from coe.scoring.personal import is_personal
from coe.scoring.selection import Scorer
from coe.scoring.table import Column, Floats, Kind, Table, read_column, read_table

SHOWN = 5
CARD = "rule card"
KNOWN_AT = "known at"
FEWEST_TYPICAL = 20
Cell = float | str | None


@dataclass(frozen=True, slots=True)
class Contribution:
    """What one column adds to the log-odds, with this row's value and the typical one."""

    column: str
    points: float
    value: Cell
    typical: Cell


@dataclass(frozen=True, slots=True)
class Explanation:
    """typical + all contributions + rest = the log-odds of the row."""

    log_odds: float
    typical: float  # the log-odds of the typical account
    reasons_for: tuple[Contribution, ...]  # at most ``shown``, the strongest first
    reasons_against: tuple[Contribution, ...]
    rest: float  # what all others add together

    @property
    def percentage_points(self) -> dict[str, float]:
        """What each shown reason is worth in probability, about p·(1 − p) times its points."""
        p = float(expit(self.log_odds))
        return {one.column: 100 * p * (1 - p) * one.points for one in (*self.reasons_for, *self.reasons_against)}


def typical_row(table: Table) -> Table:
    """Return one row with the median of each number and the most frequent of each category."""
    columns = {name: _typical(column) for name, column in table.columns.items()}
    known_at = None if table.known_at is None or not table.rows else np.array([np.median(table.known_at)])
    return Table(rows=1, columns=columns, known_at=known_at)


def _typical(column: Column) -> Column:
    missing = column.missing
    nothing = not len(missing) or missing.mean() > 0.5
    if column.kind is Kind.CATEGORY:
        code = -1 if nothing else int(np.bincount(column.codes[~missing]).argmax())
        return replace(column, codes=np.array([code], dtype=np.int32))
    return replace(column, numbers=np.array([np.nan if nothing else np.median(column.numbers[~missing])]))


def typical_values(
    table: Table, segments: Sequence[str] | None = None, *, points: Floats | None = None
) -> dict[str, dict[str, Cell]]:
    """Return what is typical of all rows ("") and of each segment of twenty rows or more, as it is kept in JSON.

    ``CARD`` holds the median of the card's points, ``KNOWN_AT`` the day that dates are counted from.
    """
    of_row = np.array([""] * table.rows if segments is None else [str(name) for name in segments])
    found = {}
    for name in ("", *(str(one) for one in np.unique(of_row) if one)):
        rows = np.arange(table.rows) if not name else np.flatnonzero(of_row == name)
        if name and len(rows) < FEWEST_TYPICAL:
            continue
        typical = typical_row(table.take(rows))
        values: dict[str, Cell] = {column: one.value(0) for column, one in typical.columns.items()}
        if points is not None and len(rows):
            values[CARD] = float(np.median(points[rows]))
        if typical.known_at is not None:
            values[KNOWN_AT] = float(typical.known_at[0])
        found[name] = values
    return found


def row_of(values: Mapping[str, Cell], kinds: Mapping[str, str]) -> Table:
    """Return what ``typical_values`` kept as a table of one row."""
    cells = {name: values.get(name) for name in kinds}
    for name, kind in kinds.items():
        if kind == Kind.FLAG and isinstance(one := cells[name], float):  # as versions of models kept it before
            cells[name] = "yes" if one >= 0.5 else "no"
    table = read_table(
        {name: [cell] for name, cell in cells.items()}, kinds={name: Kind(kind) for name, kind in kinds.items()}
    )
    known_at = values.get(KNOWN_AT)
    return replace(table, rows=1, known_at=np.array([known_at]) if isinstance(known_at, float) else None)


def explain(
    scorer: Scorer,
    table: Table,
    typical: Table,
    *,
    points: Floats | None = None,
    typical_points: float = 0.0,
    shown: int = SHOWN,
) -> list[Explanation]:
    """Return the explanation of each row against a typical one (see ``typical_row``).

    ``points`` are the card's of each row and ``typical_points`` those of the typical account; the card counts as one
    column here, its own reasons lead on from there.
    """
    base_points = None if points is None else np.array([typical_points])
    base = float(scorer.log_odds(typical, base_points)[0])
    reached = scorer.log_odds(table, points)
    names, steps = _steps(scorer, table, typical, points, typical_points)
    found = []
    for row in range(table.rows):
        parts = [
            Contribution(name, float(steps[row, place]), _value(table, name, row), _value(typical, name, 0))
            for place, name in enumerate(names)
            if not is_personal(name) and abs(steps[row, place]) > 1e-9
        ]
        if points is not None:
            parts = [
                replace(one, value=float(points[row]), typical=typical_points) if one.column == CARD else one
                for one in parts
            ]
        parts.sort(key=lambda one: -abs(one.points))  # stable: equals keep the order of the columns
        good = tuple(one for one in parts if one.points > 0)[:shown]
        bad = tuple(one for one in parts if one.points < 0)[:shown]
        rest = float(reached[row]) - base - sum(one.points for one in (*good, *bad))
        found.append(Explanation(float(reached[row]), base, good, bad, rest))
    return found


def _value(table: Table, name: str, row: int) -> Cell:
    column = table.columns.get(name)
    return None if column is None else column.value(row)


def _steps(
    scorer: Scorer, table: Table, typical: Table, points: Floats | None, typical_points: float
) -> tuple[list[str], Floats]:
    """Return the columns and what each adds to the calibrated log-odds of each row."""
    model = scorer.model
    if isinstance(model, LinearModel):
        names = list(dict.fromkeys(model.encoder.sources))
        apart = model.encoder.dense(table).astype(float) - model.encoder.dense(typical).astype(float)
        weighed = apart * np.asarray(model.coefficients or (0.0,) * apart.shape[1])
        steps = np.zeros((table.rows, len(names) + 1))
        for place, name in enumerate(names):
            own = [source == name for source in model.encoder.sources]
            steps[:, place] = weighed[:, own].sum(axis=1)
        if points is not None:
            steps[:, -1] = model.slope * (points - typical_points)
    elif isinstance(model, BoostedModel):
        names = list(model.encoder.names)
        steps = _path(model, table, typical, points, typical_points)
    else:
        raise TypeError(f"no way is known to explain a {type(model).__name__}")
    return [*names, CARD], scorer.curve.slope * steps


def _path(model: BoostedModel, table: Table, typical: Table, points: Floats | None, typical_points: float) -> Floats:
    rows = model.encoder.trees(table)
    ends = np.repeat(model.encoder.trees(typical), table.rows, axis=0)
    if points is not None:
        rows = np.column_stack([rows, points.astype(np.float32)])
        ends = np.column_stack([ends, np.full(table.rows, typical_points, dtype=np.float32)])
    count = rows.shape[1]
    steps = np.zeros((table.rows, len(model.encoder.names) + 1))
    for order in (range(count), range(count - 1, -1, -1)):
        at = rows.copy()
        before = model.trees.decision_function(at)
        for place in order:
            at[:, place] = ends[:, place]
            after = model.trees.decision_function(at)
            steps[:, place] += (before - after) / 2
            before = after
    return steps


@dataclass(frozen=True, slots=True)
class Change:
    """What would be if one column took another value."""

    column: str
    value: Cell
    score: int  # 1 to 99
    gain: int  # against the score now


def counterfactuals(
    scorer: Scorer, table: Table, row: int, actions: Mapping[str, Sequence[Cell]], *, points: Floats | None = None
) -> list[Change]:
    """Return what each other value of a column that somebody can act on would do to the score, the best first.

    This is what the model expects of accounts that have that value, not a promise of what acting will cause.
    """
    one = table.take(np.array([row], dtype=np.intp))
    own = None if points is None else points[row : row + 1]
    now = score_of(float(scorer.probabilities(one, own)[0]))
    found = []
    for name, values in actions.items():
        column = one.columns.get(name)
        if column is None or is_personal(name):
            continue
        for value in values:
            if value == column.value(0):
                continue
            changed = replace(one, columns={**one.columns, name: read_column(name, [value], kind=column.kind)})
            score = score_of(float(scorer.probabilities(changed, own)[0]))
            found.append(Change(name, value, score, score - now))
    return sorted(found, key=lambda change: -change.gain)
