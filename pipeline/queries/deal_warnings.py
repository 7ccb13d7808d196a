"""What wants a look at an open deal: judged in the database, alike for one page and for a hundred thousand deals."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db.models import (
    Case,
    Count,
    DateTimeField,
    Exists,
    F,
    Func,
    IntegerField,
    Max,
    OuterRef,
    Q,
    Subquery,
    Value,
    When,
)
from django.db.models.functions import Coalesce, Greatest
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from pipeline.models import (
    Activity,
    Contact,
    DealContact,
    Opportunity,
    OpportunityHistory,
    TrackedField,
    WarningCode,
    WarningRules,
)
from pipeline.queries.standing import standing_of
from pipeline.querysets import OpportunityQuerySet
from tenancy.models import Organization
from tenancy.working_time import WorkingCalendar, calendar_of

YEAR = 260  # working days


class Nth(Func):
    """The nth value of an array, null where it has none."""

    template = "(%(expressions)s]"
    arg_joiner = ")["
    output_field = DateTimeField()


@dataclass(frozen=True)
class Yardstick:
    """What deals are held against: the organisation's working days, and what it wants to be warned of."""

    calendar: WorkingCalendar
    today: date
    rules: WarningRules

    def is_long(self) -> Q:
        """Return the condition that a deal stands in its stage for longer than won ones usually do.

        A stage of which nobody knows what is usual counts from the organisation's own least days on; one that usually
        lasts longer than a year says nothing.
        """
        known = Coalesce(F("stage__learned_days"), F("stage__expected_days"))
        usual = Greatest(known, Value(self.rules.stalled_days), output_field=IntegerField())
        moments = self.calendar.waits(self.today, YEAR)
        # PostgreSQL counts from 1, so what its nth place holds is the wait of n + 1 days.
        return Q(stage_entered_at__lt=Nth(Value(moments[2:], ArrayField(DateTimeField())), usual))

    def is_silent(self) -> Q:
        """Return the condition that nobody spoke with the customer about a deal for too long."""
        since = self.calendar.waiting_since(self.today, self.rules.silent_days)
        talks: Any = Activity.objects.filter(organization=OuterRef("organization"), opportunity=OuterRef("pk"))
        lately = talks.filter(is_two_way=True, deleted_at=None, occurred_at__gte=since)
        return Q(opened_at__lt=since) & ~Q(Exists(lately))

    def lacks_step(self) -> Q:
        """Return the condition that nothing is planned: no next step, none with a day, or one whose day has passed."""
        return Q(next_step="") | Q(next_step_date=None) | Q(next_step_date__lt=self.today)

    def conditions(self) -> dict[WarningCode, Q]:
        """Return each warning that is wanted, as the condition that a deal with `with_facts` meets."""
        few = Q(known_people__lt=self.rules.people)
        if self.rules.small_amount_minor:
            few = Q(known_people=0) | (few & ~Q(amount_minor__lt=self.rules.small_amount_minor))
        pushed = Q(pushes__gte=self.rules.pushes)
        found = {
            WarningCode.STALLED: self.is_long() & (self.is_silent() | pushed | self.lacks_step()),
            WarningCode.OVERDUE: Q(close_date__lt=self.today),
            WarningCode.PUSHED: pushed,
            WarningCode.NO_NEXT_STEP: self.lacks_step(),
            WarningCode.SILENT: self.is_silent(),
            WarningCode.FEW_PEOPLE: few,
        }
        return {code: condition for code, condition in found.items() if self.rules.wants(code)}


def yardstick(*, organization: Organization, today: date) -> Yardstick:
    """Return what an organisation holds its deals against."""
    return Yardstick(calendar_of(organization), today, WarningRules.of(organization))


def with_facts(found: OpportunityQuerySet) -> OpportunityQuerySet:
    """Add what the warnings ask for and the deal does not say itself: `pushes` and `known_people`."""
    return found.annotate(pushes=push_count(), known_people=people_count())


def push_count() -> Coalesce:
    """Return how often the close date of each row, a deal, was moved to a later day."""
    rows: Any = OpportunityHistory.objects.filter(organization=OuterRef("organization"), opportunity=OuterRef("pk"))
    moved = rows.filter(field=TrackedField.CLOSE_DATE, new__gt=F("old")).exclude(old="")  # ISO days compare as text
    return _counted(moved, "opportunity")


