"""One fact, one reason: which columns and signals speak of the same thing, and what a seller would say of it.

A model looks at one thing through several columns: days since the last order, that over the usual gap, orders of 90
days. Each for itself may speak for and against; a person knows one fact. What the columns add is summed, and said
once, with the day it rests on and the records that prove it.
"""

import datetime
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from coe.scoring.explanation import Cell
from coe.scoring.facts import AccountFacts, DatedRecord, RecordRef
from pipeline.rules import ago_words, count_words

Records = tuple[RecordRef, ...]

COLUMNS: Mapping[str, tuple[str, ...]] = {
    "last_purchase": ("days_since_purchase", "overdue_ratio", "usual_gap_days"),
    "purchases": ("purchases", "purchases_90d", "purchases_180d", "purchases_year", "spent_90d", "spent_year"),
    "trend": ("trend_half_year",),
    "owned": ("products_owned",),
    "missing": ("relevant_products_missing",),
    "discount": ("discount_percent",),
    "contact": ("engagement", "meetings_30d", "meetings_90d", "people_30d", "people_90d"),
    "answers": ("answered_share_90d",),
    "reaction": ("days_since_reaction",),
    "inquiry": ("days_since_inquiry", "inquiries_90d"),
    "portal": ("days_since_portal", "portal_visits_90d"),
    "decider": ("days_since_decision_maker",),
    "people": ("people_known", "buying_roles_known"),
    "deals": ("open_deals", "open_deals_late", "open_deals_worth", "best_stage_chance", "oldest_open_deal_days"),
    "put_off": ("close_date_pushes",),
    "won": ("deals_won_year",),
    "lost": ("deals_lost_year", "days_since_lost_to_competitor"),
    "nps": ("nps", "nps_days"),
    "known": ("known_days",),
    "size": ("employees", "revenue"),
    "fit": ("icp_fit",),
}
SIGNALS: Mapping[str, str] = {
    "inquiry_recent": "inquiry",
    "open_deal_late": "deals",
    "open_deal_early": "deals",
    "contacts_engaged": "contact",
    "decision_maker_contact": "decider",
    "nps_promoter": "nps",
    "nps_detractor": "nps",
    "portal_active": "portal",
    "order_on_rhythm": "last_purchase",
    "order_due": "last_purchase",
    "order_long_overdue": "last_purchase",
    "never_bought_silent": "reaction",
    "margin_up": "trend",
    "margin_down": "trend",
    "fit_a": "fit",
    "fit_b": "fit",
    "fit_c": "fit",
    "whitespace": "missing",
    "lost_to_competitor": "lost",
}
"""A signal of the rule card → what it speaks of; others stand for themselves."""
OF_COLUMN = {column: topic for topic, columns in COLUMNS.items() for column in columns}


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of an account when a reason is put into words."""

    strongest: str  # of the columns that speak of the fact
    value: Callable[[str], Cell]
    typical: Callable[[str], Cell]
    facts: AccountFacts | None
    currency: str = ""

    def number(self, column: str) -> float | None:
        """Return a number, None where it isn't known."""
        found = self.value(column)
        return found if isinstance(found, (int, float)) else None

    def count(self, column: str) -> int:
        """Return a number of things, none where nothing is known."""
        return round(self.number(column) or 0)

    def ago(self, column: str, day: datetime.date | None = None) -> str | None:
        """Return how long ago something was, with its day where that is known; None for never."""
        days = self.number(column)
        if days is None:
            return None
        if self.facts is not None and (day or days >= 0):
            return ago_words(day or self.facts.today - datetime.timedelta(days=round(days)), self.facts.today)
        return "today" if days < 1 else f"{count_words(round(days), 'day', 'days')} ago"

    def others(self, words: Callable[[float], str], column: str | None = None) -> str:
        """Return what those like it have, "" where nothing is known or it is said already."""
        usual = self.typical(column or self.strongest)
        if not isinstance(usual, (int, float)) or usual == self.number(column or self.strongest):
            return ""
        return f"; others like it {words(usual)}"


def plain(number: float) -> str:
    """Return a number as people write it: 12, 1,200, and 2.5 only while that is small."""
    return f"{number:,.0f}" if abs(number) >= 10 or number == round(number) else f"{number:.1f}"


def money(minor: float, currency: str) -> str:
    """Return an amount without cents."""
    return f"{minor / 100:,.0f} {currency}".rstrip()


