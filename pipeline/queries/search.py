"""What a text finds: accounts, deals, contacts and colleagues, as far as the member may open them."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any
from uuid import UUID

from pipeline.queries.accounts import accounts, with_score
from pipeline.queries.badges import score_badge
from pipeline.queries.contacts import contacts
from pipeline.queries.opportunities import opportunities
from tenancy.access import Action, hidden_fields, owners_in_reach, reach_of
from tenancy.models import Member, Organization
from tenancy.search import Match, find


class Kind(StrEnum):
    """What can be found."""

    ACCOUNT = "account"
    OPPORTUNITY = "opportunity"
    CONTACT = "contact"
    MEMBER = "member"


NEEDS = {
    Kind.ACCOUNT: Action.VIEW_ACCOUNTS,
    Kind.OPPORTUNITY: Action.VIEW_OPPORTUNITIES,
    Kind.CONTACT: Action.VIEW_ACCOUNTS,
    Kind.MEMBER: Action.VIEW_MEMBERS,
}
"""The right that shows each kind."""


@dataclass(frozen=True)
class Found:
    """A record that matches: of `account`, `opportunity`, `contact` and `member` the one that its kind names."""

    kind: Kind
    record: Any
    is_guess: bool  # nothing has the words as they were typed


def search(
    *,
    organization: Organization,
    member: Member,
    text: str,
    today: date,
    kinds: Sequence[Kind] = tuple(Kind),
    limit: int = 8,
    action: Action | None = None,
) -> dict[Kind, list[Found]]:
    """Return up to `limit` records of each kind, the best first; kinds that the member may not see are empty.

    `action` asks for the records that the member may use for something else than to look at them.
    """
    found: dict[Kind, list[Found]] = {kind: [] for kind in kinds}
    if not text.strip():
        return found
    # Kinds of the same reach and the same privacy are asked for together: mostly one question.
    questions: dict[tuple[frozenset[UUID] | None, bool], list[Kind]] = {}
    reaches: dict[Action, frozenset[UUID] | None] = {}
    for kind in kinds:
        needed = action or NEEDS[kind]
        if reach_of(member, needed) is None:
            continue
        if needed not in reaches:
            owners = owners_in_reach(member, needed, as_of=today)
            reaches[needed] = None if owners is None else frozenset(owners)
        # Accounts and deals have no words of their own that are private: they go along with contacts.
        private = "email" not in hidden_fields(member, "member" if kind == Kind.MEMBER else "contact")
        questions.setdefault((reaches[needed], private), []).append(kind)
    matches = [
        match
        for (owners, private), asked in questions.items()
        for match in find(text=text, kinds=asked, limit=limit, member=member, owners=owners, private=private)
    ]
    for kind in found:
        found[kind] = shown(
            organization=organization,
            member=member,
            today=today,
            kind=kind,
            matches=[match for match in matches if match.kind == kind],
            action=action,
        )
    return found


def shown(
    *,
    organization: Organization,
    member: Member,
    today: date,
    kind: Kind,
    matches: Sequence[Match],
    action: Action | None = None,
) -> list[Found]:
    """Return the records behind matches in their order, read as every page reads them: by who is asking."""
    if not matches:
        return []
    rows = records(
        organization=organization,
        member=member,
        today=today,
        kind=kind,
        ids=[match.id for match in matches],
        action=action or NEEDS[kind],
    )
    return [Found(kind, rows[match.id], match.tier == 4) for match in matches if match.id in rows]


def records(
    *,
    organization: Organization,
    member: Member,
    today: date,
    kind: Kind,
    ids: Collection[UUID],
    action: Action | None = None,
) -> Mapping[UUID, Any]:
    """Return those of the records that exist and that the member may see."""
    asked: dict[str, Any] = {
        "organization": organization,
        "member": member,
        "today": today,
        "action": action or NEEDS[kind],
    }
    rows: Any
    if kind == Kind.ACCOUNT:
        rows = with_score(accounts(**asked))
    elif kind == Kind.OPPORTUNITY:
        rows = opportunities(**asked).annotate(score_badge=score_badge()).select_related("account", "stage")
    elif kind == Kind.CONTACT:
        rows = contacts(**asked).annotate(score_badge=score_badge()).select_related("account")
    elif reach_of(member, asked["action"]) is None:
        return {}
    else:
        rows = Member.objects.for_organization(organization)
    return {row.pk: row for row in rows.filter(pk__in=ids)}
