"""What a fact means: each signal looks at one account and either finds something, with its evidence, or nothing.

How much a finding weighs is not said here but on the rule card, which each organisation may change.
"""

import datetime
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from coe.scoring.facts import AccountFacts, DatedRecord, RecordRef

FactValue = str | int | float | bool


@dataclass(frozen=True, slots=True)
class Finding:
    """A signal that is there: the plain values its sentence is made of, and the records behind it."""

    fact: Mapping[str, FactValue]
    records: tuple[RecordRef, ...] = field(default=())


@dataclass(frozen=True, slots=True)
class Signal:
    """A question the card asks of each account."""

    code: str
    find: Callable[[AccountFacts], Finding | None]


INTENT_DAYS = 14
ENGAGED_DAYS, ENGAGED_CONTACTS = 30, 3
DECISION_MAKER_DAYS = 60
PORTAL_DAYS = 30
NPS_DAYS = 365
LOST_TO_COMPETITOR_DAYS = 90
SILENT_DAYS = 180
CONTRACT_DAYS = range(30, 121)
TREND_UP, TREND_DOWN, TREND_PURCHASES = 1.2, 0.8, 3
RELEVANT_PRODUCTS = 2


def _days(facts: AccountFacts, date: datetime.date) -> int:
    return (facts.today - date).days


def _dated(facts: AccountFacts, event: DatedRecord | None, within: int) -> Finding | None:
    if event is None or _days(facts, event.date) > within:
        return None
    return Finding(
        {"date": event.date.isoformat(), "days": _days(facts, event.date), "kind": event.kind}, (event.record,)
    )


def inquiry_recent(facts: AccountFacts) -> Finding | None:
    """An inquiry, or another sign that they want to buy, in the last two weeks."""
    return _dated(facts, facts.intent, INTENT_DAYS)


def _open_deals(facts: AccountFacts, *, late: bool) -> Finding | None:
    deals = [deal for deal in facts.open_deals if deal.past_discovery == late]
    if not deals:
        return None
    first = min(deals, key=lambda deal: (deal.opened_date, deal.record.id))
    return Finding(
        {
            "count": len(deals),
            "stage": first.stage,
            "date": first.opened_date.isoformat(),
            "days": _days(facts, first.opened_date),
        },
        tuple(deal.record for deal in deals[:10]),
    )


def open_deal_late(facts: AccountFacts) -> Finding | None:
    """An open deal past discovery."""
    return _open_deals(facts, late=True)


def open_deal_early(facts: AccountFacts) -> Finding | None:
    """Open deals, none of them past discovery yet."""
    return None if open_deal_late(facts) else _open_deals(facts, late=False)


def contract_ending(facts: AccountFacts) -> Finding | None:
    """A contract that ends in one to four months."""
    end = facts.contract_end_date
    if end is None or (end - facts.today).days not in CONTRACT_DAYS:
        return None
    return Finding({"date": end.isoformat(), "days": (end - facts.today).days})


def contacts_engaged(facts: AccountFacts) -> Finding | None:
    """Three people or more who talked with us in the last month."""
    engaged = [contact for contact in facts.engaged_contacts if _days(facts, contact.date) <= ENGAGED_DAYS]
    if len(engaged) < ENGAGED_CONTACTS:
        return None
    return Finding(
        {"count": len(engaged), "date": engaged[0].date.isoformat(), "days": _days(facts, engaged[0].date)},
        tuple(contact.record for contact in engaged[:10]),
    )


def decision_maker_contact(facts: AccountFacts) -> Finding | None:
    """An exchange with somebody who decides, in the last two months."""
    return _dated(facts, facts.decision_maker, DECISION_MAKER_DAYS)


def _nps(facts: AccountFacts, scores: range) -> Finding | None:
    if facts.nps_score is None or facts.nps_score not in scores:
        return None
    finding = _dated(facts, facts.nps, NPS_DAYS)
    return finding and Finding({**finding.fact, "score": facts.nps_score}, finding.records)


def nps_promoter(facts: AccountFacts) -> Finding | None:
    """The last answer of the past year was a nine or a ten."""
    return _nps(facts, range(9, 11))


def nps_detractor(facts: AccountFacts) -> Finding | None:
    """The last answer of the past year was six or less."""
    return _nps(facts, range(7))


def critical_case_open(facts: AccountFacts) -> Finding | None:
    """A critical case that is still open."""
    if not facts.open_critical_cases:
        return None
    return Finding({"count": len(facts.open_critical_cases)}, facts.open_critical_cases)


def portal_active(facts: AccountFacts) -> Finding | None:
    """They used the portal in the last month."""
    return _dated(facts, facts.portal, PORTAL_DAYS)