def people_count() -> Coalesce:
    """Return how many people have a role in each row, a deal; where nobody was named, those with one at its account."""
    named: Any = DealContact.objects.filter(organization=OuterRef("organization"), opportunity=OuterRef("pk"))
    in_deal = named.filter(contact__deleted_at=None).order_by().values("opportunity")
    of_deal = Subquery(in_deal.annotate(count=Count("pk")).values("count"), output_field=IntegerField())
    people: Any = Contact.objects.filter(organization=OuterRef("organization"), account=OuterRef("account"))
    with_role = people.filter(~Q(role="") | Q(is_decision_maker=True), deleted_at=None)
    return Coalesce(of_deal, _counted(with_role, "account"))


def _counted(rows: Any, group: str) -> Coalesce:
    count = rows.order_by().values(group).annotate(count=Count("pk")).values("count")
    return Coalesce(Subquery(count, output_field=IntegerField()), Value(0))


def with_warnings(found: OpportunityQuerySet, yardstick: Yardstick) -> OpportunityQuerySet:
    """Add the facts, and for each wanted warning `warned_<code>`: whether the deal is open and meets its condition."""
    flags: dict[str, Any] = {
        f"warned_{code.value}": Case(When(Q(condition, outcome="open"), then=Value(True)), default=Value(False))
        for code, condition in yardstick.conditions().items()
    }
    talks: Any = Activity.objects.filter(organization=OuterRef("organization"), opportunity=OuterRef("pk"))
    last = talks.filter(is_two_way=True, deleted_at=None).order_by().values("opportunity")
    talked_at = Subquery(last.annotate(last=Max("occurred_at")).values("last"), output_field=DateTimeField())
    return with_facts(found).annotate(talked_at=talked_at, **flags)


@dataclass(frozen=True)
class Warned:
    """One thing that is open to question about a deal, in a sentence."""

    code: WarningCode
    words: str


def warnings_of(deal: Opportunity, yardstick: Yardstick) -> list[Warned]:
    """Return what is open to question about a deal that was read `with_warnings`, the gravest first."""
    return [
        Warned(code, _words(code, deal, yardstick))
        for code in WarningCode
        if getattr(deal, f"warned_{code.value}", False)
    ]


def is_warned(deal: Opportunity, code: WarningCode) -> bool:
    """Whether a deal that was read `with_warnings` has a warning."""
    return bool(getattr(deal, f"warned_{code.value}", False))


def _words(code: WarningCode, deal: Any, yardstick: Yardstick) -> str:
    rules, today = yardstick.rules, yardstick.today
    match code:
        case WarningCode.STALLED:
            stands = standing_of(deal, calendar=yardstick.calendar, today=today)
            if not deal.stage.usual_days:
                return _("It stands still: in %(stage)s for %(days)s working days.") % {
                    "stage": deal.stage.name,
                    "days": stands.days,
                }
            return _(
                "It stands still: in %(stage)s for %(days)s working days; won deals usually stay %(usual)s at most."
            ) % {
                "stage": deal.stage.name,
                "days": stands.days,
                "usual": deal.stage.usual_days,
            }
        case WarningCode.OVERDUE:
            return _("The close date has passed.")
        case WarningCode.PUSHED:
            words = ngettext(
                "The close date was pushed out %s time.", "The close date was pushed out %s times.", deal.pushes
            )
            return words % deal.pushes
        case WarningCode.NO_NEXT_STEP:
            if not deal.next_step:
                return _("There is no next step.")
            if deal.next_step_date is None:
                return _("The next step has no day.")
            return _("The day of the next step has passed.")
        case WarningCode.SILENT:
            return _("No conversation with the customer for %s working days.") % yardstick.calendar.days_since(
                max(deal.talked_at or deal.opened_at, deal.opened_at), today
            )
        case _:
            if not deal.known_people:
                return _("Nobody with a role in the decision is known.")
            return ngettext(
                "Only %(known)s person with a role in the decision is known; %(asked)s are usual.",
                "Only %(known)s people with a role in the decision are known; %(asked)s are usual.",
                deal.known_people,
            ) % {"known": deal.known_people, "asked": rules.people}
