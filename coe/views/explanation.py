"""Why an account has its score: the layer that every badge opens, and the page behind it."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_safe

from coe.operations import count_opening
from coe.queries import score_changes
from coe.queries.score_card import is_of_card, outlook, scoring_run
from coe.queries.score_reports import reports_of_account
from coe.scoring.outlook import Fading, Lever
from pipeline import rules
from pipeline.models import AccountScore, AccountValue, OverrideReason
from pipeline.queries import priorities as queries
from pipeline.queries.account_worth import silence_method, silence_words
from pipeline.queries.score_words import freshness, looked_at, shown_reasons
from tenancy.access import Action, member_can
from tenancy.http import MemberRequest
from tenancy.models import Organization
from tenancy.working_time import local_day
from ui.formats import format_about, format_day, format_number

MOST_EACH_WAY = 5
LEAST_POINTS = 0.05  # less is +0.0 on the screen
RECORD_PAGES = {
    "opportunity": ("pipeline:opportunity", "opportunity_id"),
    "order": ("pipeline:order", "order_id"),
    "contact": ("pipeline:contact", "contact_id"),
    "product": ("pipeline:product-edit", "product_id"),
}
RECORD_WORDS = {
    "opportunity": gettext_lazy("Deal"),
    "order": gettext_lazy("Order"),
    "contact": gettext_lazy("Contact"),
    "product": gettext_lazy("Product"),
    "activity": gettext_lazy("Activity"),
    "satisfaction_response": gettext_lazy("Answer to a survey"),
    "usage_signal": gettext_lazy("Portal"),
}
LEVER_WORDS = {
    "decision_maker_contact": gettext_lazy("if somebody who decides is met"),
    "contacts_engaged": gettext_lazy("if three people there talk with us within a month"),
    "open_deal_early": gettext_lazy("if a deal is opened"),
    "open_deal_late": gettext_lazy("if the deal goes past discovery"),
    "critical_case_open": gettext_lazy("if the critical case is closed"),
    "nps_detractor": gettext_lazy("if the next survey has a better answer"),
    "never_bought_silent": gettext_lazy("if they react at all"),
    "order_long_overdue": gettext_lazy("if they order again"),
}


@member_can(Action.VIEW_PRIORITIES)
@require_safe
def score(request: MemberRequest, account_id: UUID) -> HttpResponse:
    """Show why an account has its score. Asked for as a part it is the layer that a badge opens."""
    now = timezone.now()
    try:
        now_said = queries.account_score(
            organization=request.organization,
            member=request.member,
            today=local_day(request.organization, now),
            account_id=account_id,
        )
    except AccountScore.DoesNotExist as error:
        raise Http404 from error
    found = now_said.score
    context = explained(request, now_said, now)
    if request.method == "GET" and request.onlooker is None:
        count_opening(
            organization=request.organization, account_id=account_id, day=local_day(request.organization, now)
        )
    if request.htmx and not request.htmx.boosted:
        return render(request, "coe/explanation.html#why", context)
    context["reports"] = reports_of_account(organization=request.organization, account_id=account_id)
    context |= {
        "history": [{**one, "band_word": rules.band_word(one["band"])} for one in reversed(now_said.history)],
        "trend": [one["score"] for one in now_said.history],
        **stake(found, now_said.by_hand),
        **silence(request.organization, found),
    }
    return render(request, "coe/explanation.html", context)


def explained(request: MemberRequest, now_said: queries.ScoreNow, now: datetime) -> dict[str, Any]:
    """Return all that explains a score: start, reasons, their sum, what it means, what would change it."""
    organization, found, said = request.organization, now_said.score, now_said.confirmed
    day = looked_at(organization=organization, score=found)
    reasons = [
        {
            "code": anchor_of(reason),
            "text": rules.reason_sentence(reason, day),
            "points": reason["points"],
            "url": url,
            "hint": rules.reason_hint(reason),
            "records": records,
        }
        for reason, url, records in reasons_with_records(request, found)
    ]
    run = scoring_run(organization=organization, score=said)
    readable = shown_reasons(member=request.member, reasons=found.reasons)
    can_do, fades = outlook(organization=organization, score=found, reasons=readable, today=day)
    total = rules.log_odds(found.probability)
    start = total - sum(reason["points"] for reason in reasons)
    percent = format_number(100 * found.probability)
    days = run.horizon_days if run else organization.setting("score_horizon_days")
    return {
        "now": now,
        "score": found,
        "account": found.account,
        "title": _("Why %(score)s") % {"score": found.score},
        "headline": _("Chance to buy in %(days)s days, %(percent)s%%") % {"days": days, "percent": percent},
        "rank_words": rank_words(found, run.scored if run else 0),
        "band_word": rules.band_word(found.band),
        "model_words": _("%(method)s, points in log-odds") % {"method": rules.method_words(found.model_version)},
        "method": rules.method_words(found.model_version),
        "freshness": freshness(organization=organization, score=said, now=now),
        "reasons": reasons,
        "strongest": strongest(reasons),
        "start": start,
        "start_name": start_name(found),
        "start_words": start_words(found, start),
        "total": total,
        "total_words": _("which is a chance of %(percent)s%%") % {"percent": percent},
        "by_hand": by_hand(now_said.by_hand),
        "levers": [lever_words(lever) for lever in can_do[:3]],
        **(moving(request, found, day) if run else {}),
        "fades": [fading_words(one, found, readable, day) for one in fades[:2]],
    }


def moving(request: MemberRequest, found: AccountScore, day: date) -> dict[str, Any]:
    """Return what moved the score since the night before, fact by fact, and where it goes if nothing more happens."""
    now = score_changes.look(organization=request.organization)
    if now is None:
        return {}
    later = score_changes.ahead(now=now, account_id=found.account_id)
    said: dict[str, Any] = {}
    if later is not None:
        said["ahead_words"] = ahead_words(later, found.score)
    if found.change:
        moved = score_changes.changes(now=now, account_id=found.account_id, change=found.change)
        said["moved"] = [] if moved is None else moved_words(request, moved, day)
    return said


def ahead_words(later: score_changes.Ahead, score: int) -> str:
    """Return where a score goes while nothing happens."""
    by = later.score - score
    if not by:
        return _("Stays at %(score)s within a week if nothing more happens.") % {"score": score}
    words = _("Falls by %(by)s to %(score)s in a week if nothing more happens.")
    if by > 0:
        words = _("Rises by %(by)s to %(score)s in a week if nothing more happens.")
    return words % {"by": abs(by), "score": later.score}


def moved_words(request: MemberRequest, moved: score_changes.Changes, day: date) -> list[dict[str, Any]]:
    """Return what moved a score as rows of words and points; smaller changes are one row, and all rows add up."""
    readable = shown_reasons(member=request.member, reasons=[dict(shift.reason) for shift in moved.shifts])
    rows = []
    for shift, reason in zip(moved.shifts[:MOST_EACH_WAY], readable, strict=False):
        words = rules.reason_sentence(reason, day)
        rows.append({"text": _("No longer: %s") % words if shift.is_over else words, "points": shift.points})
    others = sum(shift.points for shift in moved.shifts[MOST_EACH_WAY:]) + moved.rest
    if abs(others) >= LEAST_POINTS:
        rows.append({"text": _("Smaller changes, the method, and what is usual"), "points": others})
    return rows


def reasons_with_records(
    request: MemberRequest, found: AccountScore
) -> list[tuple[dict[str, Any], str, list[dict[str, str]]]]:
    """Return the reasons that the person may read, each with the page of its first record and with all its records."""
    page = reverse("coe:score", args=[request.organization.slug, found.account_id])
    rows = []
    for reason in shown_reasons(member=request.member, reasons=found.reasons):
        records = [record_link(request, found, record) for record in reason.get("records", ())]
        rows.append((reason, records[0]["url"] if records else f"{page}#{anchor_of(reason)}", records))
    return rows


def anchor_of(reason: dict[str, Any]) -> str:
    """Return the place of a reason on the page: what it speaks of, since a learnt model has many of one code."""
    return str(reason["fact"].get("topic") or reason["code"]).replace(" ", "-")


def strongest(reasons: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the five reasons for and the five against that weigh most; what is left is one row, so that all add up."""
    ordered = sorted(reasons, key=lambda reason: -abs(reason["points"]))
    good = [reason for reason in ordered if reason["points"] > 0]
    bad = [reason for reason in ordered if reason["points"] < 0]
    shown = [
        reason for reason in (*good[:MOST_EACH_WAY], *bad[:MOST_EACH_WAY]) if abs(reason["points"]) >= LEAST_POINTS
    ]
    rest = [reason for reason in ordered if reason not in shown]
    if rest:
        words = ngettext("%(count)s smaller reason", "%(count)s smaller reasons, together", len(rest))
        together = sum(reason["points"] for reason in rest)
        shown.append({"text": words % {"count": format_number(len(rest))}, "points": together})
    return shown


