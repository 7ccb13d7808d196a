"""How long an open deal has been in its stage, in the working days of its organisation, and what is usual."""

from dataclasses import dataclass
from datetime import date

from pipeline.models import Opportunity
from tenancy.working_time import WorkingCalendar


@dataclass(frozen=True)
class Standing:
    """What a card says of how a deal stands: `tone` colours its edge, `days` how long it is in its stage."""

    tone: str  # "", "stale" or "late"
    days: int
    usual: int  # what is usual, where it is longer than that; else 0
    is_overdue: bool


def standing_of(deal: Opportunity, *, calendar: WorkingCalendar, today: date) -> Standing:
    """Return how an open deal stands: late in its stage or past its close date, longer than usual, or neither."""
    days = calendar.days_since(deal.stage_entered_at, today)
    usual, late = deal.stage.usual_days, deal.stage.late_days
    is_overdue = deal.close_date is not None and deal.close_date < today
    is_long = bool(usual) and days > usual
    tone = "late" if is_overdue or (usual and days > late) else "stale" if is_long else ""
    return Standing(tone, days, usual if is_long else 0, is_overdue)
