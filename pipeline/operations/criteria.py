"""What has to be true of a deal before it leaves a stage or enters one, and what a move lacks."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import Q

from pipeline.models import (
    Contact,
    Criterion,
    CriterionCheck,
    CriterionCode,
    Mover,
    Opportunity,
    PipelineUnit,
    Stage,
    criterion_words,
)
from tenancy.events import record_event
from tenancy.models import Member, Organization
from tenancy.units import units_above

MOST_CRITERIA, LONGEST_TEXT = 12, 200
_PEOPLE = {CriterionCode.TWO_PEOPLE.value, CriterionCode.DECISION_MAKER.value}
_MOVERS: Mapping[str, frozenset[str]] = {
    Mover.LEADS: frozenset({Member.Role.ADMIN, Member.Role.LEADER, Member.Role.SQUAD_LEAD}),
    Mover.LEADERS: frozenset({Member.Role.ADMIN, Member.Role.LEADER}),
}


class UnableToCheck(ValueError):
    """No stage of the deal's pipeline asks for what somebody wants to confirm; the message says so."""


@dataclass(frozen=True)
class KnownFacts:
    """What is known of some deals beside their own columns: who is at their accounts, and what people confirmed."""

    with_role: Mapping[UUID, int] = field(default_factory=dict)  # account → people with a role
    deciding: frozenset[UUID] = frozenset()  # accounts
    confirmed: Mapping[UUID, Collection[str]] = field(default_factory=dict)  # deal → criteria


def asked_of_move(old: Stage, new: Stage) -> list[Criterion]:
    """Return what a move asks for: forward what the old stage asks on leaving and the new one on entering.

    Who takes a deal back, or gives it up, is asked for nothing.
    """
    if new.kind == "lost" or (new.is_open and (not old.is_open or new.position < old.position)):
        return []
    return [*old.exit_criteria, *(one for one in new.entry_criteria if one not in old.exit_criteria)]


def binding(old: Stage, new: Stage) -> list[Criterion]:
    """Return what a move is refused for; the rest of what it asks for is only counted."""
    strict = [*(old.exit_criteria if old.is_strict else ()), *(new.entry_criteria if new.is_strict else ())]
    return [one for one in asked_of_move(old, new) if one in strict]


def known_facts(
    *, organization: Organization, asked: Iterable[Criterion], deals: Sequence[UUID], accounts: Sequence[UUID]
) -> KnownFacts:
    """Return what criteria need to know that the deals don't say themselves; one query for each table that is asked."""
    codes = {one["code"] for one in asked}
    with_role: dict[UUID, int] = {}
    deciding: set[UUID] = set()
    confirmed: dict[UUID, set[str]] = {}
    if codes & _PEOPLE and accounts:
        people = Contact.objects.for_organization(organization).alive().filter(account__in=accounts)
        people = people.filter(~Q(role="") | Q(is_decision_maker=True))
        for account, role, decides in people.values_list("account", "role", "is_decision_maker"):
            with_role[account] = with_role.get(account, 0) + 1
            if decides or role == "decides":
                deciding.add(account)
    if CriterionCode.CONFIRMED.value in codes and deals:
        checks = CriterionCheck.objects.for_organization(organization).filter(opportunity__in=deals)
        for deal, criterion in checks.values_list("opportunity", "criterion"):
            confirmed.setdefault(deal, set()).add(criterion)
    return KnownFacts(with_role, frozenset(deciding), confirmed)


def is_met(criterion: Criterion, deal: UUID | None, said: Mapping[str, Any], known: KnownFacts, today: date) -> bool:
    """Return whether a deal, of which the columns are `said`, meets a criterion on a day."""
    match criterion["code"]:
        case CriterionCode.ACCOUNT:
            return said["account_id"] is not None
        case CriterionCode.PRODUCT:
            return said["product_id"] is not None
        case CriterionCode.AMOUNT:
            return bool(said["amount_minor"])
        case CriterionCode.CLOSE_DATE:
            return said["close_date"] is not None and said["close_date"] >= today
        case CriterionCode.NEXT_STEP:
            return bool(said["next_step"]) and said["next_step_date"] is not None and said["next_step_date"] >= today
        case CriterionCode.TWO_PEOPLE:
            return known.with_role.get(said["account_id"], 0) >= 2
        case CriterionCode.DECISION_MAKER:
            return said["account_id"] in known.deciding
        case _:
            return deal is not None and criterion.get("text", "") in known.confirmed.get(deal, ())


