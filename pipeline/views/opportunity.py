"""A deal's own page, its forms, and its way through the stages."""

from collections.abc import Sequence
from functools import partial
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from pipeline import operations, queries, rules
from pipeline.forms.opportunities import MoveForm, NewOpportunityForm, OpportunityForm, opportunity_values
from pipeline.forms.stalled import PushForm, ReviveForm, StopForm
from pipeline.models import Account, CriterionCheck, Opportunity, Stage, WarningCode
from pipeline.operations import StaleVersion, UnableToCheck, UnableToMoveStage, noted_changes
from pipeline.queries.badges import score_badge
from pipeline.queries.deal_warnings import Yardstick, is_warned, warnings_of, with_warnings
from pipeline.queries.score_words import shown_reasons
from pipeline.querysets import OpportunityQuerySet
from pipeline.views.contacts import account_of_address
from pipeline.views.record_pages import (
    RecordKind,
    add_record,
    delete_record,
    edit_record,
    editable,
    restore_record,
)
from pipeline.views.removing import address
from pipeline.views.undo import say_done
from tenancy.access import Action, member_can
from tenancy.http import MemberRequest
from tenancy.working_time import local_day


@member_can(Action.VIEW_OPPORTUNITIES)
@require_safe
def opportunity(request: MemberRequest, opportunity_id: UUID) -> HttpResponse:
    """Show a deal: its figures, its next step, and how long it has been in which stage.

    Asked for as a part it is the layer that the badge of its chance opens.
    """
    yardstick = _yardstick(request)
    deal: Opportunity = get_object_or_404(with_warnings(found_deals(request), yardstick), pk=opportunity_id)
    in_part = request.htmx and not request.htmx.boosted and not request.htmx.history_restore_request
    if in_part and (said := _outlook(request, deal)):
        return render(request, "pipeline/deal_why.html", {"deal": deal, **said})
    return deal_page(request, deal, yardstick=yardstick)


def _yardstick(request: MemberRequest) -> Yardstick:
    """Return what the member's deals are held against."""
    return queries.yardstick(organization=request.organization, today=local_day(request.organization, timezone.now()))


def found_deals(request: MemberRequest) -> OpportunityQuerySet:
    """Return the deals that the member sees, each with what its page shows beside it."""
    today = local_day(request.organization, timezone.now())
    found = queries.opportunities(organization=request.organization, member=request.member, today=today)
    found = found.with_editable(request.member, Action.EDIT_OPPORTUNITIES, as_of=today)
    checks = CriterionCheck.objects.for_organization(request.organization).filter(opportunity=OuterRef("pk"))
    found = found.annotate(
        confirmed=ArraySubquery(checks.values("criterion")),
        score_badge=score_badge(),
        deal_outlook=queries.deal_outlook(),
        asked_decisions=queries.decisions_of_deal(),
        deal_people=queries.people_of_deal(),
        deal_splits=queries.splits_of_deal(),
        said_by_others=queries.said_of("opportunity"),
    )
    return found.select_related("account", "stage", "owner", "product")


def deal_page(
    request: MemberRequest,
    deal: Opportunity,
    *,
    yardstick: Yardstick | None = None,
    move_form: MoveForm | None = None,
    ways: dict[str, Any] | None = None,
    status: int = 200,
) -> HttpResponse:
    """Answer with a deal's page; forms that were refused are shown with what was typed."""
    now = timezone.now()
    if yardstick is None:
        # A refused form: the deal was read to be changed, so what is said of it is read again.
        yardstick = _yardstick(request)
        deal = with_warnings(found_deals(request), yardstick).get(pk=deal.pk)
    history = queries.opportunity_history(organization=request.organization, opportunity=deal)
    may_edit = bool(getattr(deal, "is_editable", False))
    if may_edit and move_form is None:
        move_form = _move_form(request, deal, initial={"stage": str(deal.stage_id), "version": deal.version})
    if move_form is not None and ways is None and is_warned(deal, WarningCode.STALLED):
        ways = ways_on(request, deal, stages=list(move_form.stages.values()))
    activities = queries.opportunity_activities(
        organization=request.organization, member=request.member, opportunity=deal
    )
    changes = queries.field_changes(organization=request.organization, history=history)
    context = {
        "deal": deal,
        "warnings": warnings_of(deal, yardstick),
        "ways": ways,
        "checklist": operations.checklist(organization=request.organization, deal=deal, today=yardstick.today),
        "stays": queries.stage_stays(history, as_of=deal.closed_at or now, calendar=yardstick.calendar),
        "changes": changes,
        "pushes": queries.push_words(changes),
        "activities": activities,
        "undone": queries.undone_of(organization=request.organization, subject_type="opportunity", subject_id=deal.pk),
        "custom_facts": queries.custom_facts(
            organization=request.organization, record="opportunity", values=deal.custom
        ),
        **_outlook(request, deal),
        "external_scores": queries.external_scores_of(deal),
        "move_form": move_form,
        "may_edit": may_edit,
        "now": now,
        "today": yardstick.today,
    }
    return render(request, "pipeline/opportunity.html", context, status=status)