def _rhythm(facts: AccountFacts, *, over: float, up_to: float) -> Finding | None:
    purchases = facts.purchases
    if purchases is None or not purchases.median_gap_days:
        return None
    days = _days(facts, purchases.last_date)
    if not over < days / purchases.median_gap_days <= up_to:
        return None
    return Finding(
        {
            "date": purchases.last_date.isoformat(),
            "days": days,
            "gap_days": round(purchases.median_gap_days),
            "count": purchases.count,
            "source": purchases.source,
        },
        purchases.latest,
    )


def order_on_rhythm(facts: AccountFacts) -> Finding | None:
    """They bought within their own usual gap."""
    return _rhythm(facts, over=-1, up_to=1)


def order_due(facts: AccountFacts) -> Finding | None:
    """The next purchase is overdue, by their own rhythm, and not yet for long."""
    return _rhythm(facts, over=1, up_to=2)


def order_long_overdue(facts: AccountFacts) -> Finding | None:
    """More than three times their usual gap without a purchase."""
    return _rhythm(facts, over=3, up_to=float("inf"))


def never_bought_silent(facts: AccountFacts) -> Finding | None:
    """Known for half a year, never bought, no deal open, and no reaction in that time."""
    if facts.purchases is not None or facts.open_deals:
        return None
    if facts.known_since is None or _days(facts, facts.known_since) < SILENT_DAYS:
        return None
    last = facts.last_reaction_date
    if last is not None and _days(facts, last) < SILENT_DAYS:
        return None
    since = last or facts.known_since
    return Finding({"date": since.isoformat(), "days": _days(facts, since), "reacted": last is not None})


def _trend(facts: AccountFacts, grew: Callable[[float], bool]) -> Finding | None:
    purchases = facts.purchases
    if purchases is None or purchases.year_count < TREND_PURCHASES or purchases.earlier_half_minor <= 0:
        return None
    ratio = purchases.recent_half_minor / purchases.earlier_half_minor
    if not grew(ratio):
        return None
    return Finding(
        {
            "percent": round(100 * (ratio - 1)),
            "recent_minor": purchases.recent_half_minor,
            "earlier_minor": purchases.earlier_half_minor,
            "currency": facts.currency,
            "basis": purchases.trend_basis,
            "date": purchases.last_date.isoformat(),
        },
        purchases.latest,
    )


def margin_up(facts: AccountFacts) -> Finding | None:
    """The last six months brought over 20 % more than the six before."""
    return _trend(facts, lambda ratio: ratio > TREND_UP)


def margin_down(facts: AccountFacts) -> Finding | None:
    """The last six months brought over 20 % less than the six before."""
    return _trend(facts, lambda ratio: ratio < TREND_DOWN)


def _fit(facts: AccountFacts, grade: str) -> Finding | None:
    return Finding({"grade": grade}) if facts.icp_fit == grade else None


def fit_a(facts: AccountFacts) -> Finding | None:
    """The kind of customer we serve best."""
    return _fit(facts, "a")


def fit_b(facts: AccountFacts) -> Finding | None:
    """A kind of customer we serve well enough."""
    return _fit(facts, "b")


def fit_c(facts: AccountFacts) -> Finding | None:
    """A kind of customer we rarely win."""
    return _fit(facts, "c")


def whitespace(facts: AccountFacts) -> Finding | None:
    """At least two products that customers like this one buy and this one doesn't."""
    products = facts.unowned_relevant_products
    return Finding({"count": len(products)}, products[:5]) if len(products) >= RELEVANT_PRODUCTS else None


def lost_to_competitor(facts: AccountFacts) -> Finding | None:
    """A deal lost to a competitor in the last three months."""
    return _dated(facts, facts.lost_to_competitor, LOST_TO_COMPETITOR_DAYS)


def focus_cell(facts: AccountFacts) -> Finding | None:
    """The account is in a focus cell of the growth plan."""
    return Finding({"cell": facts.focus_cell}) if facts.focus_cell else None


SIGNALS: tuple[Signal, ...] = tuple(
    Signal(find.__name__, find)
    for find in (
        inquiry_recent,
        open_deal_late,
        open_deal_early,
        contract_ending,
        contacts_engaged,
        decision_maker_contact,
        nps_promoter,
        nps_detractor,
        critical_case_open,
        portal_active,
        order_on_rhythm,
        order_due,
        order_long_overdue,
        never_bought_silent,
        margin_up,
        margin_down,
        fit_a,
        fit_b,
        fit_c,
        whitespace,
        lost_to_competitor,
        focus_cell,
    )
)
SIGNAL_CODES = frozenset(signal.code for signal in SIGNALS)