def rank_words(found: AccountScore, scored: int) -> str:
    """Return the place in the list, which is another number than the chance, and what it is by."""
    said = {"rank": format_number(found.rank), "all": format_number(scored), "by": _("by what an hour of work adds")}
    if found.per_hour_minor:
        money = format_about(found.per_hour_minor, found.currency)
        said["by"] = _("by what an hour of work adds, about %(money)s here") % {"money": money}
    if scored < 2:
        return _("Rank %(rank)s %(by)s.") % said
    if found.rank == 1:
        return _("The first of %(all)s %(by)s.") % said
    return _("Rank %(rank)s of %(all)s %(by)s.") % said


def start_name(found: AccountScore) -> str:
    """Return what the points start from."""
    if is_of_card(model_version=found.model_version):
        return _("The usual of all accounts")
    return _("The usual of its segment, and what weighs little")


def start_words(found: AccountScore, start: float) -> str:
    """Return where the points start from: of the card all accounts, of a learnt model those of the segment."""
    if is_of_card(model_version=found.model_version):
        words = _("Starts from %(start)s, the usual of all accounts; the points add up.")
    else:
        words = _("Starts from %(start)s, the usual of its segment and what weighs little; the points add up.")
    return words % {"start": format_number(start, 1)}


def by_hand(override: dict[str, Any] | None) -> dict[str, Any] | None:
    """Return what was set in place of the score, in words."""
    return override and {
        **override,
        "reason": OverrideReason(override["reason"]).label,
        "expires_on": date.fromisoformat(override["expires_on"]),
    }