def ways_on(
    request: MemberRequest,
    deal: Opportunity,
    *,
    stages: Sequence[Stage] | None = None,
    data: Any = None,
    chosen: str = "",
) -> dict[str, Any]:
    """Return the three forms for a deal that stands still; `data` is what was typed into the `chosen` one."""
    if stages is None:
        stages = queries.stages_of(organization=request.organization, pipeline_id=deal.pipeline_id)
    today = local_day(request.organization, timezone.now())
    common: dict[str, Any] = {"deal": deal, "today": today}

    def typed(name: str) -> dict[str, Any]:
        return {"data": data, **common} if name == chosen else common

    return {
        "revive": ReviveForm(**typed("revive")),
        "push": PushForm(**typed("push"), stages=stages),
        "stop": StopForm(**typed("stop")),
    }


def _outlook(request: MemberRequest, deal: Opportunity) -> dict[str, Any]:
    """Return what the last night said of an open deal, with its reasons in words."""
    score = queries.opportunity_score(deal)
    if score is None:
        return {}
    day = local_day(request.organization, score.as_of)
    # Who has missed the planned quarter has the present one.
    due = max(deal.close_date, day) if deal.close_date else None
    reasons = shown_reasons(member=request.member, reasons=score.reasons)
    return {
        "outlook": score,
        "outlook_method": rules.method_words(score.model_version),
        "outlook_reasons": [
            {"text": rules.reason_sentence(reason, day), "points": reason["points"]} for reason in reasons
        ],
        "horizon_days": request.organization.setting("score_horizon_days"),
        "planned_quarter": f"Q{(due.month + 2) // 3} {due.year}" if due else "",
    }


def _move_form(request: MemberRequest, deal: Opportunity, **data: Any) -> MoveForm:
    stages = queries.stages_of(organization=request.organization, pipeline_id=deal.pipeline_id)
    return MoveForm(stages=stages, **data)


def move_as_stated(request: MemberRequest, deal: Opportunity, form: MoveForm) -> None:
    """Move a deal as a valid form says; what `operations.move_stage` raises is the page's to put into words."""
    operations.move_stage(
        organization=request.organization,
        opportunity=deal,
        stage=form.cleaned_data["stage"],
        version=form.cleaned_data["version"],
        actor=request.member,
        moved_at=timezone.now(),
        lost_reason=form.cleaned_data["lost_reason"],
    )


@member_can(Action.EDIT_OPPORTUNITIES)
@require_POST
def opportunity_move(request: MemberRequest, opportunity_id: UUID) -> HttpResponse:
    """Move a deal to another stage."""
    deal: Opportunity = editable(request, DEALS, opportunity_id)
    form = _move_form(request, deal, data=request.POST)
    if not form.is_valid():
        return deal_page(request, deal, move_form=form, status=422)
    try:
        with noted_changes() as noted:
            move_as_stated(request, deal, form)
    except UnableToMoveStage as error:
        form.add_error(None, str(error))
        return deal_page(request, deal, move_form=form, status=422)
    except StaleVersion:
        fresh: Opportunity = editable(request, DEALS, opportunity_id)
        again = _move_form(request, fresh, data={**request.POST.dict(), "version": fresh.version})
        again.is_valid()
        again.add_error(
            None,
            _("The move was not saved: the deal changed meanwhile and is in “%(stage)s”. Look, then move it again.")
            % {"stage": fresh.stage.name},
        )
        return deal_page(request, fresh, move_form=again, status=409)
    here = DEALS.url(request, deal)
    say_done(request, _("Moved to %s.") % deal.stage.name, noted, page=here)
    return redirect(here)


