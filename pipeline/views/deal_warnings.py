"""The pages that say what open deals are warned of, and why deals are lost."""

from collections.abc import Callable

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from pipeline import operations
from pipeline.forms.deal_warnings import LostReasonsForm, WarningsForm, reasons_values, warnings_values
from pipeline.forms.process import WhyForm
from pipeline.operations import UnableToChangeProcess
from tenancy.access import Action, member_can
from tenancy.http import MemberRequest, undo_changes
from tenancy.organization_settings import StaleOrganization


@member_can(Action.MANAGE_PIPELINES)
@require_http_methods(["GET", "HEAD", "POST"])
def process_warnings(request: MemberRequest) -> HttpResponse:
    """Switch warnings on and off, and say from when on each comes."""
    organization = request.organization
    data = request.POST if request.method == "POST" else None
    form = WarningsForm(data, organization=organization, initial=warnings_values(organization))

    def save() -> None:
        operations.change_warnings(
            organization=organization,
            version=form.cleaned_data["version"] or 0,
            rules=form.rules(),
            actor=request.member,
            at=timezone.now(),
            reason=form.cleaned_data["reason"],
        )

    return _answer(request, form, _("Warnings of deals"), save)


@member_can(Action.MANAGE_PIPELINES)
@require_http_methods(["GET", "HEAD", "POST"])
def process_reasons(request: MemberRequest) -> HttpResponse:
    """Keep the list of reasons that people choose from when a deal is lost."""
    organization = request.organization
    form = LostReasonsForm(request.POST if request.method == "POST" else None, initial=reasons_values(organization))

    def save() -> None:
        operations.change_lost_reasons(
            organization=organization,
            version=form.cleaned_data["version"] or 0,
            reasons=form.stated(),
            actor=request.member,
            at=timezone.now(),
            reason=form.cleaned_data["reason"],
        )

    return _answer(request, form, _("Reasons of lost deals"), save)


def _answer(request: MemberRequest, form: WhyForm, title: str, save: Callable[[], None]) -> HttpResponse:
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                save()
            except StaleOrganization as error:
                undo_changes(request)
                status = 409
                again = request.POST.copy()
                again["version"] = str(error.current.version)
                form.data = again
                form.add_error(None, _("Somebody else changed the settings meanwhile. Compare, then save again."))
            except UnableToChangeProcess as error:
                undo_changes(request)
                form.add_error(None, str(error))
            else:
                messages.success(request, _("Saved."))
                return redirect("pipeline:process", request.organization.slug)
    return render(request, "pipeline/process_form.html", {"form": form, "title": title}, status=status)
