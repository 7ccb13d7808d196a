"""What a seller would say of a deal: which columns and signals speak of one fact, and its sentence."""

from collections.abc import Callable, Mapping

from coe.scoring.topics import Known, Speech, money, plain
from pipeline.rules import count_words

COLUMNS: Mapping[str, str] = {
    "two_way_14d": "exchanges",
    "two_way_28d": "exchanges",
    "days_since_two_way": "exchanges",
}
SIGNALS: Mapping[str, str] = {
    "close_date_passed": "days_to_close_date",
    "each_push_beyond_one": "close_date_pushes",
    "stage_long": "days_in_stage",
    "stage_very_long": "days_in_stage",
    "amount_up_late": "amount_change",
    "no_two_way_21d": "exchanges",
    "single_contact": "people_90d",
    "three_contacts": "people_90d",
    "decision_maker": "decision_maker_60d",
}


def sentence(topic: str, known: Known) -> str | None:
    """Return what a seller would say of a fact about a deal, None of a column that has no words of its own."""
    write = SENTENCES.get(topic)
    return None if write is None else write(known)


def _closing(known: Known) -> str:
    days = known.number("days_to_close_date")
    if days is None:
        return "No close date is planned"
    if days < 0:
        return f"Its close date passed {count_words(round(-days), 'day', 'days')} ago"
    planned = f"Planned to close in {count_words(round(days), 'day', 'days')}" if days else "Planned to close today"
    return planned + known.others(lambda usual: f"in {plain(usual)}" if usual >= 0 else f"{plain(-usual)} ago")


def _pushes(known: Known) -> str:
    count = known.count("close_date_pushes")
    return (
        f"Its close date was put off {count_words(count, 'time', 'times')}" if count else "Its date was never put off"
    )


def _amount_change(known: Known) -> str:
    ratio = known.number("amount_change")
    percent = 0 if ratio is None else round(100 * (ratio - 1))
    if not percent:
        return "Its amount is what it was at first"
    return f"Its amount has {'grown' if percent > 0 else 'shrunk'} by {abs(percent):,}%"


def _amount(known: Known) -> str:
    amount = known.number("amount")
    if amount is None:
        return "Its amount isn't known"
    return f"Worth {money(amount, known.currency)}" + known.others(lambda usual: money(usual, known.currency))


def _exchanges(known: Known) -> str:
    days = known.number("days_since_two_way")
    if days is None:
        return "No exchange with anybody yet"
    window = 14 if known.strongest == "two_way_14d" else 28
    count = known.count(f"two_way_{window}d")
    said = f"Last exchange {known.ago('days_since_two_way')}"
    return f"{said}, {count:,} within {window} days" if count > 1 else said


def _days(column: str, words: str) -> Callable[[Known], str]:
    def write(known: Known) -> str:
        said = words.format(count_words(known.count(column), "day", "days"))
        return said + known.others(plain, column)

    return write


def _counted(column: str, nothing: str, one: str, many: str, window: str) -> Callable[[Known], str]:
    def write(known: Known) -> str:
        count = known.count(column)
        said = count_words(count, one, many) if count else nothing
        return f"{said} {window}" + known.others(plain, column)

    return write


SENTENCES: Mapping[str, Callable[[Known], str]] = {
    "days_to_close_date": _closing,
    "close_date_pushes": _pushes,
    "days_in_stage": _days("days_in_stage", "In its stage for {}"),
    "days_open": _days("days_open", "Open for {}"),
    "amount": _amount,
    "amount_change": _amount_change,
    "exchanges": _exchanges,
    "people_90d": _counted("people_90d", "Nobody", "person", "people", "in contact within 90 days"),
    "decision_maker_60d": _counted(
        "decision_maker_60d", "No exchange", "exchange", "exchanges", "with somebody who decides within 60 days"
    ),
    "meetings_90d": _counted("meetings_90d", "No meeting", "meeting", "meetings", "within 90 days"),
    "deals_won_before": _counted("deals_won_before", "No deal", "deal", "deals", "won at the account before"),
    "deals_lost_before": _counted("deals_lost_before", "No deal", "deal", "deals", "lost at the account before"),
    "orders_before": _counted("orders_before", "No order", "order", "orders", "of the account in 12 months"),
}

OF_DEALS = Speech(COLUMNS, SIGNALS, sentence, lambda topic, known: ())
