"""Keeping the week's plan, and what people say to it."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from operator import attrgetter
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from pipeline.models import IN_PLAN, Choice, NextAction, PlannedAction, WeekPlan
from tenancy.bulk import insert_rows, replace_rows
from tenancy.events import record_event
from tenancy.models import Member, Organization, Run
from tenancy.working_time import local_day

ACCEPTED_DAYS = 7  # until something accepted and not done is planned anew
IGNORED_DAYS = 28
MOST_DEFERRED_DAYS = 180


class UnableToChoose(ValueError):
    """The choice is refused; the message says why and what to do instead."""


@dataclass(frozen=True, slots=True)
class NewPlan:
    """How a person's week is filled."""

    member_id: uuid.UUID
    hours: float
    committed: float
    floors: float
    ranked: float
    explored: float
    cut_minor: int
    value_minor: int
    lost_minor: int
    accounts: int


@dataclass(frozen=True, slots=True)
class NewAction:
    """What is to be done next with one account."""

    account_id: uuid.UUID
    owner_id: uuid.UUID | None
    planned_for_id: uuid.UUID | None  # whose week it stands in: the member of a NewPlan
    rank: int
    own_rank: int
    place: str
    hours: float
    value_minor: int
    per_hour_minor: int
    actions: Sequence[Mapping[str, Any]]
    days_left: int | None
    unmet_hours: float
    choice: str = ""
    chosen_at: datetime | None = None
    chosen_by_id: uuid.UUID | None = None
    chosen_until: date | None = None


CHOSEN = ("choice", "chosen_at", "chosen_by_id", "chosen_until")
KEPT = ("rank", "own_rank", "place", "hours", "value_minor", "per_hour_minor", "days_left", "unmet_hours", *CHOSEN)
LOGGED = ("own_rank", "place", "hours", "value_minor", "per_hour_minor")


@transaction.atomic
def record_plan(
    *,
    organization: Organization,
    run: Run,
    plans: Sequence[NewPlan],
    actions: Sequence[NewAction],
    currency: str,
    is_margin: bool,
    as_of: datetime,
    read_at: datetime,
) -> int:
    """Make this the plan that counts, keep what it plans in the history, and return how many rows were written.

    What somebody chose after ``read_at`` stays. Recording a run again replaces what it said.

    :raises django.db.IntegrityError: if it names an account or a member of another organisation.
    """
    WeekPlan.objects.for_organization(organization).filter(run=run).delete()
    made = WeekPlan.objects.bulk_create(
        WeekPlan(organization=organization, run=run, currency=currency, is_margin=is_margin, as_of=as_of, **asdict(one))
        for one in plans
    )
    plan_of = {plan.member_id: plan.pk for plan in made}
    kept = attrgetter(*KEPT)
    chosen_since = ("t.chosen_at > %s", [read_at])
    written = replace_rows(
        organization=organization,
        model=NextAction,
        columns=("account", "owner", "plan", *KEPT, "actions", "run", "currency", "as_of"),
        rows=(
            (
                *(one.account_id, one.owner_id, plan_of.get(one.planned_for_id) if one.planned_for_id else None),
                *(*kept(one), list(one.actions), run.pk, currency, as_of),
            )
            for one in actions
        ),
        key=("account",),
        unless=dict.fromkeys(("place", *CHOSEN), chosen_since),
    )
    PlannedAction.objects.for_organization(organization).filter(run=run).delete()
    insert_rows(
        organization=organization,
        model=PlannedAction,
        columns=("account", "owner", "run", *LOGGED, "kinds", "currency", "as_of"),
        rows=(
            (
                *(one.account_id, one.owner_id, run.pk, *(getattr(one, name) for name in LOGGED)),
                *([action["kind"] for action in one.actions], currency, as_of),
            )
            for one in actions
            if one.place in IN_PLAN
        ),
    )
    return written


@transaction.atomic
def choose_action(
    *,
    organization: Organization,
    account_id: uuid.UUID,
    choice: str,
    member: Member | None,
    at: datetime,
    until: date | None = None,
) -> NextAction:
    """Accept what is to be done next with an account, put it off until a day, or set it aside for four weeks.

    Accepted, its hours are kept free until it is done, a week at most; the next night plans around all three. What was
    offered is told with the choice, so that it can be held to what came of it. The same choice again changes nothing;
    "" takes it back.

    :raises UnableToChoose: when there is nothing to choose, or the day can't be meant.
    """
    found = NextAction.objects.for_organization(organization).filter(account_id=account_id)
    action: NextAction | None = found.select_for_update(no_key=True).first()
    if action is None or not (action.actions or action.choice):
        raise UnableToChoose(_("There is nothing to be done next with this account."))
    if choice not in ("", *Choice.values):
        raise UnableToChoose(_("An action is accepted, deferred or ignored."))
    today = local_day(organization, at)
    until = _until(choice, today, until)
    if (action.choice, action.chosen_until) == (choice, until):
        return action
    action.choice, action.chosen_until = choice, until
    action.chosen_at, action.chosen_by = (at, member) if choice else (None, None)
    action.save(update_fields=["choice", "chosen_until", "chosen_at", "chosen_by"])
    record_event(
        organization=organization,
        type=f"next_action.{choice or 'reopened'}",
        subject=("account", account_id),
        payload={
            "run_id": str(action.run_id),
            "place": action.place,
            "rank": action.rank,
            "hours": action.hours,
            "value_minor": action.value_minor,
            "per_hour_minor": action.per_hour_minor,
            "currency": action.currency,
            "kinds": [one["kind"] for one in action.actions],
            "owner_id": str(action.owner_id) if action.owner_id else None,
            "until": until.isoformat() if until else None,
        },
        actor=member,
        occurred_at=at,
    )
    return action


def _until(choice: str, today: date, until: date | None) -> date | None:
    if choice == Choice.DEFERRED:
        if until is None or not today < until <= today + timedelta(days=MOST_DEFERRED_DAYS):
            raise UnableToChoose(_("Put it off until a day within the next %s days.") % MOST_DEFERRED_DAYS)
        return until
    if until is not None:
        raise UnableToChoose(_("Only what is put off has a day."))
    days = {Choice.ACCEPTED.value: ACCEPTED_DAYS, Choice.IGNORED.value: IGNORED_DAYS}
    return today + timedelta(days=days[choice]) if choice else None
