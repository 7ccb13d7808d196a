"""The weekly pipeline review: exceptions only, each closed by an action, a decision or "no change"."""

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import BadRequest
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from pipeline import operations, queries
from pipeline.forms.decisions import AskForm
from pipeline.forms.review import NoChangeForm, ReviewFilterForm
from pipeline.models import Decision, Opportunity, ReviewEnd
from pipeline.operations import StaleVersion, UnableToDecide, UnableToMoveStage, UnableToSettle, noted_changes
from pipeline.queries import review as reviews
from pipeline.queries.deal_warnings import Yardstick
from pipeline.querysets import OpportunityQuerySet
from pipeline.views.listing import read_filters, refuse_unless_editable
from pipeline.views.opportunity import ways_on
from pipeline.views.removing import address
from pipeline.views.stalled import DONE, WAYS, settle_as_stated
from pipeline.views.undo import undo_offer
from tenancy.access import Action, member_can
from tenancy.conversion import Converter, converter_for
from tenancy.http import MemberRequest, undo_changes
from tenancy.working_time import local_day

OTHER_ENDS = {"ask": ReviewEnd.DECISION, "same": ReviewEnd.NO_CHANGE}


@dataclass
class Row:
    """A deal of the review: why it is in it, and the form that somebody opened."""

    deal: Opportunity
    words: list[str] = field(default_factory=list)
    do: str = ""
    form: Any = None
    done: str = ""
    undo_url: str = ""


@member_can(Action.VIEW_OPPORTUNITIES)
@require_safe
def review(request: MemberRequest) -> HttpResponse:
    """Show the exceptions that wait, what is worth most first."""
    filters, scope = _filters(request), _scope(request)
    found = reviews.review(**scope, narrowed=filters.narrowed())
    context = {
        "review": found,
        "rows": [Row(deal, reviews.reason_words(deal, scope["yardstick"])) for deal in found.rows],
        "filters": filters,
        "in_force": filters.in_force(),
        "today": scope["yardstick"].today,
    }
    return render(request, "pipeline/review.html", context)


@member_can(Action.VIEW_OPPORTUNITIES)
@require_http_methods(["GET", "HEAD", "POST"])
def review_deal(request: MemberRequest, opportunity_id: UUID) -> HttpResponse:
    """Show one deal of the review with the form of one way to close it, or close it that way."""
    row = _row(request, opportunity_id)
    row.do = (request.POST if request.method == "POST" else request.GET).get("do", "")
    if row.do or request.method == "POST":
        refuse_unless_editable(row.deal)
        row.form = _form(request, row, data=request.POST if request.method == "POST" else None)
    if request.method != "POST":
        return _answer(request, row)
    if not row.form.is_valid():
        return _answer(request, row, status=422)
    try:
        _close(request, row)
    except (UnableToSettle, UnableToMoveStage, UnableToDecide) as error:
        undo_changes(request)
        row.form.add_error(None, str(error))
        return _answer(request, row, status=422)
    except StaleVersion:
        undo_changes(request)
        fresh = _row(request, opportunity_id)
        fresh.do = row.do
        fresh.form = _form(request, fresh, data={**request.POST.dict(), "version": fresh.deal.version})
        fresh.form.is_valid()
        fresh.form.add_error(None, _("Nothing was saved: the deal changed meanwhile. Look, then choose again."))
        return _answer(request, fresh, status=409)
    if request.htmx and not request.htmx.boosted:
        return _answer(request, row)
    messages.success(request, row.done)
    return redirect(address(request, "review"))