@member_can(Action.EDIT_OPPORTUNITIES)
@require_POST
def opportunity_check(request: MemberRequest, opportunity_id: UUID) -> HttpResponse:
    """Confirm what the stage of a deal asks for, or take that back."""
    deal: Opportunity = editable(request, DEALS, opportunity_id)
    try:
        operations.check_criterion(
            organization=request.organization,
            opportunity=deal,
            criterion=request.POST.get("criterion", ""),
            is_met=request.POST.get("is_met") == "1",
            actor=request.member,
            at=timezone.now(),
        )
    except UnableToCheck as error:
        messages.warning(request, str(error))
    return redirect(DEALS.url(request, deal))


def _form(request: MemberRequest, deal: Opportunity | None, **data: Any) -> OpportunityForm:
    choices = _choices(request, deal.account if deal else None)
    return OpportunityForm(**choices, is_open=deal is None or deal.is_open, **data)


def _choices(request: MemberRequest, account: Account | None) -> dict[str, Any]:
    today = local_day(request.organization, timezone.now())
    return {
        "organization": request.organization,
        "today": today,
        "owners": queries.owner_choices(organization=request.organization),
        "accounts": queries.accounts(organization=request.organization, member=request.member, today=today),
        "products": queries.product_choices(organization=request.organization),
        "current_account": account,
    }


DEALS = RecordKind(
    name="opportunity",
    model=Opportunity,
    list_page="opportunities",
    list_name=gettext_lazy("Deals"),
    action=Action.EDIT_OPPORTUNITIES,
    found=found_deals,
    make_form=_form,
    values=opportunity_values,
    update=operations.update_opportunity,
    title=gettext_lazy("Edit %s"),
    added=gettext_lazy("%s was added."),
)


@member_can(Action.EDIT_OPPORTUNITIES)
def opportunity_new(request: MemberRequest) -> HttpResponse:
    """Open a deal."""
    account = account_of_address(request)
    stages = _open_stages(request)
    if not stages:
        operations.create_default_pipeline(organization=request.organization)
        stages = _open_stages(request)

    def make_form(**data: Any) -> NewOpportunityForm:
        return NewOpportunityForm(stages=stages, **_choices(request, account), **data)

    return add_record(
        request,
        DEALS,
        title=_("New deal"),
        save_word=_("Add deal"),
        create=partial(operations.create_opportunity, opened_at=timezone.now()),
        initial={
            "owner": str(request.member.pk),
            "currency": request.organization.currency,
            "account": account.name if account else "",
        },
        back_url=address(request, "account", account.pk) if account else "",
        make_form=make_form,
    )


def _open_stages(request: MemberRequest) -> list[Stage]:
    return [stage for stage in queries.stages_in_use(organization=request.organization) if stage.is_open]


@member_can(Action.EDIT_OPPORTUNITIES)
def opportunity_edit(request: MemberRequest, opportunity_id: UUID) -> HttpResponse:
    """Change a deal; its stage moves on its own page."""
    return edit_record(request, DEALS, editable(request, DEALS, opportunity_id))


@member_can(Action.EDIT_OPPORTUNITIES)
@require_POST
def opportunity_delete(request: MemberRequest, opportunity_id: UUID) -> HttpResponse:
    """Delete a deal; the list offers to take it back."""
    return delete_record(request, DEALS, opportunity_id)


@member_can(Action.EDIT_OPPORTUNITIES)
@require_POST
def opportunity_restore(request: MemberRequest, opportunity_id: UUID) -> HttpResponse:
    """Take a deletion back."""
    return restore_record(request, DEALS, opportunity_id)
