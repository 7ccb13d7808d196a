"""What the engine would have said then, held against what came: reckoned anew from the facts, nothing is kept."""

import datetime
from typing import TYPE_CHECKING, Any

from coe.queries.training import TrainingRows

if TYPE_CHECKING:
    from coe.scoring.backtest import Backtest

DAY_ZERO = datetime.date(1970, 1, 1)
MOST_ROWS = 60_000
PERIODS = 4


def day_of(number: float) -> datetime.date:
    """Return the date of a day since 1970."""
    return DAY_ZERO + datetime.timedelta(days=int(number))


def cutoffs_to_try(rows: TrainingRows, *, periods: int = PERIODS) -> list[float]:
    """Return the last month ends before which enough is settled to learn from."""
    apart = rows.horizon_days + rows.embargo_days
    return [one for one in rows.cutoffs if one - apart > rows.cutoffs[0]][-periods:]


def backtest_of(rows: TrainingRows, *, periods: int = PERIODS) -> dict[str, Any]:
    """Return the backtest of these rows in plain values, as JSON and pages show it. Needs no database, takes minutes.

    :raises coe.scoring.backtest.UndatedError: never here: all rows have dates.
    """
    from coe.scoring.backtest import backtest  # SciPy comes with it

    found = backtest(
        rows.table,
        rows.outcome,
        cutoffs=cutoffs_to_try(rows, periods=periods),
        horizon=rows.horizon_days,
        embargo=rows.embargo_days,
        points=rows.points,
        revenue=rows.revenue,
    )
    return as_json(found, rows)


def as_json(found: "Backtest", rows: TrainingRows) -> dict[str, Any]:
    """Return a backtest in plain values."""
    from dataclasses import asdict

    from coe.scoring.quality import DRAWS, DRAWS_OF_MANY, MANY, calibration_bins, finite, segments_as_json

    y, p = rows.outcome[found.rows], found.probabilities
    groups = None if rows.table.groups is None else rows.table.groups[found.rows]
    draws = DRAWS if len(y) <= MANY else DRAWS_OF_MANY
    by = {"segment": rows.segments, "territory": rows.territories}
    plain: dict[str, Any] = finite(
        {
            "horizon_days": rows.horizon_days,
            "embargo_days": rows.embargo_days,
            "rows": rows.known_rows,
            "positives": rows.known_positives,
            "rows_drawn": len(rows),
            "validated": not found.why_not,
            "why_not": found.why_not,
            "drifted": found.drifted,
            "periods": [
                {
                    "from": day_of(one.start).isoformat(),
                    "learnt_from": one.learnt_from,
                    "tried": one.tried,
                    "positives": one.positives,
                    "state": one.choice.state.value,
                    "method": one.choice.code,
                    "sentence": one.choice.sentence,
                    "log_loss": one.log_loss,
                    "base_log_loss": one.base_log_loss,
                    "drift": one.drift,
                }
                for one in found.periods
            ],
            "figures": {name: asdict(figure) for name, figure in found.figures.items()},
            "bins": calibration_bins(y, p) if len(y) else [],
            "baselines": {
                name: {figure: asdict(value) for figure, value in figures.items()}
                for name, figures in found.baselines.items()
            },
            "by": {
                title: segments_as_json([names[int(row)] for row in found.rows], y, p, groups, draws)
                for title, names in by.items()
                if len(y)
            },
            "left_out": [
                {"column": one.column, "why": one.sentence}
                for one in (found.periods[-1].choice.left_out if found.periods else ())
            ],
        }
    )
    return plain