def sentence(topic: str, known: Known) -> str | None:
    """Return what a seller would say of a fact, None of a topic that has no words of its own."""
    write = SENTENCES.get(topic)
    return None if write is None else write(known)


def _last_purchase(known: Known) -> str:
    purchases = None if known.facts is None else known.facts.purchases
    ago = known.ago("days_since_purchase", purchases.last_date if purchases else None)
    if ago is None:
        return "Has never bought from us"
    bought = "deal won" if purchases is not None and purchases.source == "deals" else "order"
    gap = known.number("usual_gap_days")
    if gap:
        return f"Last {bought} {ago}; usual gap {count_words(round(gap), 'day', 'days')}"
    return f"Last {bought} {ago}" + known.others(lambda days: f"{plain(days)} days ago", "days_since_purchase")


def _window(column: str) -> tuple[str, str]:
    """Return the column of purchases and the words of the window that a column looks at."""
    windows = {"_90d": "in the last 90 days", "_180d": "in the last 180 days", "_year": "in 12 months"}
    for ending, words in windows.items():
        if column.endswith(ending):
            return f"purchases{ending}", words
    return "purchases", "so far"


def _purchases(known: Known) -> str:
    if not known.count("purchases"):
        return "Has never bought from us"
    column, window = _window(known.strongest)
    count = known.count(column)
    spent = known.number(column.replace("purchases", "spent"))
    amount = f" for {money(spent, known.currency)}" if count and spent else ""
    said = f"Bought {count_words(count, 'time', 'times')} {window}{amount}" if count else f"Bought nothing {window}"
    return said + known.others(lambda usual: f"{plain(usual)} times", column)


def _trend(known: Known) -> str:
    ratio = known.number("trend_half_year")
    if ratio is None:
        return "Too few orders in 12 months to see a trend"
    if ratio == 0:
        return "Bought nothing in the last six months, but in the six before"
    percent = round(100 * (ratio - 1))
    way = "as much" if not percent else f"{abs(percent):,}% {'more' if percent > 0 else 'less'}"
    return f"Bought {way} in the last six months {'as' if not percent else 'than'} in the six before"


def _owned(known: Known) -> str:
    count = known.count("products_owned")
    said = f"Has bought {count_words(count, 'product', 'products')} of ours" if count else "Has none of our products"
    return said + known.others(plain)


def _missing(known: Known) -> str:
    count = known.count("relevant_products_missing")
    if not count:
        return "Has what customers like it buy"
    return f"{count_words(count, 'product', 'products')} that customers like it buy and it doesn't"


def _discount(known: Known) -> str:
    percent = known.number("discount_percent")
    if percent is None:
        return "No discount is known"
    return f"Got {plain(percent)}% discount in 12 months" + known.others(lambda usual: f"{plain(usual)}%")


def _contact(known: Known) -> str:
    window = 30 if known.strongest.endswith("_30d") else 90
    people, meetings = known.count(f"people_{window}d"), known.count(f"meetings_{window}d")
    if not people and not meetings:
        return f"Nobody there talked with us in the last {window} days"
    said = f"{count_words(people, 'person', 'people')} there talked with us in the last {window} days"
    return f"{said}, in {count_words(meetings, 'meeting', 'meetings')} among others" if meetings else said


def _answers(known: Known) -> str:
    share = known.number("answered_share_90d")
    if share is None:
        return "We sent them nothing in the last 90 days"
    return f"They answered {share:.0%} of what we sent in the last 90 days" + known.others(lambda usual: f"{usual:.0%}")


def _dated(column: str, never: str, words: str, how_many: str = "") -> Callable[[Known], str]:
    def write(known: Known) -> str:
        ago = known.ago(column)
        if ago is None:
            return never
        count = known.count(how_many) if how_many else 0
        return f"{words} {ago}" + (f", {count:,} times in 90 days" if count > 1 else "")

    return write


def _people(known: Known) -> str:
    count, roles = known.count("people_known"), known.count("buying_roles_known")
    if not count:
        return "We know nobody there"
    said = f"We know {count_words(count, 'person', 'people')} there"
    return f"{said}, {count_words(roles, 'buying role', 'buying roles')} among them" if roles else said


def _deals(known: Known) -> str:
    count, late = known.count("open_deals"), known.count("open_deals_late")
    if not count:
        return "No deal is open"
    said = count_words(count, "deal is", "deals are") + " open"
    said += f", {late:,} past discovery" if late else ", still early"
    oldest = known.ago("oldest_open_deal_days")
    return f"{said}; the {'oldest ' if count > 1 else ''}one began {oldest}" if oldest else said


