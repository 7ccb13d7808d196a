"""From a week's plan in numbers to what is kept for each account: place, hours, money, and what to do with whom."""

import datetime
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from coe.allocation.candidates import Best, Candidates, Kind
from coe.allocation.response import Floats, Integers
from coe.queries.customers import NOBODY, as_uuid, place_in
from coe.queries.dealings import Approaches, OpenDeals, People, Waiting, names_of
from coe.queries.valued import ChoiceMade, Valued
from pipeline.models import IN_PLAN, Choice, Place
from pipeline.operations.next_actions import CHOSEN, NewAction

RECORD_OF = {
    Kind.ANSWER: "inquiry",
    Kind.DEAL: "opportunity",
    Kind.OFFER: "product",
    Kind.RECOVER: "contact",
    Kind.REORDER: "contact",
    Kind.MEET: "contact",
    Kind.CALL: "contact",
}
Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Picture:
    """What was known when the week was planned."""

    of: Valued
    deals: OpenDeals
    people: People
    waiting: Waiting
    answers: tuple[Integers, Integers]  # score and days since, -1 without
    approaches: Approaches
    decided: "Mapping[int, ChoiceMade]"  # by row of the account: what somebody said and still counts


def decided(of: Valued, choices: Sequence[ChoiceMade], today: datetime.date) -> dict[int, ChoiceMade]:
    """Return the choices that still count, by the row of their account; what was accepted and done counts no more."""
    ids = np.array([one.account_id.bytes for one in choices], dtype="S16")
    places = place_in(of.ids, ids).tolist() if len(choices) else []
    return {
        row: one
        for row, one in zip(places, choices, strict=True)
        if row >= 0
        and one.chosen_until is not None
        and one.chosen_until > today
        and not (one.choice == Choice.ACCEPTED and one.is_done)
    }


def planned_actions(
    *,
    given: Mapping[str, Any],
    picture: Picture,
    offered: Candidates,
    week: Any,
    best: Best,
    per_hour: Floats,
    rank: Integers,
    planned_for: Sequence[uuid.UUID],
) -> list[NewAction]:
    """Return what is kept for each account.

    ``per_hour`` is what an hour of its best first step adds and ``rank`` its place by that among all accounts; hours
    and value are of all that is planned, where something is. ``planned_for`` has the member in whose week each team's
    actions stand.
    """
    of = picture.of
    code = np.array([position.name.lower() for position in sorted(_positions())], dtype=object)
    place = code[week.position - 1]
    said = picture.decided
    for row, choice in said.items():
        place[row] = choice.choice
    in_plan = np.isin(place.astype(str), [one.value for one in IN_PLAN])
    has_own = in_plan & (week.first >= 0)
    hours = np.where(in_plan & (week.hours > 0), week.hours, best.hours)
    value = np.where(in_plan & (week.hours > 0), week.value, best.value)
    for row, choice in said.items():
        hours[row], value[row] = choice.hours, choice.value_minor
    first = np.where(has_own, week.first, np.where(in_plan, -1, best.action))
    second = np.where(has_own, week.second, -1)
    words = _Words(given, picture, offered, np.concatenate([first[first >= 0], second[second >= 0]]))
    days_left = np.where(place == Place.COOLDOWN.value, week.free_in, -1)
    columns = zip(
        of.ids.tolist(),
        of.owner.tolist(),
        week.team.tolist(),
        rank.tolist(),
        week.rank.tolist(),
        place.tolist(),
        np.round(hours, 2).tolist(),
        np.rint(value).astype(np.int64).tolist(),
        np.rint(per_hour).astype(np.int64).tolist(),
        first.tolist(),
        second.tolist(),
        days_left.tolist(),
        np.round(week.floor_unmet, 2).tolist(),
        strict=True,
    )
    return list(_rows(columns, said, words, given["today"], planned_for))


def _positions() -> Any:
    from coe.allocation.plan import Position  # SciPy comes with it

    return Position


