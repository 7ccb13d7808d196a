"""What a model is trained on, in one piece: rows, outcomes, and the names by which its quality is looked at."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from coe.scoring.card import RuleCard
from coe.scoring.table import Floats, Table

EMBARGO_DAYS = 7.0  # bookings come late


@dataclass(frozen=True, slots=True)
class Examples:
    """Rows whose outcome is known. With dates in the table trials are made by time, with groups by account."""

    table: Table
    outcome: Floats  # 1 or 0; NaN isn't learnt from
    horizon_days: int
    points: Floats | None = None  # the card's, row by row
    card: RuleCard | None = None  # whose points they are
    panels: Mapping[str, Sequence[str]] = field(default_factory=dict)  # "segment", "territory": a name for each row
    known_at_closing: Collection[str] = ()
    embargo_days: float | None = None  # None is the horizon and a week
    good: str = "good"  # what positive outcomes are called
    shift: float = 0.0  # what sampling by outcome adds to the log-odds of these rows

    @property
    def embargo(self) -> float:
        """The days between a row and the moment when its outcome is settled."""
        return self.horizon_days + EMBARGO_DAYS if self.embargo_days is None else self.embargo_days
