"""What the numbers of customers and deals mean, in words. Plain Python: the clock and the figures are arguments."""

import datetime
import math
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

Reason = Mapping[str, Any]

BAND_WORDS = {"act": "Act today", "week": "This week", "steady": "Steady"}
SCORE_QUESTION = "Chance to buy in {days} days"


def band_word(band: str) -> str:
    """Return the band as people say it."""
    return BAND_WORDS.get(band, band)


def score_question(horizon_days: int) -> str:
    """Return the question that a score answers."""
    return SCORE_QUESTION.format(days=horizon_days)


def day_words(day: datetime.date, today: datetime.date) -> str:
    """Return a date as 9 Nov, with the year when it isn't this one."""
    words = f"{day.day} {day:%b}"
    return words if day.year == today.year else f"{words} {day.year}"


def count_words(count: int, one: str, many: str) -> str:
    """Return a number with its noun: 1 day, 71 days."""
    return f"{count:,} {one if count == 1 else many}"


def ago_words(day: datetime.date, today: datetime.date) -> str:
    """Return how long ago a day is, with the day itself: 12 days ago (11 Nov)."""
    days = (today - day).days
    if days <= 0:
        return f"today ({day_words(day, today)})"
    return f"{count_words(days, 'day', 'days')} ago ({day_words(day, today)})"


def reason_sentence(reason: Reason, today: datetime.date) -> str:
    """Return a reason in one plain sentence with its fact and its date, as seen on ``today``.

    ``today`` is the day that the score looks at, so that a score of last December speaks of last December.
    """
    if text := reason.get("fact", {}).get("text"):
        return str(text)  # what a learnt model says brings its own words
    write = SENTENCES.get(reason["code"])
    return write(reason, today) if write else reason["code"].replace("_", " ").capitalize()


def first_sentence(reasons: Sequence[Reason], today: datetime.date) -> str:
    """Return the strongest reason to act in words; where nothing speaks for it, the strongest there is."""
    speaks_for = next((reason for reason in reasons if reason["points"] > 0), None)
    chosen = speaks_for or next(iter(reasons), None)
    return reason_sentence(chosen, today) if chosen else ""


STATE_WORDS = {
    "too_few_outcomes": "Too few outcomes, everybody gets the base rate",
    "rules": "Rule card",
    "rules_corrected": "Rule card corrected by outcomes",
    "learned": "Learned from outcomes",
    "no_reliable_signal": "No reliable signal, everybody gets the base rate",
}


def method_words(model_version: str) -> str:
    """Return the method that made a score, as people say it."""
    if model_version == "rule-card-shipped":
        return "Rule card as shipped"
    if model_version == "deal-card-shipped":
        return "Rules for deals as shipped"
    kind, _, rest = model_version.partition("-")
    if kind == "model" and rest.count("-") == 1:
        number, state = rest.split("-")
        return f"{STATE_WORDS.get(state, 'Learned model')}, version {number}"
    version = model_version.removeprefix("rule-card-")
    return f"Rule card, version {version}" if version != model_version else model_version


def _fact(reason: Reason, name: str) -> Any:
    return reason["fact"][name]


def _date(reason: Reason) -> datetime.date:
    return datetime.date.fromisoformat(_fact(reason, "date"))


def _days(reason: Reason, today: datetime.date) -> str:
    return count_words(max(0, (today - _date(reason)).days), "day", "days")


def _label(reason: Reason) -> str:
    records = reason.get("records") or ()
    return str(records[0]["label"]) if records else ""


def _inquiry(reason: Reason, today: datetime.date) -> str:
    kind = str(_fact(reason, "kind")).replace("_", " ").capitalize()
    return f"{kind} {ago_words(_date(reason), today)}"