def _rows(
    columns: Any,
    said: Mapping[int, ChoiceMade],
    words: "_Words",
    today: datetime.date,
    planned_for: Sequence[uuid.UUID],
) -> Iterator[NewAction]:
    for row, (raw, owner, team, rank, own, place, hours, value, per_hour, one, two, days, unmet) in enumerate(columns):
        chosen = said.get(row)
        left = days if days >= 0 else None
        if chosen is not None and chosen.choice != Choice.ACCEPTED and chosen.chosen_until is not None:
            left = (chosen.chosen_until - today).days
        yield NewAction(
            account_id=as_uuid(raw),
            owner_id=None if owner == NOBODY else as_uuid(owner),
            planned_for_id=planned_for[team] if team >= 0 else None,
            rank=rank,
            own_rank=own,
            place=place,
            hours=hours,
            value_minor=value,
            per_hour_minor=per_hour,
            actions=chosen.actions if chosen is not None else words.of(row, [one, two], place),
            days_left=left,
            unmet_hours=unmet,
            **_said(chosen),
        )


def _said(chosen: ChoiceMade | None) -> dict[str, Any]:
    """Return what somebody said and still counts, as it is kept."""
    return {name: getattr(chosen, name) for name in CHOSEN} if chosen is not None else {}


class _Words:
    """What is kept of the actions that were chosen: kind, hours, the record that they are about, and facts."""

    def __init__(self, given: Mapping[str, Any], picture: Picture, offered: Candidates, chosen: Integers) -> None:
        self.picture, self.offered = picture, offered
        self.kind, self.record = offered.actions.kind.tolist(), offered.record.tolist()
        self.whom, self.hours = offered.actions.contact.tolist(), offered.actions.hours.tolist()
        of, people, deals, waiting = picture.of, picture.people, picture.deals, picture.waiting
        kinds, records = offered.actions.kind[chosen], offered.record[chosen]
        self.ids = {
            "opportunity": deals.ids.tolist(),
            "contact": people.ids.tolist(),
            "product": of.product.tolist(),
            "inquiry": waiting.ids.tolist(),
        }
        wanted: dict[str, set[bytes]] = {type_: set() for type_ in self.ids}
        for kind, type_ in RECORD_OF.items():
            wanted[type_] |= {self.ids[type_][row] for row in np.unique(records[kinds == kind]).tolist()}
        talked = np.unique(offered.actions.contact[chosen])
        wanted["contact"] |= {self.ids["contact"][row] for row in talked[talked >= 0].tolist()}
        self.names = {type_: names_of(given, type_, ids) for type_, ids in wanted.items()}
        self.facts = {
            Kind.ANSWER: ("days", waiting.days.tolist()),
            Kind.DEAL: ("days", deals.open_days.tolist()),
        }
        self.of_account = {
            Kind.RECOVER: ("score", picture.answers[0].tolist()),
            Kind.REORDER: ("days", of.idle_days.tolist()),
            Kind.OFFER: ("share", np.round(of.product_share, 3).tolist()),
            Kind.MEET: ("days", picture.approaches.touched_days.tolist()),
            Kind.CALL: ("days", picture.approaches.touched_days.tolist()),
        }
        self.gap, self.answered = of.gap_days.tolist(), picture.answers[1].tolist()

    def of(self, account: int, actions: Sequence[int], place: str) -> list[Row]:
        """Return the actions of an account as they are kept; promised service without one says so."""
        kept = [self._one(account, row) for row in actions if row >= 0]
        if not kept and place == Place.FLOOR:
            return [{"kind": "service", "hours": 0.5}]
        return kept

    def _one(self, account: int, row: int) -> Row:
        kind = Kind(self.kind[row])
        said: Row = {"kind": kind.name.lower(), "hours": self.hours[row]}
        type_ = RECORD_OF.get(kind)
        if type_ is not None and (named := self._named(type_, self.record[row])) is not None:
            said["record"] = named
        if type_ != "contact" and (person := self._named("contact", self.whom[row])) is not None:
            said["contact"] = person
        if kind in self.facts:
            name, values = self.facts[kind]
            said[name] = values[self.record[row]]
        elif kind in self.of_account:
            name, values = self.of_account[kind]
            said[name] = values[account]
        if kind is Kind.REORDER:
            said["gap"] = self.gap[account]
        if kind is Kind.RECOVER:
            said["days"] = self.answered[account]
        return said

    def _named(self, type_: str, row: int) -> Row | None:
        if row < 0:
            return None
        found = self.names[type_].get(self.ids[type_][row])
        return {"type": type_, "id": str(found[0]), "label": found[1]} if found is not None else None
