"""Which accounts come first, and why."""

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.core.exceptions import BadRequest
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET

from integrations.exports.log import filters_of, record_export
from integrations.exports.spreadsheet import csv_response
from integrations.exports.walk import walk
from pipeline import rules
from pipeline.models import AccountScore, Band, ListName, Segment
from pipeline.queries import priorities as queries
from pipeline.views.listing import from_the_beginning, read_cursor, read_sort
from pipeline.views.saved_views import views_bar
from tenancy.access import Action, member_can
from tenancy.http import MemberRequest
from tenancy.keyset import InvalidCursor
from tenancy.money import from_minor
from tenancy.working_time import local_day
from ui.formats import format_ago, format_day, format_moment, format_money, format_number

RECORD_PAGES = {
    "opportunity": ("pipeline:opportunity", "opportunity_id"),
    "order": ("pipeline:order", "order_id"),
    "contact": ("pipeline:contact", "contact_id"),
    "product": ("pipeline:product-edit", "product_id"),
}
RECORD_WORDS = {
    "opportunity": "Deal",
    "order": "Order",
    "contact": "Contact",
    "product": "Product",
    "activity": "Activity",
    "satisfaction_response": "Answer to a survey",
    "usage_signal": "Portal",
}


@member_can(Action.VIEW_PRIORITIES)
@require_GET
def priorities(request: MemberRequest) -> HttpResponse:
    """Show the ranked list."""
    views = views_bar(request, ListName.PRIORITIES)
    if views.leads_to:
        return redirect(views.leads_to)
    now = timezone.now()
    today = local_day(request.organization, now)
    narrowed = chosen_filter(request)
    if read_sort(request, [queries.BY_RANK]) != queries.BY_RANK:
        raise BadRequest(_("This list has one order: by rank, the first on top."))
    try:
        page = queries.priorities_page(
            organization=request.organization,
            member=request.member,
            today=today,
            narrowed=narrowed,
            cursor=read_cursor(request),
        )
    except InvalidCursor:
        return from_the_beginning(request)
    choices = queries.priority_choices(organization=request.organization, member=request.member, today=today)
    context = {
        "views": views,
        "now": now,
        "sentence": opening_sentence(choices),
        "page": page,
        "rows": [row_of(request, score) for score in page.rows],
        "narrowed": narrowed,
        "choices": choices,
        "segments": [(code, label) for code, label in Segment.choices if code in choices.segments],
        "bands": [(code, rules.band_word(code), choices.bands[code]) for code in Band.values],
        "night": queries.night_state(organization=request.organization),
        "freshness": freshness(request, page.rows[0], now) if page.rows else "",
    }
    return render(request, "pipeline/priorities.html", context)


def chosen_filter(request: HttpRequest) -> queries.PriorityFilter:
    """Return what the address narrows the list to.

    :raises Http404: when it names a band or a segment that there is none of, or an owner that is no id.
    """
    asked = request.GET
    band, segment, owner = asked.get("band", ""), asked.get("segment", ""), asked.get("owner", "")
    if band not in ("", *Band.values) or segment not in ("", *Segment.values):
        raise Http404
    try:
        owner_id = UUID(owner) if owner else None
    except ValueError as error:
        raise Http404 from error
    return queries.PriorityFilter(
        band=band, segment=segment, region=asked.get("region", ""), owner_id=owner_id, mine=asked.get("mine") == "yes"
    )


def opening_sentence(choices: queries.PriorityChoices) -> str:
    """Return what the list says at a glance."""
    if not choices.total:
        return _("Which accounts to see first, and why.")
    amounts = _(" and ").join(format_money(amount, code, short=True) for code, amount in choices.act_values.items())
    act = choices.bands[Band.ACT]
    words = ngettext(
        "One of %(total)s accounts wants attention today, %(amounts)s at stake. Ranked by the chance to buy times what "
        "the account would likely spend.",
        "%(count)s of %(total)s accounts want attention today, %(amounts)s at stake. Ranked by the chance to buy times "
        "what each would likely spend.",
        act,
    )
    return words % {"count": format_number(act), "total": format_number(choices.total), "amounts": amounts}