def _open_deals(late: bool) -> Callable[[Reason, datetime.date], str]:
    def words(reason: Reason, today: datetime.date) -> str:
        stage, opened = _fact(reason, "stage"), day_words(_date(reason), today)
        place = f" in {stage}" if stage else ""
        if _fact(reason, "count") == 1:
            return f"Open deal{place}, opened {opened}"
        which = " past discovery" if late else ", still early"
        return f"{_fact(reason, 'count')} open deals{which}; the oldest{place}, opened {opened}"

    return words


def _contract(reason: Reason, today: datetime.date) -> str:
    end = _date(reason)
    return f"Contract ends on {day_words(end, today)}, in {count_words((end - today).days, 'day', 'days')}"


def _engaged(reason: Reason, today: datetime.date) -> str:
    return f"{_fact(reason, 'count')} people talked with us in 30 days, last on {day_words(_date(reason), today)}"


def _decision_maker(reason: Reason, today: datetime.date) -> str:
    kind = str(_fact(reason, "kind")).replace("_", " ").capitalize()
    who = f"{_label(reason)}, who decides" if _label(reason) else "somebody who decides"
    return f"{kind} with {who}, {ago_words(_date(reason), today)}"


def _nps(verdict: str) -> Callable[[Reason, datetime.date], str]:
    def words(reason: Reason, today: datetime.date) -> str:
        return f"{verdict}: {_fact(reason, 'score')} of 10 on {day_words(_date(reason), today)}"

    return words


def _bought(reason: Reason) -> tuple[str, str]:
    return ("order", "Last order") if _fact(reason, "source") == "orders" else ("deal won", "Last deal won")


def _on_rhythm(reason: Reason, today: datetime.date) -> str:
    gap = count_words(_fact(reason, "gap_days"), "day", "days")
    return f"{_bought(reason)[1]} {ago_words(_date(reason), today)}; usual gap {gap}"


def _overdue(reason: Reason, today: datetime.date) -> str:
    gap = count_words(_fact(reason, "gap_days"), "day", "days")
    last = day_words(_date(reason), today)
    return f"No {_bought(reason)[0]} for {_days(reason, today)} (last {last}); usual gap {gap}"


def _silent(reason: Reason, today: datetime.date) -> str:
    since = day_words(_date(reason), today)
    reacted = "no reaction" if _fact(reason, "reacted") else "never reacted, known"
    return f"Never bought, {reacted} for {_days(reason, today)} (since {since})"


def _trend(reason: Reason, today: datetime.date) -> str:
    percent = _fact(reason, "percent")
    way = f"up {percent}%" if percent >= 0 else f"down {-percent}%"
    return f"{str(_fact(reason, 'basis')).capitalize()} {way} in 6 months against the 6 before"


def _whitespace(reason: Reason, today: datetime.date) -> str:
    return (
        f"{count_words(_fact(reason, 'count'), 'product', 'products')} that similar customers buy and this one doesn't"
    )


SENTENCES: Mapping[str, Callable[[Reason, datetime.date], str]] = {
    "inquiry_recent": _inquiry,
    "open_deal_late": _open_deals(late=True),
    "open_deal_early": _open_deals(late=False),
    "contract_ending": _contract,
    "contacts_engaged": _engaged,
    "decision_maker_contact": _decision_maker,
    "nps_promoter": _nps("Would recommend us"),
    "nps_detractor": _nps("Wouldn't recommend us"),
    "critical_case_open": lambda reason, today: (
        f"{count_words(_fact(reason, 'count'), 'critical case', 'critical cases')} still open"
    ),
    "portal_active": lambda reason, today: f"In the portal {ago_words(_date(reason), today)}",
    "order_on_rhythm": _on_rhythm,
    "order_due": _overdue,
    "order_long_overdue": _overdue,
    "never_bought_silent": _silent,
    "margin_up": _trend,
    "margin_down": _trend,
    "fit_a": lambda reason, today: "Like the customers we serve best (fit A)",
    "fit_b": lambda reason, today: "Like customers we serve well (fit B)",
    "fit_c": lambda reason, today: "Unlike the customers we win (fit C)",
    "whitespace": _whitespace,
    "lost_to_competitor": lambda reason, today: f"Lost a deal to a competitor {ago_words(_date(reason), today)}",
    "focus_cell": lambda reason, today: f"In a focus cell of the growth plan: {_fact(reason, 'cell')}",
}

