"""The reasons behind a learnt score, in the form in which the rule card's are kept with a score.

A reason is one fact: what all columns that speak of it add in log-odds points against what is typical of the segment,
and, where a model corrects the rule card, what the card's own signal of it adds, weighed as the model weighs it. It is
one plain sentence with the day and the records that prove it, and stands on one side. What is about a person is never
named; what rests on a field that not everybody may see says so in ``needs``, and is left out for the others where it is
shown.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from coe.scoring.card import Reason
from coe.scoring.explanation import CARD, Cell, Contribution, Explanation, explain, row_of
from coe.scoring.facts import AccountFacts
from coe.scoring.learners import LinearModel
from coe.scoring.selection import Scorer
from coe.scoring.signals import FactValue
from coe.scoring.table import Floats, Table
from coe.scoring.topics import OF_ACCOUNTS, Known, Speech, plain

LEARNED = "learned"
WHOLE_CARD = "rule_card"
MOST = 10  # five for, five against
LEAST = 0.05  # a smaller one reads as 0.0, and is no reason

SHARES = frozenset(("best_stage_chance",))
MONEY = frozenset(("open_deals_worth", "amount"))
COST_NEEDED = "orderline.cost_minor"


@dataclass(frozen=True, slots=True)
class Typical:
    """What reasons compare with: values by segment, "" for everybody, and the kinds of the columns."""

    values: Mapping[str, Mapping[str, Cell]]
    kinds: Mapping[str, str]

    def of(self, segment: str) -> Mapping[str, Cell]:
        """Return what is typical of a segment, or of everybody where the segment is too small to have a type."""
        return self.values.get(segment) or self.values.get("", {})


def learned_reasons(
    scorer: Scorer,
    table: Table,
    *,
    typical: Typical,
    segments: Sequence[str],
    points: Floats | None = None,
    card_reasons: Sequence[Sequence[Reason]] | None = None,
    facts: Sequence[AccountFacts | None] | None = None,
    words_of: Callable[[str], str] = str,
    currency: str = "",
    margin_is_known: bool = False,
    speech: Speech = OF_ACCOUNTS,
    most: int = MOST,
) -> list[tuple[Reason, ...]]:
    """Return for each row at most five reasons for and five against, the strongest first.

    ``facts`` give the records behind a reason; ``words_of`` what a person calls a column.
    """
    of_segment: dict[str, list[int]] = defaultdict(list)
    for row, segment in enumerate(segments):
        of_segment[segment if segment in typical.values else ""].append(row)
    found: list[tuple[Reason, ...]] = [()] * table.rows
    weight = scorer.curve.slope * scorer.model.slope if isinstance(scorer.model, LinearModel) else 0.0
    for segment, rows in of_segment.items():
        place = np.asarray(rows, dtype=np.intp)
        usual = typical.of(segment)
        card_usual = usual.get(CARD)
        typical_row = row_of(usual, typical.kinds)
        explanations = explain(
            scorer,
            table.take(place),
            typical_row,
            points=None if points is None else points[place],
            typical_points=card_usual if isinstance(card_usual, float) else 0.0,
            shown=len(table.columns) + 1,
        )
        for row, one in zip(rows, explanations, strict=True):
            said = _Said(
                table,
                row,
                typical_row,
                None if facts is None else facts[row],
                words_of,
                currency,
                margin_is_known,
                speech,
            )
            own = () if card_reasons is None else card_reasons[row]
            found[row] = _strongest([said.reason(fact) for fact in _facts(one, own, weight, speech)], most)
    return found


def _strongest(reasons: Sequence[Reason], most: int) -> tuple[Reason, ...]:
    ordered = sorted((one for one in reasons if abs(one.points) >= LEAST), key=lambda one: -abs(one.points))
    kept = [one for one in ordered if one.points > 0][: most // 2] + [one for one in ordered if one.points < 0][
        : most // 2
    ]
    return tuple(sorted(kept, key=lambda one: -abs(one.points)))


@dataclass(slots=True)
class _Fact:
    """What speaks of one thing: columns of the model, signals of the card."""

    topic: str
    parts: list[Contribution] = field(default_factory=list)
    own: list[Reason] = field(default_factory=list)
    points: float = 0.0


def _facts(one: Explanation, own: Sequence[Reason], weight: float, speech: Speech) -> list[_Fact]:
    """Return what an explanation says, a fact once."""
    facts: dict[str, _Fact] = {}

    def fact_of(topic: str) -> _Fact:
        return facts.setdefault(topic, _Fact(topic))

    for reason in own:
        fact = fact_of(speech.signals.get(reason.code, reason.code))
        fact.own.append(reason)
        fact.points += weight * reason.points
    for part in (*one.reasons_for, *one.reasons_against):
        if part.column == CARD:
            if not weight:
                _share_out(part, own, fact_of, speech)
            continue  # its own reasons say more
        fact = fact_of(speech.columns.get(part.column, part.column))
        fact.parts.append(part)
        fact.points += part.points
    return list(facts.values())


def _share_out(part: Contribution, own: Sequence[Reason], fact_of: Callable[[str], _Fact], speech: Speech) -> None:
    """Give what trees make of the card's sum to its signals of that direction; without any it is said as a whole."""
    same = [reason for reason in own if reason.points * part.points > 0]
    total = sum(reason.points for reason in same)
    for reason in same:
        fact_of(speech.signals.get(reason.code, reason.code)).points += part.points * reason.points / total
    if not same:
        fact = fact_of(WHOLE_CARD)
        fact.parts.append(part)
        fact.points += part.points


