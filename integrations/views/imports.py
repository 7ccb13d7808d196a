"""The list of imports, and uploading."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from integrations import queries
from integrations.forms import UploadForm
from integrations.imports.inspection import LIMITS
from integrations.imports.targets import targets
from integrations.operations.cancelling import cancel_import, reopen_import
from integrations.operations.checking import UnableToChange, request_check
from integrations.operations.uploads import UnableToUpload, Upload, start_import
from integrations.upload_limits import too_large_files
from tenancy.access import Action, member_can
from tenancy.http import MemberRequest, undo_changes
from tenancy.onlookers import only_changes


@member_can(Action.IMPORT_RECORDS)
@require_GET
def imports(request: MemberRequest) -> HttpResponse:
    """Show what was imported, newest first."""
    found = queries.recent_imports(organization=request.organization)
    return render(
        request,
        "integrations/imports.html",
        {"imports": [{"made": made, "totals": queries.totals_of(made)} for made in found]},
    )


@member_can(Action.IMPORT_RECORDS)
@only_changes
@require_http_methods(["GET", "POST"])
def import_new(request: MemberRequest) -> HttpResponse:
    """Take files in, and go on to their mapping."""
    form = UploadForm(request.POST, request.FILES) if request.method == "POST" else UploadForm()
    for sentence in too_large_files(request):
        form.errors.pop("uploads", None)
        form.add_error("uploads", sentence)
    if request.method == "POST" and form.is_valid():
        try:
            made = start_import(
                organization=request.organization,
                uploads=[Upload(sent.name or "", sent.chunks()) for sent in form.cleaned_data["uploads"]],
                source_name=form.cleaned_data["source"],
                file_format=form.cleaned_data["format"],
                requested_by=request.member,
                now=timezone.now(),
            )
        except UnableToUpload as refusal:
            undo_changes(request)
            form.add_error("uploads", str(refusal))
        else:
            request_check(organization=request.organization, made=made)
            return redirect("integrations:import", organization=request.organization.slug, import_id=made.pk)
    return render(
        request,
        "integrations/import_new.html",
        {"form": form, "limits": LIMITS, "targets": targets()},
        status=422 if form.errors else 200,
    )


@member_can(Action.IMPORT_RECORDS)
@require_POST
def import_cancel(request: MemberRequest, import_id: UUID) -> HttpResponse:
    """Give an import up; what it has written by then stays."""
    made = get_object_or_404(queries.imports_with_files(organization=request.organization), pk=import_id)
    try:
        written = cancel_import(
            organization=request.organization, made=made, cancelled_by=request.member, now=timezone.now()
        )
    except UnableToChange as refusal:
        messages.error(request, str(refusal))
        return redirect("integrations:import-progress", organization=request.organization.slug, import_id=made.pk)
    if made.has_written:
        words = ngettext(
            "The import is cancelled. %(count)s record was written by then; it stays, and you can undo it.",
            "The import is cancelled. %(count)s records were written by then; they stay, and you can undo them.",
            written,
        )
        messages.success(request, words % {"count": f"{written:,}"})
        return redirect("integrations:import-progress", organization=request.organization.slug, import_id=made.pk)
    messages.success(request, _("The import is cancelled. Nothing was written."))
    return redirect("integrations:imports", organization=request.organization.slug)


@member_can(Action.IMPORT_RECORDS)
@require_POST
def import_reopen(request: MemberRequest, import_id: UUID) -> HttpResponse:
    """Take up an import again that was cancelled."""
    made = get_object_or_404(queries.imports_with_files(organization=request.organization), pk=import_id)
    try:
        reopen_import(organization=request.organization, made=made)
    except UnableToChange as refusal:
        messages.error(request, str(refusal))
    return redirect("integrations:import", organization=request.organization.slug, import_id=made.pk)
