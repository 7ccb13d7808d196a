"""Next actions and their places in words."""

from collections.abc import Callable, Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from pipeline.models import IN_PLAN, Band, Choice, Place
from ui.formats import format_about, format_number

LOOK_BACK = 200  # days: the night looks no further back for the last time anybody was in touch


def action_sentence(action: Mapping[str, Any]) -> str:
    """Return what is to be done, in a few words."""
    record, contact = _label(action, "record"), _label(action, "contact")
    kind = action["kind"]
    if kind == "answer":
        return _("Answer “%s”") % record
    if kind == "deal":
        return _("Bring %s on") % record
    if kind == "recover":
        return _("Talk with %s, who was unhappy") % record
    if kind == "reorder":
        return _("Ask %s about the next order") % record
    if kind == "offer":
        return _("Show %(product)s to %(name)s") % {"product": record, "name": contact or _("them")}
    if kind == "meet":
        return _("Meet %s, who decides") % record
    if kind == "call":
        return _("Call %s") % record
    if kind == "find":
        return _("Find out who decides")
    return _("Be in touch: promised service")


def action_fact(action: Mapping[str, Any]) -> str:
    """Return the fact behind an action, "" where there is none."""
    kind, days = action["kind"], action.get("days", -1)
    if kind == "answer":
        return ngettext("Asked %s day ago", "Asked %s days ago", days) % format_number(days)
    if kind == "deal":
        return ngettext("Open for %s day", "Open for %s days", days) % format_number(days)
    if kind == "recover":
        words = ngettext("Gave %(score)s of 10 %(days)s day ago", "Gave %(score)s of 10 %(days)s days ago", days)
        return words % {"score": action["score"], "days": format_number(days)}
    if kind == "reorder":
        return _("No order for %(days)s days; usual gap %(gap)s") % {
            "days": format_number(days),
            "gap": format_number(action["gap"]),
        }
    if kind == "offer":
        return _("%s%% of accounts like it have it") % format_number(100 * action["share"])
    if kind in ("call", "meet"):
        if days < 0:
            return _("Not in touch for %s days or more") % LOOK_BACK
        return (
            ngettext("In touch %s day ago", "In touch %s days ago", days) % format_number(days)
            if days
            else _("In touch today")
        )
    return ""


def _label(action: Mapping[str, Any], name: str) -> str:
    return str(action.get(name, {}).get("label", "")).strip()


def hours_words(hours: float) -> str:
    """Return hours as people say them: 30 min, 1.5 h."""
    if 0 < hours < 1:
        return _("%s min") % format_number(60 * hours)
    return _("%s h") % format_number(hours, 0 if hours == int(hours) else 2 if (4 * hours) % 2 else 1)


def place_word(next_: Mapping[str, Any]) -> tuple[str, str]:
    """Return where an action stands, in a word or two, and its tone."""
    if next_["choice"]:
        return str(Choice(next_["choice"]).label), "good" if next_["choice"] == Choice.ACCEPTED else ""
    place = Place(next_["place"])
    if place in IN_PLAN:
        return {Place.EXPLORED: _("To learn"), Place.FLOOR: _("Service")}.get(place, _("This week")), "info"
    if place == Place.COOLDOWN and next_["days_left"]:
        return _("In %s d") % next_["days_left"], ""
    return str(place.label), ""


def place_sentence(next_: Mapping[str, Any]) -> str:
    """Return why an account is in the plan of the week, or is not."""
    place, currency = Place(next_["place"]), next_["currency"]
    money = format_about(next_["per_hour_minor"], currency)
    cut = format_about(next_.get("cut_minor") or 0, currency)
    said = {
        "money": money,
        "cut": cut,
        "hours": hours_words(next_["hours"]),
        "days": next_["days_left"],
        "rank": format_number(next_["own_rank"]),
        "week": hours_words(next_.get("week_hours") or 0),
    }
    sentences = {
        Place.ACCEPTED: _("Somebody is at it: its hours are kept free."),
        Place.FLOOR: _("It gets its service in any case: nobody was in touch for as long as its segment may wait."),
        Place.RANKED: _("An hour here brings %(money)s; what stayed outside brings %(cut)s at most."),
        Place.EXPLORED: _("Picked to learn: little is known of it. A tenth of the hours goes to such accounts."),
        Place.BELOW_CUT: _("An hour here brings %(money)s. Others bring more for the %(week)s of the week."),
        Place.DID_NOT_FIT: _("Worth its hours at %(money)s an hour, but %(hours)s were not left."),
        Place.NO_HOURS: _("Its owner has no hours for customers."),
        Place.NO_TEAM: _("Nobody owns it. An hour here would bring %(money)s."),
        Place.NO_ACTION: _("Nothing to do was found: no contact, no deal, no question."),
        Place.NO_GAIN: _("Nothing that could be done would add value."),
        Place.TOO_LONG: _("What could be done takes more of the week than one account may."),
        Place.COOLDOWN: _("Somebody was in touch lately; free in %(days)s days."),
        Place.SKILL_MISSING: _("It needs a skill that its owner lacks."),
        Place.OPTED_OUT: _("The customer asked not to be contacted."),
        Place.DEFERRED: _("Put off; it comes back in %(days)s days."),
        Place.IGNORED: _("Set aside; it comes back in %(days)s days."),
    }
    return sentences[place] % said


def shown_action(next_: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """Return what a list or a card shows of a next action, None where there is nothing."""
    if not next_:
        return None
    word, tone = place_word(next_)
    return {
        **next_,
        "words": [action_sentence(one) for one in next_["actions"]],
        "fact": next((fact for one in next_["actions"] if (fact := action_fact(one))), ""),
        "hours_words": hours_words(next_["hours"]) if next_["hours"] else "",
        "word": word,
        "tone": tone,
        "why": place_sentence(next_),
        "is_planned": next_["place"] in IN_PLAN,
        "may_be_chosen": bool(next_["actions"]),
    }


def with_cut(
    rows: list[dict[str, Any]], *, is_beginning: bool, is_within: Callable[[dict[str, Any]], bool]
) -> list[dict[str, Any]]:
    """Mark the row above which the hours end: the first that is not within them, where one before it is."""
    within_before = is_beginning
    for row in rows:
        if within_before and not is_within(row):
            row["cut_above"] = True
            break
        within_before = is_within(row)
    return rows


def is_planned(row: dict[str, Any]) -> bool:
    """Whether the account of a row stands in the plan of the week."""
    return bool(row["next"] and row["next"]["is_planned"])


def has_hours(row: dict[str, Any]) -> bool:
    """Whether the hours of all people together reach as far as this account."""
    return bool(row["score"].band != Band.STEADY)


def has_own_hours(row: dict[str, Any]) -> bool:
    """Whether the hours of the account's owner reach as far as this account, though it may have to wait."""
    return not row["next"] or row["next"]["place"] != Place.BELOW_CUT
