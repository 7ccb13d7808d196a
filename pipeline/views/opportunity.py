"""A deal's own page, its forms, and its way through the stages."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from pipeline import operations, queries
from pipeline.forms.opportunities import MoveForm, NewOpportunityForm, OpportunityForm, opportunity_values
from pipeline.forms.record import RecordForm
from pipeline.models import Account, Opportunity, Stage
from pipeline.operations import StaleVersion, UnableToMoveStage
from pipeline.querysets import OpportunityQuerySet
from pipeline.views.contacts import account_of_address
from pipeline.views.editing import FormPage, answer_form
from pipeline.views.listing import refuse_unless_editable
from pipeline.views.removing import address, bring_back, remove
from tenancy.access import Action, member_can
from tenancy.http import MemberRequest
from tenancy.working_time import local_day


@member_can(Action.VIEW_OPPORTUNITIES)
@require_safe
def opportunity(request: MemberRequest, opportunity_id: UUID) -> HttpResponse:
    """Show a deal: its figures, its next step, and how long it has been in which stage."""
    return _page(request, _visible(request, opportunity_id))


def _page(
    request: MemberRequest, deal: Opportunity, move_form: MoveForm | None = None, *, status: int = 200
) -> HttpResponse:
    now = timezone.now()
    history = queries.opportunity_history(organization=request.organization, opportunity=deal)
    may_edit = bool(getattr(deal, "is_editable", False))
    if may_edit and move_form is None:
        move_form = _move_form(request, deal, initial={"stage": str(deal.stage_id), "version": deal.version})
    context = {
        "deal": deal,
        "stays": queries.stage_stays(history, as_of=deal.closed_at or now),
        "changes": queries.field_changes(organization=request.organization, history=history),
        "activities": queries.opportunity_activities(organization=request.organization, opportunity=deal),
        "move_form": move_form,
        "may_edit": may_edit,
        "days_in_stage": max(0, (now - deal.stage_entered_at).days),
        "now": now,
        "today": local_day(request.organization, now),
    }
    return render(request, "pipeline/opportunity.html", context, status=status)


def _move_form(request: MemberRequest, deal: Opportunity, **data: Any) -> MoveForm:
    stages = queries.stages_of(organization=request.organization, pipeline_id=deal.pipeline_id)
    return MoveForm(stages=stages, **data)


@member_can(Action.EDIT_OPPORTUNITIES)
@require_POST
def opportunity_move(request: MemberRequest, opportunity_id: UUID) -> HttpResponse:
    """Move a deal to another stage."""
    deal = _editable(request, opportunity_id)
    form = _move_form(request, deal, data=request.POST)
    if not form.is_valid():
        return _page(request, deal, form, status=422)
    try:
        operations.move_stage(
            organization=request.organization,
            opportunity=deal,
            stage=form.cleaned_data["stage"],
            version=form.cleaned_data["version"],
            actor=request.member,
            moved_at=timezone.now(),
            lost_reason=form.cleaned_data["lost_reason"],
        )
    except UnableToMoveStage as error:
        form.add_error(None, str(error))
        return _page(request, deal, form, status=422)
    except StaleVersion:
        fresh = _editable(request, opportunity_id)
        again = _move_form(request, fresh, data={**request.POST.dict(), "version": fresh.version})
        again.is_valid()
        again.add_error(
            None,
            _("The move was not saved: the deal changed meanwhile and is in “%(stage)s”. Look, then move it again.")
            % {"stage": fresh.stage.name},
        )
        return _page(request, fresh, again, status=409)
    messages.success(request, _("Moved to %s.") % deal.stage.name)
    return redirect(address(request, "opportunity", deal.pk))


@member_can(Action.EDIT_OPPORTUNITIES)
def opportunity_new(request: MemberRequest) -> HttpResponse:
    """Open a deal."""
    now = timezone.now()
    account = account_of_address(request)
    stages = _open_stages(request)
    if not stages:
        operations.create_default_pipeline(organization=request.organization)
        stages = _open_stages(request)

    def make_form(**data: Any) -> NewOpportunityForm:
        return NewOpportunityForm(stages=stages, **_choices(request, account), **data)

    def save(form: RecordForm) -> str:
        deal = operations.create_opportunity(
            organization=request.organization, actor=request.member, opened_at=now, **form.stated()
        )
        messages.success(request, _("%s was added.") % deal.name)
        return address(request, "opportunity", deal.pk)

    page = FormPage(
        title=_("New deal"),
        save_word=_("Add deal"),
        list_name=_("Deals"),
        list_url=address(request, "opportunities"),
        back_url=address(request, "account", account.pk) if account else address(request, "opportunities"),
    )
    initial = {
        "owner": str(request.member.pk),
        "currency": request.organization.currency,
        "account": account.name if account else "",
    }
    return answer_form(request, page=page, make_form=make_form, initial=initial, values=opportunity_values, save=save)


def _open_stages(request: MemberRequest) -> list[Stage]:
    return [stage for stage in queries.stages_in_use(organization=request.organization) if stage.is_open]


@member_can(Action.EDIT_OPPORTUNITIES)
def opportunity_edit(request: MemberRequest, opportunity_id: UUID) -> HttpResponse:
    """Change a deal; its stage moves on its own page."""
    now = timezone.now()
    deal = _editable(request, opportunity_id)
    here = address(request, "opportunity", deal.pk)

    def save(form: RecordForm) -> str:
        operations.update_opportunity(
            organization=request.organization,
            opportunity=deal,
            version=form.cleaned_data["version"] or 0,
            actor=request.member,
            updated_at=now,
            **form.stated(),
        )
        messages.success(request, _("Saved."))
        return here

    page = FormPage(
        title=_("Edit %s") % deal.name,
        save_word=_("Save"),
        list_name=_("Deals"),
        list_url=address(request, "opportunities"),
        back_url=here,
        extra={"delete_url": address(request, "opportunity-delete", deal.pk), "record": deal},
    )
    return answer_form(
        request,
        page=page,
        make_form=lambda **data: OpportunityForm(**_choices(request, deal.account), **data),
        initial={**opportunity_values(deal), "version": deal.version},
        values=opportunity_values,
        save=save,
    )


def _choices(request: MemberRequest, account: Account | None) -> dict[str, Any]:
    today = local_day(request.organization, timezone.now())
    return {
        "organization": request.organization,
        "owners": queries.owner_choices(organization=request.organization),
        "accounts": queries.accounts(organization=request.organization, member=request.member, today=today),
        "products": queries.product_choices(organization=request.organization),
        "current_account": account,
    }


def _visible(request: MemberRequest, opportunity_id: UUID) -> Opportunity:
    today = local_day(request.organization, timezone.now())
    found = queries.opportunities(organization=request.organization, member=request.member, today=today)
    found = found.with_editable(request.member, Action.EDIT_OPPORTUNITIES, as_of=today)
    deal: Opportunity = get_object_or_404(
        found.select_related("account", "stage", "owner", "product"), pk=opportunity_id
    )
    return deal


def _editable(request: MemberRequest, opportunity_id: UUID) -> Opportunity:
    deal = _visible(request, opportunity_id)
    refuse_unless_editable(deal)
    return deal


@member_can(Action.EDIT_OPPORTUNITIES)
@require_POST
def opportunity_delete(request: MemberRequest, opportunity_id: UUID) -> HttpResponse:
    """Delete a deal; the list offers to take it back."""
    deal = _editable(request, opportunity_id)
    here = address(request, "opportunity", deal.pk)
    return remove(request, record=deal, list_url=address(request, "opportunities"), page_url=here)


@member_can(Action.EDIT_OPPORTUNITIES)
@require_POST
def opportunity_restore(request: MemberRequest, opportunity_id: UUID) -> HttpResponse:
    """Take a deletion back."""
    deal = get_object_or_404(_restorable(request), pk=opportunity_id)
    here = address(request, "opportunity", deal.pk)
    return bring_back(request, record=deal, list_url=address(request, "opportunities"), page_url=here)


def deleted_opportunities(request: MemberRequest) -> OpportunityQuerySet:
    """Return the deleted deals that the member could take back."""
    return _restorable(request).deleted()


def _restorable(request: MemberRequest) -> OpportunityQuerySet:
    today = local_day(request.organization, timezone.now())
    found: OpportunityQuerySet = Opportunity.objects.for_organization(request.organization)
    return found.visible_to(request.member, Action.EDIT_OPPORTUNITIES, as_of=today)
