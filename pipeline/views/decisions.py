"""A decision: asking for it from a deal, reading it, and making it."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from pipeline import operations, queries
from pipeline.forms.decisions import DecideForm
from pipeline.models import Decision, Opportunity
from pipeline.operations import StaleDecision, UnableToDecide
from pipeline.views.opportunity import DEALS
from pipeline.views.record_pages import editable
from pipeline.views.review import ask_as_stated, ask_form
from tenancy.access import Action, member_can
from tenancy.http import MemberRequest, undo_changes
from tenancy.working_time import local_day


@member_can(Action.EDIT_OPPORTUNITIES)
@require_http_methods(["GET", "HEAD", "POST"])
def opportunity_ask(request: MemberRequest, opportunity_id: UUID) -> HttpResponse:
    """Ask somebody to decide something about a deal."""
    deal: Opportunity = editable(request, DEALS, opportunity_id)
    form, status = ask_form(request, deal, data=request.POST if request.method == "POST" else None), 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                decision = ask_as_stated(request, deal, form)
            except UnableToDecide as error:
                undo_changes(request)
                form.add_error(None, str(error))
            else:
                messages.success(request, _("Asked. %s decides.") % decision.decider.name)
                return redirect(DEALS.url(request, deal))
    return render(request, "pipeline/decision_ask.html", {"form": form, "deal": deal}, status=status)


@member_can(Action.VIEW_OPPORTUNITIES)
@require_http_methods(["GET", "HEAD", "POST"])
def decision(request: MemberRequest, decision_id: UUID) -> HttpResponse:
    """Show a decision; who decides it decides here."""
    today = local_day(request.organization, timezone.now())
    found = queries.decisions(organization=request.organization, member=request.member, today=today)
    one: Decision = get_object_or_404(found, pk=decision_id)
    may_decide = operations.may_decide(one, request.member)
    form = DecideForm(request.POST if request.method == "POST" else None, decision=one) if may_decide else None
    status = 200
    if request.method == "POST":
        status = 422
        if form is None:
            messages.warning(request, _("This is not yours to decide, or it is decided."))
            return redirect("pipeline:decision", request.organization.slug, one.pk)
        if form.is_valid():
            try:
                operations.decide(
                    organization=request.organization,
                    decision=one,
                    version=form.cleaned_data["version"],
                    outcome=form.cleaned_data["outcome"],
                    reason=form.cleaned_data["reason"],
                    decided_by=request.member,
                    decided_at=timezone.now(),
                )
            except (UnableToDecide, StaleDecision) as error:
                undo_changes(request)
                words = str(error) if isinstance(error, UnableToDecide) else _("It was decided meanwhile. Look again.")
                messages.warning(request, words)
            else:
                messages.success(request, _("Decided."))
            return redirect("pipeline:decision", request.organization.slug, one.pk)
    return render(request, "pipeline/decision.html", {"decision": one, "form": form, "today": today}, status=status)
