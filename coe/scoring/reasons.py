"""The reasons behind a learnt score, in the form in which the rule card's are kept with a score.

A reason is a contribution in log-odds points against what is typical of the segment, with the value, the typical value
and a plain sentence. Where a model corrects the rule card, the card's own reasons stay, with their records, weighed as
the model weighs them. What is about a person is never named; what rests on a field that not everybody may see says so
in ``needs``, and is left out for the others where it is shown.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from coe.scoring.card import Reason
from coe.scoring.explanation import CARD, Cell, Contribution, explain, row_of
from coe.scoring.facts import AccountFacts, RecordRef
from coe.scoring.learners import LinearModel
from coe.scoring.selection import Scorer
from coe.scoring.signals import FactValue
from coe.scoring.table import Floats, Table

LEARNED = "learned"
WHOLE_CARD = "rule_card"
MOST = 10  # five for, five against

MONEY = frozenset(("spent_90d", "spent_year", "open_deals_worth"))
SHARES = frozenset(("answered_share_90d", "best_stage_chance"))
TIMES = frozenset(("overdue_ratio", "trend_half_year"))
SENTENCES: Mapping[str, str] = {
    "days_since_purchase": "No purchase for {value} days; typical are {typical}",
    "overdue_ratio": "{value} of their usual time between purchases has passed; typical is {typical}",
    "days_since_reaction": "No reaction for {value} days; typical are {typical}",
    "trend_half_year": "Bought {value} of the half-year before; typical is {typical}",
    "close_date_pushes": "Open deals were put off {value} times; typical is {typical}",
}
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
        explanations = explain(
            scorer,
            table.take(place),
            row_of(usual, typical.kinds),
            points=None if points is None else points[place],
            typical_points=card_usual if isinstance(card_usual, float) else 0.0,
        )
        for row, one in zip(rows, explanations, strict=True):
            own = () if card_reasons is None else card_reasons[row]
            known = None if facts is None else facts[row]
            evidence = {} if known is None else records_of(known)
            reasons: list[Reason] = []
            for part in (*one.reasons_for, *one.reasons_against):
                if part.column == CARD and weight:
                    continue  # its own reasons say more
                reasons.append(_reason(part, evidence, words_of, currency, margin_is_known))
            reasons += [replace(reason, points=weight * reason.points) for reason in own if weight]
            found[row] = _strongest(reasons)
    return found


def _strongest(reasons: Sequence[Reason]) -> tuple[Reason, ...]:
    ordered = sorted((one for one in reasons if abs(one.points) >= 0.005), key=lambda one: -abs(one.points))
    kept = [one for one in ordered if one.points > 0][: MOST // 2] + [one for one in ordered if one.points < 0][
        : MOST // 2
    ]
    return tuple(sorted(kept, key=lambda one: -abs(one.points)))


def _reason(
    part: Contribution,
    evidence: Mapping[str, tuple[RecordRef, ...]],
    words_of: Callable[[str], str],
    currency: str,
    margin_is_known: bool,
) -> Reason:
    if part.column == CARD:
        fact: dict[str, FactValue] = {"text": "What the rule card says, taken together", "column": CARD}
        return Reason(WHOLE_CARD, part.points, fact, ())
    value, typical = (_shown(part.column, cell, currency) for cell in (part.value, part.typical))
    pattern = SENTENCES.get(part.column)
    if pattern is None or part.value is None or part.typical is None:
        pattern = "{words}: {value}; typical is {typical}" if typical != value else "{words}: {value}"
    fact = {
        "column": part.column,
        "text": pattern.format(words=words_of(part.column), value=value, typical=typical),
        "value": "" if part.value is None else part.value,
        "typical": "" if part.typical is None else part.typical,
    }
    if margin_is_known and part.column == "trend_half_year":
        fact["needs"] = COST_NEEDED
    return Reason(LEARNED, part.points, fact, evidence.get(part.column, ()))


def _shown(column: str, cell: Cell, currency: str) -> str:
    if cell is None:
        return "not known"
    if isinstance(cell, str):
        return cell
    if column in MONEY:
        return f"{cell / 100:,.0f} {currency}".rstrip()
    if column in SHARES:
        return f"{cell:.0%}"
    if column in TIMES:
        return f"{cell:.1f}×"
    return f"{cell:,.0f}" if abs(cell) >= 10 or cell == round(cell) else f"{cell:.1f}"


def records_of(facts: AccountFacts) -> dict[str, tuple[RecordRef, ...]]:
    """Return the records that a person opens to check a column."""
    bought = facts.purchases.latest if facts.purchases else ()
    deals = tuple(deal.record for deal in facts.open_deals[:3])
    met = tuple(one.record for one in facts.engaged_contacts[:3])
    single = {
        "days_since_inquiry": facts.intent,
        "inquiries_90d": facts.intent,
        "days_since_decision_maker": facts.decision_maker,
        "days_since_portal": facts.portal,
        "portal_visits_90d": facts.portal,
        "days_since_lost_to_competitor": facts.lost_to_competitor,
        "nps": facts.nps,
        "nps_days": facts.nps,
    }
    found: dict[str, tuple[RecordRef, ...]] = {
        column: (event.record,) for column, event in single.items() if event is not None
    }
    for column in (
        "days_since_purchase",
        "overdue_ratio",
        "purchases_90d",
        "purchases_year",
        "spent_90d",
        "spent_year",
    ):
        found[column] = bought
    for column in ("open_deals", "open_deals_late", "open_deals_worth", "best_stage_chance", "oldest_open_deal_days"):
        found[column] = deals
    for column in ("people_30d", "people_90d", "engagement"):
        found[column] = met
    found["relevant_products_missing"] = facts.unowned_relevant_products[:3]
    return {column: records for column, records in found.items() if records}
