"""What wants a look at an open deal, each in a sentence; no word of it is about a person."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from pipeline.models import Activity, Opportunity, OpportunityHistory, TrackedField
from pipeline.queries.board import standing_of

SILENCE = timedelta(days=21)
PUSHES = 2


def pushes_of(history: Sequence[OpportunityHistory]) -> int:
    """Return how often the close date of a deal was moved to a later day."""
    moves = [row for row in history if row.field == TrackedField.CLOSE_DATE]
    return sum(1 for row in moves if row.old and row.new and row.new > row.old)  # ISO days compare as text


def deal_warnings(
    *,
    deal: Opportunity,
    history: Sequence[OpportunityHistory],
    activities: Sequence[Activity],
    now: datetime,
    today: date,
) -> list[str]:
    """Return what is open to question about an open deal, the gravest first; nothing for a closed one."""
    if not deal.is_open:
        return []
    stands, found = standing_of(deal, now=now, today=today), []
    if stands.is_overdue:
        found.append(_("The close date has passed."))
    if stands.usual:
        found.append(
            _("In %(stage)s for %(days)s days; deals that are won usually stay %(usual)s at most.")
            % {"stage": deal.stage.name, "days": stands.days, "usual": stands.usual}
        )
    if not deal.next_step:
        found.append(_("There is no next step."))
    elif deal.next_step_date is None:
        found.append(_("The next step has no day."))
    elif deal.next_step_date < today:
        found.append(_("The day of the next step has passed."))
    pushes = pushes_of(history)
    if pushes >= PUSHES:
        found.append(
            ngettext("The close date was pushed out %s time.", "The close date was pushed out %s times.", pushes)
            % pushes
        )
    if now - deal.opened_at > SILENCE and not any(
        one.is_two_way and now - one.occurred_at <= SILENCE for one in activities
    ):
        found.append(_("No conversation with the customer for %s days.") % SILENCE.days)
    return found