def columns_of(deal: Opportunity) -> dict[str, Any]:
    """Return the columns of a deal that criteria look at."""
    names = ("account_id", "product_id", "amount_minor", "close_date", "next_step", "next_step_date")
    return {name: getattr(deal, name) for name in names}


def unmet(*, organization: Organization, deal: Opportunity, asked: Sequence[Criterion], today: date) -> list[Criterion]:
    """Return which of the criteria a deal does not meet."""
    if not asked:
        return []
    accounts = [deal.account_id] if deal.account_id else []
    known = known_facts(organization=organization, asked=asked, deals=[deal.pk], accounts=accounts)
    said = columns_of(deal)
    return [one for one in asked if not is_met(one, deal.pk, said, known, today)]


@dataclass(frozen=True)
class Asked:
    """One thing that has to be true before a deal goes on. `text` is there where a person says that it is."""

    words: str
    text: str
    is_met: bool


def checklist(*, organization: Organization, deal: Opportunity, today: date) -> list[Asked]:
    """Return what a deal needs to go on from its stage, and whether it has that; nothing of a closed one."""
    asked: list[Criterion] = deal.stage.exit_criteria if deal.is_open else []
    said: list[str] | None = getattr(deal, "confirmed", None)  # a page reads them together with the deal
    open_questions = [one for one in asked if said is None or one["code"] != CriterionCode.CONFIRMED]
    lacks = unmet(organization=organization, deal=deal, asked=open_questions, today=today)
    lacks += [one for one in asked if one not in open_questions and one["text"] not in (said or ())]
    return [Asked(criterion_words(one), one.get("text", ""), one not in lacks) for one in asked]


def lacks_words(lacks: Sequence[Criterion], old: Stage, new: Stage) -> str:
    """Return what a refused move says: each thing that is still missing, in the words of the process."""
    missing = "; ".join(criterion_words(one) for one in lacks)
    return f"Before a deal goes from “{old.name}” to “{new.name}” this must be true: {missing}."


def may_move_into(stage: Stage, actor: Member | None) -> bool:
    """Return whether somebody may move deals into a stage. A token of an integrator has its scope for that."""
    roles = _MOVERS.get(stage.moved_by)
    return roles is None or actor is None or actor.role in roles


def may_use(*, organization: Organization, stage: Stage, actor: Member | None, today: date) -> bool:
    """Return whether a stage's pipeline is for somebody: for all, for a unit of theirs, or for one above that."""
    if actor is None or actor.role in _MOVERS[Mover.LEADERS]:
        return True
    availability = PipelineUnit.objects.for_organization(organization).filter(pipeline=stage.pipeline_id)
    for_units = set(availability.values_list("unit", flat=True))
    return not for_units or not for_units.isdisjoint(units_above(organization=organization, member=actor, on=today))


@transaction.atomic
def check_criterion(
    *, organization: Organization, opportunity: Opportunity, criterion: str, is_met: bool, actor: Member, at: datetime
) -> None:
    """Confirm a criterion of a deal in its own words, or take that back; saying it twice changes nothing.

    :raises UnableToCheck: when no stage of the deal's pipeline asks for it.
    """
    stages = Stage.objects.for_organization(organization).filter(pipeline=opportunity.pipeline_id)
    asked = {
        one.get("text", "")
        for entry, leaving in stages.values_list("entry_criteria", "exit_criteria")
        for one in (*entry, *leaving)
        if one["code"] == CriterionCode.CONFIRMED
    }
    if not criterion or criterion not in asked:
        raise UnableToCheck("The process doesn’t ask for this any more. Load the page again.")
    checks = CriterionCheck.objects.for_organization(organization)
    if not is_met:
        changed = checks.filter(opportunity=opportunity, criterion=criterion).delete()[0] > 0
    else:
        try:
            with transaction.atomic():
                checks.create(
                    organization=organization,
                    opportunity=opportunity,
                    criterion=criterion,
                    checked_by=actor,
                    checked_at=at,
                )
            changed = True
        except IntegrityError:
            changed = False
    if changed:
        record_event(
            organization=organization,
            type="opportunity.criterion_confirmed" if is_met else "opportunity.criterion_reopened",
            subject=opportunity,
            payload={"criterion": criterion},
            actor=actor,
            occurred_at=at,
        )
