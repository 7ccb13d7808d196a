"""The last look before an import is written, its progress, and the rows that were held back."""

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST
from django_htmx.http import HttpResponseClientRefresh

from integrations import queries
from integrations.exports.log import record_export
from integrations.exports.spreadsheet import csv_response
from integrations.imports.targets import target_or_none
from integrations.models import Import
from integrations.operations.committing import UnableToCommit, request_commit, retry_commit
from integrations.operations.progress import progress_of
from integrations.operations.summary import open_decisions
from integrations.views.column_rows import cause_lines
from tenancy.access import Action, member_can
from tenancy.http import MemberRequest, undo_changes
from tenancy.onlookers import gives_files


@member_can(Action.IMPORT_RECORDS)
@require_GET
def import_review(request: MemberRequest, import_id: UUID) -> HttpResponse:
    """Show what will happen: counts by file, and examples of changes."""
    made = _get_import(request, import_id)
    if not made.is_open:
        return redirect("integrations:import-progress", organization=request.organization.slug, import_id=made.pk)
    if not made.is_checked:
        return redirect("integrations:import", organization=request.organization.slug, import_id=made.pk)
    return _review(request, made)


@member_can(Action.IMPORT_RECORDS)
@require_POST
def import_commit(request: MemberRequest, import_id: UUID) -> HttpResponse:
    """Begin to write. Pressing twice writes once."""
    made = _get_import(request, import_id)
    try:
        if made.has_written and made.state in (Import.State.FAILED, Import.State.CANCELLED):
            retry_commit(organization=request.organization, made=made)
        else:
            request_commit(
                organization=request.organization,
                made=made,
                requested_by=request.member,
                now=timezone.now(),
                mapping_name=request.POST.get("mapping_name", "").strip()[:60],
            )
    except UnableToCommit as refusal:
        undo_changes(request)
        if made.is_checked:
            return _review(request, made, refusal=str(refusal))
        messages.error(request, str(refusal))
        return redirect("integrations:import", organization=request.organization.slug, import_id=made.pk)
    return redirect("integrations:import-progress", organization=request.organization.slug, import_id=made.pk)


@member_can(Action.IMPORT_RECORDS)
@require_GET
def import_progress(request: MemberRequest, import_id: UUID) -> HttpResponse:
    """How far the work is: a page, and with HTMX the part of it that moves."""
    made = _get_import(request, import_id)
    if request.htmx and not request.htmx.boosted:
        if not made.is_working:
            return HttpResponseClientRefresh()
        part = "checking" if made.state == Import.State.MAPPED else "committing"
        return render(
            request, f"integrations/import_progress.html#{part}", {"made": made, "progress": progress_of(made)}
        )
    if made.is_open:
        return redirect("integrations:import", organization=request.organization.slug, import_id=made.pk)
    return render(
        request,
        "integrations/import_progress.html",
        {
            "made": made,
            "files": _working_files(made),
            "progress": progress_of(made),
            "totals": queries.totals_of(made),
            "written": queries.written_totals(organization=request.organization, made=made),
            "step": 4,
        },
    )


@member_can(Action.IMPORT_RECORDS)
@gives_files
@require_GET
def import_problems(request: MemberRequest, import_id: UUID) -> HttpResponseBase:
    """Download the rows of one file that are held back, each with its line and reason."""
    made = _get_import(request, import_id)
    wanted = request.GET.get("file", "")
    held = [found for found in made.uploaded_files() if found.is_used and (not wanted or str(found.position) == wanted)]
    if not held:
        raise Http404
    found = next((one for one in held if one.count("held")), held[0])
    record_export(
        organization=request.organization,
        member=request.member,
        what="held-back rows",
        exported_at=timezone.now(),
        rows=found.count("held"),
        filters={"file": found.name},
    )
    chunks = queries.held_back_rows(organization=request.organization, file_id=found.pk)
    return csv_response(f"held-back-{found.position + 1}.csv", ["Line", "Reason", *found.headers], chunks)


def _get_import(request: MemberRequest, import_id: UUID) -> Import:
    made: Import = get_object_or_404(queries.imports_with_files(organization=request.organization), pk=import_id)
    return made


def _review(request: MemberRequest, made: Import, *, refusal: str = "") -> HttpResponse:
    return render(
        request,
        "integrations/import_review.html",
        {
            "made": made,
            "files": [found for found in made.uploaded_files() if found.is_used],
            "left_out": [found for found in made.uploaded_files() if not found.is_used],
            "totals": queries.totals_of(made),
            "examples": queries.example_changes(organization=request.organization, made=made),
            "decisions": open_decisions(organization=request.organization, made=made),
            "refusal": refusal,
            "step": 3,
        },
        status=422 if refusal else 200,
    )


def _working_files(made: Import) -> list[dict[str, object]]:
    return [
        {
            "file": found,
            "label": target.label if (target := target_or_none(found.target)) is not None else found.target,
            "causes": cause_lines(found),
        }
        for found in made.uploaded_files()
        if found.is_used
    ]