def freshness(request: MemberRequest, score: AccountScore, now: datetime) -> str:
    """Return how fresh the scores are; a night that looked at the past says so."""
    return rules.freshness_words(
        scored=format_ago(score.scored_at, now=now),
        data_up_to=format_moment(score.data_up_to, now=now) if score.data_up_to else "",
        as_of=format_day(looked_at(request, score), today=now.date()) if is_past(score) else "",
    )


def is_past(score: AccountScore) -> bool:
    """Whether the score looks at a day gone by, and not at the night it was made in."""
    return score.scored_at - score.as_of > timedelta(days=1)


def looked_at(request: MemberRequest, score: AccountScore) -> date:
    """Return the organisation's day that the score looks at."""
    return local_day(request.organization, score.as_of)


def row_of(request: MemberRequest, score: AccountScore) -> dict[str, Any]:
    """Return a row of the list: the score with its strongest reason in words."""
    day = looked_at(request, score)
    return {
        "score": score,
        "account": score.account,
        "popover": f"why-{score.pk.hex}",
        "title": _("Why %(score)s") % {"score": score.score},
        "url": reverse("pipeline:priority", args=[request.organization.slug, score.account_id]),
        "place": ", ".join(filter(None, (score.account.get_segment_display(), score.account.region))),
        "first_reason": rules.first_sentence(score.reasons, day),
        "more_reasons": max(0, len(score.reasons) - 1),
        "is_new": score.previous_rank is None,
        "change": rules.change_words(score.score, score.previous_score),
        "direction": "up" if (score.change or 0) > 0 else "down",
        "move": rules.rank_words(score.rank, score.previous_rank),
    }


@member_can(Action.EXPORT_PRIORITIES)
@require_GET
def priorities_export(request: MemberRequest) -> HttpResponseBase:
    """Send the ranked list, as it is narrowed, as CSV."""
    now = timezone.now()
    today = local_day(request.organization, now)
    organization, member, narrowed = request.organization, request.member, chosen_filter(request)

    def rows() -> QuerySet[AccountScore, AccountScore]:
        scores = queries.priorities(
            organization=organization,
            member=member,
            today=today,
            narrowed=narrowed,
            action=Action.EXPORT_PRIORITIES,
        )
        return scores.select_related("account__owner")

    record_export(
        organization=organization,
        member=member,
        what="priorities",
        exported_at=now,
        rows=rows().count(),
        filters=filters_of(request.GET),
    )
    chunks = walk(rows, organization=organization, member=member, sort=queries.BY_RANK, task="export priorities")
    return csv_response("priorities.csv", EXPORTED, ([_cells(request, one) for one in chunk] for chunk in chunks))


EXPORTED = (
    *("rank", "rank before", "account", "segment", "region", "owner", "score", "score before", "chance", "band"),
    *("value at stake", "currency", "why", "as of", "method", "account id"),
)


def _cells(request: MemberRequest, score: AccountScore) -> tuple[object, ...]:
    account = score.account
    value = None if score.value_minor is None else from_minor(score.value_minor, score.currency)
    day = looked_at(request, score)
    why = "; ".join(rules.reason_sentence(reason, day) for reason in score.reasons)
    return (
        *(score.rank, score.previous_rank, account.name, account.segment, account.region),
        *(account.owner.name if account.owner else "", score.score, score.previous_score),
        *(Decimal(str(round(score.probability, 4))), score.band, value, score.currency, why),
        *(score.as_of, score.model_version, account.pk),
    )