HINTS: Mapping[str, str] = {
    "inquiry_recent": "Answer it: the sign fades after 14 days.",
    "open_deal_late": "Counts as long as the deal is open.",
    "open_deal_early": "Weighs more once the deal is past discovery.",
    "contract_ending": "Settle the renewal before the contract ends.",
    "contacts_engaged": "Stays while three people or more talk with us in a month.",
    "decision_maker_contact": "Stays while we talk with somebody who decides every two months.",
    "nps_promoter": "Ask again within a year.",
    "nps_detractor": "A better answer to the next survey takes it away.",
    "critical_case_open": "Closing the case takes it away.",
    "portal_active": "Stays while they use the portal every month.",
    "order_on_rhythm": "Turns into a reminder when the usual gap has passed.",
    "order_due": "An order puts them back in rhythm.",
    "order_long_overdue": "An order takes it away; so does hearing that they left.",
    "never_bought_silent": "Any reaction takes it away: an answer, a visit, an inquiry.",
    "margin_up": "Compares the last six months with the six before.",
    "margin_down": "Compares the last six months with the six before.",
    "fit_a": "Comes from the account's fit grade.",
    "fit_c": "Comes from the account's fit grade.",
    "whitespace": "Selling one of these products narrows it.",
    "lost_to_competitor": "Fades 90 days after the loss.",
    "focus_cell": "Comes from the growth plan.",
}

# What somebody can do about a score, by the signal that it would raise.
LEVERS: Mapping[str, str] = {
    "contacts_engaged": "talk with three people there within a month",
    "decision_maker_contact": "talk with somebody who decides",
    "open_deal_early": "open a deal",
}


def reason_hint(reason: Reason) -> str:
    """Return what would change a reason."""
    return HINTS.get(reason["code"], "")


def what_would_raise(codes: Collection[str]) -> list[str]:
    """Return what somebody could do to raise a score that has these reasons, the strongest first."""
    has_deal = {"open_deal_early", "open_deal_late"} & set(codes)
    return [
        words for code, words in LEVERS.items() if code not in codes and not (code == "open_deal_early" and has_deal)
    ]


def change_words(score: int, previous_score: int | None) -> str:
    """Return what the last run changed: up 9, down 3, new, or nothing."""
    if previous_score is None:
        return "new"
    difference = score - previous_score
    if not difference:
        return ""
    return f"up {difference}" if difference > 0 else f"down {-difference}"


def rank_words(rank: int, previous_rank: int | None) -> str:
    """Return how far an account moved in the list: 3 places up."""
    if previous_rank is None or rank == previous_rank:
        return ""
    moved = abs(previous_rank - rank)
    return f"{count_words(moved, 'place', 'places')} {'up' if rank < previous_rank else 'down'}"


def freshness_words(*, scored: str, data_up_to: str, as_of: str) -> str:
    """Return how fresh scores are: scored when, from data up to when, and as of when if that lies in the past."""
    words = f"Scored {scored}"
    if data_up_to:
        words += f" from data up to {data_up_to}"
    return f"{words}, as of {as_of}." if as_of else f"{words}."


def nps(*, promoters: int, passives: int, detractors: int) -> float | None:
    """Return the net promoter score of so many answers, or None without any."""
    answers = promoters + passives + detractors
    return 100 * (promoters - detractors) / answers if answers else None


def log_odds(probability: float) -> float:
    """Return the log-odds of a probability, which is what reasons add up in."""
    inside = min(1 - 1e-12, max(1e-12, probability))
    return math.log(inside) - math.log1p(-inside)
