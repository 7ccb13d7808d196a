"""Which accounts come first, and why."""

from decimal import Decimal
from typing import Any
from uuid import UUID

from django.core.exceptions import BadRequest
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
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
from pipeline.queries.action_words import has_hours, has_own_hours, shown_action, with_cut
from pipeline.queries.next_actions import next_action
from pipeline.queries.next_actions import week as week_plan
from pipeline.queries.score_words import confirmed, freshness, looked_at, shown_reasons
from pipeline.views.listing import from_the_beginning, read_cursor, read_sort
from pipeline.views.saved_views import views_bar
from tenancy.access import Action, member_can
from tenancy.http import MemberRequest
from tenancy.keyset import InvalidCursor, Sort
from tenancy.money import from_minor
from tenancy.working_time import local_day
from ui.formats import format_money, format_number

ORDERS = (
    queries.BY_RANK,
    queries.BY_VALUE,
    Sort("plan", queries.BY_RANK.column),  # as addresses said before there was one rank
)


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
    organization, member = request.organization, request.member
    week = week_plan(
        organization=organization,
        member=member,
        today=today,
        owner_id=member.pk if narrowed.mine else narrowed.owner_id,
    )
    sort = read_sort(request, ORDERS)
    if sort not in ORDERS:
        raise BadRequest(_("This list begins with the first on top."))
    if sort.column == queries.BY_RANK.column:
        sort = queries.BY_RANK
    try:
        page = queries.priorities_page(
            organization=organization,
            member=member,
            today=today,
            narrowed=narrowed,
            sort=sort,
            cursor=read_cursor(request),
        )
    except InvalidCursor:
        return from_the_beginning(request)
    choices = queries.priority_choices(organization=organization, member=member, today=today)
    rows = [row_of(request, score) for score in page.rows]
    context = {
        "views": views,
        "now": now,
        "sentence": opening_sentence(choices, by_value=sort == queries.BY_VALUE),
        "page": page,
        "rows": cut_rows(rows, narrowed, is_beginning=not page.previous) if week and sort == queries.BY_RANK else rows,
        "sort": sort.name,
        "week": week,
        "narrowed": narrowed,
        "choices": choices,
        "segments": [(code, label) for code, label in Segment.choices if code in choices.segments],
        "bands": [(code, rules.band_word(code), choices.bands[code]) for code in Band.values],
        "night": queries.night_state(organization=request.organization),
        "freshness": freshness(organization=request.organization, score=confirmed(page.rows[0]), now=now)
        if page.rows
        else "",
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


def cut_rows(
    rows: list[dict[str, Any]], narrowed: queries.PriorityFilter, *, is_beginning: bool
) -> list[dict[str, Any]]:
    """Mark where the hours end: those of the one whose accounts are shown, or of everybody."""
    own = narrowed.mine or narrowed.owner_id is not None
    return with_cut(rows, is_beginning=is_beginning, is_within=has_own_hours if own else has_hours)


def opening_sentence(choices: queries.PriorityChoices, *, by_value: bool = False) -> str:
    """Return what the list says at a glance."""
    if not choices.total:
        return _("Which accounts to see first, and why.")
    amounts = _(" and ").join(format_money(amount, code, short=True) for code, amount in choices.act_values.items())
    act = choices.bands[Band.ACT]
    words = ngettext(
        "One of %(total)s accounts wants attention today, %(amounts)s at stake.",
        "%(count)s of %(total)s accounts want attention today, %(amounts)s at stake.",
        act,
    )
    if by_value:
        words += " " + _("Sorted by the chance to buy times what each would likely spend.")
    else:
        words += " " + _("Ranked by what an hour of work is expected to add.")
    return words % {"count": format_number(act), "total": format_number(choices.total), "amounts": amounts}


def row_of(request: MemberRequest, score: AccountScore) -> dict[str, Any]:
    """Return a row of the list: the score with its strongest reason in words."""
    day = looked_at(organization=request.organization, score=score)
    return {
        "score": score,
        "account": score.account,
        "place": ", ".join(filter(None, (score.account.get_segment_display(), score.account.region))),
        "first_reason": rules.first_sentence(shown_reasons(member=request.member, reasons=score.reasons), day),
        "more_reasons": max(0, len(score.reasons) - 1),
        "is_new": score.previous_rank is None,
        "change": rules.change_words(score.score, score.previous_score),
        "direction": "up" if (score.change or 0) > 0 else "down",
        "move": rules.rank_words(score.rank, score.previous_rank),
        "next": shown_action(getattr(score, "planned", None)),
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
        return scores.annotate(planned=next_action()).select_related("account__owner")

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
    *("value at stake", "currency", "why", "next", "hours", "value an hour", "plan", "as of", "method", "account id"),
)


def _cells(request: MemberRequest, score: AccountScore) -> tuple[object, ...]:
    account = score.account
    value = None if score.value_minor is None else from_minor(score.value_minor, score.currency)
    day = looked_at(organization=request.organization, score=score)
    reasons = shown_reasons(member=request.member, reasons=score.reasons)
    step = shown_action(getattr(score, "planned", None)) or {"words": [], "hours": None, "word": ""}
    per_hour = from_minor(step["per_hour_minor"], step["currency"]) if step["words"] else None
    why = "; ".join(rules.reason_sentence(reason, day) for reason in reasons)
    return (
        *(score.rank, score.previous_rank, account.name, account.segment, account.region),
        *(account.owner.name if account.owner else "", score.score, score.previous_score),
        *(Decimal(str(round(score.probability, 4))), score.band, value, score.currency, why),
        *("; ".join(step["words"]), step["hours"] or None, per_hour, step["word"]),
        *(score.as_of, score.model_version, account.pk),
    )