def lever_words(lever: Lever) -> dict[str, str]:
    """Return what somebody could do and what the score would gain by it."""
    return {"gain": f"+{lever.gain}", "words": str(LEVER_WORDS.get(lever.code, lever.code))}


def fading_words(one: Fading, found: AccountScore, reasons: list[dict[str, Any]], today: date) -> str:
    """Return which reason fades when, and where the score goes with it."""
    reason = next(reason for reason in reasons if reason["code"] == one.code)
    words = _("%(day)s: “%(reason)s” no longer counts, the score goes to %(score)s.")
    return words % {
        "day": format_day(one.day, today=today),
        "reason": rules.reason_sentence(reason, today),
        "score": one.score,
    }


def stake(found: AccountScore, override: dict[str, Any] | None) -> dict[str, Any]:
    """Return what the money at stake is made of; a chance that was set by hand is the one that counts."""
    percent = 100 * found.probability if override is None else override["score"]
    basis = {"typical_minor": 0, "deals_minor": 0, "left_out": [], **found.value_basis}
    expected = format_about(basis["typical_minor"] + basis["deals_minor"], found.currency)
    words = _("%(percent)s%% of %(expected)s, what it would likely spend.")
    if basis["left_out"]:
        words += " " + _("Amounts in %(currencies)s are not in it.")
    given = {
        "percent": format_number(percent),
        "expected": expected,
        "currencies": ", ".join(basis["left_out"]),
    }
    return {"basis": basis, "percent": percent, "stake_words": words % given}


def silence(organization: Organization, found: AccountScore) -> dict[str, Any]:
    """Return how likely it is that the account falls silent, and by what that is said."""
    worth: Any = found
    value = AccountValue(**worth.worth) if worth.worth else None
    if value is None or value.silence_chance is None:
        return {"worth": None}
    days = int(organization.setting("score_horizon_days"))
    return {
        "worth": value,
        "silence_words": silence_words(value, days=days),
        "silence_method": silence_method(value),
    }


def record_link(request: MemberRequest, found: AccountScore, record: dict[str, str]) -> dict[str, str]:
    """Return a record behind a reason, with the page where it can be seen."""
    slug = request.organization.slug
    named = RECORD_PAGES.get(record["type"])
    if named is not None:
        url = reverse(named[0], kwargs={"organization": slug, named[1]: record["id"]})
    else:
        # What has no page of its own is in the account's timeline.
        url = reverse("pipeline:account", kwargs={"organization": slug, "account_id": found.account_id}) + "#timeline"
    words = str(RECORD_WORDS.get(record["type"], record["type"]))
    return {"url": url, "label": record["label"].replace("_", " ") or words, "kind": words}
