"""Asking for a decision, and making it."""

from collections.abc import Sequence
from datetime import date, datetime

from pipeline.models import Account, Decision, DecisionType, Opportunity
from pipeline.operations.changes import check_references
from tenancy.events import record_event
from tenancy.models import Member, Organization
from tenancy.scoping import all_or_nothing
from tenancy.working_time import local_day

MOST_OPTIONS, LONGEST_OPTION = 8, 200
LEADING = frozenset({Member.Role.ADMIN, Member.Role.LEADER})


class UnableToDecide(ValueError):
    """The decision can't be asked for or made so; the message says why, `field` what is wrong."""

    def __init__(self, words: str, field: str = "") -> None:
        super().__init__(words)
        self.field = field


class StaleDecision(Exception):
    """Somebody else decided it since the caller read it. `current` is how it is now."""

    def __init__(self, current: Decision) -> None:
        super().__init__(f"{current} has version {current.version} by now.")
        self.current = current


@all_or_nothing()
def ask_decision(
    *,
    organization: Organization,
    type: str,  # noqa: A002 - the word of the field
    question: str,
    decider: Member,
    due_on: date,
    asker: Member | None,
    asked_at: datetime,
    opportunity: Opportunity | None = None,
    account: Account | None = None,
    options: Sequence[str] = (),
    is_reversible: bool = True,
) -> Decision:
    """Ask somebody to decide something about a deal or an account.

    :raises UnableToDecide: without a subject or a question, for a day that has passed, or a decider who has left.
    """
    if opportunity is None and account is None:
        raise UnableToDecide("Say which deal or account it is about.", "opportunity_id")
    if not question.strip():
        raise UnableToDecide("Say in one sentence what is to be decided.", "question")
    if due_on < local_day(organization, asked_at):
        raise UnableToDecide("This day has passed. Until when is it needed?", "due_on")
    if not decider.is_active:
        raise UnableToDecide("Choose somebody who is still here.", "decider_id")
    tidy = list(dict.fromkeys(" ".join(one.split()) for one in options if one.strip()))
    if len(tidy) > MOST_OPTIONS or len(tidy) == 1 or any(len(one) > LONGEST_OPTION for one in tidy):
        raise UnableToDecide(
            f"Name two to {MOST_OPTIONS} options of up to {LONGEST_OPTION} letters, or none.", "options"
        )
    decision: Decision = Decision.objects.create(
        organization=organization,
        type=DecisionType(type),
        opportunity=opportunity,
        account=account,
        question=question.strip(),
        options=tidy,
        is_reversible=is_reversible,
        asker=asker,
        asked_at=asked_at,
        decider=decider,
        due_on=due_on,
    )
    check_references()
    said = {"type": decision.type, "question": decision.question, "decider": str(decider.pk)}
    _tell("decision.asked", organization, decision, {**said, "due_on": due_on.isoformat()}, asker, asked_at)
    return decision


def may_decide(decision: Decision, member: Member) -> bool:
    """Return whether a decision is somebody's: the decider's, and of those who lead the organisation."""
    return decision.is_open and (decision.decider_id == member.pk or member.role in LEADING)


@all_or_nothing()
def decide(
    *,
    organization: Organization,
    decision: Decision,
    version: int,
    outcome: str,
    reason: str,
    decided_by: Member | None,
    decided_at: datetime,
) -> Decision:
    """Decide, once and for all to read: another view of it later is another decision.

    :raises UnableToDecide: when it was decided before, is somebody else's, lacks outcome or reason, or the outcome is
        none of its options.
    :raises StaleDecision: when it has another version by now.
    """
    current: Decision = (
        Decision.objects.for_organization(organization).select_for_update(no_key=True).get(pk=decision.pk)
    )
    if current.version != version:
        raise StaleDecision(current)
    if not current.is_open:
        raise UnableToDecide("This was decided. To see it differently now, ask for another decision.")
    if decided_by is not None and not may_decide(current, decided_by):
        raise UnableToDecide(f"This is for {current.decider.name} to decide.")
    outcome, reason = " ".join(outcome.split()), reason.strip()
    if not outcome or (current.options and outcome not in current.options):
        raise UnableToDecide("Choose one of the options." if current.options else "Say what is decided.", "outcome")
    if not reason:
        raise UnableToDecide("Say why in one sentence: who reads it later knows nothing else.", "reason")
    current.outcome, current.reason = outcome, reason
    current.decided_by, current.decided_at, current.version = decided_by, decided_at, current.version + 1
    current.save(update_fields=["outcome", "reason", "decided_by", "decided_at", "version"])
    check_references()
    _tell("decision.made", organization, current, {"outcome": outcome, "reason": reason}, decided_by, decided_at)
    return current


def _tell(
    type_: str, organization: Organization, decision: Decision, said: dict[str, str], actor: Member | None, at: datetime
) -> None:
    about = {"opportunity": str(decision.opportunity_id or ""), "account": str(decision.account_id or "")}
    record_event(
        organization=organization,
        type=type_,
        subject=decision,
        payload={**{name: value for name, value in about.items() if value}, **said},
        actor=actor,
        occurred_at=at,
    )