def _close(request: MemberRequest, row: Row) -> None:
    """Do what a valid form says, and keep that the exceptions of the deal are closed as they are then."""
    deal, form, now = row.deal, row.form, timezone.now()
    seen, note, decision = int(getattr(deal, "exceptions", 0)), "", None
    end: ReviewEnd = OTHER_ENDS.get(row.do, ReviewEnd.ACTION)
    with noted_changes() as noted:
        if end == ReviewEnd.ACTION:
            settle_as_stated(request, deal, row.do, form)
            row.done = str(DONE[row.do])
        elif end == ReviewEnd.DECISION:
            decision = ask_as_stated(request, deal, form)
            row.done = _("%(who)s decides until %(day)s.") % {"who": decision.decider.name, "day": decision.due_on}
        else:
            note, row.done = form.cleaned_data["note"], _("Stays as it is.")
    if end == ReviewEnd.ACTION:
        row.undo_url = undo_offer(request, row.done, noted, page=address(request, "review"))
        # What is still open to question was seen as well: who acts on a deal has looked at all of it.
        again = reviews.reviewed_deal(_found(request), deal.pk)
        seen |= int(getattr(again, "exceptions", 0))
    operations.close_exception(
        organization=request.organization,
        opportunity=deal,
        version=deal.version if end == ReviewEnd.ACTION else form.cleaned_data["version"] or 0,
        reasons=seen,
        how=end,
        note=note,
        decision=decision,
        closed_by=request.member,
        closed_at=now,
    )


def ask_as_stated(request: MemberRequest, deal: Opportunity, form: AskForm) -> Decision:
    """Ask for the decision about a deal that a valid form describes."""
    return operations.ask_decision(
        organization=request.organization,
        opportunity=deal,
        asker=request.member,
        asked_at=timezone.now(),
        **form.stated(),
    )


def _form(request: MemberRequest, row: Row, *, data: Any = None) -> Any:
    deal = row.deal
    if row.do in WAYS:
        return ways_on(request, deal, data=data, chosen=row.do if data is not None else "")[row.do]
    if row.do == "ask":
        return ask_form(request, deal, data=data)
    if row.do == "same":
        return NoChangeForm(data, initial={"version": deal.version})
    raise BadRequest(_("A deal is not closed this way."))


def ask_form(request: MemberRequest, deal: Opportunity, *, data: Any = None) -> AskForm:
    """Return the form that asks for a decision about a deal."""
    return AskForm(
        data,
        organization=request.organization,
        deciders=queries.owner_choices(organization=request.organization),
        today=local_day(request.organization, timezone.now()),
        initial={"version": deal.version},
    )


def _answer(request: MemberRequest, row: Row, *, status: int = 200) -> HttpResponse:
    scope = _scope(request)
    context: dict[str, Any] = {"row": row, "today": scope["yardstick"].today}
    if request.htmx and not request.htmx.boosted:
        if row.done:
            context["review"] = reviews.review(**scope, narrowed=reviews.ReviewFilter())
        return render(request, "pipeline/review_row.html", {**context, "in_part": True}, status=status)
    return render(request, "pipeline/review_deal.html", context, status=status)


def _row(request: MemberRequest, deal_id: UUID) -> Row:
    today = local_day(request.organization, timezone.now())
    found = _found(request).with_editable(request.member, Action.EDIT_OPPORTUNITIES, as_of=today)
    deal = reviews.reviewed_deal(found, deal_id)
    if deal is None:
        raise Http404
    yardstick: Yardstick = _scope(request)["yardstick"]
    return Row(deal, reviews.reason_words(deal, yardstick))


def _found(request: MemberRequest) -> OpportunityQuerySet:
    return reviews.reviewed_deals(**_scope(request), narrowed=reviews.ReviewFilter())


def _scope(request: MemberRequest) -> dict[str, Any]:
    organization, member = request.organization, request.member
    today = local_day(organization, timezone.now())
    converter: Converter = converter_for(member, organization=organization, today=today)
    return {
        "organization": organization,
        "member": member,
        "yardstick": queries.yardstick(organization=organization, today=today),
        "converter": converter,
    }


def _filters(request: MemberRequest) -> ReviewFilterForm:
    filters = ReviewFilterForm(request.GET)
    filters.offer(owner=queries.owner_choices(organization=request.organization))
    read_filters(filters)
    return filters