@dataclass(frozen=True, slots=True)
class _Said:
    """One account or deal, and how what is known of it is put into words."""

    table: Table
    row: int
    typical: Table
    facts: AccountFacts | None
    words_of: Callable[[str], str]
    currency: str
    margin_is_known: bool
    speech: Speech

    def reason(self, fact: _Fact) -> Reason:
        """Return a fact as it is kept: the card's sentence of it, else the topic's, else the column and its value."""
        parts = sorted(fact.parts, key=lambda part: -abs(part.points))
        own = max(fact.own, key=lambda reason: abs(reason.points)) if fact.own else None
        said: dict[str, FactValue] = {"topic": fact.topic}
        if parts:
            first = parts[0]
            said |= {
                "column": first.column,
                "value": "" if first.value is None else first.value,
                "typical": "" if first.typical is None else first.typical,
            }
        if self.margin_is_known and any(part.column == "trend_half_year" for part in parts):
            said["needs"] = COST_NEEDED
        if own is not None:
            return Reason(own.code, fact.points, {**said, **own.fact}, own.records)
        if fact.topic == WHOLE_CARD:
            more = "More" if fact.points > 0 else "Fewer"
            said["text"] = f"{more} of the usual signs that somebody buys than at others like it"
            return Reason(WHOLE_CARD, fact.points, said, ())
        known = Known(
            parts[0].column,
            lambda name: _cell(self.table, name, self.row),
            lambda name: _cell(self.typical, name, 0),
            self.facts,
            self.currency,
        )
        said["text"] = self.speech.sentence(fact.topic, known) or self._plainly(parts[0])
        return Reason(LEARNED, fact.points, said, self.speech.records(fact.topic, known))

    def _plainly(self, part: Contribution) -> str:
        value, typical = (_shown(part.column, cell, self.currency) for cell in (part.value, part.typical))
        words = f"{self.words_of(part.column)}: {value}"
        return f"{words}; others like it: {typical}" if typical != value else words


def _cell(table: Table, name: str, row: int) -> Cell:
    column = table.columns.get(name)
    return None if column is None else column.value(row)


def _shown(column: str, cell: Cell, currency: str) -> str:
    if cell is None:
        return "not known"
    if isinstance(cell, str):
        return cell
    if column in MONEY:
        return f"{cell / 100:,.0f} {currency}".rstrip()
    if column in SHARES:
        return f"{cell:.0%}"
    return plain(cell)
