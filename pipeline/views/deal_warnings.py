"""The page that says what open deals are warned of."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from pipeline import operations
from pipeline.forms.deal_warnings import WarningsForm, warnings_values
from pipeline.operations import UnableToChangeProcess
from tenancy.access import Action, member_can
from tenancy.http import MemberRequest, undo_changes
from tenancy.organization_settings import StaleOrganization


@member_can(Action.MANAGE_PIPELINES)
@require_http_methods(["GET", "HEAD", "POST"])
def process_warnings(request: MemberRequest) -> HttpResponse:
    """Switch warnings on and off, and say from when on each comes."""
    organization, status = request.organization, 200
    form = WarningsForm(
        request.POST if request.method == "POST" else None,
        organization=organization,
        initial=warnings_values(organization),
    )
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                operations.change_warnings(
                    organization=organization,
                    version=form.cleaned_data["version"] or 0,
                    rules=form.rules(),
                    actor=request.member,
                    at=timezone.now(),
                    reason=form.cleaned_data["reason"],
                )
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
                return redirect("pipeline:process", organization.slug)
    context = {"form": form, "title": _("Warnings of deals")}
    return render(request, "pipeline/process_form.html", context, status=status)