def _times(column: str, nothing: str, one: str, many: str) -> Callable[[Known], str]:
    def write(known: Known) -> str:
        count = known.count(column)
        return nothing if not count else count_words(count, one, many)

    return write


def _nps(known: Known) -> str:
    score, ago = known.number("nps"), known.ago("nps_days")
    if score is None or ago is None:
        return "They haven't said whether they would recommend us"
    return f"Gave {plain(score)} of 10 when asked whether they would recommend us, {ago}"


def _size(known: Known) -> str:
    employees, revenue = known.number("employees"), known.number("revenue")
    said = [] if employees is None else [count_words(round(employees), "employee", "employees")]
    said += [] if revenue is None else [f"revenue {money(revenue, known.currency)}"]
    return ("A firm with " + ", ".join(said) if said else "Its size isn't known") + known.others(
        lambda usual: plain(usual) if known.strongest == "employees" else money(usual, known.currency)
    )


def _fit(known: Known) -> str:
    grade = known.value("icp_fit")
    return f"Fit {str(grade).upper()}" if grade else "How well it fits isn't known"


SENTENCES: Mapping[str, Callable[[Known], str]] = {
    "last_purchase": _last_purchase,
    "purchases": _purchases,
    "trend": _trend,
    "owned": _owned,
    "missing": _missing,
    "discount": _discount,
    "contact": _contact,
    "answers": _answers,
    "reaction": _dated("days_since_reaction", "They have never reacted to us", "Last reaction"),
    "inquiry": _dated("days_since_inquiry", "They have never asked for anything", "Last asked", "inquiries_90d"),
    "portal": _dated("days_since_portal", "Has not used the portal", "Last in the portal", "portal_visits_90d"),
    "decider": _dated(
        "days_since_decision_maker", "No exchange with anybody who decides", "Last exchange with somebody who decides"
    ),
    "people": _people,
    "deals": _deals,
    "put_off": _times("close_date_pushes", "No open deal was put off", "delay of open deals", "delays of open deals"),
    "won": _times("deals_won_year", "No deal won in 12 months", "deal won in 12 months", "deals won in 12 months"),
    "lost": _times("deals_lost_year", "No deal lost in 12 months", "deal lost in 12 months", "deals lost in 12 months"),
    "nps": _nps,
    "known": lambda known: f"We got to know them {known.ago('known_days') or 'lately'}",
    "size": _size,
    "fit": _fit,
}


def records(topic: str, known: Known) -> Records:
    """Return the records that prove a sentence: those inside the window that it speaks of."""
    facts = known.facts
    if facts is None:
        return ()
    bought = facts.purchases.latest if facts.purchases else ()
    days = 30 if known.strongest.endswith("_30d") else 90
    within: Mapping[str, Callable[[], Records]] = {
        "last_purchase": lambda: bought[:1],
        "purchases": lambda: bought[: known.count(_window(known.strongest)[0])],
        "trend": lambda: bought[: known.count("purchases_year")],
        "missing": lambda: facts.unowned_relevant_products[: known.count("relevant_products_missing")][:3],
        "contact": lambda: tuple(one.record for one in facts.engaged_contacts if _age(facts, one) <= days)[:3],
        "inquiry": lambda: _one(facts.intent),
        "portal": lambda: _one(facts.portal),
        "decider": lambda: _one(facts.decision_maker),
        "deals": lambda: tuple(deal.record for deal in facts.open_deals[:3]),
        "lost": lambda: _one(facts.lost_to_competitor) if known.count("deals_lost_year") else (),
        "nps": lambda: _one(facts.nps),
    }
    find = within.get(topic)
    return () if find is None else tuple(find())


@dataclass(frozen=True, slots=True)
class Speech:
    """How reasons about one kind of record speak: what belongs together, its words, and its records."""

    columns: Mapping[str, str]  # column → topic; others are topics of their own
    signals: Mapping[str, str]  # signal of the card → topic
    sentence: Callable[[str, Known], str | None]
    records: Callable[[str, Known], Records]


OF_ACCOUNTS = Speech(OF_COLUMN, SIGNALS, sentence, records)


def _one(event: DatedRecord | None) -> Records:
    return () if event is None else (event.record,)


def _age(facts: AccountFacts, event: DatedRecord) -> int:
    return (facts.today - event.date).days