@member_can(Action.VIEW_PRIORITIES)
@require_GET
def priority(request: MemberRequest, account_id: UUID) -> HttpResponse:
    """Show why an account has its score: each reason with the records it came from, and what was said before.

    Asked for as a part it is the popover of the lists: the reasons alone.
    """
    now = timezone.now()
    try:
        score = queries.account_score(
            organization=request.organization,
            member=request.member,
            today=local_day(request.organization, now),
            account_id=account_id,
        )
    except AccountScore.DoesNotExist as error:
        raise Http404 from error
    if request.htmx and not request.htmx.boosted:
        return render(request, "pipeline/priority.html#why", why_of(request, score))
    history = queries.score_history(organization=request.organization, account_id=account_id)
    context = {
        "now": now,
        "freshness": freshness(request, score, now),
        **why_of(request, score),
        **history_of(history),
    }
    return render(request, "pipeline/priority.html", context)


def why_of(request: MemberRequest, score: AccountScore) -> dict[str, Any]:
    """Return all that explains a score: start, reasons, their sum, the money, what would raise it."""
    day = looked_at(request, score)
    page = reverse("pipeline:priority", args=[request.organization.slug, score.account_id])
    reasons = [
        {
            "code": reason["code"],
            "text": rules.reason_sentence(reason, day),
            "points": reason["points"],
            "url": f"{page}#{reason['code']}",
            "hint": rules.reason_hint(reason),
            "records": [record_link(request, score, record) for record in reason["records"]],
        }
        for reason in score.reasons
    ]
    total = rules.log_odds(score.probability)
    basis = {"typical_minor": 0, "deals_minor": 0, "left_out": [], **score.value_basis}
    expected = format_money(basis["typical_minor"] + basis["deals_minor"], score.currency, short=True)
    percent = format_number(100 * score.probability)
    stake_words = _("%(percent)s%% of %(expected)s, what it would likely spend.")
    if basis["left_out"]:
        stake_words += " " + _("Amounts in %(currencies)s are not counted: they can't be added without a rate.")
    start = total - sum(reason["points"] for reason in score.reasons)
    return {
        "score": score,
        "account": score.account,
        "title": _("Why %(score)s") % {"score": score.score},
        "headline": _("Chance to buy, %(percent)s%%") % {"percent": percent},
        "note": _("Starts from %(start)s, the usual of all accounts; the points add up.")
        % {"start": format_number(start, 1)},
        "band_word": rules.band_word(score.band),
        "sentence": _("Rank %(rank)s by value at stake: %(value)s, a %(percent)s%% chance of %(expected)s.")
        % {
            "rank": format_number(score.rank),
            "value": format_money(score.value_minor, score.currency, short=True),
            "percent": percent,
            "expected": expected,
        },
        "model_words": _("%(method)s, points in log-odds") % {"method": rules.method_words(score.model_version)},
        "reasons": reasons,
        "start": start,
        "base_words": _("What an account without any of these reasons starts from."),
        "total": total,
        "total_words": _("which is a chance of %(percent)s%%") % {"percent": percent},
        "percent": 100 * score.probability,
        "basis": basis,
        "stake_words": stake_words
        % {"percent": percent, "expected": expected, "currencies": ", ".join(basis["left_out"])},
        "levers": ", ".join(rules.what_would_raise([reason["code"] for reason in score.reasons])),
    }


def history_of(history: list[Any]) -> dict[str, Any]:
    """Return what the last runs said, for the trend and its table."""
    return {"history": history[::-1], "trend": [one.score for one in history]}


def record_link(request: MemberRequest, score: AccountScore, record: dict[str, str]) -> dict[str, str]:
    """Return a record behind a reason, with the page where it can be seen."""
    slug = request.organization.slug
    named = RECORD_PAGES.get(record["type"])
    if named is not None:
        url = reverse(named[0], kwargs={"organization": slug, named[1]: record["id"]})
    else:
        # What has no page of its own is in the account's timeline.
        url = reverse("pipeline:account", kwargs={"organization": slug, "account_id": score.account_id}) + "#timeline"
    words = RECORD_WORDS.get(record["type"], record["type"])
    label = record["label"].replace("_", " ") or words
    return {"url": url, "label": label, "kind": words}
